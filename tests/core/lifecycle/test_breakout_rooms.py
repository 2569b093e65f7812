"""Minutes in breakout rooms are added to the participants of the parent session."""

from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.breakout_rooms import consolidated_minutes
from aftercall.core.records import Participant


def _row(
    id: str, *, at: int, minutes: float, user: str | None = None, custom: str | None = None
) -> Participant:
    return Participant(
        app_id="a",
        session_id="s",
        id=id,
        user_id=user,
        custom_participant_id=custom,
        joined_at=EpochMs(at),
        duration_minutes=minutes,
        created_at=EpochMs(at),
        updated_at=EpochMs(at),
    )


def test_time_in_breakout_rooms_is_added() -> None:
    rows = [_row("p1", at=0, minutes=10.0, user="u1"), _row("p2", at=0, minutes=5.0, user="u2")]
    rooms = [_row("b1", at=5, minutes=2.5, user="u1"), _row("b2", at=9, minutes=1.25, user="u1")]
    assert consolidated_minutes(rows, rooms) == {"p1": 13.75, "p2": 5.0}


def test_a_breakout_stay_counts_once_for_the_participant_that_left_for_it() -> None:
    rows = [_row("late", at=100, minutes=1.0, user="u"), _row("early", at=0, minutes=1.0, user="u")]
    rooms = [_row("b1", at=50, minutes=2.0, user="u"), _row("b2", at=150, minutes=4.0, user="u")]
    assert consolidated_minutes(rows, rooms) == {"early": 3.0, "late": 5.0}


def test_a_breakout_stay_before_any_participant_counts_for_the_first() -> None:
    rows = [_row("p", at=100, minutes=1.0, user="u")]
    assert consolidated_minutes(rows, [_row("b", at=0, minutes=2.0, user="u")]) == {"p": 3.0}


def test_the_custom_id_identifies_where_the_user_id_differs() -> None:
    rows = [_row("p", at=0, minutes=1.0, user="u1", custom="crm-7")]
    rooms = [_row("b", at=1, minutes=2.0, user="u2", custom="crm-7")]
    assert consolidated_minutes(rows, rooms) == {"p": 3.0}


def test_unidentified_and_absent_users_add_no_minutes() -> None:
    rows = [_row("p", at=0, minutes=1.0)]
    rooms = [_row("b", at=1, minutes=2.0), _row("c", at=1, minutes=2.0, user="u9")]
    assert consolidated_minutes(rows, rooms) == {"p": 1.0}
