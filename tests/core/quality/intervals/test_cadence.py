from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.quality.intervals.cadence import (
    Cadence,
    ExpectedReports,
    PageVisibilities,
    PageVisibility,
    best_cadence,
    hidden_spans,
)
from aftercall.core.records import StoredPeerEvent
from aftercall.core.spans import union
from tests.core.quality.peer_events import event

START = EpochMs(1_795_000_000_000)
INTERVAL_MS = 7_000


def _at(intervals: float) -> EpochMs:
    return EpochMs(START + round(intervals * INTERVAL_MS))


def _event(at: float, name: str) -> StoredPeerEvent:
    return event(_at(at), name)


def _hidden(*ats: float) -> list[PageVisibility]:
    return [PageVisibility(_at(at), True) for at in ats]


def _shown(*ats: float) -> list[PageVisibility]:
    return [PageVisibility(_at(at), False) for at in ats]


def _stay(
    arrived: Sequence[float],
    *,
    length: float,
    visibilities: Sequence[PageVisibility] = (),
    events: Sequence[StoredPeerEvent] = (),
) -> tuple[int, int, list[tuple[float, float]]]:
    """Due, missing, and gaps in intervals after the start."""
    found: ExpectedReports = Cadence(INTERVAL_MS, events, visibilities).stay(
        START, _at(length), [_at(at) for at in arrived]
    )
    gaps = [((one - START) / INTERVAL_MS, (two - START) / INTERVAL_MS) for one, two in found.gaps]
    return found.reports, found.missing, gaps


def test_no_sample_is_missing_if_every_expected_one_arrived() -> None:
    assert _stay([1, 2, 3.02, 3.98, 5], length=5.4) == (5, 0, [])


def test_samples_that_did_not_arrive_are_missing() -> None:
    assert _stay([1, 2, 5, 6], length=6.5) == (6, 2, [])
    assert _stay([1, 2, 7], length=7) == (7, 4, [(2, 7)])
    assert _stay([1, 2], length=9) == (9, 6, [(2, 9)])


def test_a_stay_without_samples_misses_all_of_them() -> None:
    assert _stay([], length=20.3) == (20, 20, [(0, 20.3)])
    assert _stay([], length=0.9) == (0, 0, [])


def test_extra_samples_do_not_replace_missing_ones() -> None:
    # The collector's samples when connected, two seconds later, and when asked to.
    assert _stay([0.1, 0.4, 1, 1.5, 2, 5, 6], length=6) == (6, 2, [])


def test_a_hidden_page_reports_half_as_often() -> None:
    arrived = [1, 2, 4, 6, 8, 10, 11, 12]
    visibilities = [*_shown(1, 2, 11, 12), *_hidden(4, 6, 8, 10)]
    intervals_between, missing, gaps = _stay(arrived, length=12, visibilities=visibilities)
    # Three at the full pace and nine intervals at half of it.
    assert (intervals_between, missing, gaps) == (7, 0, [])


def test_a_hidden_page_is_silent_after_twice_the_time() -> None:
    visibilities = _hidden(2, 4, 10, 17)
    assert _stay([2, 4, 10, 17], length=17, visibilities=visibilities)[2] == [(10, 17)]
    assert _stay([2, 4, 10, 16], length=16, visibilities=_hidden(2, 4, 10, 16))[2] == []


def test_peer_events_state_exactly_when_a_page_was_hidden() -> None:
    events = [_event(10, "browser_backgrounded"), _event(30, "browser_foregrounded")]
    cadence = Cadence(INTERVAL_MS, events, [*_shown(9), *_hidden(12, 28), *_shown(31)])
    assert cadence.intervals_between(_at(0), _at(10)) == 10
    assert cadence.intervals_between(_at(10), _at(30)) == 10
    assert cadence.intervals_between(_at(30), _at(40)) == 10
    assert cadence.intervals_between(_at(5), _at(35)) == 20


def test_a_page_that_becomes_visible_was_hidden_before() -> None:
    cadence = Cadence(INTERVAL_MS, [_event(10, "browser_foregrounded")])
    assert (
        cadence.intervals_between(_at(0), _at(10)),
        cadence.intervals_between(_at(10), _at(20)),
    ) == (5, 10)


@pytest.mark.parametrize("hidden", [[], [3, 5], [3, 5, 40]])
def test_three_intervals_exactly_are_no_gap(hidden: list[float]) -> None:
    factor = 2 if hidden else 1
    arrived = [at * factor for at in (1, 4, 5)]
    visibilities = _hidden(*arrived) if hidden else []
    assert _stay(arrived, length=5 * factor, visibilities=visibilities)[2] == []


@pytest.mark.parametrize(
    ("every_s", "hidden", "interval_ms"),
    [(3, False, 3_000), (7, False, 7_000), (6, True, 3_000), (14, True, 7_000), (5, False, 7_000)],
)
def test_samples_show_which_of_two_intervals_they_follow(
    every_s: int, hidden: bool, interval_ms: int
) -> None:
    moments = [EpochMs(START + 1_000 * every_s * number) for number in range(1, 20)]
    visibilities = [PageVisibility(at, hidden) for at in moments]
    paces = [Cadence(7_000, (), visibilities), Cadence(3_000, (), visibilities)]
    found = best_cadence(paces, moments)
    assert found is paces[0 if interval_ms == 7_000 else 1]


def test_too_few_samples_do_not_show_their_interval() -> None:
    paces = [Cadence(7_000), Cadence(3_000)]
    assert best_cadence(paces, [START, EpochMs(START + 3_000)]) is paces[0]


_TOLD = st.lists(st.tuples(st.integers(0, 400), st.booleans(), st.booleans()), max_size=12)


@given(_TOLD, st.lists(st.integers(0, 400), min_size=2, max_size=10))
def test_expected_samples_add_up_and_are_at_least_half_of_the_full_rate(
    reported: list[tuple[int, bool, bool]], moments: list[int]
) -> None:
    names = {True: "browser_backgrounded", False: "browser_foregrounded"}
    cadence = Cadence(
        INTERVAL_MS,
        [_event(at / 7, names[hidden]) for at, hidden, is_note in reported if is_note],
        [PageVisibility(_at(at / 7), hidden) for at, hidden, is_note in reported if not is_note],
    )
    edges = [_at(moment / 7) for moment in sorted(moments)]
    whole = cadence.intervals_between(edges[0], edges[-1])
    assert sum(
        cadence.intervals_between(one, other) for one, other in pairwise(edges)
    ) == pytest.approx(whole)
    length = (edges[-1] - edges[0]) / INTERVAL_MS
    assert length / 2 <= whole <= length


@given(st.lists(st.floats(0, 30), max_size=20), st.lists(st.floats(0, 30), max_size=5))
def test_more_samples_never_make_a_stay_less_complete(
    arrived: list[float], more: list[float]
) -> None:
    intervals_between, missing, gaps = _stay(arrived, length=30)
    again, fewer, closed = _stay([*arrived, *more], length=30)
    assert again == intervals_between
    assert 0 <= fewer <= missing <= intervals_between
    assert sum(two - one for one, two in closed) <= sum(two - one for one, two in gaps) + 1e-9


@given(
    st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=12),
    st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=2),
    st.integers(0, 40),
)
@example([(0, True), (0, False), (1, False), (1, False)], [], 2)
def test_a_time_of_one_visibility_is_as_good_as_its_first_and_last_sample(
    steps: list[tuple[int, bool]], changes: list[tuple[int, bool]], at: int
) -> None:
    seen, every, now = PageVisibilities(), [], 0
    for step, is_hidden in steps:
        now += step
        every.append(PageVisibility(_at(now), is_hidden))
        seen.add(every[-1])
    names = {True: "browser_backgrounded", False: "browser_foregrounded"}
    events = [_event(when, names[is_hidden]) for when, is_hidden in changes]
    found = seen.beside(events)
    short, whole = (Cadence(INTERVAL_MS, events, each) for each in (found, every))
    assert short.intervals_between(START, _at(at)) == whole.intervals_between(START, _at(at))
    assert union(hidden_spans(events, found)) == union(hidden_spans(events, every))


@given(
    st.lists(st.integers(-20_000, 120_000), max_size=12),
    st.lists(st.tuples(st.integers(0, 100_000), st.booleans()), max_size=4),
    st.integers(0, 100_000),
)
def test_a_stay_counts_the_intervals_between_the_reports_within_it(
    moments: list[int], hidden: list[tuple[int, bool]], length_ms: int
) -> None:
    visibilities = [PageVisibility(EpochMs(START + at), is_so) for at, is_so in sorted(hidden)]
    cadence = Cadence(INTERVAL_MS, (), visibilities)
    end = EpochMs(START + length_ms)
    arrived = [EpochMs(START + at) for at in moments]
    edges = [START, *sorted(at for at in arrived if START <= at <= end), end]
    between = [cadence.intervals_between(*each) for each in pairwise(edges)]
    found = cadence.stay(START, end, arrived)
    assert found.reports == int(cadence.intervals_between(START, end))
    missing = sum(max(0, round(intervals) - 1) for intervals in between)
    assert found.missing == (min(found.reports, missing) if len(edges) > 2 else found.reports)
    assert found.gaps == [
        each for each, intervals in zip(pairwise(edges), between, strict=True) if intervals > 3
    ]
