"""The accepted reports of many streams at once, compared with a loop over one report after the
other."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.quality.interval_columns.column_buffer import ColumnBuffers
from aftercall.core.quality.intervals.deltas import IntervalReader, read_intervals
from aftercall.core.quality.intervals.report_order import Reports, accept
from tests.core.quality.stats_samples import START, Object, inbound, sample

_Report = tuple[int, int | None, int]
"""The instant of the sample and the browser's timestamp, in seconds, and a counter."""


def _tracks(*streams: list[_Report]) -> ColumnBuffers:
    tracks = ColumnBuffers()
    for number, reports in enumerate(streams):
        for at_s, clock_s, packets in reports:
            stats = inbound(packetsReceived=packets, ssrc=number, id=f"I{number}")
            if clock_s is None:
                stats["timestamp"] = None
            tracks.record(sample(at_s, stats, clock_s=clock_s))
    return tracks


def _accepted(*streams: list[_Report]) -> Reports:
    return accept(list(_tracks(*(each for each in streams if each))))


def _walked(reports: list[_Report]) -> list[tuple[int, float | None, bool]]:
    """The packets at each accepted report, the seconds since the one before, and whether the clock
    stepped."""
    has_no_clock = any(clock is None for _, clock, _ in reports)
    ordered = sorted(reports, key=lambda each: each[0] if has_no_clock else each[:2])
    found: list[tuple[int, float | None, bool]] = []
    before: _Report | None = None
    for report in ordered:
        length = (None, False) if before is None else _length(report, before)
        if before is None or length[0] is not None:
            found.append((report[2], *length))
            before = report
    return found


def _length(now: _Report, before: _Report) -> tuple[float | None, bool]:
    between = now[0] - before[0]
    if now[1] is None or before[1] is None:
        return (between, False) if between > 0 else (None, False)
    length = now[1] - before[1]
    if length == 0 or (length < 0 and between <= 0):
        return None, False
    if length < 0:
        return (between, True) if now[2] != before[2] else (None, False)
    if between > 0 and abs(length - between) > max(4, 0.2 * between):
        return between, True
    return length, False


_seconds = st.integers(0, 90)
_reports = st.lists(
    st.one_of(
        st.tuples(_seconds, st.integers(0, 3), st.integers(0, 4)).map(
            lambda each: (each[0], each[0], each[2])
        ),
        st.tuples(_seconds, _seconds, st.integers(0, 4)),
        st.tuples(_seconds, st.none(), st.integers(0, 4)),
    ),
    max_size=10,
    unique_by=lambda each: each[:2],
)


@given(_reports.filter(bool))
def test_the_accepted_reports_equal_those_of_a_sequential_loop(reports: list[_Report]) -> None:
    found = _accepted(reports)
    walked = _walked(reports)
    assert found.get("packets_received").tolist() == [packets for packets, *_ in walked]
    assert found.lengths_s.tolist() == [length for _, length, _ in walked[1:]]
    assert found.steps.tolist() == [is_step for *_, is_step in walked[1:]]
    assert found.duplicates + found.late == len(reports) - len(walked)


@given(st.lists(_reports, min_size=1, max_size=4).filter(any))
def test_streams_are_accepted_independently_of_each_other(streams: list[list[_Report]]) -> None:
    together = _accepted(*streams)
    alone = [_accepted(each) for each in streams if each]
    inside = np.diff(together.ranks) == 0
    for name in ("at", "packets_received"):
        expected: Any = np.concatenate([each.get(name) for each in alone])
        assert together.get(name).tolist() == expected.tolist()
    assert together.lengths_s[inside].tolist() == [
        length for each in alone for length in each.lengths_s.tolist()
    ]
    assert together.steps[inside].tolist() == [
        step for each in alone for step in each.steps.tolist()
    ]
    assert together.late == sum(each.late for each in alone)
    assert together.duplicates == sum(each.duplicates for each in alone)


def test_a_clock_that_steps_by_an_hour_each_time_keeps_its_unit() -> None:
    stepping: list[_Report] = [(7 * n, 3_607 * n, 350 * n) for n in range(1, 5)]
    found = _accepted(stepping)
    assert (found.lengths_s.tolist(), found.steps.tolist()) == ([7.0] * 3, [1.0] * 3)


@given(st.permutations(range(1, 7)))
def test_the_unit_of_a_clock_is_recognised_in_any_order_of_reports(order: list[int]) -> None:
    in_microseconds: list[_Report] = [(7 * n, 7_000 * n, 350 * n) for n in order]
    assert _accepted(in_microseconds).lengths_s.tolist() == [7.0] * 5


def test_a_report_keeps_its_own_description() -> None:
    tracks = ColumnBuffers()
    for at_s, mid in ((0, "a"), (14, "c"), (7, "b")):
        tracks.record(sample(at_s, inbound(mid=mid, packetsReceived=at_s)))
    reports = accept(list(tracks))
    assert [reports.descriptions[place].mid for place in reports.description_index] == [
        "a",
        "b",
        "c",
    ]
    assert reports.get("at").tolist() == [START, START + 7_000, START + 14_000]


def test_the_first_report_of_a_stream_is_a_baseline_only() -> None:
    assert read_intervals([sample(0, inbound(packetsReceived=10, packetsLost=0))]) == []


def test_a_counter_that_decreases_begins_a_new_baseline() -> None:
    reader = IntervalReader()
    for at_s, received in ((0, 100), (7, 450), (14, 30), (21, 380)):
        reader.take(sample(at_s, inbound(packetsReceived=received, packetsLost=0)))
    reading = reader.read()
    assert [each.packets_received for each in reading.intervals] == [350, 350]
    assert [each.at - START for each in reading.intervals] == [7000, 21000]
    assert reading.resets == 1


def test_a_new_stats_object_or_ssrc_begins_a_new_baseline() -> None:
    old, same = inbound(packetsReceived=10), inbound(packetsReceived=20)
    new_object = inbound(packetsReceived=900, id="I2")
    assert len(read_intervals([sample(0, old), sample(7, same)])) == 1
    assert read_intervals([sample(0, old), sample(7, new_object)]) == []
    assert read_intervals([sample(0, old), sample(7, inbound(packetsReceived=900, ssrc=9))]) == []


def other(**members: Any) -> Object:
    return {"id": "T", "type": "transport"} | members


def test_a_stream_missing_from_a_report_begins_a_new_baseline() -> None:
    # Shown for 13 s, paused for 44, shown for 13 again; a paused one is reported once more.
    shown = [(0, 0), (7, 210), (14, 390), (21, 390), (56, 390), (63, 420), (70, 630)]
    samples = [sample(at_s, inbound("video", framesDecoded=n), other()) for at_s, n in shown]
    paused = [sample(at_s, other()) for at_s in (28, 35, 42, 49)]
    for order in ([*samples, *paused], [*paused, *samples], [*samples, *samples, *paused]):
        intervals = read_intervals(order)
        assert [(each.at - START) // 1000 for each in intervals] == [7, 14, 21, 63, 70]
        assert [each.frames for each in intervals] == [210, 180, 0, 30, 210]


def test_a_report_of_another_connection_ends_no_baseline() -> None:
    elsewhere = sample(10, other())
    elsewhere.connections[0].id = "pc2"
    nobody = sample(11)
    nobody.connections.clear()
    samples = [sample(at_s, inbound(packetsReceived=at_s)) for at_s in (0, 7, 14)]
    assert len(read_intervals([*samples, elsewhere, nobody])) == 2


def test_a_stream_that_starts_late_and_ends_early_has_all_its_intervals() -> None:
    late = [sample(at_s, inbound(packetsReceived=at_s), other()) for at_s in (14, 21, 28)]
    rest = [sample(at_s, other()) for at_s in (0, 7, 35, 42)]
    assert [each.packets_received for each in read_intervals([*late, *rest])] == [7, 7]
