"""Who attended a session, and all sessions of a meeting."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import NotFound
from aftercall.core.instants import Clock, EpochMs
from aftercall.core.overview.attendance import (
    Attendance,
    AttendanceCounter,
    AttendedMeeting,
    AttendedSession,
    attendances_of,
)
from aftercall.core.records import Session
from aftercall.core.retention import DataKind
from aftercall.service.retention_rule import RetentionRule
from aftercall.store import meetings
from aftercall.store.attendance import meeting_sessions, presences
from aftercall.store.engine.database import Database

MOST_READ: Final = 10_000
"""Participants of a meeting that a page adds up; chosen: a few hundred ms of work. A file has all
of them."""

_BATCH_PARTICIPANTS: Final = 2_000
_BATCH_SESSIONS: Final = 200


class AttendanceLists:
    """The use cases of attendance. People of live sessions are counted up to now."""

    def __init__(self, *, db: Database, clock: Clock, retention: RetentionRule) -> None:
        self._db = db
        self._clock = clock
        self._retention = retention

    async def of_session(self, app_id: str, session_id: str) -> AttendedSession:
        """The people of one session. Raises `NotFound`."""
        now = self._clock()
        async with self._db.read() as tx:
            session = await self._retention.find_session(tx, app_id, session_id)
            found = await self._attendances(tx, app_id, [session], now)
        return AttendedSession(session, found[session.id], now)

    async def of_meeting(
        self,
        app_id: str,
        meeting_id: str,
        *,
        created_from: EpochMs | None = None,
        created_before: EpochMs | None = None,
        most: int | None = MOST_READ,
    ) -> AttendedMeeting:
        """The people of the meeting's sessions that were created in the period. Sessions are read
        from the latest on until those read had `most` participants; `None` reads all. Raises
        `NotFound`."""
        now = self._clock()
        counter = AttendanceCounter()
        latest: Session | None = None
        earliest: Session | None = None
        read = 0
        after: meeting_sessions.Place | None = None
        async with self._db.read() as tx:
            meeting = await meetings.find_meeting(tx, app_id, meeting_id)
            total = await meeting_sessions.count_sessions_of_meeting(
                tx,
                app_id,
                meeting_id,
                created_from=created_from,
                created_before=created_before,
            )
            if meeting is None and not total:
                raise NotFound.of("meeting", meeting_id)
        while most is None or read < most:
            # A transaction each, so that a long file holds none open.
            async with self._db.read() as tx:
                batch = await meeting_sessions.sessions_of_meeting(
                    tx,
                    app_id,
                    meeting_id,
                    created_from=created_from,
                    created_before=created_before,
                    after=after,
                    limit=_BATCH_SESSIONS,
                )
                if not batch:
                    break
                batch = _of_participants(batch, _BATCH_PARTICIPANTS)
                after = (batch[-1].created_at, batch[-1].id)
                kept = await self._retention.only_kept(app_id, batch, tx)
                found = await self._attendances(tx, app_id, kept, now)
            for session in kept:
                latest = latest or session
                earliest = session
                read += session.total_participants
                counter.add_session(found[session.id])
            total -= len(batch) - len(kept)
        return AttendedMeeting(
            meeting_id=meeting_id,
            title=(latest.title if latest else "") or (meeting.title if meeting else ""),
            sessions=counter.sessions,
            all_sessions=total,
            first_at=earliest.started_at if earliest else None,
            last_at=(latest.ended_at or now) if latest else None,
            attendances=counter.attendances(),
            now=now,
        )

    async def _attendances(
        self, tx: AsyncConnection, app_id: str, sessions: Sequence[Session], now: EpochMs
    ) -> dict[str, list[Attendance]]:
        with_talk = [
            each.id
            for each in sessions
            if await self._retention.is_kept(DataKind.TRANSCRIPTS, each, tx)
        ]
        found = await presences.presences_in_sessions(
            tx, app_id, [each.id for each in sessions], with_talk=with_talk, now=now
        )
        return {each.id: attendances_of(app_id, found.get(each.id, [])) for each in sessions}


def _of_participants(sessions: list[Session], most: int) -> list[Session]:
    """The first of the sessions, of so many participants together; at least one."""
    taken: list[Session] = []
    for each in sessions:
        if taken and most < each.total_participants:
            break
        taken.append(each)
        most -= each.total_participants
    return taken
