"""Links to downloads: signed, expiring, and good for exactly one file of one session.

A link's path holds all that it grants and its signature covers the whole path, so that no table of
links is needed.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.download_kinds import Export
from aftercall.core.errors import NotFound, Refused
from aftercall.core.instants import SECOND_MS, Clock, EpochMs
from aftercall.core.records import Phase, Session, Summary, SummaryState
from aftercall.core.retention import DataKind
from aftercall.service.retention_rule import RetentionRule
from aftercall.settings import Settings
from aftercall.store import apps, chat_transcript
from aftercall.store.engine.database import Database

DOWNLOADS: Final = "/downloads"
_KEY_NAME: Final = "download_links"


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """The path of a download on this server, and when the link expires."""

    path: str
    expires_at: EpochMs


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """The file that a link grants."""

    app_id: str
    session: Session
    export: Export
    expires_at: EpochMs


class Links:
    """Makes links and opens them."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        settings: Settings,
        retention: RetentionRule | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._retention = retention or RetentionRule(db=db, clock=clock, settings=settings)
        self._settings = settings
        self._key: bytes | None = None

    async def link_chat(self, app_id: str, session_id: str, export: Export) -> Link:
        """A link to the chat, also of a live session. Raises `NotFound`."""
        async with self._db.read() as tx:
            session = await self._retention.find_session(tx, app_id, session_id)
            until = await self._retention.kept_until(DataKind.CHAT, session, tx)
        return await self._link(app_id, session_id, export, kept_until=until)

    async def link_transcript(self, app_id: str, session_id: str, export: Export) -> Link:
        """A link to the transcript of an ended session; without any line the file is empty.

        Raises `NotFound` while the session is live and when its retention is over.
        """
        async with self._db.read() as tx:
            session = await self._retention.find_session(tx, app_id, session_id)
            until = await self._ended_and_kept_until(DataKind.TRANSCRIPTS, session, tx)
        return await self._link(app_id, session_id, export, kept_until=until)

    async def link_summary(self, app_id: str, session_id: str) -> Link:
        """A link to the latest summary. Raises `NotFound` if there is none yet."""
        async with self._db.read() as tx:
            session = await self._retention.find_session(tx, app_id, session_id)
            summary = await chat_transcript.find_summary(tx, app_id, session_id)
            until = await self._ended_and_kept_until(DataKind.SUMMARIES, session, tx)
        if summary is None or summary.text is None:
            raise _no_summary(session_id, summary)
        export = Export.SUMMARY_MARKDOWN if summary.is_markdown else Export.SUMMARY_TEXT
        return await self._link(app_id, session_id, export, kept_until=until)

    async def open_link(
        self, *, app_id: str, session_id: str, expires_at: str, signature: str, file: str
    ) -> Opened:
        """The file that the parts of a link's path grant.

        Raises `Refused` if the signature does not match or the link has expired, and `NotFound` if
        its session does not exist any more, or the time of what it grants is over.
        """
        claims = "/".join((app_id, session_id, expires_at, file))
        right = _signature(await self._signing_key(), claims)
        given = signature.encode("utf-8", "replace")
        if not hmac.compare_digest(right.encode(), given):
            raise Refused("This link is not one of ours", code="link_invalid")
        moment = EpochMs(int(expires_at))
        if self._clock() >= moment:
            raise Refused("This link has expired; ask the API for a new one", code="link_expired")
        export = Export(file)
        async with self._db.read() as tx:
            session = await self._retention.find_session(tx, app_id, session_id)
            await self._retention.kept_until(_kind_of(export), session, tx)
        return Opened(app_id=app_id, session=session, export=export, expires_at=moment)

    async def _link(
        self, app_id: str, session_id: str, export: Export, *, kept_until: EpochMs | None
    ) -> Link:
        expires_at = EpochMs(self._clock() + self._settings.link_life_s * SECOND_MS)
        if kept_until is not None:
            expires_at = min(expires_at, kept_until)
        claims = "/".join((app_id, session_id, str(expires_at), export.value))
        signature = _signature(await self._signing_key(), claims)
        path = f"{DOWNLOADS}/{app_id}/{session_id}/{expires_at}/{signature}/{export.value}"
        return Link(path=path, expires_at=expires_at)

    async def _ended_and_kept_until(
        self, kind: DataKind, session: Session, tx: AsyncConnection
    ) -> EpochMs | None:
        if session.phase is not Phase.ENDED or session.ended_at is None:
            raise NotFound(
                f"Session {session.id} is LIVE; its {_NAMES[kind]} is there once it has ended",
                code="session_live",
            )
        return await self._retention.kept_until(kind, session, tx)

    async def _signing_key(self) -> bytes:
        if self._key is None:
            async with self._db.write() as tx:
                value = await apps.find_or_save_key(tx, _KEY_NAME, secrets.token_urlsafe(48))
            self._key = value.encode()
        return self._key


_NAMES: Final = {DataKind.TRANSCRIPTS: "transcript", DataKind.SUMMARIES: "summary"}


def _kind_of(export: Export) -> DataKind:
    """The kind of data that a file holds."""
    match export:
        case Export.CHAT_CSV | Export.CHAT_JSON:
            return DataKind.CHAT
        case Export.SUMMARY_MARKDOWN | Export.SUMMARY_TEXT:
            return DataKind.SUMMARIES
        case _:
            return DataKind.TRANSCRIPTS


def _signature(key: bytes, claims: str) -> str:
    digest = hmac.digest(key, claims.encode("utf-8", "replace"), hashlib.sha256)
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _no_summary(session_id: str, summary: Summary | None) -> NotFound:
    if summary is None:
        message = f"No summary of session {session_id} has been asked for; POST here asks for one"
        return NotFound(message, code="summary_not_found")
    if summary.state is SummaryState.FAILED:
        message = f"The summary of session {session_id} failed: {summary.error}"
        return NotFound(message, code="summary_failed")
    message = f"The summary of session {session_id} is {summary.state.value}; try again soon"
    return NotFound(message, code="summary_not_ready")
