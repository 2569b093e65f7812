"""What an ending brings about: every peer's verdict, folded once and kept."""

from typing import Final, Protocol

from aftercall.core.records import Session
from aftercall.store import conversation, meetings, samples
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows

SUMMARISE_ON_END: Final = "summarize_on_end"


class Folds(Protocol):
    """Folds every peer of a session and keeps the reports."""

    async def fold_session(self, app_id: str, session_id: str) -> object: ...


class Requests(Protocol):
    """Asks for a session's summary."""

    async def request(self, app_id: str, session_id: str) -> object: ...


class Finaliser:
    """Carries out the endings of sessions. Doing it again changes nothing but the time."""

    def __init__(self, db: Database, *, reports: Folds, summaries: Requests) -> None:
        self._db = db
        self._reports = reports
        self._summaries = summaries

    async def finalise(self, app_id: str, session_id: str) -> None:
        """Fold an ended session's reports, merge its samples, and summarise it if its meeting
        wants that."""
        async with self._db.read() as tx:
            session = await session_rows.find_session(tx, app_id, session_id)
        if session is None:
            return
        await self._reports.fold_session(app_id, session_id)
        await self._merge_samples(session)
        if await self._wants_summary(session):
            await self._summaries.request(app_id, session_id)

    async def _merge_samples(self, session: Session) -> None:
        async with self._db.read() as tx:
            loose = await samples.peers_to_merge(tx, session.app_id, session.id)
        for peer_id in loose:
            await samples.merge(self._db, session.app_id, peer_id)

    async def _wants_summary(self, session: Session) -> bool:
        async with self._db.read() as tx:
            meeting = await meetings.find_meeting(tx, session.app_id, session.meeting_id)
            if meeting is None or not meeting.settings.get(SUMMARISE_ON_END):
                return False
            if await conversation.find_summary(tx, session.app_id, session.id) is not None:
                return False
            return await conversation.count_lines(tx, session.app_id, session.id) > 0
