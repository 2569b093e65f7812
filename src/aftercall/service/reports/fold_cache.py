"""Folds of participants, kept for a while: when facts of an ended session come late, only the
participants they are about are folded again."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import PeerActivity
from aftercall.core.quality.activity.stream_matching import ParticipantStreams, StreamId
from aftercall.core.quality.experience.time_scale import Scale
from aftercall.core.quality.report.fold import PeerFacts, Verdict, fold
from aftercall.core.records import Peer
from aftercall.service.reports.document import PackedDetails, pack_details

if TYPE_CHECKING:
    from aftercall.core.quality.experience.moments import StreamMoments

MOST_BYTES: Final = 24 << 20
"""About as much as the figures of five hundred participants of a short call. Chosen."""

_TRACE_BYTES: Final = 400
_SPAN_BYTES: Final = 120
_ISSUE_BYTES: Final = 600
"""What these take in memory, roughly."""

RowKey = tuple[str, str]
"""App and participant."""


class CachedFold(NamedTuple):
    """A participant's fold, before its session's participants are compared."""

    verdict: Verdict
    activity: PeerActivity
    details: PackedDetails
    moments: "StreamMoments"

    @property
    def size(self) -> int:
        """Bytes in memory, roughly."""
        spans = sum(
            len(each.flowing) + len(each.stalled) + len(each.lossy) + len(each.jittery)
            for each in self.activity.streams
        )
        return (
            len(self.details.receptions)
            + sum(len(text.deflated) for text in self.details.rows.values())
            + _TRACE_BYTES * len(self.activity.streams)
            + _SPAN_BYTES * spans
            + _ISSUE_BYTES * len(self.verdict.issues)
            + self.moments.values.nbytes
        )


class Told(NamedTuple):
    """What a fold was made of, so far as it can be seen without reading it: the peers, and how
    many samples and notes there are of each. Both are only ever added."""

    peers: tuple[Peer, ...]
    samples: tuple[int, ...]
    notes: tuple[int, ...]

    @property
    def is_over(self) -> bool:
        """Whether nobody of them is still there; a stay that lasts is as long as its fold is
        late."""
        return all(peer.left_at is not None for peer in self.peers)


class _Kept(NamedTuple):
    told: Told
    row: CachedFold
    size: int
    completed: Verdict | None
    ends: bytes
    saved_at: EpochMs | None


class FoldCache:
    """Keeps folds of participants, the latest ones, up to a size in all."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[RowKey, _Kept] = OrderedDict()
        self._size = 0

    def find(self, key: RowKey, told: Told, scale: Scale) -> CachedFold | None:
        """The fold of exactly these facts on this scale, if it is here."""
        kept = self._kept.get(key)
        if kept is None or kept.told != told or kept.row.moments.scale != scale:
            return None
        return kept.row

    def keep(self, key: RowKey, told: Told, row: CachedFold) -> None:
        """Keep a fold, and let the oldest go when there are too many."""
        self._drop(key)
        if not told.is_over:
            return
        size = row.size
        self._kept[key] = _Kept(told, row, size, None, b"", None)
        self._size += size
        while self._size > self._most_bytes:
            self._drop(next(iter(self._kept)))

    def note_saved(self, key: RowKey, verdict: Verdict, ends: bytes, saved_at: EpochMs) -> None:
        """Remember what a fold came to among the others, and when that was saved."""
        kept = self._kept.get(key)
        if kept is not None:
            ends = sha256(ends).digest()
            self._kept[key] = kept._replace(completed=verdict, ends=ends, saved_at=saved_at)

    def is_saved(
        self, key: RowKey, verdict: Verdict, ends: bytes, saved_at: EpochMs | None
    ) -> bool:
        """Whether the report saved at that moment was made here, from the fold that is kept, and
        came to this verdict and these ends of streams."""
        kept = self._kept.get(key)
        return (
            kept is not None
            and saved_at is not None
            and kept.saved_at == saved_at
            and kept.ends == sha256(ends).digest()
            and kept.completed == verdict
        )

    def _drop(self, key: RowKey) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._size -= kept.size


def party_of(row: CachedFold) -> ParticipantStreams:
    """A participant's peers and streams."""
    streams = [StreamId.of(each.family.value, each.ref) for each in row.activity.streams]
    return ParticipantStreams(
        {span.peer_id for span in row.verdict.spans}, list(dict.fromkeys(streams))
    )


def told_of(chain: Sequence[Peer], samples: Mapping[str, int], notes: Mapping[str, int]) -> Told:
    """What there is of a participant's peers; `samples` and `notes` are counts by peer."""
    return Told(
        tuple(chain),
        tuple(samples.get(peer.id, 0) for peer in chain),
        tuple(notes.get(peer.id, 0) for peer in chain),
    )


def told_by(facts: Sequence[PeerFacts]) -> Told:
    """The same of facts that have been read."""
    return Told(
        tuple(each.peer for each in facts),
        tuple(len(each.samples) for each in facts),
        tuple(len(each.events) for each in facts),
    )


def fold_row(facts: Sequence[PeerFacts], scale: Scale, now: EpochMs) -> CachedFold:
    """A participant's fold, its rows deflated, its scores on the scale of its session."""
    from aftercall.core.quality.experience.moments import moments_of  # noqa: PLC0415 - numpy

    folded = fold(facts, now)
    return CachedFold(
        folded.verdict,
        folded.activity,
        pack_details(folded.details),
        moments_of(folded.scores, scale),
    )
