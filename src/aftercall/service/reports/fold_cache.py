"""Folds of participants of ended sessions, kept for a while: when facts come late, only the
participants they are about are folded again."""

from hashlib import sha256
from operator import attrgetter
from typing import Final, NamedTuple

from cachetools import FIFOCache

from aftercall.core.instants import EpochMs
from aftercall.core.quality.experience.time_scale import TimeScale
from aftercall.core.quality.report.fold import FOLD_VERSION
from aftercall.service.reports.participant_fold import FoldInputs, ParticipantFold
from aftercall.store.reports import ReportVersion

MOST_BYTES: Final = 24 << 20
"""About as much as the figures of five hundred participants of a short call. Chosen."""

_STREAM_BYTES: Final = 400
_SPAN_BYTES: Final = 120
_ISSUE_BYTES: Final = 600
"""What these take in memory, roughly."""

ParticipantKey = tuple[str, str]
"""App and participant."""


class _Cached(NamedTuple):
    inputs: FoldInputs
    folded: ParticipantFold
    size: int
    saved_at: EpochMs
    """When its report was written: no other one holds the rows of this fold."""
    completed: bytes
    """The hash of its complete report's verdict and ends of streams; empty while it has none."""


class FoldCache:
    """The latest folds of participants, up to a size in all."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._cached: FIFOCache[ParticipantKey, _Cached] = FIFOCache(
            most_bytes, getsizeof=attrgetter("size")
        )

    def find(
        self,
        key: ParticipantKey,
        inputs: FoldInputs,
        scale: TimeScale,
        stored: ReportVersion | None,
    ) -> ParticipantFold | None:
        """The fold of exactly these inputs on this scale, if it is here and the stored report is
        the one that was written of it."""
        cached = self._cached.get(key)
        if cached is None or stored is None or cached.saved_at != stored.folded_at:
            return None
        if cached.inputs != inputs or cached.folded.moments.scale != scale:
            return None
        return cached.folded

    def keep(
        self, key: ParticipantKey, inputs: FoldInputs, folded: ParticipantFold, saved_at: EpochMs
    ) -> None:
        """Keep a fold whose report was written, and drop the oldest ones above the size. The fold
        of somebody who is present, or that is larger than all may be, is not kept."""
        self._cached.pop(key, None)
        size = size_of(folded)
        if inputs.is_over and size <= self._cached.maxsize:
            self._cached[key] = _Cached(inputs, folded, size, saved_at, b"")

    def mark_completed(
        self, key: ParticipantKey, verdict: bytes, ends: bytes, saved_at: EpochMs
    ) -> None:
        """Remember the packed verdict and ends of streams of the complete report, by their hash,
        and when it was written."""
        cached = self._cached.get(key)
        if cached is not None:
            self._cached[key] = cached._replace(
                completed=_hash_of(verdict, ends), saved_at=saved_at
            )

    def is_completed(
        self, key: ParticipantKey, verdict: bytes, ends: bytes, stored: ReportVersion | None
    ) -> bool:
        """Whether the stored report is complete, was written from the fold kept here, and has
        this packed verdict and these ends of streams."""
        cached = self._cached.get(key)
        return (
            cached is not None
            and stored == ReportVersion(cached.saved_at, FOLD_VERSION)
            and cached.completed == _hash_of(verdict, ends)
        )


def _hash_of(verdict: bytes, ends: bytes) -> bytes:
    return sha256(verdict).digest() + sha256(ends).digest()


def size_of(folded: ParticipantFold) -> int:
    """Bytes in memory, roughly."""
    streams = folded.activity.streams
    spans = sum(
        len(each.flowing) + len(each.stalled) + len(each.lossy) + len(each.jittery)
        for each in streams
    )
    return (
        _STREAM_BYTES * len(streams)
        + _SPAN_BYTES * spans
        + _ISSUE_BYTES * len(folded.verdict.issues)
        + folded.moments.values.nbytes
    )
