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

from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from operator import attrgetter
from typing import Any, Final

import msgspec
import numpy as np

from aftercall.core.quality.appraisal import appraise
from aftercall.core.quality.columns import Numbers, known, numbers, or_zero
from aftercall.core.quality.counters import Interval
from aftercall.core.quality.measures import (
    SenderRtt,
    count_lost,
    measure_picture,
    measure_received,
    measure_sent,
)
from aftercall.core.quality.streams import AUDIO, PRODUCERS, Family, Sample
from aftercall.core.quality.tables import Table, in_order_of_time, merged, stacked
from aftercall.core.quality.tracks import (
    AT,
    FIRST_COUNTER,
    PAIR_RTT,
    Accepted,
    Saying,
    Track,
    Tracks,
    accept,
    record,
)

LONGEST_S: Final = 60.0

_RATES: Final = ("bitrate_bps", "fps", "freeze_share")
_MAY_FALL: Final = ("freeze_s", "packets_discarded", "coding_s")
_WORDS: Final = ("producer_id", "consumer_id", "peer_id")
_TAG_NUMBERS: Final = {
    "is_muted": "muted",
    "expected_width": "expected_width",
    "expected_height": "expected_height",
    "score_given": "score",
}


class Reading(msgspec.Struct):
    """What happened on the streams of a peer, a table each, and the reports that gave nothing."""

    tables: list[Table]
    duplicates: int = 0
    late: int = 0
    resets: int = 0
    clock_steps: int = 0

    @property
    def intervals(self) -> list[Interval]:
        """All rows of all tables in order of time."""
        return in_order_of_time(self.tables)


class Reader:
    """Gathers the samples of one peer, in any order and number of repeats."""

    def __init__(self) -> None:
        self._tracks: Tracks = {}

    def take(self, sample: Sample) -> None:
        record(self._tracks, sample)

    def read(self) -> Reading:
        """What the samples so far say; of the layers of a simulcast only the best that moved."""
        reading = Reading([])
        tracks = list(self._tracks.values())
        layers: list[tuple[Track, list[Table]]] = []
        received: dict[Family, list[Table]] = {}
        for rank, track in enumerate(tracks):
            tables = _fold(track, rank, reading)
            if track.key[1] == "send":
                layers.append((track, tables))
                continue
            for table in tables:
                received.setdefault(table.family, []).append(table)
        sender_rtt = _sender_rtt([table for _, tables in layers for table in tables])
        reading.tables = best_layers(layers)
        # Most streams are received and none needs its own past any more: all at once.
        for alike in received.values():
            table = merged(alike)
            measure_received(table, sender_rtt)
            _finish(table)
            reading.tables.append(table)
        return reading


def _sender_rtt(tables: Sequence[Table]) -> SenderRtt:
    rtts_s = stacked(tables, "rtt_s")
    ats = np.concatenate([numbers([]), *(table.at for table in tables)])
    is_heard = ~np.isnan(rtts_s)
    ats, rtts_s = ats[is_heard], rtts_s[is_heard]
    order = np.lexsort((rtts_s, ats))
    return SenderRtt(ats[order], rtts_s[order])


def read_intervals(samples: Iterable[Sample]) -> list[Interval]:
    """The intervals of a peer's samples, whatever order they come in."""
    reader = Reader()
    for sample in samples:
        reader.take(sample)
    return reader.read().intervals


def _fold(track: Track, rank: int, reading: Reading) -> list[Table]:
    """The tables of a track: a sent one's are done, a received one's lack all that is
    measured."""
    accepted = accept(track)
    reading.duplicates += accepted.duplicates
    reading.late += accepted.late
    if accepted.steps is not None:
        reading.clock_steps += int(accepted.steps.sum())
    return _fold_piece(track, rank, accepted, reading)


def _fold_piece(track: Track, rank: int, piece: Accepted, reading: Reading) -> list[Table]:
    kind = track.kind
    if len(piece.says) < 2:
        return []
    first_gauge = FIRST_COUNTER + len(kind.counters)
    changes = np.diff(piece.columns[FIRST_COUNTER:first_gauge], axis=1)
    cuts = set(np.flatnonzero((changes[: kind.monotone] < 0).any(axis=0)).tolist())
    reading.resets += len(cuts)
    cuts.update(_seams(track, piece))
    if cuts:
        return [
            table
            for each in piece.cut(sorted(cuts))
            for table in _fold_piece(track, rank, each, reading)
        ]
    table = _begin(track, rank, piece)
    columns = np.concatenate((changes, piece.columns[first_gauge:, 1:]))
    is_known = np.any(~np.isnan(columns), axis=1)
    names = (*kind.counters, *kind.gauges)
    table.numbers |= dict(compress(zip(names, columns, strict=True), is_known))
    if table.family in PRODUCERS:
        measure_sent(table, piece, _sent_once(piece.columns, kind.counters))
        _finish(table)
    else:
        count_lost(table)
    return [table]


def _begin(track: Track, rank: int, piece: Accepted) -> Table:
    """A table with what a report says beside its counters."""
    length = len(piece.says) - 1
    table = Table(
        family=track.sayings[piece.says[0]].family,
        at=piece.columns[AT, 1:],
        keys=[track.key] * length,
        ssrcs=[track.ssrc] * length,
        ranks=np.full(length, rank),
        codecs=[saying.codec for saying in track.sayings],
        which=piece.says[1:],
        numbers={"dt_s": piece.lengths_s, "pair_rtt_s": piece.columns[PAIR_RTT, 1:]},
        words={},
    )
    table.put("is_clock_step", piece.steps)
    _put_sayings(table, track, piece)
    return table


def _seams(track: Track, piece: Accepted) -> list[int]:
    """Where the stats object or the use of the stream changes."""
    uses = [(saying.stats_id, saying.family) for saying in track.sayings]
    if uses.count(uses[0]) == len(uses):
        return []
    numbered = {use: number for number, use in enumerate(dict.fromkeys(uses))}
    which = np.array([numbered[use] for use in uses])[piece.says]
    seams: list[int] = np.flatnonzero(np.diff(which)).tolist()
    return seams


def _put_sayings(table: Table, track: Track, piece: Accepted) -> None:
    """What the intervals' last reports said in words, and in their tags."""
    sayings, says = track.sayings, piece.says[1:]

    def put_words(name: str, read: Callable[[Saying], str | None]) -> None:
        said = [read(saying) for saying in sayings]
        if said.count(None) < len(said):
            table.words[name] = (
                said * len(says) if len(said) == 1 else [said[place] for place in says]
            )

    def put_numbers(name: str, read: Callable[[Saying], float | None]) -> None:
        said = numbers([read(saying) for saying in sayings])
        table.put(name, known(said[says]))

    put_words("mid", attrgetter("mid"))
    put_words("quality_limitation_reason", attrgetter("limitation"))
    put_words("codec", _subtype)
    put_numbers("is_page_hidden", attrgetter("is_page_hidden"))
    if any(saying.tag is not None for saying in sayings):
        for name in _WORDS:
            put_words(name, _of_tag(name))
        for name, member in _TAG_NUMBERS.items():
            put_numbers(name, _of_tag(member))


def _of_tag(member: str) -> Callable[[Saying], Any]:
    return lambda saying: None if saying.tag is None else getattr(saying.tag, member)


def _subtype(saying: Saying) -> str | None:
    """The MIME subtype in lower case."""
    if saying.codec is None or saying.codec.mime_type is None:
        return None
    return saying.codec.mime_type.rpartition("/")[2].lower()


def _finish(table: Table) -> None:
    """What is measured alike on sent and received streams, and the scores."""
    is_gap = table.numbers["dt_s"] > LONGEST_S
    if is_gap.any():
        table.put("is_gap", is_gap.astype(np.float64))
    for name in _MAY_FALL:
        if name in table.numbers:
            change = table.numbers[name]
            table.numbers[name] = np.where(change < 0, np.nan, change)
    if table.family not in AUDIO:
        measure_picture(table)
    for name in _RATES:
        if is_gap.any() and name in table.numbers:
            table.numbers[name] = np.where(is_gap, np.nan, table.numbers[name])
    table.put("is_listening_only", np.isnan(table.get("rtt_s")).astype(np.float64))
    appraise(table)


def _sent_once(columns: Numbers, counters: Sequence[str]) -> Numbers:
    """Packets sent till each report, retransmissions apart."""
    sent = columns[FIRST_COUNTER + counters.index("packets_sent")]
    again = columns[FIRST_COUNTER + counters.index("retransmitted_packets_sent")]
    once: Numbers = sent - or_zero(again)
    return once


def best_layers(layers: Sequence[tuple[Track, list[Table]]]) -> list[Table]:
    """Of the layers of one simulcast at one moment, the largest that moved. All of them take
    the rank of the first."""
    by_sender: dict[Any, list[Table]] = {}
    for track, tables in layers:
        place = track.key if track.sender is None else (track.key[0], track.sender)
        by_sender.setdefault(place, []).extend(tables)
    chosen: list[Table] = []
    for tables in by_sender.values():
        chosen += tables if len({table.keys[0] for table in tables}) < 2 else _best(tables)
    return chosen


def _best(tables: Sequence[Table]) -> list[Table]:
    at = np.concatenate([table.at for table in tables])
    pixels = or_zero(stacked(tables, "frame_width")) * or_zero(stacked(tables, "frame_height"))
    moved = or_zero(stacked(tables, "frames")) > 0
    # The last of each moment in this order is the best; of equals the one that came first.
    order = np.lexsort((-np.arange(len(at)), pixels, moved, at))
    is_best = np.zeros(len(at), dtype=np.bool_)
    is_best[order[np.append(np.diff(at[order]) != 0, True)]] = True
    edges = np.cumsum([len(table.at) for table in tables])[:-1]
    for table in tables:
        table.ranks = np.full(len(table.at), tables[0].ranks[0])
    kept = zip(tables, np.split(is_best, edges), strict=True)
    return [table.kept(places) for table, places in kept if places.any()]
