"""Digests of sessions and participants: stored when a session is folded, made on request while it
lasts."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

import structlog
from cachetools import FIFOCache

from aftercall.core.address_removal import digest_without_addresses
from aftercall.core.errors import Unavailable
from aftercall.core.instants import SECOND_MS, Clock, EpochMs
from aftercall.core.lifecycle.presence import by_participant
from aftercall.core.overview.digest import Digest
from aftercall.core.overview.session_summary import (
    DigestedParticipant,
    SessionSummary,
    summarise_session,
)
from aftercall.core.quality.experience.time_scale import TimeScale, scale_of_session
from aftercall.core.records import Participant, Phase, Session
from aftercall.core.retention import DataKind
from aftercall.service.keyed_locks import KeyedLocks
from aftercall.service.reports.ahead_folds import AheadFolds
from aftercall.service.reports.peer_reports import Reports
from aftercall.service.retention_rule import Kept, RetentionRule
from aftercall.settings import Settings
from aftercall.store import participants, peers
from aftercall.store.engine.database import Database
from aftercall.store.sessions import facets

FRESH_MS: Final = 3 * SECOND_MS
"""How long a live session's digest is fresh at least; reports arrive every few seconds."""

COST_SHARE: Final = 20
"""And so many times as long as it took to make: watching a session takes a twentieth of a core at
most."""

MOST_KEPT: Final = 200
MOST_REQUESTED: Final = 200
PATIENCE_S: Final = 0.5
"""How long a page waits for the digest of a live session; chosen: half of what a page may take."""

LOOK_EVERY_S: Final = 0.5
"""How often a stop is looked for, in seconds."""

log = structlog.get_logger(__name__)


class SessionDigest(NamedTuple):
    """A session by the digests of its participants, in the order of joining."""

    scale: TimeScale
    participants: list[DigestedParticipant]


class _Kept(NamedTuple):
    fresh_until: EpochMs
    call: SessionDigest


def _as_kept(digest: Digest, kept: Kept) -> Digest | None:
    """What may be read of a digest; nothing if reports are not kept."""
    if DataKind.REPORTS not in kept:
        return None
    return digest if DataKind.ADDRESSES in kept else digest_without_addresses(digest)


def _report_failure(making: "asyncio.Task[SessionDigest]") -> None:
    """Log why a digest was not made, unless the database is away; who still looks asks again."""
    if making.cancelled() or isinstance(error := making.exception(), Unavailable | None):
        return
    log.error("measuring failed", action="measuring_failed", exc_info=error)


class Digests:
    """Reads stored digests, and makes those of live sessions."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        reports: Reports,
        retention: RetentionRule | None = None,
    ) -> None:
        self._db = db
        self._retention = retention or RetentionRule(db=db, clock=clock, settings=Settings())
        self._clock = clock
        self._reports = reports
        self._kept: FIFOCache[tuple[str, str], _Kept] = FIFOCache(MOST_KEPT)
        self._locks: KeyedLocks[tuple[str, str]] = KeyedLocks()
        self._requested: dict[tuple[str, str], Session] = {}
        self._has_requested = asyncio.Event()
        self._is_running = False
        self._ahead = AheadFolds(reports=reports, clock=clock)
        self._making: dict[tuple[str, str], asyncio.Task[SessionDigest]] = {}

    async def live_summaries_of(self, found: Sequence[Session]) -> dict[str, SessionSummary]:
        """The summaries of live sessions for lists, as last made; those that are not fresh are made
        again after the answer. Where `run` is not running, they are made before it."""
        summaries: dict[str, SessionSummary] = {}
        for session in found:
            key = (session.app_id, session.id)
            known = self._kept.get(key)
            if not self._is_running:
                call: SessionDigest | None = await self.live_session_digest(session)
            else:
                call = known.call if known is not None else None
                is_stale = known is None or self._clock() >= known.fresh_until
                if is_stale and len(self._requested) < MOST_REQUESTED:
                    self._requested[key] = session
                    self._has_requested.set()
            if call is not None:
                summaries[session.id] = summarise_session(
                    call.scale, call.participants, is_final=False
                )
        return summaries

    async def run(self, stop: asyncio.Event) -> None:
        """Make the digests of the sessions that lists requested, fold ahead for open pages, and
        drop what nobody looks at, until `stop`. After each digest it rests for as long as that
        took, so that an answer meanwhile waits for one of them, not for all."""
        loop = asyncio.get_running_loop()
        self._is_running = True
        ahead = asyncio.create_task(self._ahead.run(stop))
        try:
            while not stop.is_set():
                self._reports.drop_unwatched()
                if not self._requested:
                    self._has_requested.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_EVERY_S):
                            await self._has_requested.wait()
                    continue
                key = next(iter(self._requested))
                session, began_s = self._requested[key], loop.time()
                try:
                    await self.live_session_digest(session)
                except Unavailable:
                    # The outage has a log line of its own; who still looks will ask again.
                    pass
                except Exception as error:
                    log.error("measuring failed", action="measuring_failed", exc_info=error)
                finally:
                    self._requested.pop(key, None)
                with suppress(TimeoutError):
                    async with asyncio.timeout(loop.time() - began_s):
                        await stop.wait()
        finally:
            self._is_running = False
            others = [ahead, *self._making.values()]
            for each in others:
                each.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    async def stored_digest_of(
        self, session: Session, participant_id: str
    ) -> tuple[SessionSummary, Digest | None] | None:
        """The stored summary of an ended session and the digest of one participant; `None` if it
        was not folded."""
        if session.phase is not Phase.ENDED:
            return None
        async with self._db.read() as tx:
            stored = await facets.find_summaries(tx, session.app_id, [session.id])
            digested = await facets.find_digest(tx, session.app_id, session.id, participant_id)
            kept = await self._retention.kept_of(session.app_id, session, tx)
        if session.id not in stored:
            return None
        if digested is not None:
            digested = _as_kept(digested, kept)
        return stored[session.id], digested

    async def digests_of(
        self, session: Session, rows: Collection[Participant]
    ) -> list[DigestedParticipant]:
        """Some participants of a session with their digests, as far as there are any. Of a session
        that is not folded everybody is digested together."""
        if session.phase is not Phase.ENDED:
            call = await self._digest_soon(session)
            wanted = {row.id for row in rows}
            return [each for each in call.participants if each[0].id in wanted]
        async with self._db.read() as tx:
            ids = [row.id for row in rows]
            stored = await facets.find_digests(tx, session.app_id, session.id, ids)
            kept = await self._retention.kept_of(session.app_id, session, tx)
        made = [(row, _as_kept(stored[row.id], kept)) for row in rows if row.id in stored]
        return [(row, digest) for row, digest in made if digest is not None]

    async def session_digest_of(self, session: Session) -> SessionDigest:
        """A session by its participants' digests: as stored at its end, else as of now. Without any
        if its reports are not kept."""
        if session.phase is Phase.ENDED:
            async with self._db.read() as tx:
                rows = await participants.participants_of_session(tx, session.app_id, session.id)
                stored = await facets.find_digests(tx, session.app_id, session.id)
                kept = await self._retention.kept_of(session.app_id, session, tx)
            if DataKind.REPORTS not in kept:
                return SessionDigest(scale_of_session(session, rows, self._clock()), [])
            if stored or DataKind.SAMPLES not in kept:
                scale = scale_of_session(session, rows, self._clock())
                scale = next((digest.scale for digest in stored.values()), scale)
                made = [(row, _as_kept(stored[row.id], kept)) for row in rows if row.id in stored]
                found = [(row, digest) for row, digest in made if digest is not None]
                return SessionDigest(scale, found)
            return await self.live_session_digest(session)
        return await self._digest_soon(session)

    async def _digest_soon(self, session: Session) -> SessionDigest:
        """The digest of a live session. After `PATIENCE_S` it is made on after the answer, which is
        the last one, or one without participants: a large session whose folds are not in memory
        takes minutes. Where `run` is not running, it is waited for."""
        if not self._is_running:
            return await self.live_session_digest(session)
        key = (session.app_id, session.id)
        self._ahead.look(key)
        making = self._making.get(key)
        if making is None:
            making = self._making[key] = asyncio.create_task(self.live_session_digest(session))
            making.add_done_callback(lambda _: self._making.pop(key, None))
            making.add_done_callback(_report_failure)
        done, _ = await asyncio.wait([making], timeout=PATIENCE_S)
        if done:
            return making.result()
        if (known := self._kept.get(key)) is not None:
            return known.call
        async with self._db.read() as tx:
            rows = await participants.participants_of_session(tx, session.app_id, session.id)
        return SessionDigest(scale_of_session(session, rows, self._clock()), [])

    async def live_session_digest(self, session: Session) -> SessionDigest:
        """The digest of a live session, made again when it is no longer fresh."""
        key = (session.app_id, session.id)
        async with self._locks.of(key):
            known = self._kept.get(key)
            started_at = self._clock()
            if known is not None and started_at < known.fresh_until:
                return known.call
            async with self._db.read() as tx:
                rows = await participants.participants_of_session(tx, session.app_id, session.id)
                every = await peers.peers_of_session(tx, session.app_id, session.id)
            peers_of = by_participant(every)
            self._ahead.update(key, rows, peers_of)
            scale = scale_of_session(session, rows, started_at)
            made = await self._reports.digests_together(rows, peers_of, scale)
            call = SessionDigest(scale, [(row, made[row.id]) for row in rows if row.id in made])
            now = self._clock()
            fresh_ms = max(FRESH_MS, COST_SHARE * (now - started_at))
            self._kept[key] = _Kept(EpochMs(now + fresh_ms), call)
            return call
