import json
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.quality.interval_columns.column_buffer import (
    LEAST_PACKED,
    ColumnBuffer,
    ColumnBuffers,
)
from aftercall.core.quality.stats.getstats import decode_body
from aftercall.core.quality.stats.report_linker import ReportLinker

Report = dict[str, dict[int, int]]
"""By connection, the packets received on each SSRC."""

_REPORTS = st.lists(
    st.dictionaries(
        st.sampled_from(["one", "other"]),
        st.dictionaries(st.integers(1, 3), st.integers(0, 99), max_size=3),
        min_size=1,
    ),
    min_size=1,
    max_size=8,
)


def _stats(ssrc: int, **members: Any) -> dict[str, Any]:
    return {"id": f"in-{ssrc}", "type": "inbound-rtp", "kind": "audio", "ssrc": ssrc} | members


def _recorded(reports: list[tuple[int, dict[str, list[dict[str, Any]]]]]) -> ColumnBuffers:
    """The buffers of a peer whose reports hold these objects by connection, in this order."""
    buffers, linker = ColumnBuffers(), ReportLinker()
    for at, connections in reports:
        body = {"connections": [{"id": id, "stats": stats} for id, stats in connections.items()]}
        buffers.record(linker.link(decode_body(json.dumps(body).encode()), EpochMs(at)))
    return buffers


def _column(buffer: ColumnBuffer, name: str) -> list[float]:
    column: list[float] = buffer.column(name).tolist()
    return column


@given(_REPORTS, st.data())
def test_each_stream_has_its_reports_and_the_times_it_was_missing(
    reports: list[Report], data: st.DataObject
) -> None:
    instants = data.draw(st.permutations(range(1, len(reports) + 1)))
    buffers = _recorded(
        [
            (
                at,
                {
                    id: [_stats(ssrc, packetsReceived=n) for ssrc, n in streams.items()]
                    for id, streams in report.items()
                },
            )
            for at, report in zip(instants, reports, strict=True)
        ]
    )
    expected: dict[tuple[str, int], dict[int, int]] = {}
    reported: dict[str, list[int]] = {}
    for at, report in zip(instants, reports, strict=True):
        for id, streams in report.items():
            reported.setdefault(id, []).append(at)
            for ssrc, packets in streams.items():
                expected.setdefault((id, ssrc), {})[at] = packets
    found = {buffer.descriptions[0].key: buffer for buffer in buffers}
    assert {(id, ssrc) for id, _, ssrc in found} == set(expected)
    for (id, ssrc), packets_at in expected.items():
        buffer = found[id, "receive", ssrc]
        assert _column(buffer, "at") == list(packets_at)
        assert _column(buffer, "packets_received") == list(packets_at.values())
        first, last = min(packets_at), max(packets_at)
        missing = [at for at in reported[id] if first < at < last and at not in packets_at]
        assert buffers.absences(buffer).tolist() == sorted(missing)


def test_a_description_is_stored_only_where_it_changes() -> None:
    mids = ["0", "0", "1", "1", "0"]
    buffers = _recorded([(at, {"pc": [_stats(1, mid=mid)]}) for at, mid in enumerate(mids)])
    (buffer,) = buffers
    assert [description.mid for description in buffer.descriptions] == ["0", "1", "0"]
    assert buffer.starts == [0, 2, 4]


@given(st.lists(st.sampled_from([None, 0.0, -0.0, 1.5]), min_size=1, max_size=12), st.data())
def test_a_packed_history_reads_bit_by_bit_as_before(
    jitters: list[float | None], data: st.DataObject
) -> None:
    buffers, linker = ColumnBuffers(), ReportLinker()
    whole, its_linker = ColumnBuffers(), ReportLinker()
    for at, jitter in enumerate(jitters):
        stats = _stats(1, packetsReceived=7, **({} if jitter is None else {"jitter": jitter}))
        body = json.dumps({"connections": [{"id": "pc", "stats": [stats]}]}).encode()
        buffers.record(linker.link(decode_body(body), EpochMs(at)))
        whole.record(its_linker.link(decode_body(body), EpochMs(at)))
        if data.draw(st.booleans()):
            buffers.pack(least_rows=data.draw(st.integers(1, 3)))
    (packed,), (plain,) = buffers, whole
    shape = (len(plain.kind.names), len(jitters))
    filled, expected = np.empty(shape), np.empty(shape)
    packed.fill(filled)
    plain.fill(expected)
    assert filled.tobytes() == expected.tobytes()
    for name in plain.kind.names:
        assert packed.column(name).tobytes() == plain.column(name).tobytes()
    assert packed.rows == plain.rows == len(jitters)


def test_what_no_report_holds_takes_no_room_in_a_packed_history() -> None:
    reports = [(at, {"pc": [_stats(1, packetsReceived=at)]}) for at in range(LEAST_PACKED)]
    buffers = _recorded(reports)
    before = buffers.nbytes
    buffers.pack()
    assert buffers.nbytes < before / 4


def test_members_missing_in_a_report_are_nan() -> None:
    (buffer,) = _recorded([(1, {"pc": [_stats(1, packetsReceived=0)]})])
    assert _column(buffer, "packets_received") == [0.0]
    missing = [name for name in buffer.kind.names if np.isnan(_column(buffer, name)[0])]
    assert {"packets_lost_signed", "pair_rtt_s", "score_given"} <= set(missing)


def test_a_sent_stream_has_the_numbers_of_its_source_and_its_remote_report() -> None:
    sent = {
        "id": "out",
        "type": "outbound-rtp",
        "kind": "video",
        "ssrc": 5,
        "packetsSent": 7,
        "active": False,
        "mediaSourceId": "source",
        "qualityLimitationDurations": {"none": 1.5, "cpu": 2.5},
    }
    source = {"id": "source", "type": "media-source", "kind": "video", "width": 640}
    remote = {"id": "remote", "type": "remote-inbound-rtp", "localId": "out", "packetsLost": 3}
    (buffer,) = _recorded([(1, {"pc": [sent, source, remote]})])
    figures = ("packets_sent", "is_active", "source_width", "remote_packets_lost", "limited_cpu_s")
    assert [_column(buffer, name)[0] for name in figures] == [7, 0, 640, 3, 2.5]
