from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.quality.issues import (
    CLEAR_AFTER,
    RAISE_AFTER,
    WINDOW,
    Issue,
    IssueName,
    StreamRef,
    Watch,
    severity_of,
)

REF = StreamRef(peer_id="ada")
STEP_MS = 7_000


def _watched(marks: str, **options: Any) -> list[Issue]:
    """Feeds a sample for each mark: `x` bad, `.` good, `-` between, `|` an interruption."""
    watch = Watch(IssueName.POOR_NETWORK_UPLINK, REF, **options)
    for place, mark in enumerate(marks):
        if mark == "|":
            watch.interrupt()
            continue
        watch.take(
            EpochMs(place * STEP_MS),
            EpochMs((place + 1) * STEP_MS),
            is_bad=mark == "x",
            is_good=mark == ".",
            values={"loss_percent": 10.0 + place if mark == "x" else 0.0},
        )
    return watch.finish()


@pytest.mark.parametrize("marks", ["", "....", "xx......xx", "x.x....x.x", "-----", "xx---xx---"])
def test_less_than_three_bad_of_five_is_no_issue(marks: str) -> None:
    assert _watched(marks) == []


@pytest.mark.parametrize("marks", ["xxx", "x.x.x", "xx..x", "x--xx", "....xxx"])
def test_three_bad_of_five_are_one(marks: str) -> None:
    [issue] = _watched(marks)
    assert issue.is_open
    assert issue.sample_count == 3
    assert issue.first_at == marks.index("x") * STEP_MS
    assert issue.last_at == (marks.rindex("x") + 1) * STEP_MS
    assert issue.worst == {"loss_percent": 10.0 + marks.rindex("x")}


def test_a_value_at_the_edge_does_not_flicker() -> None:
    [issue] = _watched("xxx--x--x..x..-...")
    assert not issue.is_open
    assert issue.last_at == 12 * STEP_MS


def test_three_good_in_a_row_end_it() -> None:
    first, second = _watched("xxx...xxx...")
    assert (first.last_at, second.first_at) == (3 * STEP_MS, 6 * STEP_MS)
    assert not first.is_open and not second.is_open


def test_an_interruption_ends_it_and_begins_afresh() -> None:
    assert _watched("xx|xx|x") == []
    [issue] = _watched("xxx|xx")
    assert issue.sample_count == 3 and not issue.is_open


def test_the_worst_of_a_low_measure_is_the_lowest() -> None:
    watch = Watch(IssueName.LOW_AUDIO_MOS, REF, low_is_bad=True)
    for place, mos in enumerate((2.9, 2.1, 2.5)):
        at = EpochMs(place)
        watch.take(at, at, is_bad=True, is_good=False, values={"mos": mos})
    assert watch.finish()[0].worst == {"mos": 2.1}


def test_a_measure_that_was_bad_for_a_moment_only_does_not_count() -> None:
    watch = Watch(IssueName.POOR_NETWORK_UPLINK, REF)
    for place, loss in enumerate((11.7, 0.0, 0.0, 0.4)):
        bad = ["rtt_ms", "loss_percent"] if loss > 5 else ["rtt_ms"]
        values = {"rtt_ms": 450.0 + place, "loss_percent": loss}
        at = EpochMs(place)
        watch.take(at, at, is_bad=True, is_good=False, values=values, bad=bad)
    assert watch.finish()[0].worst == {"rtt_ms": 453.0}


def test_measures_that_were_bad_in_turns_all_count() -> None:
    watch = Watch(IssueName.POOR_NETWORK_UPLINK, REF)
    for place, label in enumerate(("rtt_ms", "loss_percent", "rtt_ms")):
        values = {"rtt_ms": 300.0, "loss_percent": 6.0, "jitter_ms": 4.0}
        at = EpochMs(place)
        watch.take(at, at, is_bad=True, is_good=False, values=values, bad=[label])
    assert watch.finish()[0].worst == {"loss_percent": 6.0, "rtt_ms": 300.0}


@pytest.mark.parametrize(
    ("waited_ms", "severity"),
    [
        ((300, 300, 300), "warning"),
        ((300, 700, 300), "warning"),
        ((500, 300, 700), "warning"),
        ((500, 300, 700, 500), "severe"),
    ],
)
def test_a_jitter_buffer_is_severe_when_three_reports_are(
    waited_ms: Sequence[int], severity: str
) -> None:
    watch = Watch(IssueName.HIGH_JITTER_BUFFER_DELAY, REF)
    for place, waited in enumerate(waited_ms):
        at = EpochMs(place)
        values = {"jitter_buffer_ms": float(waited)}
        watch.take(at, at, is_bad=True, is_good=False, values=values)
    assert watch.finish()[0].severity == severity


@given(st.text(alphabet="x.-|", max_size=60))
def test_issues_are_in_order_and_made_of_bad_samples(marks: str) -> None:
    issues = _watched(marks)
    assert [issue.first_at for issue in issues] == sorted(issue.first_at for issue in issues)
    assert sum(issue.sample_count for issue in issues) <= marks.count("x")
    for one, other in pairwise(issues):
        assert one.last_at <= other.first_at
    for issue in issues:
        inside = marks[issue.first_at // STEP_MS : issue.last_at // STEP_MS]
        assert inside[0] == inside[-1] == "x"
        assert issue.sample_count >= RAISE_AFTER
        assert "." * CLEAR_AFTER not in inside


@given(st.text(alphabet="x.-", min_size=WINDOW, max_size=60))
def test_every_three_of_five_are_in_some_issue(marks: str) -> None:
    issues = _watched(marks)
    for place in range(len(marks) - WINDOW + 1):
        if marks[place : place + WINDOW].count("x") < RAISE_AFTER:
            continue
        end = (place + WINDOW) * STEP_MS
        assert any(i.first_at < end and i.last_at > place * STEP_MS for i in issues)


def test_every_name_has_a_severity() -> None:
    assert {severity_of(name) for name in IssueName} == {"information", "warning", "severe"}
