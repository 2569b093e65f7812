"""Reads what was measured of a participant over time, for charts."""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

from aftercall.core.instants import EpochMs
from aftercall.core.overview.chosen_stream import WORST, chosen_stream, layers_of
from aftercall.core.overview.connection_charts import ConnectionColumns, connection_columns
from aftercall.core.overview.session_facts import ParticipantCharts, ParticipantFacts
from aftercall.core.overview.session_summary import DigestedParticipant
from aftercall.core.overview.stream_charts import StreamChart, chart_streams
from aftercall.core.quality.activity.stream_matching import ParticipantStreams, StreamMatching
from aftercall.core.records import StoredSample
from aftercall.core.retention import DataKind
from aftercall.service.dashboard.session_page import FoundPeers, SessionPages
from aftercall.service.reports.digests import Digests
from aftercall.service.reports.document import Ends, Report
from aftercall.service.reports.peer_reports import Reports
from aftercall.store import samples
from aftercall.store.engine.database import Database

LEAST_POINTS: Final = 50
MOST_POINTS: Final = 5_000


class Wanted(NamedTuple):
    """How much of a participant's time to draw, and how finely."""

    points: int
    from_at: EpochMs | None
    to_at: EpochMs | None
    stream: str | None = None
    """The key of the only stream to draw, with all its layers, or `WORST`; `None`: all."""
    with_connection: bool = True
    """Whether to read the samples for the charts of the connection."""


class ParticipantPages:
    """The use case of a participant's page."""

    def __init__(
        self,
        *,
        db: Database,
        pages: SessionPages,
        digests: Digests,
        reports: Reports,
    ) -> None:
        self._db = db
        self._pages = pages
        self._digests = digests
        self._reports = reports

    async def charts(
        self, app_id: str, session_id: str, any_id: str, wanted: Wanted
    ) -> ParticipantCharts:
        """The streams of the participant with this id or this peer. Raises `NotFound`."""
        found = await self._pages.find_participant(app_id, session_id, any_id)
        report = await self._reports.find_report(found.participant, found.peers, found.kept)
        digests: list[DigestedParticipant] = []
        if report.ends is None:
            digests = (await self._digests.session_digest_of(found.session)).participants
        every = await self._samples_of(found) if wanted.with_connection else []
        return await asyncio.to_thread(_charts_of, found, report, digests, every, wanted)

    async def connection(
        self, app_id: str, session_id: str, any_id: str, wanted: Wanted
    ) -> ConnectionColumns:
        """The connection of the participant with this id or this peer. Raises `NotFound`."""
        found = await self._pages.find_peers(app_id, session_id, any_id)
        every = await self._samples_of(found)
        return await asyncio.to_thread(_connection_of, every, wanted)

    async def _samples_of(self, found: ParticipantFacts | FoundPeers) -> list[StoredSample]:
        every: list[StoredSample] = []
        for peer in found.peers if DataKind.SAMPLES in found.kept else ():
            async with self._db.read() as tx:
                every += await samples.of_peer(tx, peer.app_id, peer.id)
        return every


def _connection_of(every: list[StoredSample], wanted: Wanted) -> ConnectionColumns:
    every.sort(key=lambda sample: sample.at)
    return connection_columns(
        every, points=wanted.points, from_at=wanted.from_at, to_at=wanted.to_at
    )


def _charts_of(
    found: ParticipantFacts,
    report: Report,
    digests: Sequence[DigestedParticipant],
    every: list[StoredSample],
    wanted: Wanted,
) -> ParticipantCharts:
    points, from_at, to_at, asked, _ = wanted
    chosen: StreamChart | None = None

    def choose(streams: Sequence[StreamChart]) -> set[str]:
        nonlocal chosen
        issues = found.digest.issues if found.digest is not None else ()
        chosen = chosen_stream(asked or WORST, streams, issues)
        return layers_of(chosen, streams)

    streams = chart_streams(
        {family: text.plain for family, text in report.rows.items()},
        points=points,
        from_at=from_at,
        to_at=to_at,
        choose=None if asked is None else choose,
    )
    participant = found.participant
    return ParticipantCharts(
        facts=found,
        from_at=from_at if from_at is not None else participant.joined_at,
        to_at=to_at if to_at is not None else participant.left_at or found.now,
        is_final=report.verdict.is_final,
        streams=streams,
        ends=_ends_of(found, report, digests, streams),
        connection=_connection_of(every, wanted),
        metadata=report.verdict.metadata,
        chosen=chosen.key if chosen is not None else None,
    )


def _ends_of(
    found: ParticipantFacts,
    report: Report,
    digests: Sequence[DigestedParticipant],
    streams: Sequence[StreamChart],
) -> Ends:
    """The other ends of the streams: as stored with the report, else matched among the streams of
    all participants with a digest."""
    if report.ends is not None:
        return report.ends
    ends = StreamMatching(
        {
            participant.id: ParticipantStreams(
                found.peer_ids.get(participant.id, set()), digest.streams
            )
            for participant, digest in digests
        },
        only=found.participant.id,
    )
    return {each.key: ends.of(found.participant.id, each.id) for each in streams}
