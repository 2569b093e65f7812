"""Folds the samples and events of a participant's peers into a verdict.

A participant that reconnected has several peers; their samples are folded one after the other and
added up. The verdict is small; the sample rows, which are not, are kept beside it in the form in
which they are served.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from aftercall.core.events import ENTRY_REFUSED, INTERVAL_ASKED
from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import PeerActivity
from aftercall.core.quality.diagnosis.findings import Finding
from aftercall.core.quality.experience.levels import Experience
from aftercall.core.quality.intervals.cadence import Cadence, best_cadence
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.report.cumulative import Cumulative
from aftercall.core.quality.report.receive_stats import MediaReception, PeerReception
from aftercall.core.quality.stats.fold_metadata import LastSeen, fold_metadata
from aftercall.core.quality.stats.peer_metadata import Metadata
from aftercall.core.records import LeaveReason, Peer, StoredPeerEvent, StoredSample

if TYPE_CHECKING:
    from aftercall.core.quality.experience.mos_over_time import StreamScores
    from aftercall.core.quality.report.peer_fold import PeerFold

FOLD_VERSION: Final = 4
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


class FoldResult(msgspec.Struct, kw_only=True):
    """A participant's verdict and details, and what is needed to compare it with the others of its
    session."""

    verdict: Verdict
    details: ReportDetails
    activity: PeerActivity
    scores: "StreamScores"


def fold(peers_facts: Sequence[PeerFacts], now: EpochMs) -> FoldResult:
    """The verdict on a participant, from its peers (at least one) in any order.

    `now` stands for the end of a stay that lasts. The issues are those that this participant's own
    reports show; `attribution` adds those that only the others' reports show.
    """
    # numpy is imported lazily: a server that folds nothing does without its 22 MB.
    from aftercall.core.quality.report import peer_fold  # noqa: PLC0415 - numpy

    peers = in_joining_order(peers_facts)
    seen = LastSeen()
    folds = [
        peer_fold.fold_peer(
            facts.peer.id,
            facts.samples,
            facts.events,
            joined_at=facts.peer.present_from,
            left_at=facts.peer.left_at,
            now=now,
            seen=seen,
        )
        for facts in peers
    ]
    completeness = _completeness(peers, folds, now)
    issues = [issue for each in folds for issue in each.issues]
    issues += [_gap_issue(gap) for gap in completeness.gaps]
    verdict = Verdict(
        fold_version=FOLD_VERSION,
        spans=[
            PeerSpan(peer_id=p.peer.id, start_at=p.peer.present_from, end_at=p.peer.left_at)
            for p in peers
        ],
        metadata=fold_metadata([event for facts in peers for event in facts.events], seen),
        completeness=completeness,
        cumulative=peer_fold.accumulated(folds),
        issues=sorted(issues, key=lambda issue: (issue.first_at, issue.name)),
    )
    receptions = [
        PeerReception(
            peer_id=facts.peer.id,
            start_at=facts.peer.present_from,
            end_at=facts.peer.left_at,
            audio=_within_stay(each.audio, facts.peer),
            video=_within_stay(each.video, facts.peer),
        )
        for facts, each in zip(peers, folds, strict=True)
    ]
    return FoldResult(
        verdict=verdict,
        details=ReportDetails(rows=peer_fold.rows(folds), receptions=receptions),
        activity=PeerActivity(
            streams=[found for each in folds for found in each.activity.streams],
            connections=[found for each in folds for found in each.activity.connections],
        ),
        scores=peer_fold.scores(folds),
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


def in_joining_order(peers_facts: Sequence[PeerFacts]) -> list[PeerFacts]:
    """The peers of a participant in the order of their starts."""
    return sorted(peers_facts, key=lambda facts: (facts.peer.present_from, facts.peer.id))


def _completeness(
    peers_facts: Sequence[PeerFacts], folds: "Sequence[PeerFold]", now: EpochMs
) -> Completeness:
    """The completeness of a participant's peers together; `now` bounds a stay that lasts."""
    expected = missing = arrived = dropped = refusals = 0
    gaps: list[ReportGap] = []
    for facts, folded in zip(peers_facts, folds, strict=True):
        peer = facts.peer
        refused = [event for event in facts.events if event.name == ENTRY_REFUSED]
        refusals += len(refused)
        dropped += _dropped(facts.events)
        if not peer.interval_ms:
            continue
        moments = [sample.at for sample in facts.samples]
        paces = [
            Cadence(interval_ms, facts.events, folded.visibilities)
            for interval_ms in (peer.interval_ms, *_asked(facts.events))
        ]
        cadence = best_cadence(paces, moments)
        end_at = now if peer.left_at is None else peer.left_at
        stays = [(peer.present_from, end_at)]
        if peer.source == _SILENT_SOURCE:
            stays = _with_streams(moments, folded.empty_at, end_at)
        dues = [
            cadence.stay(start, end, [at for at in moments if start <= at <= end])
            for start, end in stays
        ]
        expected += sum(intervals_between.reports for intervals_between in dues)
        # A report that could not be read is missing, but it is known to have come.
        missing += (
            sum(intervals_between.missing for intervals_between in dues) + folded.unreadable_samples
        )
        arrived += len(moments)
        came = [*moments, *(event.at for event in refused if event.data.get("is_sample"))]
        if len(came) > len(moments):
            dues = [
                cadence.stay(start, end, [at for at in came if start <= at <= end])
                for start, end in stays
            ]
        gaps += [
            ReportGap(peer_id=peer.id, start_at=start, end_at=end)
            for intervals_between in dues
            for start, end in intervals_between.gaps
        ]
    last = peers_facts[-1].peer
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
