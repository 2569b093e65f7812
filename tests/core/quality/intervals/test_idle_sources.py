"""Streams of one source on several connections. `1` is an interval with payload, `0` one without, a
space one without a sample."""

from typing import Any

import numpy as np
import pytest

from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.intervals.idle_sources import are_flowing, mark_idle
from aftercall.core.quality.intervals.liveness import are_idle
from aftercall.core.quality.stats.getstats import StreamTag
from aftercall.core.quality.stats.report_linker import Family
from tests.core.quality.interval_builder import interval, table_of

SENT, RECEIVED = Family.VIDEO_PRODUCER, Family.VIDEO_CONSUMER


class _Streams:
    """The streams of one peer, each in its own table."""

    def __init__(self) -> None:
        self.tables: list[IntervalTable] = []

    def add(
        self,
        flows: str,
        *,
        family: Family = SENT,
        connection: str = "pc",
        source: str | None = None,
        tag: StreamTag | None = None,
    ) -> None:
        ssrc = len(self.tables)
        ending = "sent" if family is SENT else "received"
        table = table_of(
            [
                interval(
                    family,
                    step,
                    ssrc,
                    **{f"bytes_{ending}": 900 * int(flow), f"packets_{ending}": int(flow)},
                )
                for step, flow in enumerate(flows)
                if flow != " "
            ]
        )
        for description in table.descriptions:
            description.key = (connection, description.key[1], ssrc)
            description.source, description.tag = source, tag
        self.tables.append(table)

    def idle(self) -> list[str]:
        mark_idle(self.tables)
        return ["".join(str(int(flag)) for flag in are_idle(table)) for table in self.tables]


def test_a_single_stream_without_payload_is_not_idle() -> None:
    streams = _Streams()
    streams.add("1001")
    assert streams.idle() == ["0000"]


def test_a_source_is_measured_on_the_stream_that_carries_it() -> None:
    streams = _Streams()
    streams.add("1100", connection="to the server", source="track")
    streams.add("0011", connection="to the other", source="track")
    assert streams.idle() == ["0011", "1100"]


def test_a_source_without_payload_on_any_stream_counts_once() -> None:
    streams = _Streams()
    streams.add("0000  ", source="track")
    streams.add("  0000", source="track")
    assert streams.idle() == ["0000", "1100"]


def test_another_source_on_the_same_connection_makes_no_stream_idle() -> None:
    streams = _Streams()
    streams.add("1111", source="track")
    streams.add("0000", source="another")
    assert streams.idle() == ["0000", "0000"]


def test_a_sent_source_has_moved_if_only_another_connection_carries_its_kind() -> None:
    for carried_by_the_old, idle in (("0000", "0111"), ("1111", "0000")):
        streams = _Streams()
        streams.add("1111", connection="new", source="track")
        streams.add("1000", connection="old", source="another")
        streams.add(carried_by_the_old, connection="old", source="third", family=RECEIVED)
        assert streams.idle()[:2] == ["0000", idle]


@pytest.mark.parametrize(
    ("tag", "idle"),
    [
        (None, "1111"),
        (StreamTag(connection="old", direction="receive", peer_id="bob"), "0000"),
        (StreamTag(connection="old", direction="receive", producer_id="p"), "0000"),
    ],
    ids=["nobody knows", "a peer", "a producer"],
)
def test_a_received_stream_of_a_tagged_sender_is_never_idle_due_to_another_source(
    tag: StreamTag | None, idle: str
) -> None:
    streams = _Streams()
    streams.add("1111", family=RECEIVED, connection="new", source="track")
    streams.add("0000", family=RECEIVED, connection="old", source="another", tag=tag)
    assert streams.idle() == ["0000", idle]


def test_unnamed_streams_of_one_peer_and_family_are_one_source() -> None:
    bob, eve = (
        StreamTag(connection="pc", direction="receive", peer_id=name) for name in ("bob", "eve")
    )
    streams = _Streams()
    for flows, tag in (("1111", bob), ("0000", bob), ("0000", eve), ("0000", None)):
        streams.add(flows, family=RECEIVED, tag=tag)
    assert streams.idle() == ["0000", "1111", "0000", "0000"]


@pytest.mark.parametrize(
    ("family", "members", "flows"),
    [
        (SENT, {"bytes_sent": 1}, True),
        (SENT, {"bytes_sent": 0, "packets_sent": 9}, False),
        (SENT, {"packets_sent": 9}, True),
        (SENT, {"packets_received": 9}, False),
        (SENT, {"bytes_sent": 0, "frames": 1}, True),
        (RECEIVED, {"bytes_received": 1}, True),
        (RECEIVED, {}, False),
        (Family.AUDIO_CONSUMER, {"bytes_received": 0, "packets_received": 70}, True),
        (Family.AUDIO_CONSUMER, {"bytes_received": 0, "packets_received": 69}, False),
        (RECEIVED, {"bytes_received": 0, "packets_received": 70}, False),
    ],
)
def test_a_stream_flows_by_its_payload_else_by_its_packets(
    family: Family, members: dict[str, Any], flows: bool
) -> None:
    assert are_flowing(table_of([interval(family, dt_s=7.0, **members)])).tolist() == [flows]


def test_retransmitted_bytes_are_no_payload() -> None:
    table = table_of([interval(RECEIVED, bytes_received=900)])
    for again, flows in ((899.0, True), (900.0, False)):
        table.put("retransmitted_bytes_received", np.array([again]))
        assert are_flowing(table).tolist() == [flows]


@pytest.mark.parametrize(("is_known_live", "is_idle"), [(0.0, True), (1.0, False)])
def test_a_stream_of_padding_is_idle_unless_it_is_known_to_be_live(
    is_known_live: float, is_idle: bool
) -> None:
    table = table_of([interval(SENT, bytes_sent=0, packets_sent=9)])
    table.put("is_known_live", np.array([is_known_live]))
    mark_idle([table])
    assert are_idle(table).tolist() == [is_idle]


@pytest.mark.parametrize(
    ("frames", "width", "is_idle"),
    [
        ((0, 0), None, True),
        ((0, 5), None, False),
        ((0, 0), 640, False),
        ((None, None), None, False),
    ],
)
def test_a_received_video_stream_without_any_frame_is_idle(
    frames: tuple[int | None, int | None], width: int | None, is_idle: bool
) -> None:
    table = table_of(
        [
            interval(
                RECEIVED, step, bytes_received=0, packets_received=0, frames=n, frame_width=width
            )
            for step, n in enumerate(frames)
        ]
    )
    mark_idle([table])
    assert are_idle(table).tolist() == [is_idle, is_idle]
