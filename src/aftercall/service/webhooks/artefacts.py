"""Announces the files of an ended session: its chat, its transcript and its summary."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import DAY_MS, Clock
from aftercall.core.records import Phase, Session, Summary
from aftercall.core.webhooks import News, WebhookEvent
from aftercall.service.webhooks.announcer import Announcer
from aftercall.store import chat_transcript
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows

OLDEST_MS: Final = DAY_MS
"""Files of a session that ended earlier are no news: they were imported."""


class ArtefactNews:
    """Announces each file once."""

    def __init__(self, *, db: Database, clock: Clock, announcer: Announcer) -> None:
        self._db = db
        self._clock = clock
        self._announcer = announcer

    async def announce_files(self, app_id: str, session_id: str) -> None:
        """Announce the chat and the transcript of an ended session, where there are any and they
        were not announced. To be called whenever there may be some for the first time."""
        async with self._db.read() as tx:
            if not await self._announcer.has_listeners(tx, app_id):
                return
        async with self._db.write() as tx:
            session = await session_rows.find_session(tx, app_id, session_id)
            if session is None or not self._is_news(session):
                return
            events: list[WebhookEvent] = []
            if await chat_transcript.count_messages(tx, app_id, session_id):
                events.append(WebhookEvent.CHAT_STORED)
            if await chat_transcript.count_lines(tx, app_id, session_id):
                events.append(WebhookEvent.TRANSCRIPT_STORED)
            await self._announcer.announce(tx, app_id, [_news(each, session) for each in events])

    async def announce_transcript(self, tx: AsyncConnection, session: Session, *, key: str) -> None:
        """Announce a transcript that was uploaded, in the transaction that stores it and however
        old its session is: somebody waits for it. `key` tells it apart from others of the
        session."""
        if await self._announcer.has_listeners(tx, session.app_id):
            news = _news(WebhookEvent.TRANSCRIPT_STORED, session, key=key)
            await self._announcer.announce(tx, session.app_id, [news])

    async def announce_summary(self, tx: AsyncConnection, summary: Summary) -> None:
        """Announce a summary in the transaction that stores it; one that was made again is
        announced again."""
        if not await self._announcer.has_listeners(tx, summary.app_id):
            return
        session = await session_rows.find_session(tx, summary.app_id, summary.session_id)
        if session is not None:
            news = _news(WebhookEvent.SUMMARY_STORED, session, key=str(summary.requested_at))
            await self._announcer.announce(tx, summary.app_id, [news])

    def _is_news(self, session: Session) -> bool:
        if session.phase is not Phase.ENDED or session.ended_at is None:
            return False
        return session.ended_at > self._clock() - OLDEST_MS


def _news(event: WebhookEvent, session: Session, *, key: str = "") -> News:
    return News(event=event, key=key, session_id=session.id, meeting_id=session.meeting_id)
