"""Deletion of a session, a meeting with all its sessions, and an app with everything in it.

A session is gone for every reader when the request returns. A meeting or an app may have very many:
a job deletes theirs, a few in each transaction, and goes on where it was killed.
"""

from typing import Any, Final

from aftercall.core.errors import Malformed, NotFound
from aftercall.core.ids import id_from
from aftercall.core.instants import SECOND_MS, Clock, EpochMs
from aftercall.core.records import Job, Phase
from aftercall.service.audit import Act, Actor, record_act
from aftercall.service.dump_uploads import DumpUploads
from aftercall.service.privacy.person_exports import PersonExports
from aftercall.service.privacy.removals import remove_all_waiting, remove_noted_rows
from aftercall.store import apps, deletion, jobs, meetings
from aftercall.store.engine.database import Database
from aftercall.store.retention.deleted_sessions import delete_sessions
from aftercall.store.sessions import rows as session_rows

DELETE_ALL: Final = "delete_all"

AT_ONCE: Final = 5
"""Sessions that are deleted in one transaction: some milliseconds each."""

LOOK_AGAIN_MS: Final = 5 * SECOND_MS
"""How often a deletion looks whether the calls that go on have ended."""


class Deletions:
    """Deletes what an operator no longer wants to keep."""

    def __init__(
        self, *, db: Database, clock: Clock, exports: PersonExports, dump_uploads: DumpUploads
    ) -> None:
        self._db = db
        self._dump_uploads = dump_uploads
        self._exports = exports
        self._clock = clock

    async def delete_session(
        self, account_id: str, app_id: str, session_id: str, actor: Actor
    ) -> None:
        """Delete an ended session. Raises `NotFound`, and `Malformed` while it goes on."""
        async with self._db.write() as tx:
            session = await session_rows.lock_session(tx, app_id, session_id)
            if session is None:
                raise NotFound.of("session", session_id)
            if session.phase is not Phase.ENDED:
                raise Malformed(
                    f"Session {session_id} is LIVE; it can be deleted once it has ended",
                    code="session_live",
                )
            await delete_sessions(tx, app_id, [session_id])
            await record_act(
                tx, actor, Act.DELETE_SESSION, account_id, app_id, session_id, self._clock()
            )
        await remove_noted_rows(self._db)

    async def delete_meeting(
        self, account_id: str, app_id: str, meeting_id: str, actor: Actor
    ) -> None:
        """Begin to delete a meeting: nobody joins it any more, and its sessions and members go.
        Raises `NotFound`, and `Malformed` while a session of it goes on."""
        now = self._clock()
        async with self._db.write() as tx:
            if await meetings.lock_meeting(tx, app_id, meeting_id) is None:
                raise NotFound.of("meeting", meeting_id)
            live = await session_rows.find_current_session(tx, app_id, meeting_id)
            if live is not None:
                raise Malformed(
                    f"Session {live.id} of the meeting is LIVE; end it first", code="session_live"
                )
            await deletion.delete_meeting(tx, app_id, meeting_id)
            await jobs.add(tx, [_job(app_id, meeting_id, now, now)])
            await record_act(tx, actor, Act.DELETE_MEETING, account_id, app_id, meeting_id, now)

    async def delete_app(self, account_id: str, app_id: str, actor: Actor) -> None:
        """Begin to delete an app: its tokens end, nothing of it is found or taken any more, and
        everything in it goes. Raises `NotFound`, and `Malformed` while a session of it goes on."""
        now = self._clock()
        async with self._db.write() as tx:
            app = await apps.find_app(tx, app_id)
            if app is None or app.account_id != account_id:
                raise NotFound.of("app", app_id)
            if await deletion.has_live_session(tx, app_id):
                raise Malformed("Sessions of the app are LIVE; end them first", code="session_live")
            await deletion.delete_app(tx, app_id)
            await jobs.add(tx, [_job(app_id, None, now, now)])
            await record_act(tx, actor, Act.DELETE_APP, account_id, app_id, app_id, now)

    async def carry_out(self, payload: Any) -> None:
        """Delete the sessions of a meeting, or all that is left of an app. What goes on, because it
        began when the request came, is waited for."""
        app_id, meeting_id = payload["app_id"], payload.get("meeting_id")
        while True:
            async with self._db.write() as tx:
                some = await deletion.ended_sessions(tx, app_id, meeting_id, AT_ONCE)
                await delete_sessions(tx, app_id, some)
            if not some:
                break
        await remove_noted_rows(self._db)
        if meeting_id is None:
            await remove_all_waiting(self._db, app_id)
            await self._exports.delete_of_app(app_id)
            await self._dump_uploads.delete_of_app(app_id)
            while await self._delete_rest(app_id):
                pass
        async with self._db.write() as tx:
            if await deletion.has_live_session(tx, app_id, meeting_id):
                now = self._clock()
                later = EpochMs(now + LOOK_AGAIN_MS)
                await jobs.add(tx, [_job(app_id, meeting_id, now, later)])

    async def _delete_rest(self, app_id: str) -> bool:
        """Delete some of what belongs to an app and to no session; returns whether more is left."""
        async with self._db.write() as tx:
            return await deletion.delete_some_of_app(tx, app_id)


def _job(app_id: str, meeting_id: str | None, now: EpochMs, due_at: EpochMs) -> Job:
    payload = {"app_id": app_id} | ({} if meeting_id is None else {"meeting_id": meeting_id})
    return Job(
        id=id_from(app_id, DELETE_ALL, meeting_id or "", str(due_at)),
        task=DELETE_ALL,
        lane=f"delete:{app_id}:{meeting_id or ''}",
        payload=payload,
        created_at=now,
        due_at=due_at,
    )
