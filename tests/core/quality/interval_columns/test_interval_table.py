import json
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.quality.interval_columns.interval import Interval
from aftercall.core.quality.interval_columns.interval_table import (
    intervals_by_time,
    intervals_of,
)
from aftercall.core.quality.intervals.deltas import read_intervals
from aftercall.core.quality.stats.getstats import decode_body
from aftercall.core.quality.stats.report_linker import Family, Sample, normalise
from tests.core.quality.interval_builder import single_row_tables

START = 1_795_000_000_000

counts = st.none() | st.integers(0, 2**53)
shares = st.none() | st.floats(0, 100)


def interval(at: int, **members: Any) -> Interval:
    known: dict[str, Any] = {"producer_id": None, "consumer_id": None, "peer_id": None}
    return Interval(
        key=("pc", "receive", 7),
        family=Family.VIDEO_CONSUMER,
        at=EpochMs(at),
        dt_s=7.0,
        ssrc=7,
        connection_id="pc",
        **(known | {"mid": "0"} | members),
    )


intervals = st.builds(
    interval,
    at=st.integers(START, START + 10**9),
    packets_received=counts,
    frames=counts,
    loss_percent=shares,
    jitter_s=shares,
    is_muted=st.none() | st.booleans(),
    is_gap=st.booleans(),
    codec=st.none() | st.just("vp8"),
    peer_id=st.none() | st.text(),
)


@given(intervals)
def test_a_table_returns_intervals_unchanged(each: Interval) -> None:
    (back,) = intervals_of(single_row_tables([each])[0])
    assert back == each
    for name in Interval.__struct_fields__:
        assert type(getattr(back, name)) is type(getattr(each, name)), name


@given(st.lists(intervals))
def test_rows_of_all_tables_are_in_order_of_time(made: list[Interval]) -> None:
    assert intervals_by_time(single_row_tables(made)) == sorted(made, key=lambda each: each.at)


def test_take_returns_only_the_chosen_rows() -> None:
    (table,) = single_row_tables([interval(START, frames=3, codec="vp8")])
    assert intervals_of(table.take(np.array([True]))) == intervals_of(table)
    assert intervals_of(table.take(np.array([False]))) == []


MEMBERS = {
    "packetsReceived": 300,
    "packetsLost": 3,
    "bytesReceived": 90_000,
    "retransmittedPacketsReceived": 2,
    "retransmittedBytesReceived": 600,
    "nackCount": 4,
    "jitterBufferDelay": 12.5,
    "jitterBufferEmittedCount": 200,
    "framesDecoded": 200,
    "framesDropped": 1,
    "keyFramesDecoded": 1,
    "freezeCount": 1,
    "totalFreezesDuration": 0.25,
    "pliCount": 2,
    "firCount": 1,
}
_NAMES = {
    "packetsReceived": "packets_received",
    "packetsLost": "packets_lost_signed",
    "bytesReceived": "bytes_received",
    "jitterBufferDelay": "jitter_buffer_delay_s",
    "jitterBufferEmittedCount": "jitter_buffer_emitted_count",
    "framesDecoded": "frames",
    "framesDropped": "frames_dropped",
    "keyFramesDecoded": "key_frames",
    "freezeCount": "freeze_count",
    "totalFreezesDuration": "freeze_s",
    "pliCount": "pli_count",
    "firCount": "fir_count",
}


def _sample(step: int, missing: frozenset[str]) -> Sample:
    at = START + step * 7_000
    counters = {name: step * added for name, added in MEMBERS.items() if name not in missing}
    stats = {"id": "I", "type": "inbound-rtp", "kind": "video", "ssrc": 7, "timestamp": at}
    body = {"connections": [{"id": "pc", "stats": [stats | counters]}]}
    return normalise(decode_body(json.dumps(body).encode()), EpochMs(at))


@given(st.lists(st.frozensets(st.sampled_from(sorted(MEMBERS))), min_size=2, max_size=8))
def test_a_missing_counter_is_missing_in_the_intervals_before_and_after_it(
    missing: list[frozenset[str]],
) -> None:
    samples = [_sample(step, names) for step, names in enumerate(missing)]
    read = read_intervals(samples)
    assert len(read) == len(samples) - 1
    for place, each in enumerate(read):
        for name, member in _NAMES.items():
            is_known = name not in missing[place] and name not in missing[place + 1]
            assert getattr(each, member) == (MEMBERS[name] if is_known else None), name
