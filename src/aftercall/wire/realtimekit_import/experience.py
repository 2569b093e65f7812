"""The moments of a participant's call from the rows of received streams that have an estimated
opinion. RealtimeKit's own rows have none; those of another Aftercall do."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.instants import EpochMs
from aftercall.core.quality.experience.levels import Experience, level_of
from aftercall.core.quality.experience.time_scale import TimeScale
from aftercall.wire.realtimekit_import.reports import OpinionRow
from aftercall.wire.times import parse_time

_rows: Final = msgspec.json.Decoder(list[OpinionRow])


def read_experience(rows: Mapping[str, msgspec.Raw], scale: TimeScale) -> Experience:
    """The means of what was received in each bucket of the session's time."""
    audio = _moments(rows.get("audio_consumer"), scale)
    video = _moments(rows.get("video_consumer"), scale)
    places = range(scale.buckets)
    return Experience(
        scale=scale,
        mos_audio=[_mean(audio.get(place)) for place in places],
        mos_video=[_mean(video.get(place)) for place in places],
        worst_stream=[
            level_of(
                min(audio.get(place, []), default=None), min(video.get(place, []), default=None)
            )
            for place in places
        ],
    )


def _moments(rows: msgspec.Raw | None, scale: TimeScale) -> dict[int, list[float]]:
    found: dict[int, list[float]] = defaultdict(list)
    for at, mos in _opinions(rows):
        place = (at - scale.from_at - 1) // scale.bucket_ms
        if 0 <= place < scale.buckets:
            found[place].append(mos)
    return dict(found)


def _opinions(rows: msgspec.Raw | None) -> Iterator[tuple[EpochMs, float]]:
    if rows is None:
        return
    try:
        read = _rows.decode(rows)
    except msgspec.MsgspecError:
        return
    for row in read:
        if row.mos is not None:
            try:
                yield parse_time(row.timestamp, field="timestamp"), row.mos
            except Malformed:
                continue


def _mean(values: list[float] | None) -> float | None:
    return round(sum(values) / len(values), 2) if values else None
