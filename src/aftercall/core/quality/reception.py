"""What one peer heard and saw, all its received streams together, moment by moment."""

from collections.abc import Iterable, Sequence
from math import prod
from typing import Final

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.quality.counters import Interval
from aftercall.core.quality.rows import iso
from aftercall.core.quality.streams import Family


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
    families = _VIDEO if is_video else _AUDIO
    by_moment: dict[EpochMs, list[Interval]] = {}
    for i in intervals:
        if i.family in families:
            by_moment.setdefault(i.at, []).append(i)
    moments: list[Moment] = []
    for at in sorted(by_moment):
        group = by_moment[at]
        moment = Moment(timestamp=iso(at))
        _add_group(found, moment, at, group)
        if is_video:
            _add_pictures(moment, group)
        else:
            moment.concealment_events = _sum([i.concealment_events for i in group])
        moments.append(moment)
    found.moments = msgspec.Raw(msgspec.json.encode(moments))
    return found


_AUDIO: Final = frozenset({Family.AUDIO_CONSUMER, Family.SCREENSHARE_AUDIO_CONSUMER})
_VIDEO: Final = frozenset({Family.VIDEO_CONSUMER, Family.SCREENSHARE_VIDEO_CONSUMER})


def _add_group(found: Received, moment: Moment, at: EpochMs, group: Sequence[Interval]) -> None:
    scores = [i.score for i in group if i.score is not None]
    jitters = [i.jitter_s for i in group if i.jitter_s is not None]
    packets = sum([i.packets_received or 0 for i in group])
    lost = _sum([i.packets_lost for i in group])
    found.packets += packets
    found.packets_lost += lost or 0
    found.bytes += sum([i.bytes_received or 0 for i in group])
    found.seconds += max([i.dt_s for i in group])
    found.scores += len(scores)
    found.score_total += sum(scores)
    if packets:
        found.first_at = at if found.first_at is None else found.first_at
        found.last_at = at
    moment.quality = _mean(scores)
    moment.jitter = _mean(jitters)
    moment.packets_lost = lost


def _add_pictures(moment: Moment, group: Sequence[Interval]) -> None:
    sizes = [(i.frame_width or 0, i.frame_height or 0) for i in group if i.frame_width]
    if sizes:
        moment.frame_width, moment.frame_height = max(sizes, key=prod)
    rates = [i.fps if i.frames_per_second is None else i.frames_per_second for i in group]
    moment.frames_per_second = _mean([rate for rate in rates if rate is not None])
    moment.frames_dropped = _sum([i.frames_dropped for i in group])


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 6) if values else None


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
