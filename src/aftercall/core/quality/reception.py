"""What one peer heard and saw, all its received streams together, moment by moment."""

from collections.abc import Iterable

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.quality.counters import Interval
from aftercall.core.quality.rows import iso
from aftercall.core.quality.streams import AUDIO, PRODUCERS


class Moment(msgspec.Struct, omit_defaults=True, gc=False, kw_only=True):
    """The received streams of one kind at one report: the mean score (0..1) and jitter (s),
    what was lost and concealed in all, the largest picture."""

    timestamp: str
    quality: float | None = None
    jitter: float | None = None
    packets_lost: int | None = None
    concealment_events: int | None = None
    frame_width: int | None = None
    frame_height: int | None = None
    frames_dropped: int | None = None
    frames_per_second: float | None = None


class Received(msgspec.Struct, kw_only=True):
    """One kind over the whole stay. `moments` is a JSON array of `Moment`."""

    packets: int = 0
    packets_lost: int = 0
    bytes: int = 0
    seconds: float = 0.0
    """Time covered by reports."""
    scores: int = 0
    score_total: float = 0.0
    first_at: EpochMs | None = None
    last_at: EpochMs | None = None
    moments: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"[]"))


class Reception(msgspec.Struct, kw_only=True):
    """What one peer received from its joining to its leaving."""

    peer_id: str
    start_at: EpochMs
    end_at: EpochMs | None
    audio: Received
    video: Received


def receive(intervals: Iterable[Interval], *, is_video: bool) -> Received:
    """What the intervals of one peer's received streams of one kind come to."""
    found = Received()
    by_moment: dict[EpochMs, list[Interval]] = {}
    for i in intervals:
        if i.family in PRODUCERS or (i.family in AUDIO) is is_video:
            continue
        by_moment.setdefault(i.at, []).append(i)
        found.packets += i.packets_received or 0
        found.packets_lost += i.packets_lost or 0
        found.bytes += i.bytes_received or 0
        if i.score is not None:
            found.scores += 1
            found.score_total += i.score
        if i.packets_received:
            found.first_at = i.at if found.first_at is None else min(found.first_at, i.at)
            found.last_at = i.at if found.last_at is None else max(found.last_at, i.at)
    found.seconds = sum(max(i.dt_s for i in group) for group in by_moment.values())
    moments = [_moment(at, by_moment[at], is_video) for at in sorted(by_moment)]
    found.moments = msgspec.Raw(msgspec.json.encode(moments))
    return found


def _moment(at: EpochMs, group: list[Interval], is_video: bool) -> Moment:
    moment = Moment(
        timestamp=iso(at),
        quality=_mean([i.score for i in group]),
        jitter=_mean([i.jitter_s for i in group]),
        packets_lost=_sum([i.packets_lost for i in group]),
    )
    if not is_video:
        moment.concealment_events = _sum([i.concealment_events for i in group])
        return moment
    largest = max(group, key=lambda i: (i.frame_width or 0) * (i.frame_height or 0))
    moment.frame_width, moment.frame_height = largest.frame_width, largest.frame_height
    moment.frames_dropped = _sum([i.frames_dropped for i in group])
    moment.frames_per_second = _mean(
        [i.fps if i.frames_per_second is None else i.frames_per_second for i in group]
    )
    return moment


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 6) if known else None


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
