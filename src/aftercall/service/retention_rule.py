"""The one rule by which every reader knows whether data may still be read.

Data past their time are as good as deleted, whether the job that deletes them has come by or not.
"""

from typing import Final

from cachetools import TTLCache
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import NotFound
from aftercall.core.instants import Clock, EpochMs
from aftercall.core.records import Session
from aftercall.core.retention import (
    FOR_EVER,
    DataKind,
    HeldSession,
    RetentionPolicy,
    is_kept,
    kept_until,
    policy_of,
)
from aftercall.service.session_lookup import find_existing_session
from aftercall.settings import Settings
from aftercall.store import apps
from aftercall.store.engine.database import Database

FRESH_S: Final = 2.0
"""How long a policy is remembered: another process notices a change at most this late."""

_MOST_APPS: Final = 10_000

Kept = frozenset[DataKind]
"""The kinds of a session's data that may be read."""

_EXPIRED: Final = {
    DataKind.SAMPLES: ("sample", "The stats reports"),
    DataKind.REPORTS: ("report", "The report"),
    DataKind.CHAT: ("chat", "The chat"),
    DataKind.TRANSCRIPTS: ("transcript", "The transcript"),
    DataKind.SUMMARIES: ("summary", "The summary"),
    DataKind.ADDRESSES: ("address", "The addresses"),
}


def default_seconds(settings: Settings) -> dict[DataKind, int]:
    """For how long each kind is kept where an app has not chosen, in seconds; 0: no limit."""
    return {
        DataKind.SAMPLES: settings.retention_samples_s,
        DataKind.REPORTS: settings.retention_reports_s,
        DataKind.CHAT: settings.retention_chat_s,
        DataKind.TRANSCRIPTS: settings.transcript_retention_s,
        DataKind.SUMMARIES: settings.transcript_retention_s,
        DataKind.ADDRESSES: settings.retention_addresses_s,
        DataKind.SESSIONS: settings.retention_sessions_s,
    }


class RetentionRule:
    """Knows the policy of every app, and what it allows at present."""

    def __init__(self, *, db: Database, clock: Clock, settings: Settings) -> None:
        self._db = db
        self._clock = clock
        self._defaults = default_seconds(settings)
        self._known = TTLCache[str, RetentionPolicy](_MOST_APPS, FRESH_S)

    def forget(self, app_id: str) -> None:
        """Read an app's policy from the database when it is next asked for."""
        self._known.pop(app_id, None)

    async def policy_of(self, app_id: str, tx: AsyncConnection | None = None) -> RetentionPolicy:
        """The policy of an app, read in the given transaction or in one of its own."""
        known = self._known.get(app_id)
        if known is not None:
            return known
        if tx is not None:
            app = await apps.find_app(tx, app_id)
        else:
            async with self._db.read() as reading:
                app = await apps.find_app(reading, app_id)
        policy = policy_of(self._defaults, {} if app is None else app.retention)
        self._known[app_id] = policy
        return policy

    async def kept_of(
        self, app_id: str, session: HeldSession, tx: AsyncConnection | None = None
    ) -> Kept:
        """The kinds of a session's data that may be read."""
        policy, now = await self.policy_of(app_id, tx), self._clock()
        return frozenset(kind for kind in DataKind if is_kept(policy, kind, session, now))

    async def is_kept(
        self, kind: DataKind, session: Session, tx: AsyncConnection | None = None
    ) -> bool:
        """Whether a kind of a session's data may be read."""
        return is_kept(await self.policy_of(session.app_id, tx), kind, session, self._clock())

    async def kept_until(
        self, kind: DataKind, session: Session, tx: AsyncConnection | None = None
    ) -> EpochMs | None:
        """When the time of a kind of a session's data is over, if it has an end. Raises `NotFound`
        when it is over."""
        policy = await self.policy_of(session.app_id, tx)
        if not is_kept(policy, kind, session, self._clock()):
            raise expired(kind, session.id)
        return kept_until(policy, kind, session)

    async def find_session(self, tx: AsyncConnection, app_id: str, session_id: str) -> Session:
        """The session with this id. Raises `NotFound`."""
        session = await find_existing_session(tx, app_id, session_id)
        if not await self.is_kept(DataKind.SESSIONS, session, tx):
            raise NotFound.of("session", session_id)
        return session

    async def only_kept(
        self, app_id: str, sessions: list[Session], tx: AsyncConnection | None = None
    ) -> list[Session]:
        """Those of an app's sessions that may be read."""
        policy, now = await self.policy_of(app_id, tx), self._clock()
        if policy.seconds_of(DataKind.SESSIONS) == FOR_EVER:
            return sessions
        return [each for each in sessions if is_kept(policy, DataKind.SESSIONS, each, now)]


def expired(kind: DataKind, session_id: str) -> NotFound:
    """The error for a kind of a session's data whose time is over."""
    if kind is DataKind.SESSIONS:
        return NotFound.of("session", session_id)
    code, subject = _EXPIRED[kind]
    verb = "was" if subject.endswith(("report", "chat", "transcript", "summary")) else "were"
    return NotFound(
        f"{subject} of session {session_id} {verb} kept for a time after its end, which is over",
        code=f"{code}_expired",
    )
