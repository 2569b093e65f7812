"""The hysteresis against a walk from sample to sample."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.quality.interval_columns.columns import numbers
from aftercall.core.quality.issues import Issue, IssueName, StreamRef
from aftercall.core.quality.rules.hysteresis import (
    CLEAR_AFTER,
    RAISE_AFTER,
    WINDOW,
    ConditionSamples,
    HysteresisRule,
)

REF = StreamRef(peer_id="ada")
STEP_MS = 7_000


def _samples(marks: str) -> ConditionSamples:
    """A sample for each mark: `x` bad, `X` severe, `.` good, `-` between, `|` an interruption."""
    places = [place for place, mark in enumerate(marks) if mark != "|"]
    is_bad = np.array([marks[place] in "xX" for place in places], dtype=np.bool_)
    return ConditionSamples(
        starts=numbers([place * STEP_MS for place in places]),
        ends=numbers([(place + 1) * STEP_MS for place in places]),
        values={"loss_percent": numbers([10.0 + place for place in places]) * is_bad},
        bad={"loss_percent": is_bad},
        raises_alone=np.array([marks[place] == "X" for place in places], dtype=np.bool_),
        is_good=np.array([marks[place] == "." for place in places], dtype=np.bool_),
        sections=np.array([marks[:place].count("|") for place in places], dtype=np.intp),
        last_section=marks.count("|"),
    )


def _issues_of_marks(marks: str, **options: Any) -> list[Issue]:
    return HysteresisRule(IssueName.POOR_NETWORK_UPLINK, **options).issues(REF, _samples(marks))


def _bad_samples(**values: Sequence[float]) -> ConditionSamples:
    """Samples with these values, of which those above five are bad."""
    columns = {name: numbers(column) for name, column in values.items()}
    length = len(next(iter(columns.values())))
    return ConditionSamples(
        starts=numbers(range(length)),
        ends=numbers(range(length)),
        values=columns,
        bad={name: column > 5 for name, column in columns.items()},
        raises_alone=np.zeros(length, dtype=np.bool_),
        is_good=np.zeros(length, dtype=np.bool_),
        sections=np.zeros(length, dtype=np.intp),
        last_section=0,
    )


def _worst(*, low_is_bad: bool = False, **values: Sequence[float]) -> dict[str, float]:
    hysteresis = HysteresisRule(IssueName.POOR_NETWORK_UPLINK, low_is_bad)
    [issue] = hysteresis.issues(REF, _bad_samples(**values))
    return issue.worst


@pytest.mark.parametrize("marks", ["X", "..X...", "....X", "-X--", "xx...X..."])
def test_one_severe_sample_raises_an_issue(marks: str) -> None:
    [issue] = _issues_of_marks(marks)
    assert issue.sample_count == 1
    assert issue.first_at == marks.index("X") * STEP_MS
    assert issue.worst == {"loss_percent": 10.0 + marks.index("X")}


@pytest.mark.parametrize(
    ("marks", "first"), [("x.X.x", 0), ("xXx", 0), ("xxX", 0), ("Xxx", 0), ("X-x--x", 0), ("xX", 1)]
)
def test_a_severe_sample_among_bad_ones_is_part_of_one_issue(marks: str, first: int) -> None:
    [issue] = _issues_of_marks(marks)
    assert issue.first_at == first * STEP_MS
    assert issue.is_open


def test_severe_samples_far_apart_are_separate_issues() -> None:
    first, second = _issues_of_marks("X...X...")
    assert (first.sample_count, second.sample_count) == (1, 1)
    assert not first.is_open and not second.is_open


@pytest.mark.parametrize("marks", ["", "....", "xx......xx", "x.x....x.x", "-----", "xx---xx---"])
def test_fewer_than_three_bad_samples_of_five_raise_no_issue(marks: str) -> None:
    assert _issues_of_marks(marks) == []


@pytest.mark.parametrize("marks", ["xxx", "x.x.x", "xx..x", "x--xx", "....xxx"])
def test_three_bad_samples_of_five_raise_an_issue(marks: str) -> None:
    [issue] = _issues_of_marks(marks)
    assert issue.is_open
    assert issue.sample_count == 3
    assert issue.first_at == marks.index("x") * STEP_MS
    assert issue.last_at == (marks.rindex("x") + 1) * STEP_MS
    assert issue.worst == {"loss_percent": 10.0 + marks.rindex("x")}


def test_a_value_between_the_thresholds_keeps_the_issue_open() -> None:
    [issue] = _issues_of_marks("xxx--x--x..x..-...")
    assert not issue.is_open
    assert issue.last_at == 12 * STEP_MS


def test_three_good_samples_in_a_row_end_an_issue() -> None:
    first, second = _issues_of_marks("xxx...xxx...")
    assert (first.last_at, second.first_at) == (3 * STEP_MS, 6 * STEP_MS)
    assert not first.is_open and not second.is_open


def test_an_interruption_ends_an_issue_and_restarts_the_window() -> None:
    assert _issues_of_marks("xx|xx|x") == []
    [issue] = _issues_of_marks("xxx|xx")
    assert issue.sample_count == 3 and not issue.is_open
    [ended] = _issues_of_marks("xxx|")
    assert not ended.is_open


def test_the_worst_value_of_a_low_is_bad_measure_is_the_minimum() -> None:
    assert _worst(low_is_bad=True, width_px=[160, 80, 120]) == {"width_px": 80}


def test_a_measure_that_was_briefly_bad_is_not_in_the_issue() -> None:
    found = _worst(rtt_ms=[450, 451, 452, 453], loss_percent=[11.7, 0, 0, 0.4])
    assert found == {"rtt_ms": 453}


def test_measures_that_were_bad_in_turns_are_all_in_the_issue() -> None:
    found = _worst(rtt_ms=[300, 4, 310], loss_percent=[0, 6, 0], jitter_ms=[4, 4, 4])
    assert found == {"loss_percent": 6, "rtt_ms": 310}


def test_an_unknown_value_is_never_the_worst() -> None:
    found = _worst(rtt_ms=[300, 400, 310], loss_percent=[float("nan"), 6, 7])
    assert found == {"rtt_ms": 400}


@pytest.mark.parametrize(
    ("waited_ms", "severity"),
    [
        ((300, 300, 300), "warning"),
        ((300, 700, 300), "warning"),
        ((500, 300, 700), "warning"),
        ((500, 300, 700, 500), "severe"),
    ],
)
def test_a_jitter_buffer_issue_is_severe_after_three_severe_samples(
    waited_ms: Sequence[int], severity: str
) -> None:
    samples = _bad_samples(jitter_buffer_ms=waited_ms)
    [issue] = HysteresisRule(IssueName.HIGH_JITTER_BUFFER_DELAY).issues(REF, samples)
    assert issue.severity == severity


@pytest.mark.parametrize(("least_ms", "count"), [(0, 2), (14_000, 2), (14_001, 1), (21_001, 0)])
def test_an_issue_with_a_minimum_duration_is_not_raised_earlier(least_ms: int, count: int) -> None:
    options = {"raise_after": 2, "window": 2, "clear_after": 1, "raise_after_ms": least_ms}
    assert len(_issues_of_marks("xx.xxx.x", **options)) == count


@given(st.text(alphabet="x.-|", max_size=60))
def test_issues_are_in_order_and_made_of_bad_samples(marks: str) -> None:
    issues = _issues_of_marks(marks)
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
def test_every_window_with_three_bad_samples_is_in_an_issue(marks: str) -> None:
    issues = _issues_of_marks(marks)
    for place in range(len(marks) - WINDOW + 1):
        if marks[place : place + WINDOW].count("x") < RAISE_AFTER:
            continue
        end = (place + WINDOW) * STEP_MS
        assert any(i.first_at < end and i.last_at > place * STEP_MS for i in issues)


def _walked(
    marks: str, raise_after: int, window: int, clear_after: int
) -> Iterator[tuple[int, int, int, bool]]:
    """The issues of a loop over samples: the index of the first bad one, that of the last, how
    many, and whether the issue is open."""
    recent: list[int] = []
    bad: list[int] = []
    good = 0
    for place, mark in enumerate(f"{marks}$"):
        is_raised = bool(bad)
        is_over = mark in "|$" or (mark == "." and good + 1 == clear_after)
        if is_raised and is_over:
            yield bad[0], bad[-1], len(bad), mark == "$"
        if mark in "|$" or (is_raised and is_over):
            recent, bad, good = [], [], 0
        elif is_raised:
            good = good + 1 if mark == "." else 0
            bad += [place] if mark == "x" else []
        else:
            recent = [*recent, place][-window:]
            found = [each for each in recent if marks[each] == "x"]
            bad = found if len(found) >= raise_after else []


@given(
    st.text(alphabet="xx..-|", max_size=60),
    st.sampled_from([(3, 5, 3), (2, 2, 1), (1, 1, 1), (2, 4, 2)]),
)
def test_the_column_rule_finds_the_issues_of_a_sequential_loop(
    marks: str, terms: tuple[int, int, int]
) -> None:
    raise_after, window, clear_after = terms
    issues = _issues_of_marks(
        marks, raise_after=raise_after, window=window, clear_after=clear_after
    )
    assert [
        (i.first_at // STEP_MS, i.last_at // STEP_MS - 1, i.sample_count, i.is_open) for i in issues
    ] == list(_walked(marks, raise_after, window, clear_after))
