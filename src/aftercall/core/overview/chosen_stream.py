"""The stream that a participant's page shows first, and what is drawn with it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from aftercall.core.overview.stream_charts import StreamChart
from aftercall.core.quality.activity.stream_matching import stream_key
from aftercall.core.quality.experience.levels import GOOD, level_of
from aftercall.core.quality.issues import Issue

WORST: Final = "worst"
"""In place of a stream's key."""


def chosen_stream(
    wanted: str, streams: Sequence[StreamChart], issues: Iterable[Issue]
) -> StreamChart | None:
    """The stream with this key; for `WORST` the one with the worst level, of equals the one with
    the most samples in trouble, then the one with the lowest MOS."""
    if wanted != WORST:
        return next((each for each in streams if each.key == wanted), None)
    troubled: Counter[str] = Counter()
    for issue in issues:
        ref = issue.stream
        if ref.family is not None and issue.severity != "information":
            key = stream_key(ref.family, ref.ssrc, ref.mid, ref.consumer_id, ref.producer_id)
            troubled[key] += issue.sample_count

    def rank(stream: StreamChart) -> tuple[int, int, float]:
        mos = stream.p10_mos
        level = level_of(mos, None) if stream.kind == "audio" else level_of(None, mos)
        return (level or GOOD + 1, -troubled[stream.key], GOOD + 1 if mos is None else mos)

    return min(streams, key=rank, default=None)


def layers_of(chosen: StreamChart | None, streams: Iterable[StreamChart]) -> set[str]:
    """The keys of the stream and of the other simulcast layers of the same sender."""
    if chosen is None:
        return set()
    mid, family = chosen.id.mid, chosen.id.family
    is_layered = chosen.is_sent and chosen.kind == "video" and mid is not None
    layers = {
        each.key
        for each in streams
        if is_layered and (each.id.family, each.id.mid) == (family, mid)
    }
    return {chosen.key, *layers}
