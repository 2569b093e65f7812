"""Peer reports as they are read: the stored one of an ended session, else one folded on request."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from msgspec.structs import replace

from aftercall.core.errors import NotFound
from aftercall.core.instants import Clock, EpochMs
from aftercall.core.overview.digest import Digest, digest_of
from aftercall.core.quality.experience.time_scale import TimeScale
from aftercall.core.quality.report.cross_participant_pass import complete
from aftercall.core.quality.report.fold import FoldResult
from aftercall.core.records import Participant, Peer
from aftercall.core.retention import DataKind
from aftercall.service.reports.document import (
    Report,
    is_readable,
    report_of,
    unpack,
    without_addresses,
)
from aftercall.service.reports.live_folds import LiveFigures, LiveFolds
from aftercall.service.reports.participant_fold import name_of
from aftercall.service.retention_rule import Kept, RetentionRule, expired
from aftercall.service.session_watches import SessionWatches
from aftercall.settings import Settings
from aftercall.store import participant_reports, reports
from aftercall.store.engine.database import Database
from aftercall.store.participant_reports import ReportDocument


class Reports:
    """Reads reports. A report is about one participant, with all its peers."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        retention: RetentionRule | None = None,
        watches: SessionWatches | None = None,
    ) -> None:
        self._retention = retention or RetentionRule(db=db, clock=clock, settings=Settings())
        self._db = db
        self._clock = clock
        self._watches = watches or SessionWatches(db=db, clock=clock)
        self._live = LiveFolds(db=db, clock=clock)

    async def peer_report(self, app_id: str, peer_id: str) -> Report:
        """The report on the participant that has this peer. Raises `NotFound`."""
        found = await participant_reports.find_by_peer(self._db, app_id, peer_id)
        if found is None:
            raise NotFound.of("peer", peer_id)
        kept = await self._retention.kept_of(app_id, found.session)
        if DataKind.SESSIONS not in kept:
            raise NotFound.of("peer", peer_id)
        return await self.report_of(found.participant, found.peers, found.report, kept)

    async def find_report(
        self, participant: Participant, participant_peers: Sequence[Peer], kept: Kept
    ) -> Report:
        """`report_of`, where what is stored has not been read yet."""
        async with self._db.read() as tx:
            stored = await reports.find_report(tx, participant.app_id, participant.id)
        read = None if stored is None else ReportDocument(stored.fold_version, stored.document)
        return await self.report_of(participant, participant_peers, read, kept)

    async def report_of(
        self,
        participant: Participant,
        participant_peers: Sequence[Peer],
        stored: ReportDocument | None,
        kept: Kept,
    ) -> Report:
        """The report on a participant with these peers: the stored one once its session has been
        folded and compared, else one folded now, at most two seconds old. `kept` are the kinds of
        the session's data that may be read. Raises `NotFound` when reports are not among them, or
        there is none and what it would be folded from is not kept."""
        if DataKind.REPORTS not in kept:
            raise expired(DataKind.REPORTS, participant.session_id)
        if (
            stored is not None
            and stored.fold_version != reports.PROVISIONAL
            and is_readable(stored.document)
        ):
            report = unpack(stored.document)
            return report if DataKind.ADDRESSES in kept else without_addresses(report)
        if DataKind.SAMPLES not in kept:
            raise expired(DataKind.REPORTS, participant.session_id)
        await self._watches.look(participant.app_id, participant.session_id)
        live = await self._live.find(participant, participant_peers)
        if live.report is not None:
            return live.report
        report = await asyncio.to_thread(_live_report, live.folded, participant, live.folded_at)
        self._live.keep(participant, live._replace(report=report))
        return report

    def drop_unwatched(self) -> None:
        """Drop what is kept of live sessions that nobody has looked at for a while."""
        self._live.drop_unwatched()

    async def fold_ahead(
        self,
        rows: Sequence[Participant],
        peers_of: Mapping[str, Sequence[Peer]],
        rest: Callable[[float], Awaitable[None]],
    ) -> None:
        """Fold what came of a session's participants since they were last looked at; the next
        `digests_together` then only compares. After each fold, `rest` is awaited with the seconds
        that it took."""
        await self._live.fold_ahead(rows, peers_of, rest)

    async def digests_together(
        self,
        rows: Sequence[Participant],
        peers_of: Mapping[str, Sequence[Peer]],
        scale: TimeScale,
    ) -> dict[str, Digest]:
        """The digests of the participants of a session that lasts, compared with each other, by
        participant; `peers_of` holds the peers of each, and who has none has no digest."""
        figures = await self._live.figures_of(rows, peers_of, scale)
        return await asyncio.to_thread(_live_digests, figures, peers_of, scale, self._clock())


def _live_report(folded: FoldResult, participant: Participant, now: EpochMs) -> Report:
    """What a participant's own reports show so far; the others' are compared at the end."""
    id = participant.id
    names = {id: participant.display_name or id}
    ((_, verdict),) = complete({id: folded.verdict}, {id: folded.activity}, names, now)
    return report_of(replace(verdict, is_final=False), folded.details)


def _live_digests(
    figures: Mapping[str, LiveFigures],
    peers_of: Mapping[str, Sequence[Peer]],
    scale: TimeScale,
    now: EpochMs,
) -> dict[str, Digest]:
    compared = complete(
        {id: each.verdict for id, each in figures.items()},
        {id: each.activity for id, each in figures.items()},
        {id: name_of(peers_of[id]) for id in figures},
        now,
        {id: each.moments for id, each in figures.items()},
    )
    return {
        id: digest_of(
            replace(verdict, is_final=False), scale, figures[id].screenshare, figures[id].streams
        )
        for id, verdict in compared
    }
