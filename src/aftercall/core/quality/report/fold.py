"""Folds the samples and events of a participant's peers into a verdict.

A participant that reconnected has several peers; their samples are folded one after the other and
added up. The verdict is small; the sample rows, which are not, are kept beside it in the form in
which they are served.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from aftercall.core.events import ENTRY_REFUSED, INTERVAL_ASKED
from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import PeerActivity
from aftercall.core.quality.activity.stream_matching import StreamId
from aftercall.core.quality.diagnosis.findings import Finding
from aftercall.core.quality.experience.levels import Experience
from aftercall.core.quality.intervals.cadence import Cadence, best_cadence
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.report.cumulative import Cumulative
from aftercall.core.quality.report.measured_peers import measured_once
from aftercall.core.quality.report.receive_stats import MediaReception, PeerReception
from aftercall.core.quality.stats.fold_metadata import LastSeen, fold_metadata
from aftercall.core.quality.stats.peer_metadata import Metadata
from aftercall.core.records import LeaveReason, Peer, StoredPeerEvent, StoredSample

if TYPE_CHECKING:
    from aftercall.core.quality.experience.mos_over_time import StreamScores
    from aftercall.core.quality.report.peer_fold import PeerAccumulator, PeerFold
    from aftercall.core.quality.report.row_columns import RowColumns

FOLD_VERSION: Final = 6
"""Incremented whenever the same facts give another verdict; older documents can be folded again."""


class PeerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The stored facts about one peer."""

    peer: Peer
    samples: Sequence[StoredSample]
    events: Sequence[StoredPeerEvent]


class ReportGap(msgspec.Struct, frozen=True, kw_only=True):
    """A time without reports."""

    peer_id: str
    start_at: EpochMs
    end_at: EpochMs


class Completeness(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the expected reports arrived. `share` is 0..1, `None` if none was expected; extra
    reports do not raise it."""

    expected_samples: int
    arrived_samples: int
    share: float | None
    gaps: list[ReportGap]
    unreadable_samples: int
    unidentified_streams: int = 0
    """Streams for which no report showed whether they are audio or video."""
    dropped_entries: int
    """The entries that the collectors reported as dropped for lack of room."""
    refused_entries: int = 0
    """The entries that arrived and could not be accepted."""
    end_is_inferred: bool
    """No leave was announced: the end is when the last peer was last known to be present."""
    end_reason: LeaveReason | None


class PeerSpan(msgspec.Struct, frozen=True, kw_only=True):
    """One connection of the participant; `end_at` is `None` while it lasts."""

    peer_id: str
    start_at: EpochMs
    end_at: EpochMs | None


class Verdict(msgspec.Struct, kw_only=True):
    """All of a report but its rows. `cumulative` is by family; a family without intervals is
    absent."""

    fold_version: int
    spans: list[PeerSpan]
    metadata: Metadata
    completeness: Completeness
    cumulative: dict[str, Cumulative]
    issues: list[Issue]
    diagnosis: list[Finding] = []
    """The worst first."""
    is_final: bool = True
    """Whether the call is over and its participants have been compared; until then, causes that
    only all reports show may be missing, and others may still change."""
    experience: Experience | None = None
    """Known if all participants of a session are folded together."""


class ReportDetails(msgspec.Struct, kw_only=True):
    """The rows. `rows` holds for each family a JSON array of `interval_rows.Row`."""

    rows: dict[str, msgspec.Raw]
    receptions: list[PeerReception]


class ReportColumns(NamedTuple):
    """The details as they are stored: of each family its rows as columns, `None` without rows."""

    rows: "dict[str, RowColumns | None]"
    receptions: list[PeerReception]


class FoldResult(msgspec.Struct, kw_only=True):
    """A participant's verdict and details, and what is needed to compare it with the others of its
    session."""

    verdict: Verdict
    details: ReportDetails
    activity: PeerActivity
    scores: "StreamScores"
    streams: list[StreamId]
    screenshare_at: list[EpochMs]
    """When a report showed that a screen was sent, ascending."""


class AccumulatedPeer(NamedTuple):
    """A peer, its events, and its samples as they were accumulated."""

    peer: Peer
    events: Sequence[StoredPeerEvent]
    samples: "PeerAccumulator"
    known: "PeerFold | None" = None
    """The fold of exactly these facts, if it is known. It may be without rows."""


def accumulate(facts: PeerFacts) -> AccumulatedPeer:
    """A peer whose samples have been read once."""
    # numpy is imported lazily: a server that folds nothing does without its 22 MB.
    from aftercall.core.quality.report.peer_fold import PeerAccumulator  # noqa: PLC0415 - numpy

    samples = PeerAccumulator(facts.peer.id)
    samples.take(facts.samples)
    return AccumulatedPeer(facts.peer, facts.events, samples)


def fold(peers_facts: Sequence[PeerFacts], now: EpochMs) -> FoldResult:
    """The verdict on a participant with its details, from its peers (at least one) in any order."""
    return fold_peers([accumulate(facts) for facts in peers_facts], now).result()


class PeersFold(NamedTuple):
    """A participant's fold; the details are made on request."""

    verdict: Verdict
    activity: PeerActivity
    scores: "StreamScores"
    streams: list[StreamId]
    screenshare_at: list[EpochMs]
    peers: "Sequence[tuple[AccumulatedPeer, PeerFold]]"
    """In the order of their starts."""

    def details(self, *, keeps_rows: bool = False) -> ReportDetails:
        """The rows, and what each peer received. If rows are kept, those of a later fold that are
        the same are not written again."""
        from aftercall.core.quality.report import peer_fold  # noqa: PLC0415 - numpy

        known = [peer.samples.rows for peer, _ in self.peers] if keeps_rows else None
        rows = peer_fold.rows([each for _, each in self.peers], known)
        return ReportDetails(rows=rows, receptions=self._receptions())

    def columns(self) -> ReportColumns:
        """The details as they are stored."""
        from aftercall.core.quality.report import peer_fold  # noqa: PLC0415 - numpy

        rows = peer_fold.columns_of_rows([each for _, each in self.peers])
        return ReportColumns(rows, self._receptions())

    def _receptions(self) -> list[PeerReception]:
        return [
            PeerReception(
                peer_id=peer.id,
                start_at=peer.present_from,
                end_at=peer.left_at,
                audio=_within_stay(each.received(is_video=False), peer),
                video=_within_stay(each.received(is_video=True), peer),
            )
            for (peer, *_), each in self.peers
        ]

    def result(self, *, keeps_rows: bool = False) -> FoldResult:
        return FoldResult(
            verdict=self.verdict,
            details=self.details(keeps_rows=keeps_rows),
            activity=self.activity,
            scores=self.scores,
            streams=self.streams,
            screenshare_at=self.screenshare_at,
        )


def fold_peers(
    accumulated: Sequence[AccumulatedPeer], now: EpochMs, *, is_brief: bool = False
) -> PeersFold:
    """The fold of a participant, from its peers (at least one) in any order.

    `now` stands for the end of a stay that lasts. The issues are those that this participant's own
    reports show; `attribution` adds those that only the others' reports show. A brief fold has of
    the cumulative figures those that a digest needs.
    """
    from aftercall.core.quality.report import peer_fold  # noqa: PLC0415 - numpy
    from aftercall.core.quality.report.stream_list import list_streams  # noqa: PLC0415 - numpy

    peers = measured_once(
        sorted(accumulated, key=lambda each: (each.peer.present_from, each.peer.id)), now
    )
    seen = LastSeen()
    for each in peers:
        seen.add(each.samples.seen)
    folds = [
        each.known
        or each.samples.fold(
            each.events,
            joined_at=each.peer.present_from,
            left_at=each.peer.left_at,
            now=now,
            is_brief=is_brief,
        )
        for each in peers
    ]
    completeness = _completeness(peers, folds, now)
    issues = [issue for folded in folds for issue in folded.issues_at(now)]
    issues += [_gap_issue(gap) for gap in completeness.gaps]
    verdict = Verdict(
        fold_version=FOLD_VERSION,
        spans=[
            PeerSpan(peer_id=p.peer.id, start_at=p.peer.present_from, end_at=p.peer.left_at)
            for p in peers
        ],
        metadata=fold_metadata([event for each in peers for event in each.events], seen),
        completeness=completeness,
        cumulative=peer_fold.accumulated(folds),
        issues=sorted(issues, key=lambda issue: (issue.first_at, issue.name)),
    )
    return PeersFold(
        verdict=verdict,
        activity=PeerActivity(
            streams=[found for each in folds for found in each.activity.streams],
            connections=[found for each in folds for found in each.activity.connections],
        ),
        scores=peer_fold.scores(folds),
        streams=list_streams([folded.streams for folded in folds]),
        screenshare_at=sorted({at for folded in folds for at in folded.screenshare_at}),
        peers=list(zip(peers, folds, strict=True)),
    )


def _gap_issue(gap: ReportGap) -> Issue:
    ref = StreamRef(peer_id=gap.peer_id)
    worst = {"gap_ms": float(gap.end_at - gap.start_at)}
    return single(IssueName.STATS_GAP, ref, gap.start_at, gap.end_at, worst)


def _within_stay(received: MediaReception, peer: Peer) -> MediaReception:
    """What was received, with its first packet not before the peer's start."""
    if received.first_at is None:
        return received
    first_at = EpochMs(max(received.first_at, peer.present_from))
    return msgspec.structs.replace(received, first_at=first_at)


def _completeness(
    peers: Sequence[AccumulatedPeer], folds: "Sequence[PeerFold]", now: EpochMs
) -> Completeness:
    """The completeness of a participant's peers together; `now` bounds a stay that lasts."""
    expected = missing = arrived = dropped = refusals = 0
    gaps: list[ReportGap] = []
    for (peer, events, samples, _), folded in zip(peers, folds, strict=True):
        refused = [event for event in events if event.name == ENTRY_REFUSED]
        refusals += len(refused)
        dropped += _dropped(events)
        if not peer.interval_ms:
            continue
        moments = samples.ats
        paces = [
            Cadence(interval_ms, events, folded.visibilities)
            for interval_ms in (peer.interval_ms, *_asked(events))
        ]
        cadence = best_cadence(paces, moments)
        end_at = now if peer.left_at is None else peer.left_at
        stays = [(peer.present_from, end_at)]
        if peer.source == _SILENT_SOURCE:
            stays = _with_streams(moments, folded.empty_at, end_at)
        dues = [cadence.stay(start, end, moments) for start, end in stays]
        expected += sum(intervals_between.reports for intervals_between in dues)
        # A report that could not be read is missing, but it is known to have come.
        missing += (
            sum(intervals_between.missing for intervals_between in dues) + folded.unreadable_samples
        )
        arrived += len(moments)
        came = [*moments, *(event.at for event in refused if event.data.get("is_sample"))]
        if len(came) > len(moments):
            dues = [cadence.stay(start, end, came) for start, end in stays]
        gaps += [
            ReportGap(peer_id=peer.id, start_at=start, end_at=end)
            for intervals_between in dues
            for start, end in intervals_between.gaps
        ]
    last = peers[-1].peer
    return Completeness(
        expected_samples=expected,
        arrived_samples=arrived,
        share=round(1 - min(missing, expected) / expected, 4) if expected else None,
        gaps=gaps,
        unreadable_samples=sum(each.unreadable_samples for each in folds),
        unidentified_streams=sum(each.unidentified_streams for each in folds),
        dropped_entries=dropped,
        refused_entries=refusals,
        end_is_inferred=last.left_reason is LeaveReason.SILENCE,
        end_reason=last.left_reason,
    )


_SILENT_SOURCE: Final = "realtimekit_callstats"
"""The client of this source leaves out reports without streams, except the first."""


def _with_streams(
    moments: Sequence[EpochMs], empty_at: Sequence[EpochMs], end_at: EpochMs
) -> list[tuple[EpochMs, EpochMs]]:
    """The spans that begin with a report and end with one without streams, or with the stay: no
    report is due before, nor after one without streams until the next."""
    empty, found = set(empty_at), []
    begun: EpochMs | None = None
    for at in sorted(set(moments)):
        begun = at if begun is None else begun
        if at in empty:
            found.append((begun, at))
            begun = None
    if begun is not None:
        found.append((begun, max(begun, end_at)))
    return found


def _asked(events: Sequence[StoredPeerEvent]) -> list[int]:
    """The intervals that the server's answers asked for."""
    asked = [event.data.get("interval_ms") for event in events if event.name == INTERVAL_ASKED]
    return [each for each in asked if isinstance(each, int) and each > 0]


def _dropped(events: Sequence[StoredPeerEvent]) -> int:
    counts = [event.data.get("count") for event in events if event.name == "entries_dropped"]
    return max((count for count in counts if isinstance(count, int)), default=0)
