"""From cumulative counters to intervals.

Counters belong to one RTP stream object; where that is replaced they begin anew, and a
difference across the break would be nonsense. So there is no interval where the object is new or
a counter fell, and the report after it is a baseline only:

    first report, new SSRC or new object, a counter that fell    baseline only
    left out of a report in between: paused, or put away         baseline only
    the same report again                                        dropped, counted
    an older report                                              dropped, counted
    over 60 s later                                              counts, but no rates, no scores

`packetsLost` is signed and may fall (late packets, duplicates): that is no break.

The work is done a column at a time: all values of one member, over the whole call, of all streams
of a family.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
import numpy as np

from aftercall.core.quality.frame.column_buffer import SENT, ColumnBuffer, ColumnBuffers
from aftercall.core.quality.frame.columns import Flags, Numbers, Places, known, numbers
from aftercall.core.quality.frame.interval import Interval
from aftercall.core.quality.frame.interval_table import Table, merged, sort_by_time
from aftercall.core.quality.intervals.idle_sources import mark_idle
from aftercall.core.quality.intervals.metrics import (
    SenderRtt,
    count_lost,
    hear,
    measure_picture,
    measure_received,
    measure_sent,
)
from aftercall.core.quality.intervals.mute_state import Mutes
from aftercall.core.quality.intervals.pauses import leave_out_pauses
from aftercall.core.quality.intervals.plausibility import (
    leave_out_impossible,
    without_duplicates,
)
from aftercall.core.quality.intervals.report_order import Reports, accept
from aftercall.core.quality.intervals.score_coverage import mark_covered
from aftercall.core.quality.intervals.scoring import score_intervals
from aftercall.core.quality.intervals.simulcast import join_layers
from aftercall.core.quality.stats.link import AUDIO, PRODUCERS, Family, Sample

LONGEST_S: Final = 60.0

_RATES: Final = ("bitrate_bps", "fps", "freeze_share")
_MAY_FALL: Final = ("freeze_s", "packets_discarded", "coding_s")
_TAG_NUMBERS: Final = {
    "is_muted": "muted",
    "expected_width": "expected_width",
    "expected_height": "expected_height",
}


class Reading(msgspec.Struct):
    """What happened on the streams of a peer, a table for each family, and the reports that gave
    nothing."""

    tables: list[Table]
    duplicates: int = 0
    late: int = 0
    resets: int = 0
    clock_steps: int = 0

    @property
    def intervals(self) -> list[Interval]:
        """All rows of all tables in order of time."""
        return sort_by_time(self.tables)


class Reader:
    """Gathers the samples of one peer, in any order and number of repeats."""

    def __init__(self) -> None:
        self._tracks = ColumnBuffers()

    def take(self, sample: Sample) -> None:
        self._tracks.record(sample)

    def read(self, mutes: Mutes | None = None) -> Reading:
        """What the samples so far say; of the layers of a simulcast only the one to judge by.
        `mutes` tell when the peer's microphone and camera were off."""
        reading = Reading([])
        tables = _by_family(self._tracks, reading)
        sent = [table for family, table in tables.items() if family in PRODUCERS]
        for place, table in enumerate(sent):
            measure_sent(table)
            sent[place] = table = join_layers(table)
            _put_known_live(table, mutes)
        sender_rtt = SenderRtt.of(sent)
        received = [table for family, table in tables.items() if family not in PRODUCERS]
        for table in received:
            measure_received(table, sender_rtt)
        reading.tables = [*sent, *received]
        mark_idle(reading.tables)
        for table in reading.tables:
            _finish(table)
        return reading


def read_intervals(samples: Iterable[Sample]) -> list[Interval]:
    """The intervals of a peer's samples, whatever order they come in."""
    reader = Reader()
    for sample in samples:
        reader.take(sample)
    return reader.read().intervals


def _by_family(tracks: ColumnBuffers, reading: Reading) -> dict[Family, Table]:
    """What was counted and heard, not yet measured."""
    alike: dict[Family, list[ColumnBuffer]] = {}
    for track in tracks:
        alike.setdefault(track.descriptions[0].family, []).append(track)
    found: dict[Family, list[Table]] = {}
    for each in alike.values():
        reports = accept(each)
        leave_out_impossible(reports)
        reading.duplicates += reports.duplicates
        reading.late += reports.late
        reading.clock_steps += int(reports.steps.sum())
        absences = {track.rank: tracks.absences(track) for track in each}
        for table in _count(reports, _was_absent(reports, absences), reading):
            found.setdefault(table.family, []).append(table)
    return {family: merged(tables) for family, tables in found.items()}


def _count(reports: Reports, was_absent: Flags, reading: Reading) -> list[Table]:
    """The intervals between reports, a table for each family."""
    kind = reports.kind
    changes = {name: np.diff(reports.get(name)) for name in kind.counters}
    is_other = np.diff(reports.ranks) != 0
    has_fallen = ~is_other & np.any([changes[name] < 0 for name in kind.monotone], axis=0)
    reading.resets += int(has_fallen.sum())
    is_cut = is_other | has_fallen | was_absent | _is_seam(reports)
    starts = np.flatnonzero(~is_cut)
    if not len(starts):
        return []
    ends = starts + 1
    table = Table(
        family=reports.descriptions[0].family,
        at=reports.get("at")[ends],
        ranks=reports.ranks[ends],
        descriptions=reports.descriptions,
        which=reports.which[ends],
        numbers={
            "dt_s": reports.lengths_s[starts],
            "pair_rtt_s": reports.get("pair_rtt_s")[ends],
        },
    )
    for name in kind.counters:
        table.put(name, known(changes[name][starts]))
    for name in (*kind.gauges, "score_given"):
        table.put(name, known(reports.get(name)[ends]))
    if reports.steps.any():
        table.put("is_clock_step", reports.steps[starts])
    if kind is SENT:
        table.put("target_before_bps", known(reports.get("target_bitrate_bps")[starts]))
        pieces = np.concatenate([[0], np.cumsum(is_cut)])
        for name, column in hear(reports, pieces).items():
            table.put(name, known(column[ends]))
    else:
        total_lost = without_duplicates(reports.get("packets_lost_signed"), reports.ranks)
        count_lost(table, np.diff(total_lost)[starts])
        table.put("packets_before", known(reports.get("packets_received")[starts]))
    _put_tags(table, reports.which[starts])
    if kind is SENT:
        table.mark("was_off", reports.get("is_active")[starts] == 0)
    return _split(table)


def _was_absent(reports: Reports, absences: Mapping[int, Numbers]) -> Flags:
    """Where between a stream's report and the next its connection was reported on without it.
    Then it was paused, and was no stream for a time of which nobody knows where it ended."""
    ats = reports.get("at")
    found: Flags = np.zeros(len(ats) - 1, dtype=np.bool_)
    for rank, absent in absences.items():
        if len(absent):
            rows = np.flatnonzero(reports.ranks == rank)
            counts = np.searchsorted(absent, ats[rows])
            found[rows[:-1]] = np.diff(counts) > 0
    return found


def _is_seam(reports: Reports) -> Flags:
    """Where the stats object or the use of a stream changes."""
    uses = [(saying.stats_id, saying.family) for saying in reports.descriptions]
    numbered = {use: number for number, use in enumerate(dict.fromkeys(uses))}
    is_seam: Flags = np.diff(np.array([numbered[use] for use in uses])[reports.which]) != 0
    return is_seam


def _put_tags(table: Table, before: Places) -> None:
    """What the intervals' last reports said in numbers in their tags. `before` are the places of
    what their first reports said."""
    tags = [saying.tag for saying in table.descriptions]
    for name, member in _TAG_NUMBERS.items():
        said = numbers([None if tag is None else getattr(tag, member) for tag in tags])
        table.put(name, known(said[table.which]))
    is_muted = np.array([tag is not None and tag.muted is True for tag in tags])
    table.mark("was_off", is_muted[before])


def _put_known_live(table: Table, mutes: Mutes | None) -> None:
    """Where a sent stream was off for a part, and where something said that it was on: its sender,
    its tag, a switch of the app, or a microphone that heard and a camera that saw something."""
    is_told = (table.get("is_active") == 1) | (table.get("is_muted") == 0)
    is_told |= table.get("audio_level" if table.family in AUDIO else "source_fps") > 0
    if mutes is not None:
        since = mutes.unmuted_since(table.family, table.starts, table.at)
        table.mark("was_off", np.isnan(since))
        is_told |= mutes.tells_of(table.family)
    table.mark("is_known_live", is_told & (table.get("was_off") != 1))


def _split(table: Table) -> list[Table]:
    """A table for each family: a stream can change its use."""
    families = dict.fromkeys(saying.family for saying in table.descriptions)
    if len(families) == 1:
        return [table]
    found: list[Table] = []
    for family in families:
        is_of = np.array([saying.family is family for saying in table.descriptions])[table.which]
        if is_of.any():
            found.append(msgspec.structs.replace(table.taken(is_of), family=family))
    return found


def _finish(table: Table) -> None:
    """What is measured alike on sent and received streams, and the scores."""
    is_gap = table.numbers["dt_s"] > LONGEST_S
    table.mark("is_gap", is_gap)
    for name in _MAY_FALL:
        if name in table.numbers:
            change = table.numbers[name]
            table.numbers[name] = np.where(change < 0, np.nan, change)
    if table.family not in AUDIO:
        measure_picture(table)
    for name in _RATES:
        if is_gap.any() and name in table.numbers:
            table.numbers[name] = np.where(is_gap, np.nan, table.numbers[name])
    leave_out_pauses(table)
    table.put("is_listening_only", np.isnan(table.get("rtt_s")).astype(np.float64))
    score_intervals(table)
    mark_covered(table)
