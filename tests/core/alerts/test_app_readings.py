"""What rules about an app as a whole find, at the bounds of their conditions."""

from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.alerts.alert import Observation, Reading
from aftercall.core.alerts.app_readings import (
    BegunSessions,
    CallCounts,
    read_bad_share,
    read_dead_jobs,
    read_no_calls,
    read_silent_source,
)
from aftercall.core.alerts.rules import (
    BadShareCondition,
    DeadJobsCondition,
    NoCallsCondition,
    SilentSourceCondition,
)
from aftercall.core.instants import MINUTE_MS, EpochMs

NOW = EpochMs(1_795_262_400_000)


def _text(seen: Observation) -> str:
    return "".join(part.text for part in seen.content.sentence)


def test_a_share_is_raised_over_its_bound_and_clear_below_nine_tenths_of_it() -> None:
    condition = BadShareCondition(above_percent=10)
    readings = [
        read_bad_share(condition, CallCounts(100, bad), None).reading for bad in (11, 10, 9, 8)
    ]
    assert readings == [Reading.RAISED, Reading.BETWEEN, Reading.CLEAR, Reading.CLEAR]
    raised = read_bad_share(condition, CallCounts(100, 11), None)
    assert _text(raised) == "11 of 100 calls were bad, more than 10 %."


def test_few_calls_are_not_judged() -> None:
    condition = BadShareCondition(above_percent=10, least_calls=20)
    assert read_bad_share(condition, CallCounts(19, 19), None).reading is Reading.CLEAR
    assert read_bad_share(condition, CallCounts(20, 20), None).reading is Reading.RAISED


def test_a_share_is_above_its_past_only_when_that_is_sure() -> None:
    condition = BadShareCondition(above_past=True)
    past = CallCounts(1_000, 50)
    sure = read_bad_share(condition, CallCounts(100, 30), past)
    assert sure.reading is Reading.RAISED
    assert "where it was 5 % in the 7 days before" in _text(sure)
    assert read_bad_share(condition, CallCounts(100, 7), past).reading is Reading.BETWEEN
    assert read_bad_share(condition, CallCounts(100, 2), past).reading is Reading.CLEAR
    assert read_bad_share(condition, CallCounts(100, 90), None).reading is Reading.CLEAR


@given(st.integers(20, 500), st.data())
def test_more_bad_calls_never_end_an_alert(measured: int, data: st.DataObject) -> None:
    order = [Reading.CLEAR, Reading.BETWEEN, Reading.RAISED]
    condition = BadShareCondition(above_percent=data.draw(st.integers(1, 90)))
    fewer = data.draw(st.integers(0, measured))
    more = data.draw(st.integers(fewer, measured))
    one, other = (
        read_bad_share(condition, CallCounts(measured, bad), None).reading for bad in (fewer, more)
    )
    assert order.index(one) <= order.index(other)


def test_no_calls_is_raised_where_there_were_some_at_the_same_time_of_every_week() -> None:
    condition = NoCallsCondition(past_weeks=2)
    assert read_no_calls(condition, BegunSessions(True, (3, 4))).reading is Reading.CLEAR
    assert read_no_calls(condition, BegunSessions(False, (3, 0))).reading is Reading.CLEAR
    raised = read_no_calls(condition, BegunSessions(False, (3, 4)))
    assert raised.reading is Reading.RAISED
    assert "of the 2 weeks before there were 7 in all" in _text(raised)
    assert read_no_calls(NoCallsCondition(), BegunSessions(False)).reading is Reading.RAISED


def test_a_source_is_silent_after_its_time_if_it_was_ever_heard() -> None:
    condition = SilentSourceCondition(source="livekit", minutes=30)
    bound = EpochMs(NOW - 30 * MINUTE_MS)
    assert read_silent_source(condition, None, NOW).reading is Reading.CLEAR
    assert read_silent_source(condition, bound, NOW).reading is Reading.CLEAR
    raised = read_silent_source(condition, EpochMs(bound - 1), NOW)
    assert (raised.reading, raised.content.at) == (Reading.RAISED, bound - 1)


def test_dead_jobs_are_raised_above_their_number() -> None:
    condition = DeadJobsCondition(above=2)
    assert read_dead_jobs(condition, 2).reading is Reading.CLEAR
    assert _text(read_dead_jobs(condition, 3)).startswith("3 jobs of the app failed")
    assert _text(read_dead_jobs(DeadJobsCondition(), 1)).startswith("1 job of the app failed")
