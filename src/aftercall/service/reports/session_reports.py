"""The reports of a whole session: each participant folded, all of them compared, and the results
stored.

Participants are folded one after the other. What the comparison needs of each is kept in memory,
its rows are not: they are stored at once, in a provisional report that also holds the fold, in the
transaction that merges the participant's samples. So memory does not grow with the rows of a
session, and after a crash only those are folded whose provisional report had not been committed.
One more transaction completes all reports.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import Bug
from aftercall.core.instants import Clock, EpochMs
from aftercall.core.lifecycle.presence import by_participant
from aftercall.core.pseudonyms import is_pseudonym
from aftercall.core.quality.activity.stream_matching import StreamMatching
from aftercall.core.quality.experience.time_scale import TimeScale, scale_of_session
from aftercall.core.quality.report.cross_participant_pass import complete
from aftercall.core.quality.report.fold import FOLD_VERSION, PeerFacts
from aftercall.core.records import Participant, Peer, Phase, Session, StoredPeerEvent, StoredReport
from aftercall.core.retention import DataKind
from aftercall.service.reports.document import (
    completed,
    pack_ends,
    pack_provisional,
    pack_verdict,
)
from aftercall.service.reports.fold_cache import FoldCache
from aftercall.service.reports.participant_fold import (
    FoldInputs,
    ParticipantFold,
    fold_participant,
    inputs_of,
    inputs_read,
    name_of,
    pack_fold,
    stored_fold,
)
from aftercall.service.reports.session_verdict import (
    DigestedVerdict,
    SessionOverview,
    digest_verdict,
    overview_of,
)
from aftercall.service.retention_rule import Kept, RetentionRule
from aftercall.settings import Settings
from aftercall.store import (
    erasures,
    participants,
    peer_events,
    peers,
    people,
    reports,
    samples,
    segments,
)
from aftercall.store.engine.database import Database
from aftercall.store.reports import PROVISIONAL, ReportVersion
from aftercall.store.samples import PeerSamples
from aftercall.store.segments import MergedSegment
from aftercall.store.sessions import facets
from aftercall.store.sessions import rows as session_rows

REFOLD_BATCH: Final = 100


class Refolded(NamedTuple):
    """How many sessions and reports have been folded again."""

    sessions: int
    reports: int


class _Snapshot(NamedTuple):
    """A session as it was when its fold began."""

    session: Session
    participants: Sequence[Participant]
    peers: Mapping[str, Sequence[Peer]]
    """By participant."""
    samples: Mapping[str, int]
    events: Mapping[str, int]
    """How many there are of each peer."""
    unmerged: set[str]
    """The peers with samples outside their segment."""
    stored: Mapping[str, ReportVersion]
    is_folded: bool
    """Whether the session has a verdict."""
    kept: Kept

    @property
    def can_be_folded(self) -> bool:
        """Whether a fold has all that the one before had, and its reports are wanted. A session
        that was never folded is folded without its samples, so that it is found and counted."""
        return not self.is_folded or {DataKind.SAMPLES, DataKind.REPORTS} <= self.kept


class _Folded(NamedTuple):
    """What folding a participant gave, and what of it is stored."""

    inputs: FoldInputs
    folded: ParticipantFold
    document: bytes
    segments: Sequence[MergedSegment]


class _Compared(NamedTuple):
    """A participant's complete verdict and the ends of its streams, packed; and the verdict in
    short, for the overview, unless the participant has no row."""

    verdict: bytes
    ends: bytes
    digested: DigestedVerdict | None


class _Erased(Exception):
    """Somebody was erased from the session while it was folded: what was folded holds names."""


async def _check_not_erased(tx: AsyncConnection, found: _Snapshot) -> None:
    """Raises `_Erased` if more peers have a pseudonym than when the fold began, or the session was
    deleted. Nobody does either until the transaction ends."""
    session = found.session
    if await session_rows.lock_session(tx, session.app_id, session.id) is None:
        raise _Erased
    known = sum(is_pseudonym(peer.user_id) for each in found.peers.values() for peer in each)
    if await erasures.count_pseudonyms(tx, session.app_id, session.id) != known:
        raise _Erased


class SessionReports:
    """Folds the reports of sessions and stores them."""

    def __init__(
        self, *, db: Database, clock: Clock, retention: RetentionRule | None = None
    ) -> None:
        self._db = db
        self._retention = retention or RetentionRule(db=db, clock=clock, settings=Settings())
        self._clock = clock
        self._cache = FoldCache()

    async def fold_session(self, app_id: str, session_id: str) -> int:
        """Fold every participant of a session, merge its samples, compare all of them and store
        the reports, and of an ended session its verdicts; returns how many reports there are.
        A participant is not folded again while its facts are the same, nor anybody of a session
        whose samples, or reports, are not kept any more."""
        while True:
            try:
                return await self._fold_session(app_id, session_id)
            except _Erased:
                continue

    async def _fold_session(self, app_id: str, session_id: str) -> int:
        found = await self._snapshot(app_id, session_id)
        if found is None or not found.can_be_folded:
            return 0
        now = self._clock()
        scale = scale_of_session(found.session, found.participants, now)
        folds: dict[str, ParticipantFold] = {}
        for participant_id in found.peers:
            folds[participant_id] = await self._known_fold(found, participant_id, scale) or (
                await self._fold(found, participant_id, scale, now)
            )
        compared = await asyncio.to_thread(_compare, found, folds, scale, now)
        overview = await asyncio.to_thread(_overview, found, compared, scale)
        await self._save_compared(found, compared, overview, now)
        return len(compared)

    async def _snapshot(self, app_id: str, session_id: str) -> _Snapshot | None:
        async with self._db.read() as tx:
            session = await session_rows.find_session(tx, app_id, session_id)
            if session is None:
                return None
            every = await peers.peers_of_session(tx, app_id, session_id)
            return _Snapshot(
                session=session,
                participants=await participants.participants_of_session(tx, app_id, session_id),
                peers=by_participant(every),
                samples=await samples.counts_of_session(tx, app_id, session_id),
                events=await peer_events.counts_of_session(tx, app_id, session_id),
                unmerged=await samples.unmerged_peers(tx, app_id, session_id),
                stored=await reports.versions_of_session(tx, app_id, session_id),
                is_folded=bool(await facets.find_summaries(tx, app_id, [session_id])),
                kept=await self._retention.kept_of(app_id, session, tx),
            )

    async def _known_fold(
        self, found: _Snapshot, participant_id: str, scale: TimeScale
    ) -> ParticipantFold | None:
        """A participant's fold from the cache or from its provisional report, if all its facts
        are in it and all its samples are merged."""
        participant_peers = found.peers[participant_id]
        if any(peer.id in found.unmerged for peer in participant_peers):
            return None
        app_id, stored = found.session.app_id, found.stored.get(participant_id)
        inputs = inputs_of(participant_peers, found.samples, found.events)
        cached = self._cache.find((app_id, participant_id), inputs, scale, stored)
        if cached is not None or stored is None or stored.fold_version != PROVISIONAL:
            return cached
        async with self._db.read() as tx:
            report = await reports.find_report(tx, app_id, participant_id)
        if report is None:
            return None
        folded = await asyncio.to_thread(stored_fold, report.document, inputs, scale)
        if folded is not None:
            self._cache.keep((app_id, participant_id), inputs, folded, report.folded_at)
        return folded

    async def _fold(
        self, found: _Snapshot, participant_id: str, scale: TimeScale, now: EpochMs
    ) -> ParticipantFold:
        """Read a participant's facts once; in one transaction, replace its samples by segments and
        store its provisional report."""
        participant_peers = found.peers[participant_id]
        session = found.session
        async with self._db.read() as tx:
            stored = [
                await samples.read_peer(tx, peer.app_id, peer.id)
                if DataKind.SAMPLES in found.kept
                else PeerSamples(peer.app_id, peer.id, [], None)
                for peer in participant_peers
            ]
            events = [
                await peer_events.events_of_peer(tx, peer.app_id, peer.id)
                for peer in participant_peers
            ]
        made = await asyncio.to_thread(
            _fold, session, participant_peers, stored, events, scale, now
        )
        report = StoredReport(
            app_id=session.app_id,
            session_id=session.id,
            peer_id=participant_id,
            fold_version=PROVISIONAL,
            folded_at=now,
            document=made.document,
            recorded_day=session.recorded_day,
        )
        async with self._db.write() as tx:
            if await session_rows.lock_session(tx, session.app_id, session.id) is None:
                # Deleted meanwhile: nothing of it may come back.
                return made.folded
            await _check_not_erased(tx, found)
            for segment in made.segments:
                await segments.save(tx, segment)
            await reports.save_reports(tx, [report])
        self._cache.keep((session.app_id, participant_id), made.inputs, made.folded, now)
        return made.folded

    async def _save_compared(
        self,
        found: _Snapshot,
        compared: Mapping[str, _Compared],
        overview: SessionOverview,
        now: EpochMs,
    ) -> None:
        """Complete the reports that are not complete as they are, and store what lists and filters
        need of an ended session, in one transaction that holds one report at a time in memory."""
        session = found.session
        changed = {
            id: each
            for id, each in compared.items()
            if not self._cache.is_completed(
                (session.app_id, id), each.verdict, each.ends, found.stored.get(id)
            )
        }
        async with self._db.write() as tx:
            current = await session_rows.lock_session(tx, session.app_id, session.id)
            if current is None or current.kept_kinds != session.kept_kinds:
                # Its data, or some, were deleted meanwhile.
                return
            await _check_not_erased(tx, found)
            if current.title != session.title:
                raise _Erased
            for id, each in changed.items():
                report = await reports.find_report(tx, session.app_id, id)
                if report is None:
                    raise Bug("A report is gone while it is completed.", code="report_gone")
                document = completed(report.document, each.verdict, each.ends)
                made = replace(report, fold_version=FOLD_VERSION, folded_at=now, document=document)
                await reports.save_reports(tx, [made])
            # Late facts can show two participants to be one.
            wanted = found.peers.keys() if DataKind.REPORTS in found.kept else ()
            await reports.delete_other_reports(tx, session.app_id, session.id, wanted)
            if session.phase is Phase.ENDED:
                await facets.save_verdict(tx, overview.session, overview.peers)
                await people.save_people(tx, overview.people)
        for id, each in changed.items():
            self._cache.mark_completed((session.app_id, id), each.verdict, each.ends, now)

    async def refold(self) -> AsyncIterator[Refolded]:
        """Fold the reports again that an older version made, or that were never completed, one
        session after another; yields the progress after each."""
        folded_sessions = folded_reports = 0
        after: reports.OldReport | None = None
        while True:
            async with self._db.read() as tx:
                older = await reports.reports_of_older_fold(
                    tx, FOLD_VERSION, REFOLD_BATCH, after=after
                )
            if not older:
                return
            after = older[-1]
            for app_id, session_id in {(each.app_id, each.session_id) for each in older}:
                folded = await self.fold_session(app_id, session_id)
                if folded:
                    folded_reports += folded
                    folded_sessions += 1
                    yield Refolded(folded_sessions, folded_reports)


def _fold(
    session: Session,
    participant_peers: Sequence[Peer],
    stored: Sequence[PeerSamples],
    events: Sequence[Sequence[StoredPeerEvent]],
    scale: TimeScale,
    now: EpochMs,
) -> _Folded:
    """Decode a participant's samples once, for its fold and for its segments."""
    facts = [
        PeerFacts(peer=peer, samples=found.decode(), events=its_events)
        for peer, found, its_events in zip(participant_peers, stored, events, strict=True)
    ]
    inputs = inputs_read(facts)
    folded, details = fold_participant(facts, scale, now)
    merged = [
        segments.merge(found, each.samples, session.id, session.recorded_day)
        for each, found in zip(facts, stored, strict=True)
    ]
    return _Folded(
        inputs=inputs,
        folded=folded,
        document=pack_provisional(folded.verdict, details, pack_fold(inputs, folded)),
        segments=[segment for segment in merged if segment is not None],
    )


def _compare(
    found: _Snapshot, folds: Mapping[str, ParticipantFold], scale: TimeScale, now: EpochMs
) -> dict[str, _Compared]:
    """A session's participants, each completed by what only all of them show. Each verdict is
    packed before the next is made: in a large session they hold findings for each pair."""
    rows = {row.id: row for row in found.participants}
    streams = StreamMatching({id: folded.streams for id, folded in folds.items()})
    compared: dict[str, _Compared] = {}
    for id, verdict in complete(
        {id: folded.verdict for id, folded in folds.items()},
        {id: folded.activity for id, folded in folds.items()},
        {id: name_of(each) for id, each in found.peers.items()},
        now,
        {id: folded.moments for id, folded in folds.items()},
    ):
        digested = None
        if id in rows:
            screenshare = folds[id].screenshare
            digested = digest_verdict(found.session, rows[id], verdict, screenshare, scale)
        ends = pack_ends(streams.of_participant(id))
        compared[id] = _Compared(pack_verdict(verdict), ends, digested)
    return compared


def _overview(
    found: _Snapshot, compared: Mapping[str, _Compared], scale: TimeScale
) -> SessionOverview:
    digested = {id: each.digested for id, each in compared.items() if each.digested is not None}
    return overview_of(found.session, found.participants, digested, scale)
