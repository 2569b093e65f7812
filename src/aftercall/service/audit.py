"""Writes the audit log: with the act, in its transaction, where it writes; beside the read, a
moment later and many at a time, where it reads."""

import asyncio
import secrets
from collections import deque
from contextlib import suppress
from enum import StrEnum
from typing import Final, NamedTuple

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import Unavailable
from aftercall.core.instants import DAY_MS, Clock, EpochMs
from aftercall.core.privacy_records import AuditEntry
from aftercall.store import audit
from aftercall.store.audit import WHOLE_ACCOUNT
from aftercall.store.engine.database import Database

WRITE_EVERY_S: Final = 1.0
"""How long a read is remembered in memory alone."""

MOST_WAITING: Final = 20_000
"""Reads that wait for a database that is away; beyond that the earliest are logged and dropped."""

_ID_BYTES: Final = 16

DELETED_AT_ONCE: Final = 200
DELETE_EVERY_S: Final = 600.0

log = structlog.get_logger(__name__)


class Act(StrEnum):
    """What was done."""

    READ_CHAT = "read_chat"
    READ_TRANSCRIPT = "read_transcript"
    READ_SUMMARY = "read_summary"
    DOWNLOAD_CHAT = "download_chat"
    DOWNLOAD_TRANSCRIPT = "download_transcript"
    DOWNLOAD_SUMMARY = "download_summary"
    EXPORT_PERSON = "export_person"
    DOWNLOAD_PERSON = "download_person"
    ERASE_PERSON = "erase_person"
    READMIT_PERSON = "readmit_person"
    DELETE_SESSION = "delete_session"
    DELETE_MEETING = "delete_meeting"
    DELETE_APP = "delete_app"
    CREATE_TOKEN = "create_token"
    REVOKE_TOKEN = "revoke_token"
    CHANGE_RETENTION = "change_retention"
    CREATE_READ_LINK = "create_read_link"
    OPEN_READ_LINK = "open_read_link"
    REVOKE_READ_LINK = "revoke_read_link"
    ADD_SOURCE_KEY = "add_source_key"
    REMOVE_SOURCE_KEY = "remove_source_key"
    IMPORT_DUMPS = "import_dumps"
    CANCEL_IMPORT = "cancel_import"
    EXPORT_SESSION = "export_session"
    UPLOAD_TRANSCRIPT = "upload_transcript"
    UPLOAD_TRACK = "upload_track"
    TRANSCRIBE = "transcribe"
    DELETE_TRACKS = "delete_tracks"
    ADD_WEBHOOK = "add_webhook"
    CHANGE_WEBHOOK = "change_webhook"
    REMOVE_WEBHOOK = "remove_webhook"
    CHANGE_ALERT_RULE = "change_alert_rule"
    DELETE_ALERT_RULE = "delete_alert_rule"
    CHANGE_ALERT_CHANNEL = "change_alert_channel"
    DELETE_ALERT_CHANNEL = "delete_alert_channel"
    MUTE_ALERT = "mute_alert"


class Actor(NamedTuple):
    """Who did it: the id of a token, of a sign-in or of a link, or `cli`."""

    id: str


CLI: Final = Actor("cli")
NOBODY: Final = Actor("")


async def record_act(
    tx: AsyncConnection,
    actor: Actor,
    act: Act,
    account_id: str,
    app_id: str | None,
    object: str,
    at: EpochMs,
) -> None:
    """Write an act in the transaction that carries it out."""
    await audit.append(tx, [_entry(actor, act, account_id, app_id, object, at)])


def _entry(
    actor: Actor,
    act: Act,
    account_id: str,
    app_id: str | None,
    object: str,
    at: EpochMs,
) -> AuditEntry:
    return AuditEntry(
        account_id=account_id,
        app_id=app_id or WHOLE_ACCOUNT,
        at=at,
        id=secrets.token_hex(_ID_BYTES),
        actor=actor.id,
        action=act.value,
        object=object,
    )


class AuditLog:
    """The audit log of one process. Reads are written by `run`."""

    def __init__(self, db: Database, *, clock: Clock, keep_days: int) -> None:
        self._db = db
        self._clock = clock
        self._keep_days = keep_days
        self._waiting: deque[AuditEntry] = deque()
        self._flushing = asyncio.Lock()

    def note_read(self, actor: Actor, act: Act, account_id: str, app_id: str, object: str) -> None:
        """Have a read written within a second."""
        entry = _entry(actor, act, account_id, app_id, object, self._clock())
        if len(self._waiting) >= MOST_WAITING:
            lost = self._waiting.popleft()
            log.error("audit entry lost", action="audit_lost", entry_id=lost.id)
        self._waiting.append(entry)

    async def flush(self) -> None:
        """Write the reads that wait. Raises `Unavailable`, and keeps them, if that fails."""
        async with self._flushing:
            batch = list(self._waiting)
            if not batch:
                return
            async with self._db.write() as tx:
                await audit.append(tx, batch)
            written = set(batch)
            while self._waiting and self._waiting[0] in written:
                self._waiting.popleft()

    async def run(self, stop: asyncio.Event) -> None:
        """Write reads, and delete what is older than it is kept, until `stop`; then write the
        rest."""
        loop = asyncio.get_running_loop()
        delete_at = loop.time()
        while not stop.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(WRITE_EVERY_S):
                    await stop.wait()
            is_due = loop.time() >= delete_at
            if is_due:
                delete_at = loop.time() + DELETE_EVERY_S
            await self._work(deletes=is_due)
        await self._work(deletes=False)

    async def _work(self, *, deletes: bool) -> None:
        try:
            await self.flush()
            if deletes:
                await self.delete_old()
        except Unavailable:
            # The outage has a log line of its own; the entries wait.
            return
        except Exception as error:
            log.error("audit not written", action="audit_failed", exc_info=error)

    async def delete_old(self) -> int:
        """Delete the entries that are older than they are kept; returns how many."""
        if not self._keep_days:
            return 0
        before = EpochMs(self._clock() - self._keep_days * DAY_MS)
        deleted = 0
        while True:
            async with self._db.write() as tx:
                some = await audit.delete_before(tx, before, DELETED_AT_ONCE)
            deleted += some
            if some < DELETED_AT_ONCE:
                return deleted

    async def list_entries(
        self,
        account_id: str,
        app_id: str,
        *,
        before: tuple[EpochMs, str] | None,
        limit: int,
        with_account: bool,
    ) -> list[AuditEntry]:
        """A page of the log, the latest first."""
        await self.flush()
        async with self._db.read() as tx:
            return await audit.list_entries(
                tx, account_id, app_id, before=before, limit=limit, with_account=with_account
            )
