"""The end of a session: its reports are folded, and it is summarised if its meeting wants that."""

from time import monotonic

from aftercall.core.records import Session
from aftercall.core.retention import DataKind
from aftercall.service.reports.session_reports import SessionReports
from aftercall.service.reports.summaries import Summaries, wants_summary
from aftercall.service.retention_rule import RetentionRule
from aftercall.service.webhooks.artefacts import ArtefactNews
from aftercall.service.work_metrics import JudgedSessions
from aftercall.store import chat_transcript
from aftercall.store.engine.database import Database
from aftercall.store.sessions import facets
from aftercall.store.sessions import rows as session_rows


class Finaliser:
    """Carries out the job of a session's end. A repeat changes nothing but times."""

    def __init__(
        self,
        db: Database,
        *,
        session_reports: SessionReports,
        summaries: Summaries,
        judged: JudgedSessions,
        retention: RetentionRule,
        artefacts: ArtefactNews | None = None,
    ) -> None:
        self._db = db
        self._artefacts = artefacts
        self._retention = retention
        self._session_reports = session_reports
        self._summaries = summaries
        self._judged = judged

    async def finalise(self, app_id: str, session_id: str) -> None:
        """Fold and store an ended session's reports, merge its samples, announce its chat and its
        transcript, and request its summary if its meeting wants one."""
        async with self._db.read() as tx:
            session = await session_rows.find_session(tx, app_id, session_id)
            known = await facets.find_summaries(tx, app_id, [session_id])
        if session is None:
            return
        began_s = monotonic()
        await self._session_reports.fold_session(app_id, session_id)
        self._judged.time_fold(monotonic() - began_s)
        if not known:
            async with self._db.read() as tx:
                made = await facets.find_summaries(tx, app_id, [session_id])
                issues = await facets.count_issues(tx, app_id, session_id)
            for summary in made.values():
                self._judged.count(summary, issues)
        if self._artefacts is not None:
            await self._artefacts.announce_files(app_id, session_id)
        if await self._wants_summary(session):
            await self._summaries.request(app_id, session_id)

    async def _wants_summary(self, session: Session) -> bool:
        async with self._db.read() as tx:
            kept = await self._retention.kept_of(session.app_id, session, tx)
            if not {DataKind.TRANSCRIPTS, DataKind.SUMMARIES} <= kept:
                return False
            if not await wants_summary(tx, session):
                return False
            if await chat_transcript.find_summary(tx, session.app_id, session.id) is not None:
                return False
            return await chat_transcript.count_lines(tx, session.app_id, session.id) > 0
