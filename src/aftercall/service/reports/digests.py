"""Verdicts in short: kept when a session is folded, made on request while it goes on."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple

import structlog

from aftercall.core.errors import Unavailable
from aftercall.core.instants import SECOND_MS, Clock, EpochMs
from aftercall.core.lifecycle.presence import by_participant
from aftercall.core.overview.digest import Digest, digest
from aftercall.core.overview.session_summary import (
    DigestedParticipant,
    SessionSummary,
    summarise_session,
)
from aftercall.core.quality.experience.time_scale import TimeScale, scale_of_session
from aftercall.core.records import Phase, Session
from aftercall.service.reports.document import Report
from aftercall.service.reports.peer_reports import Reports
from aftercall.store import participants, peers
from aftercall.store.engine.database import Database
from aftercall.store.sessions import facets

FRESH_MS: Final = 3 * SECOND_MS
"""How long a live session's digests are good at the least; reports come every few seconds."""

COST_SHARE: Final = 20
"""And for so many times as long as they took to make: looking on takes a twentieth of a core
at the most."""

MOST_KEPT: Final = 200
MOST_WISHES: Final = 200
LOOK_EVERY_S: Final = 0.5
"""How long a stop may go unnoticed."""

log = structlog.get_logger(__name__)


class SessionDigest(NamedTuple):
    """A session told by its participants, in the order of joining."""

    scale: TimeScale
    told: list[DigestedParticipant]


class _Kept(NamedTuple):
    fresh_until: EpochMs
    call: SessionDigest


def _digest_of_report(report: Report, scale: TimeScale) -> Digest:
    return digest(report.verdict, report.details, scale)


class Digests:
    """Reads verdicts in short: those kept, and those of sessions that go on."""

    def __init__(self, *, db: Database, clock: Clock, reports: Reports) -> None:
        self._db = db
        self._clock = clock
        self._reports = reports
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._making: dict[tuple[str, str], asyncio.Lock] = {}
        self._wishes: dict[tuple[str, str], Session] = {}
        self._has_wishes = asyncio.Event()
        self._is_running = False

    async def summaries_of(self, found: Sequence[Session]) -> dict[str, SessionSummary]:
        """What lists say of ended sessions, by id; one that is not folded yet is missing."""
        if not found:
            return {}
        async with self._db.read() as tx:
            return await facets.find_summaries(tx, found[0].app_id, [each.id for each in found])

    async def live_summaries_of(self, found: Sequence[Session]) -> dict[str, SessionSummary]:
        """What lists say of sessions that go on, as last known; they are measured anew behind
        the answer when that is not fresh. Where nobody `run`s, it is done before the answer."""
        summaries: dict[str, SessionSummary] = {}
        for session in found:
            key = (session.app_id, session.id)
            known = self._kept.get(key)
            if not self._is_running:
                call: SessionDigest | None = await self.live_session_digest(session)
            else:
                call = known.call if known is not None else None
                is_stale = known is None or self._clock() >= known.fresh_until
                if is_stale and len(self._wishes) < MOST_WISHES:
                    self._wishes[key] = session
                    self._has_wishes.set()
            if call is not None:
                summaries[session.id] = summarise_session(call.scale, call.told, is_final=False)
        return summaries

    async def run(self, stop: asyncio.Event) -> None:
        """Measure the sessions that lists wish for, one after another, until `stop`."""
        self._is_running = True
        try:
            while not stop.is_set():
                if not self._wishes:
                    self._has_wishes.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_EVERY_S):
                            await self._has_wishes.wait()
                    continue
                key = next(iter(self._wishes))
                session = self._wishes[key]
                try:
                    await self.live_session_digest(session)
                except Unavailable:
                    # The outage has a log line of its own; who still looks will ask again.
                    pass
                except Exception as error:
                    log.error("measuring failed", action="measuring_failed", exc_info=error)
                finally:
                    self._wishes.pop(key, None)
        finally:
            self._is_running = False

    async def told_of(
        self, session: Session, row_id: str
    ) -> tuple[SessionSummary, Digest | None] | None:
        """What was kept of an ended session and of one of its participants, if it was folded."""
        if session.phase is not Phase.ENDED:
            return None
        async with self._db.read() as tx:
            kept = await facets.find_summaries(tx, session.app_id, [session.id])
            short = await facets.find_digest(tx, session.app_id, session.id, row_id)
        return (kept[session.id], short) if session.id in kept else None

    async def session_row_of(self, session: Session) -> SessionDigest:
        """A session told by its participants: by what was kept at its end, else as of now."""
        if session.phase is Phase.ENDED:
            async with self._db.read() as tx:
                rows = await participants.participants_of_session(tx, session.app_id, session.id)
                kept = await facets.find_digests(tx, session.app_id, session.id)
            if kept:
                scale = next(iter(kept.values())).scale
                return SessionDigest(scale, [(row, kept[row.id]) for row in rows if row.id in kept])
        return await self.live_session_digest(session)

    async def live_session_digest(self, session: Session) -> SessionDigest:
        """A session as far as it is known now; made again when it is no longer fresh."""
        key = (session.app_id, session.id)
        lock = self._making.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                known = self._kept.get(key)
                started_at = self._clock()
                if known is not None and started_at < known.fresh_until:
                    return known.call
                call = await self._make(session, started_at)
                now = self._clock()
                fresh_ms = max(FRESH_MS, COST_SHARE * (now - started_at))
                self._kept[key] = _Kept(EpochMs(now + fresh_ms), call)
                self._kept.move_to_end(key)
                while len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
                return call
        finally:
            if not lock.locked():
                self._making.pop(key, None)

    async def _make(self, session: Session, now: EpochMs) -> SessionDigest:
        async with self._db.read() as tx:
            rows = await participants.participants_of_session(tx, session.app_id, session.id)
            every = await peers.peers_of_session(tx, session.app_id, session.id)
        chains = by_participant(every)
        scale = scale_of_session(session, rows, now)
        reports = await self._reports.reports_together(rows, chains, scale)
        told: list[DigestedParticipant] = []
        for row in rows:
            if row.id in reports:
                short = await asyncio.to_thread(_digest_of_report, reports[row.id], scale)
                told.append((row, short))
        return SessionDigest(scale, told)
