"""Folds one peer's samples: the intervals of its streams, and its issues.

All modules that work on columns are imported here, so that numpy is imported only for folding.
"""

from array import array
from collections.abc import Iterable, Sequence
from typing import Final, cast

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.quality.activity.connection_activity import ConnectionActivityReader
from aftercall.core.quality.activity.read_stream_activity import read_stream_activity
from aftercall.core.quality.activity.stream_activity import PeerActivity, without_hidden_page
from aftercall.core.quality.activity.stream_matching import StreamId
from aftercall.core.quality.experience.mos_over_time import (
    StreamScores,
    concat_scores,
    scores_of,
)
from aftercall.core.quality.interval_columns.column_buffer import LEAST_PACKED
from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.intervals.cadence import (
    PageVisibilities,
    PageVisibility,
    hidden_spans,
)
from aftercall.core.quality.intervals.deltas import IntervalReader
from aftercall.core.quality.intervals.mute_state import MuteReports, MuteState, camera_issues
from aftercall.core.quality.issues import Issue, IssueName
from aftercall.core.quality.report.cumulative import Cumulative, accumulate
from aftercall.core.quality.report.receive_stats import MediaReception
from aftercall.core.quality.report.rollup import Rollup, roll_up
from aftercall.core.quality.report.row_columns import RowColumns, row_columns
from aftercall.core.quality.report.stream_list import (
    described_streams,
    screenshare_instants,
)
from aftercall.core.quality.report.write_interval_rows import WrittenRows, write_rows
from aftercall.core.quality.report.write_receive_stats import receive
from aftercall.core.quality.rules.connect_rules import connect_issues
from aftercall.core.quality.rules.connection_state_rules import interruption_issues
from aftercall.core.quality.rules.microphone_rules import microphone_issues
from aftercall.core.quality.rules.rtt_bandwidth_turn_rules import ConnectionRules
from aftercall.core.quality.rules.stream_issues import stream_issues
from aftercall.core.quality.stats.decode import SampleReader
from aftercall.core.quality.stats.fold_metadata import LastSeen
from aftercall.core.quality.stats.report_linker import Family, ReportLinker, Sample
from aftercall.core.records import StoredPeerEvent, StoredSample


class PeerFold(msgspec.Struct, kw_only=True):
    """The result of folding one peer's samples. The rows of `tables`, one for each family, are
    ordered by time."""

    tables: list[IntervalTable]
    issues: list[Issue]
    activity: PeerActivity
    scores: StreamScores
    visibilities: Sequence[PageVisibility]
    """Whether the page was hidden, if the samples say so."""
    empty_at: list[EpochMs]
    """The instants of reports without streams."""
    unreadable_samples: int
    unidentified_streams: int
    """Streams for which no member showed whether they are audio or video."""
    rollups: list[Rollup]
    """One for each table."""
    blocks: dict[str, Cumulative] | None = None
    """The cumulative blocks of this peer alone, once they were asked for."""
    streams: list[StreamId]
    screenshare_at: list[EpochMs]
    """When a report showed that a screen was sent."""

    lasting: list[Issue]
    """Issues beside `issues` that last until now and change only in their end."""
    depends_on_now: bool
    """Whether anything else lasts until `now`: the same facts give another fold later."""

    def issues_at(self, now: EpochMs) -> list[Issue]:
        """All issues; `now` ends those that last."""
        return [*self.issues, *(_until(issue, now) for issue in self.lasting)]

    @property
    def nbytes(self) -> int:
        """Bytes in memory without `tables`, roughly."""
        streams = _BYTES_A_STREAM * len(self.activity.streams)
        return self.scores.nbytes + _BYTES_AN_ISSUE * len(self.issues) + streams

    def without_rows(self) -> "PeerFold":
        """The same without `tables`, which are most of it in memory."""
        return msgspec.structs.replace(self, tables=[])

    def received(self, *, is_video: bool) -> MediaReception:
        """What the peer received of one kind."""
        return receive(self.tables, is_video=is_video)


_BYTES_AN_ISSUE: Final = 600
_BYTES_A_STREAM: Final = 2_000


class PeerAccumulator:
    """Accumulates the samples of one peer, so that later ones can be added to a fold. It takes
    them in the order of `(at, sequence)`."""

    def __init__(self, peer_id: str) -> None:
        self._peer_id = peer_id
        self._stored, self._linker, self._reader = SampleReader(), ReportLinker(), IntervalReader()
        self._connections = ConnectionRules(peer_id)
        self._paths = ConnectionActivityReader(peer_id)
        self._mute_reports = MuteReports()
        self._visibilities = PageVisibilities()
        self._empty_at: list[EpochMs] = []
        self._unreadable = 0
        self._reported_at: EpochMs | None = None
        self._ats = array("q")
        self.rows = WrittenRows()
        """The rows of the last report."""
        self.seen = LastSeen()
        """Connections and encoders, as last reported."""
        self._last: tuple[EpochMs, int] | None = None
        """`(at, sequence)` of the last sample."""
        self.last_sequence: int | None = None
        """The highest sequence number; `None` without samples."""

    def __len__(self) -> int:
        """The number of samples."""
        return len(self._ats)

    @property
    def ats(self) -> Sequence[EpochMs]:
        """The instants of the samples."""
        return cast(list[EpochMs], self._ats.tolist())

    @property
    def nbytes(self) -> int:
        """Bytes in memory, roughly."""
        return self._reader.nbytes + self.rows.nbytes + _BYTES_A_SAMPLE * len(self._ats)

    def pack(self, least_rows: int = LEAST_PACKED) -> None:
        """Take less memory; all else stays the same."""
        self._reader.pack(least_rows)

    def follows(self, samples: Sequence[StoredSample]) -> bool:
        """Whether these samples, in order, come after all that were taken."""
        return (
            not samples or self._last is None or self._last < (samples[0].at, samples[0].sequence)
        )

    def take(self, samples: Iterable[StoredSample]) -> None:
        """Add samples."""
        for each in samples:
            self._ats.append(each.at)
            self._last = (each.at, each.sequence)
            self.last_sequence = max(each.sequence, self.last_sequence or 0)
            try:
                body = self._stored.read(each.body)
            except Malformed:
                self._unreadable += 1
                continue
            self._take(self._linker.link(body, each.at))
        self.seen.release_streams()

    def _take(self, sample: Sample) -> None:
        at = sample.at
        self._reported_at = at if self._reported_at is None else min(self._reported_at, at)
        if sample.is_page_hidden is not None:
            self._visibilities.add(PageVisibility(at, sample.is_page_hidden))
        for one in sample.connections:
            if one.sent or one.received:
                break
        else:
            self._empty_at.append(at)
        self._reader.take(sample)
        self._connections.take(sample)
        self._paths.take(sample)
        self._mute_reports.take(sample)
        self.seen.take(sample)

    def fold(
        self,
        events: Sequence[StoredPeerEvent],
        *,
        joined_at: EpochMs,
        left_at: EpochMs | None,
        now: EpochMs,
        is_brief: bool = False,
    ) -> PeerFold:
        """The fold of the samples so far; `now` ends a stay that lasts. A brief one has rollups as
        a digest needs them."""
        peer_id, connections = self._peer_id, self._connections
        mute_state = MuteState(events, self._mute_reports)
        reading = self._reader.read(mute_state)
        tables = reading.tables
        ordered = [table.sort_by_time() for table in tables]
        visibilities = self._visibilities.beside(events)
        interruptions = interruption_issues(peer_id, events, connections.arrivals, left_at, now)
        outages = [
            (i.first_at, i.last_at) for i in interruptions if i.name is IssueName.ICE_RECONNECTING
        ]
        cameras = camera_issues(peer_id, mute_state, now if left_at is None else left_at)
        lasting = cameras[-1:] if left_at is None and mute_state.is_camera_off else []
        unconnected = connect_issues(peer_id, events, left_at, now)
        first_at = joined_at if self._reported_at is None else self._reported_at
        return PeerFold(
            tables=ordered,
            issues=[
                *stream_issues(peer_id, joined_at, first_at, tables, mute_state, outages),
                *microphone_issues(peer_id, ordered, events, mute_state),
                *connections.finish(),
                *cameras[: len(cameras) - len(lasting)],
                *interruptions,
                *unconnected,
            ],
            activity=PeerActivity(
                streams=without_hidden_page(
                    read_stream_activity(peer_id, tables, reading.listed),
                    hidden_spans(events, visibilities),
                ),
                connections=self._paths.finish(tables),
            ),
            scores=scores_of(peer_id, tables),
            visibilities=visibilities,
            empty_at=self._empty_at,
            unreadable_samples=self._unreadable,
            unidentified_streams=len(self._linker.unidentified),
            rollups=[roll_up(table.family, [table], is_brief=is_brief) for table in ordered],
            streams=described_streams(ordered),
            screenshare_at=screenshare_instants(ordered),
            lasting=lasting,
            depends_on_now=left_at is None
            and (
                any(issue.last_at >= now for issue in interruptions)
                or connect_issues(peer_id, events, left_at, EpochMs(now + DAY_MS)) != unconnected
            ),
        )


def _until(issue: Issue, now: EpochMs) -> Issue:
    return msgspec.structs.replace(issue, last_at=max(issue.first_at, now))


_BYTES_A_SAMPLE: Final = 400
"""What is kept of a sample beside its streams, roughly."""


def accumulated(folds: Sequence[PeerFold]) -> dict[str, Cumulative]:
    """The cumulative blocks of several peers, by family; none for a family without intervals."""
    if len(folds) > 1:
        return _blocks(folds)
    [fold] = folds
    if fold.blocks is None:
        fold.blocks = _blocks(folds)
    return fold.blocks


def _blocks(folds: Sequence[PeerFold]) -> dict[str, Cumulative]:
    rollups = {family: Rollup(family) for family in Family}
    for fold in folds:
        for rollup in fold.rollups:
            rollups[rollup.family] = rollups[rollup.family] + rollup
    blocks = {family.value: accumulate(rollup) for family, rollup in rollups.items()}
    return {family: block for family, block in blocks.items() if block is not None}


def scores(folds: Iterable[PeerFold]) -> StreamScores:
    """The scored intervals of several peers."""
    return concat_scores([fold.scores for fold in folds])


def rows(
    folds: Sequence[PeerFold], known: Sequence[WrittenRows] | None = None
) -> dict[str, msgspec.Raw]:
    """The rows of several peers, one after the other, by family, as JSON arrays; `known` are those
    written before, for each peer."""
    found: dict[str, msgspec.Raw] = {}
    for family in Family:
        places = [
            (place, table)
            for place, fold in enumerate(folds)
            for table in fold.tables
            if table.family is family
        ]
        kept = None if known is None else [known[place] for place, _ in places]
        found[family.value] = msgspec.Raw(write_rows([table for _, table in places], kept))
    for each in known or ():
        each.drop_unused()
    return found


def columns_of_rows(folds: Sequence[PeerFold]) -> dict[str, RowColumns | None]:
    """The rows of several peers, one after the other, by family, as columns."""
    return {
        family.value: row_columns(
            [table for fold in folds for table in fold.tables if table.family is family]
        )
        for family in Family
    }
