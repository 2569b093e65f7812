"""Peer reports: folded on request while the session lasts, once and for good when it is over."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from msgspec.structs import replace

from aftercall.core.errors import Bug, NotFound
from aftercall.core.instants import SECOND_MS, Clock, EpochMs
from aftercall.core.quality.activity.stream_matching import StreamMatching
from aftercall.core.quality.experience.time_scale import Scale, scale_of_session
from aftercall.core.quality.report.complete import complete
from aftercall.core.quality.report.fold import FOLD_VERSION, Folded, PeerFacts, Verdict, fold
from aftercall.core.records import Participant, Peer, StoredReport
from aftercall.service.reports.document import (
    PackedDetails,
    Report,
    is_readable,
    pack,
    pack_ends,
    report_of,
    unpack,
)
from aftercall.service.reports.fold_cache import (
    CachedFold,
    FoldCache,
    RowKey,
    fold_row,
    party_of,
    told_by,
    told_of,
)
from aftercall.store import participants, peer_events, peers, reports, samples
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows

FRESH_MS: Final = 2 * SECOND_MS
"""How old a live report may be. Reports come every few seconds, so a reader who asks more often
would get the same."""

MOST_LIVE: Final = 64
"""Live reports kept at most; each is up to a few megabytes."""

REFOLD_BATCH: Final = 100


class _Live(NamedTuple):
    folded_at: EpochMs
    folded: Folded
    report: Report | None = None
    """Of the participant alone, once somebody has asked for it."""


class Keeps(Protocol):
    """Keeps of a folded session what lists and filters need, by row id. Those of the rows that
    are not `changed` were kept before as they are."""

    async def keep(
        self,
        app_id: str,
        session_id: str,
        folded: Mapping[str, Verdict],
        details: Mapping[str, PackedDetails],
        changed: Collection[str],
    ) -> None: ...


class Refolded(NamedTuple):
    """How far a renewal has come."""

    sessions: int
    reports: int


class Reports:
    """The use cases of reports. One report is about one participant row, with all its peers."""

    def __init__(self, *, db: Database, clock: Clock, keeper: Keeps | None = None) -> None:
        self._db = db
        self._clock = clock
        self._keeper = keeper
        self._folded = FoldCache()
        self._live: dict[tuple[str, str], _Live] = {}
        self._folding: dict[tuple[str, str], asyncio.Lock] = {}

    async def peer_report(self, app_id: str, peer_id: str) -> Report:
        """The report on the participant that has this peer. Raises `NotFound`."""
        async with self._db.read() as tx:
            peer = await peers.find_peer(tx, app_id, peer_id)
            if peer is None:
                raise NotFound(f"No peer found with id {peer_id}", code="peer_not_found")
            row = await participants.find_participant(
                tx, app_id, peer.session_id, peer.participant_id
            )
            chain = await peers.peers_of_participants(
                tx, app_id, peer.session_id, [peer.participant_id]
            )
        if row is None:
            raise NotFound(f"No peer found with id {peer_id}", code="peer_not_found")
        return await self.report_of(row, chain)

    async def report_of(self, row: Participant, chain: Sequence[Peer]) -> Report:
        """The report on a participant; `chain` holds all its peers. The stored one when the
        session's end has been dealt with, else one folded now, at most two seconds old."""
        async with self._db.read() as tx:
            stored = await reports.find_report(tx, row.app_id, row.id)
        if stored is not None and is_readable(stored.document):
            return unpack(stored.document)
        live = await self._live_fold(row, chain)
        if live.report is not None:
            return live.report
        report = await asyncio.to_thread(_live_report, live.folded, row, live.folded_at)
        self._keep((row.app_id, row.id), live._replace(report=report))
        return report

    async def reports_together(
        self, rows: Sequence[Participant], chains: Mapping[str, Sequence[Peer]], scale: Scale
    ) -> dict[str, Report]:
        """The reports on the participants of a session as far as it has come, compared with each
        other, by row id; `chains` holds the peers of each."""
        folded = {
            row.id: (await self._live_fold(row, chains[row.id])).folded
            for row in rows
            if row.id in chains
        }
        return await asyncio.to_thread(_live_reports, folded, chains, scale, self._clock())

    async def _live_fold(self, row: Participant, chain: Sequence[Peer]) -> _Live:
        key = (row.app_id, row.id)
        lock = self._folding.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                known = self._live.get(key)
                now = self._clock()
                if known is not None and now - known.folded_at <= FRESH_MS:
                    return known
                facts = [await self._facts_of(peer) for peer in chain]
                live = _Live(now, await asyncio.to_thread(fold, facts, now))
                self._keep(key, live)
                return live
        finally:
            if not lock.locked():
                self._folding.pop(key, None)

    def _keep(self, key: tuple[str, str], live: _Live) -> None:
        self._live.pop(key, None)
        self._live[key] = live
        stale = [k for k, v in self._live.items() if live.folded_at - v.folded_at > FRESH_MS]
        oldest = list(self._live)[: max(0, len(self._live) - MOST_LIVE)]
        for each in {*stale, *oldest}:
            del self._live[each]

    async def _facts_of(self, peer: Peer) -> PeerFacts:
        async with self._db.read() as tx:
            return PeerFacts(
                peer=peer,
                samples=await samples.of_peer(tx, peer.app_id, peer.id),
                events=await peer_events.events_of_peer(tx, peer.app_id, peer.id),
            )

    async def fold_session(self, app_id: str, session_id: str) -> int:
        """Fold every participant of a session, compare them, and keep the reports; how many
        there are. What was folded a while ago from the same facts is not folded again."""
        async with self._db.read() as tx:
            session = await session_rows.find_session(tx, app_id, session_id)
            rows = await participants.participants_of_session(tx, app_id, session_id)
            every = await peers.peers_of_session(tx, app_id, session_id)
            counts = await samples.counts_of_session(tx, app_id, session_id)
            noted = await peer_events.counts_of_session(tx, app_id, session_id)
            saved = await reports.moments_of_session(tx, app_id, session_id, FOLD_VERSION)
        if session is None:
            return 0
        now = self._clock()
        scale = scale_of_session(session, rows, now)
        chains: dict[str, list[Peer]] = {}
        for peer in every:
            chains.setdefault(peer.participant_id, []).append(peer)
        folded: dict[str, CachedFold] = {}
        for row_id, chain in chains.items():
            key, told = (app_id, row_id), told_of(chain, counts, noted)
            found = self._folded.find(key, told, scale)
            folded[row_id] = found or await self._fold_row(key, chain, scale, now)
        verdicts, ends = await asyncio.to_thread(_compared, folded, chains, now)
        changed = {
            row_id: verdict
            for row_id, verdict in verdicts.items()
            if not self._folded.is_saved((app_id, row_id), verdict, ends[row_id], saved.get(row_id))
        }
        done = [
            StoredReport(
                app_id=app_id,
                session_id=session_id,
                peer_id=row_id,
                fold_version=FOLD_VERSION,
                folded_at=now,
                document=pack(verdict, folded[row_id].details, ends[row_id]),
            )
            for row_id, verdict in changed.items()
        ]
        async with self._db.write() as tx:
            await reports.save_reports(tx, done)
            # Late facts can show two rows to be one.
            await reports.delete_other_reports(tx, app_id, session_id, chains.keys())
        if self._keeper is not None:
            details = {row_id: row.details for row_id, row in folded.items()}
            await self._keeper.keep(app_id, session_id, verdicts, details, changed.keys())
        for row_id, verdict in changed.items():
            self._folded.note_saved((app_id, row_id), verdict, ends[row_id], now)
        return len(verdicts)

    async def _fold_row(
        self, key: RowKey, chain: Sequence[Peer], scale: Scale, now: EpochMs
    ) -> CachedFold:
        facts = [await self._facts_of(peer) for peer in chain]
        row = await asyncio.to_thread(fold_row, facts, scale, now)
        self._folded.keep(key, told_by(facts), row)
        return row

    async def refold(self) -> AsyncIterator[Refolded]:
        """Renew the reports that an older fold made, session by session, telling how far it
        has come after each."""
        folded_sessions = folded_reports = 0
        while True:
            async with self._db.read() as tx:
                older = await reports.peers_with_older_fold(tx, FOLD_VERSION, REFOLD_BATCH)
                found = [await reports.find_report(tx, *key) for key in older]
            if not older:
                return
            for app_id, session_id in {(r.app_id, r.session_id) for r in found if r is not None}:
                folded_reports += await self.fold_session(app_id, session_id)
                folded_sessions += 1
                yield Refolded(folded_sessions, folded_reports)
            async with self._db.read() as tx:
                left = await reports.peers_with_older_fold(tx, FOLD_VERSION, REFOLD_BATCH)
            if left == older:
                raise Bug("Reports stay old when they are folded again.", code="refold_stuck")


def _compared(
    folded: Mapping[str, CachedFold], chains: Mapping[str, Sequence[Peer]], now: EpochMs
) -> tuple[dict[str, Verdict], dict[str, bytes]]:
    """The verdicts of a session's participants, and the ends of their streams, packed."""
    verdicts = complete(
        {row_id: row.verdict for row_id, row in folded.items()},
        {row_id: row.activity for row_id, row in folded.items()},
        {row_id: _name_of(chain) for row_id, chain in chains.items()},
        now,
        {row_id: row.moments for row_id, row in folded.items()},
    )
    ends = StreamMatching({row_id: party_of(row) for row_id, row in folded.items()})
    packed = {row_id: pack_ends(each) for row_id, each in ends.of_everybody().items()}
    return verdicts, packed


def _live_report(folded: Folded, row: Participant, now: EpochMs) -> Report:
    """What a participant's own reports show so far; the others' are compared at the end."""
    names = {row.id: row.display_name or row.id}
    verdicts = complete({row.id: folded.verdict}, {row.id: folded.activity}, names, now)
    verdict = replace(verdicts[row.id], is_final=False)
    return report_of(verdict, folded.details)


def _live_reports(
    folded: Mapping[str, Folded],
    chains: Mapping[str, Sequence[Peer]],
    scale: Scale,
    now: EpochMs,
) -> dict[str, Report]:
    from aftercall.core.quality.experience.moments import moments_of  # noqa: PLC0415 - numpy

    verdicts = complete(
        {row_id: each.verdict for row_id, each in folded.items()},
        {row_id: each.activity for row_id, each in folded.items()},
        {row_id: _name_of(chains[row_id]) for row_id in folded},
        now,
        {row_id: moments_of(each.scores, scale) for row_id, each in folded.items()},
    )
    return {
        row_id: report_of(replace(verdicts[row_id], is_final=False), each.details)
        for row_id, each in folded.items()
    }


def _name_of(chain: Sequence[Peer]) -> str:
    """What to call a participant: a name, else what its owner calls it, else an id."""
    for peer in reversed(chain):
        if peer.display_name:
            return peer.display_name
    last = chain[-1]
    return last.custom_participant_id or last.user_id or last.id
