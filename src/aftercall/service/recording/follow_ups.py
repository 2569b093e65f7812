"""The jobs that follow the end of a session, written in its transaction."""

from typing import Final

from aftercall.core.ids import id_from
from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.records import Job, Session

FINALISE: Final = "finalise"
SUMMARISE: Final = "summarise"

SETTLING_MS: Final = 2 * SECOND_MS
"""How long after its end a session is folded: its last reports may arrive late."""
LATE_SETTLING_MS: Final = 10 * SECOND_MS
"""How long late facts are collected before an ended session is folded again."""


def job_of_end(session: Session, now: EpochMs) -> Job:
    """The job of a session's end."""
    return _finalise(session, now, due_at=EpochMs(now + SETTLING_MS), occasion="end")


def job_of_late_facts(session: Session, now: EpochMs) -> Job:
    """The job of facts that arrive after a session's end."""
    due_at = EpochMs(now + LATE_SETTLING_MS)
    return _finalise(session, now, due_at=due_at, occasion=f"late {now}")


def lane_of_session(app_id: str, session_id: str) -> str:
    """The lane of the jobs that fold a session."""
    return f"session:{app_id}:{session_id}"


def _finalise(session: Session, now: EpochMs, *, due_at: EpochMs, occasion: str) -> Job:
    return Job(
        id=id_from(session.app_id, FINALISE, session.id, occasion),
        task=FINALISE,
        lane=lane_of_session(session.app_id, session.id),
        payload={"app_id": session.app_id, "session_id": session.id},
        created_at=now,
        due_at=due_at,
    )
