"""Folds one peer's samples: the intervals of its streams, and its issues.

All modules that work on columns are imported here, so that numpy is imported only for folding.
"""

from collections.abc import Iterable, Sequence

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.connection_activity import ConnectionActivityReader
from aftercall.core.quality.activity.read_stream_activity import read_stream_activity
from aftercall.core.quality.activity.stream_activity import PeerActivity, without_hidden_page
from aftercall.core.quality.experience.mos_over_time import (
    StreamScores,
    concat_scores,
    scores_of,
)
from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.intervals.cadence import PageVisibility, hidden_spans
from aftercall.core.quality.intervals.deltas import IntervalReader
from aftercall.core.quality.intervals.mute_state import MuteState, camera_issues
from aftercall.core.quality.issues import Issue, IssueName
from aftercall.core.quality.report.cumulative import Cumulative, accumulate
from aftercall.core.quality.report.receive_stats import MediaReception
from aftercall.core.quality.report.rollup import roll_up
from aftercall.core.quality.report.write_interval_rows import write_rows
from aftercall.core.quality.report.write_receive_stats import receive
from aftercall.core.quality.rules.connection_state_rules import interruption_issues
from aftercall.core.quality.rules.microphone_rules import microphone_issues
from aftercall.core.quality.rules.rtt_bandwidth_turn_rules import ConnectionRules
from aftercall.core.quality.rules.stream_issues import stream_issues
from aftercall.core.quality.stats.decode import SampleReader
from aftercall.core.quality.stats.fold_metadata import LastSeen
from aftercall.core.quality.stats.report_linker import Family, ReportLinker
from aftercall.core.records import StoredPeerEvent, StoredSample


class PeerFold(msgspec.Struct, kw_only=True):
    """The result of folding one peer's samples. The rows of `tables`, one for each family, are
    ordered by time."""

    tables: list[IntervalTable]
    issues: list[Issue]
    activity: PeerActivity
    scores: StreamScores
    audio: MediaReception
    video: MediaReception
    visibilities: list[PageVisibility]
    """Whether the page was hidden, if the samples say so."""
    empty_at: list[EpochMs]
    """The instants of reports without streams."""
    unreadable_samples: int
    unidentified_streams: int
    """Streams for which no member showed whether they are audio or video."""


def fold_peer(
    peer_id: str,
    samples: Iterable[StoredSample],
    events: Sequence[StoredPeerEvent],
    *,
    joined_at: EpochMs,
    left_at: EpochMs | None,
    now: EpochMs,
    seen: LastSeen,
) -> PeerFold:
    """The fold of one peer. Connections and encoders are added to `seen`; `now` ends a stay that
    lasts."""
    stored, linker, reader = SampleReader(), ReportLinker(), IntervalReader()
    connections, mute_state = ConnectionRules(peer_id), MuteState(events)
    paths = ConnectionActivityReader(peer_id)
    visibilities: list[PageVisibility] = []
    empty_at: list[EpochMs] = []
    reported_at: EpochMs | None = None

    def take(each: StoredSample) -> None:
        nonlocal reported_at
        sample = linker.link(stored.read(each.body), each.at)
        reported_at = each.at if reported_at is None else min(reported_at, each.at)
        if sample.is_page_hidden is not None:
            visibilities.append(PageVisibility(each.at, sample.is_page_hidden))
        if not any(one.sent or one.received for one in sample.connections):
            empty_at.append(each.at)
        reader.take(sample)
        connections.take(sample)
        paths.take(sample)
        mute_state.take(sample)
        seen.take(sample)

    unreadable = 0
    for each in samples:
        try:
            take(each)
        except Malformed:
            unreadable += 1
    tables = reader.read(mute_state).tables
    ordered = [table.sort_by_time() for table in tables]
    interruptions = interruption_issues(peer_id, events, connections.arrivals(), left_at, now)
    outages = [
        (i.first_at, i.last_at) for i in interruptions if i.name is IssueName.ICE_RECONNECTING
    ]
    first_at = joined_at if reported_at is None else reported_at
    return PeerFold(
        tables=ordered,
        issues=[
            *stream_issues(peer_id, joined_at, first_at, tables, mute_state, outages),
            *microphone_issues(peer_id, ordered, events, mute_state),
            *connections.finish(),
            *camera_issues(peer_id, mute_state, now if left_at is None else left_at),
            *interruptions,
        ],
        activity=PeerActivity(
            streams=without_hidden_page(
                read_stream_activity(peer_id, tables), hidden_spans(events, visibilities)
            ),
            connections=paths.finish(tables),
        ),
        scores=scores_of(peer_id, tables),
        audio=receive(ordered, is_video=False),
        video=receive(ordered, is_video=True),
        visibilities=visibilities,
        empty_at=empty_at,
        unreadable_samples=unreadable,
        unidentified_streams=len(linker.unidentified),
    )


def accumulated(folds: Iterable[PeerFold]) -> dict[str, Cumulative]:
    """The cumulative blocks of several peers, by family; none for a family without intervals."""
    blocks: dict[str, Cumulative] = {}
    for family, tables in _by_family(folds).items():
        block = accumulate(roll_up(family, tables))
        if block is not None:
            blocks[family.value] = block
    return blocks


def scores(folds: Iterable[PeerFold]) -> StreamScores:
    """The scored intervals of several peers."""
    return concat_scores([fold.scores for fold in folds])


def rows(folds: Iterable[PeerFold]) -> dict[str, msgspec.Raw]:
    """The rows of several peers, one after the other, by family, as JSON arrays."""
    return {
        family.value: msgspec.Raw(write_rows(tables))
        for family, tables in _by_family(folds).items()
    }


def _by_family(folds: Iterable[PeerFold]) -> dict[Family, list[IntervalTable]]:
    found: dict[Family, list[IntervalTable]] = {family: [] for family in Family}
    for fold in folds:
        for table in fold.tables:
            found[table.family].append(table)
    return found
