"""Narrow downlinks: pictures that shrank at one listener while others went on getting them large.
An SFU sends a smaller layer to a listener for whom the larger one is too much."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from aftercall.core.quality.activity.stream_activity import FrameSizeSpan, StreamActivity
from aftercall.core.quality.comparison.compared_participant import MOST_SHARE
from aftercall.core.quality.comparison.comparison import ONE_WAY_MS, Comparison
from aftercall.core.quality.comparison.impairment_matrix import ImpairmentMatrix, PathSpans
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.spans import Span, intersection, lasting, overlap_ms, union

LAYER_LEVELS: Final = 2
"""A simulcast layer has half the width and height of the next: a quarter of the pixels, two
levels."""

LEAST_MS: Final = 3 * ONE_WAY_MS
"""The least duration; an SFU tries the larger layer again after some seconds. Chosen."""


def narrow_downlinks(comparison: Comparison) -> dict[str, list[Issue]]:
    """By participant, the times in which nearly everything it saw of several senders was small,
    though it had been larger there and others saw it large."""
    paths: dict[str, dict[str, PathSpans]] = {}
    shrunk: dict[str, dict[str, list[Span]]] = {}
    peaks = _peaks(comparison)
    for listener in comparison.participants:
        for sender, activities in comparison.received(listener).items():
            sizes = [size for each in _pictures(activities) for size in each.sizes]
            if sender not in peaks or not sizes:
                continue
            seen = PathSpans(
                union(((s.start_at, s.end_at) for s in sizes), within_ms=ONE_WAY_MS),
                _small(sizes, peaks[sender]),
            )
            paths.setdefault(listener, {})[sender] = seen
            large_at = min(
                (s.start_at for s in sizes if s.level > peaks[sender] - LAYER_LEVELS), default=None
            )
            if large_at is not None:
                shrunk.setdefault(listener, {})[sender] = [
                    span for span in seen.impaired if span[0] > large_at
                ]
    if not shrunk:
        return {}
    matrix = ImpairmentMatrix(paths, comparison.participants)
    found: dict[str, list[Issue]] = {}
    for listener, senders in shrunk.items():
        line = matrix.listeners[listener]
        spans = lasting(intersection(line.every, line.unexplained), LEAST_MS)
        for span in spans:
            count = sum(1 for small in senders.values() if overlap_ms(small, [span]))
            if count >= MOST_SHARE * len(paths[listener]):
                found.setdefault(listener, []).append(_issue(comparison, listener, span))
    return {
        listener: alone
        for listener, issues in found.items()
        if (alone := [each for each in issues if _is_alone(each, listener, found)])
    }


def _is_alone(issue: Issue, listener: str, found: Mapping[str, Sequence[Issue]]) -> bool:
    """Whether nobody else's pictures shrank at the time; otherwise a sender or the SFU is the
    cause."""
    return not any(
        other != listener and each.first_at < issue.last_at and issue.first_at < each.last_at
        for other, issues in found.items()
        for each in issues
    )


def _issue(comparison: Comparison, listener: str, span: Span) -> Issue:
    peer_ids = comparison.participants[listener].peer_ids
    ref = StreamRef(peer_id=min(peer_ids, default=listener), family=Family.VIDEO_CONSUMER.value)
    return replace(single(IssueName.NARROW_DOWNLINK, ref, *span), origin="local")


def _pictures(activities: Iterable[StreamActivity]) -> list[StreamActivity]:
    return [each for each in activities if each.family is Family.VIDEO_CONSUMER]


def _small(sizes: Iterable[FrameSizeSpan], peak: int) -> list[Span]:
    """When the picture was smaller by a layer or more than its peak anywhere."""
    small = ((s.start_at, s.end_at) for s in sizes if s.level <= peak - LAYER_LEVELS)
    return union(small, within_ms=ONE_WAY_MS)


def _peaks(comparison: Comparison) -> dict[str, int]:
    """The largest level at which anybody saw each sender's camera for a while."""
    lengths: dict[tuple[str, int], int] = {}
    for listener in comparison.participants:
        for sender, activities in comparison.received(listener).items():
            for each in _pictures(activities):
                for size in each.sizes:
                    key = (sender, size.level)
                    lengths[key] = lengths.get(key, 0) + size.end_at - size.start_at
    peaks: dict[str, int] = {}
    for (sender, level), length in lengths.items():
        if length >= LEAST_MS:
            peaks[sender] = max(level, peaks.get(sender, level))
    return peaks
