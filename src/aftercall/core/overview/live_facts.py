"""What is reported of live sessions to those who listen for changes."""

from typing import NamedTuple

from aftercall.core.instants import EpochMs
from aftercall.core.records import Phase, Session


class LiveSessions(NamedTuple):
    """The ids of the live sessions when the listening begins."""

    now: EpochMs
    ids: list[str]


class ChangedSession(NamedTuple):
    """A session that began, changed or ended. `minutes` is `None` until it has ended."""

    id: str
    meeting_id: str
    title: str
    phase: Phase
    started_at: EpochMs
    ended_at: EpochMs | None
    live_participants: int
    total_participants: int
    minutes: float | None
    updated_at: EpochMs


def changed_session_of(session: Session) -> ChangedSession:
    """The members of a session whose change is reported."""
    return ChangedSession(
        id=session.id,
        meeting_id=session.meeting_id,
        title=session.title,
        phase=session.phase,
        started_at=session.started_at,
        ended_at=session.ended_at,
        live_participants=session.live_participants,
        total_participants=session.total_participants,
        minutes=session.minutes_consumed if session.phase is Phase.ENDED else None,
        updated_at=session.updated_at,
    )
