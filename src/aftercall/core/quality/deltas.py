"""From cumulative counters to intervals.

Counters belong to one RTP stream object; where that is replaced they begin anew, and a
difference across the break would be nonsense. So a track is cut where its object is new or a
counter fell, and the first report after a cut is a baseline only:

    first report, new SSRC or new object, a counter that fell    baseline only
    the same report again                                        dropped, counted
    an older report                                              dropped, counted
    over 60 s later                                              counts, but no rates, no scores

`packetsLost` is signed and may fall (late packets, duplicates): that is no break.

The work is done a column at a time: all values of one member of a stream over the whole call.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise, repeat
from operator import attrgetter
from typing import Any, Final

import msgspec

from aftercall.core.quality.appraisal import appraise
from aftercall.core.quality.columns import Column, Table, differences, falls, known
from aftercall.core.quality.counters import Interval
from aftercall.core.quality.measures import (
    SenderRtt,
    measure_picture,
    measure_received,
    measure_sent,
    put,
)
from aftercall.core.quality.streams import AUDIO, PRODUCERS, Sample, Stream
from aftercall.core.quality.tracks import Accepted, Track, Tracks, accept, record

LONGEST_S: Final = 60.0

_RATES: Final = ("bitrate_bps", "fps", "freeze_share")
_TAGS: Final = {
    "producer_id": "producer_id",
    "consumer_id": "consumer_id",
    "peer_id": "peer_id",
    "is_muted": "muted",
    "expected_width": "expected_width",
    "expected_height": "expected_height",
}
_read_tag: Final = attrgetter(*_TAGS.values())
_NO_TAG: Final = (None,) * len(_TAGS)


class Reading(msgspec.Struct):
    """The intervals of a peer in order of time, and the reports that gave none."""

    intervals: list[Interval]
    duplicates: int = 0
    late: int = 0
    resets: int = 0
    clock_steps: int = 0


class Reader:
    """Gathers the samples of one peer, in any order and number of repeats."""

    def __init__(self) -> None:
        self._tracks: Tracks = {}

    def take(self, sample: Sample) -> None:
        record(self._tracks, sample)

    def read(self) -> Reading:
        """What the samples so far say; of the layers of a simulcast only the best that moved."""
        reading = Reading([])
        tracks = self._tracks.values()
        sent = [track for track in tracks if track.key[1] == "send"]
        for track in sent:
            reading.intervals += _fold(track, reading, SenderRtt([], []))
        heard = sorted(
            (each.at, each.rtt_s) for each in reading.intervals if each.rtt_s is not None
        )
        sender_rtt = SenderRtt([at for at, _ in heard], [rtt_s for _, rtt_s in heard])
        reading.intervals = _best_layers(reading.intervals, sent)
        for track in tracks:
            if track.key[1] != "send":
                reading.intervals += _fold(track, reading, sender_rtt)
        reading.intervals.sort(key=attrgetter("at"))
        return reading


def read_intervals(samples: Iterable[Sample]) -> list[Interval]:
    """The intervals of a peer's samples, whatever order they come in."""
    reader = Reader()
    for sample in samples:
        reader.take(sample)
    return reader.read().intervals


def _fold(track: Track, reading: Reading, sender_rtt: SenderRtt) -> list[Interval]:
    accepted = accept(track.rows, track.kind)
    reading.duplicates += accepted.duplicates
    reading.late += accepted.late
    reading.clock_steps += sum(accepted.steps or ())
    return _fold_piece(track, accepted, reading, sender_rtt)


def _fold_piece(
    track: Track, piece: Accepted, reading: Reading, sender_rtt: SenderRtt
) -> list[Interval]:
    rows, kind = piece.rows, track.kind
    if len(rows) < 2:
        return []
    columns = list(zip(*map(kind.read, [row.stats for row in rows]), strict=True))
    changes = [differences(column) for column in columns[: len(kind.counters)]]
    cuts = {place for change in changes[: kind.monotone] for place in falls(change)}
    reading.resets += len(cuts)
    cuts.update(_seams(rows))
    if cuts:
        pieces = _cut(piece, sorted(cuts))
        return [
            interval
            for each in pieces
            for interval in _fold_piece(track, each, reading, sender_rtt)
        ]
    table: Table = {"at": [row.at for row in rows[1:]], "dt_s": piece.lengths_s}
    for name, change in zip(kind.counters, changes, strict=True):
        put(table, name, change)
    for place, name in enumerate(kind.gauges, len(kind.counters)):
        put(table, name, known(columns[place][1:]))
    return _intervals(table, track, piece, sender_rtt)


def _seams(rows: Sequence[Stream]) -> list[int]:
    """Where the stats object or the use of the stream changes."""
    ids, families = [row.stats.id for row in rows], [row.family for row in rows]
    if ids.count(ids[0]) == len(ids) and families.count(families[0]) == len(families):
        return []
    uses = list(zip(ids, families, strict=True))
    return [place for place in range(len(rows) - 1) if uses[place] != uses[place + 1]]


def _cut(piece: Accepted, cuts: Sequence[int]) -> list[Accepted]:
    edges = [0, *(cut + 1 for cut in cuts), len(piece.rows)]
    return [
        Accepted(
            piece.rows[start:end],
            piece.lengths_s[start : end - 1],
            None if piece.steps is None else piece.steps[start : end - 1],
        )
        for start, end in pairwise(edges)
    ]


def _intervals(
    table: Table, track: Track, piece: Accepted, sender_rtt: SenderRtt
) -> list[Interval]:
    rows, ends = piece.rows, piece.rows[1:]
    family, n = ends[0].family, len(ends)
    table |= {
        "key": (track.key,) * n,
        "family": (family,) * n,
        "ssrc": (track.ssrc,) * n,
        "connection_id": (track.key[0],) * n,
    }
    put(table, "is_page_hidden", known([row.is_page_hidden for row in ends]))
    put(table, "codec", _codecs(ends))
    put(table, "is_clock_step", piece.steps)
    _put_tags(table, ends)
    if max(piece.lengths_s) > LONGEST_S:
        table["is_gap"] = [length_s > LONGEST_S for length_s in piece.lengths_s]
    for name in ("freeze_s", "packets_discarded", "coding_s"):
        if falls(change := table.get(name)):
            assert change is not None
            table[name] = [None if each is None or each < 0 else each for each in change]
    if family in PRODUCERS:
        measure_sent(table, rows)
    else:
        measure_received(table, rows, sender_rtt)
    if family not in AUDIO:
        measure_picture(table)
    if "is_gap" in table:
        _forget_rates(table)
    trips = table.get("rtt_s")
    table["is_listening_only"] = (True,) * n if trips is None else [trip is None for trip in trips]
    appraise(table, ends, family)
    names = list(_DEFAULTS)
    while names[-1] not in table:
        names.pop()
    return list(map(Interval, *(table.get(name, _DEFAULTS[name]) for name in names)))


_DEFAULTS: Final[dict[str, Any]] = {
    field.name: repeat(False if field.default is False else None)
    for field in msgspec.structs.fields(Interval)
}


def _put_tags(table: Table, ends: Sequence[Stream]) -> None:
    tags = [row.tag for row in ends]
    told = [_NO_TAG if tag is None else _read_tag(tag) for tag in tags]
    if told.count(told[0]) == len(told):
        for name, value in zip(_TAGS, told[0], strict=True):
            if value is not None:
                table[name] = (value,) * len(told)
        return
    for name, values in zip(_TAGS, zip(*told, strict=True), strict=True):
        put(table, name, known(values))


def _codecs(ends: Sequence[Stream]) -> Column | None:
    """MIME subtypes in lower case."""
    types = [None if row.codec is None else row.codec.mime_type for row in ends]
    names = {each: each.rpartition("/")[2].lower() for each in set(types) if each is not None}
    return [each and names[each] for each in types] if names else None


def _forget_rates(table: Table) -> None:
    gaps = table["is_gap"]
    for name in _RATES:
        if name in table:
            table[name] = [
                None if is_gap else value for is_gap, value in zip(gaps, table[name], strict=True)
            ]


def _best_layers(intervals: list[Interval], tracks: Sequence[Track]) -> list[Interval]:
    """Of the layers of one simulcast at one moment, the largest that moved."""
    senders = {
        track.key: (track.key[0], track.sender) for track in tracks if track.sender is not None
    }
    if len(set(senders.values())) == len(senders):
        return intervals
    best: dict[Any, Interval] = {}
    for interval in intervals:
        sender = senders.get(interval.key)
        place = interval.key if sender is None else sender
        rival = best.get((place, interval.at))
        if rival is None or _rank(interval) > _rank(rival):
            best[place, interval.at] = interval
    return list(best.values())


def _rank(interval: Interval) -> tuple[bool, int]:
    pixels = (interval.frame_width or 0) * (interval.frame_height or 0)
    return bool(interval.frames), pixels
