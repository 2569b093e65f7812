"""The intervals of streams as tables: a column for each member of an interval."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, chain, pairwise, repeat
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
import numpy as np

from aftercall.core.instants import SECOND_MS
from aftercall.core.quality.interval_columns.columns import (
    BoolArray,
    FloatArray,
    IndexArray,
    all_nan,
    are_all,
    edges_of_runs,
    floats,
    is_any,
    whole_numbers,
)
from aftercall.core.quality.interval_columns.interval import Interval
from aftercall.core.quality.stats.report_linker import Family, StreamDescription

T = TypeVar("T")


class IntervalTable(msgspec.Struct, kw_only=True):
    """Intervals of streams of one family. `numbers` holds columns as long as `at`, by the names of
    an interval's members; flags are 0 and 1. A member without a known value has no column. The
    description of row `i` is `descriptions[description_index[i]]`. `ranks` identify streams, in the
    order of their first reports."""

    family: Family
    at: FloatArray
    ranks: IndexArray
    descriptions: Sequence[StreamDescription]
    description_index: IndexArray
    numbers: dict[str, FloatArray]

    def get(self, name: str) -> FloatArray:
        """The column of that name; all NaN if there is none."""
        column = self.numbers.get(name)
        return _unknown(len(self.at)) if column is None else column

    def columns(self, *names: str) -> Iterator[FloatArray]:
        """The columns of these names."""
        return map(self.get, names)

    def put(self, name: str, column: FloatArray | None) -> None:
        """Set a column, unless it is `None`."""
        if column is not None:
            self.numbers[name] = column

    def set_flag(self, name: str, places: BoolArray) -> None:
        """Set a flag to 1 at these places and leave it unchanged elsewhere."""
        if is_any(places):
            before = self.numbers.get(name, 0.0)
            self.numbers[name] = np.where(places, 1.0, before)

    def from_descriptions(self, read: Callable[[StreamDescription], T]) -> list[T]:
        """The value that `read` gives for the description of each row."""
        words = [read(description) for description in self.descriptions]
        if len(words) == 1:
            return words * len(self.description_index)
        return [words[place] for place in self.description_index.tolist()]

    @property
    def starts(self) -> FloatArray:
        """The start of each interval; its end is `at`."""
        return self.at - np.rint(self.get("dt_s") * SECOND_MS)

    def take(self, places: IndexArray | BoolArray | slice) -> "IntervalTable":
        """The rows at these places, in their order."""
        return msgspec.structs.replace(
            self,
            at=self.at[places],
            ranks=self.ranks[places],
            description_index=self.description_index[places],
            numbers={name: column[places] for name, column in self.numbers.items()},
        )

    def sort_by_time(self) -> "IntervalTable":
        """The rows ordered by time, then by rank."""
        if are_all(self.at[1:] > self.at[:-1]):
            return self
        return self.take(np.lexsort((self.ranks, self.at)))


@lru_cache(maxsize=64)
def _unknown(length: int) -> FloatArray:
    """A column without known values, which all tables of this length share."""
    column = all_nan(length)
    column.flags.writeable = False
    return column


def concat(tables: Sequence[IntervalTable]) -> IntervalTable:
    """The rows of the tables (at least one), one after the other; the family is that of the
    first."""
    if len(tables) == 1:
        return tables[0]
    starts = accumulate((len(table.descriptions) for table in tables), initial=0)
    return IntervalTable(
        family=tables[0].family,
        at=np.concatenate([table.at for table in tables]),
        ranks=np.concatenate([table.ranks for table in tables]),
        descriptions=list(chain.from_iterable(table.descriptions for table in tables)),
        description_index=np.concatenate(
            [table.description_index + start for table, start in zip(tables, starts, strict=False)]
        ),
        numbers={
            name: concat_column(tables, name)
            for name in dict.fromkeys(chain.from_iterable(table.numbers for table in tables))
        },
    )


def concat_column(tables: Sequence[IntervalTable], name: str) -> FloatArray:
    """One column of several tables, one after the other."""
    return np.concatenate([table.get(name) for table in tables]) if tables else all_nan(0)


class StreamRows(NamedTuple):
    """Where the rows of one stream are in a table."""

    description: StreamDescription
    """The description of its first row."""
    rows: slice
    place: tuple[float, int]
    """The instant and rank of the first row, by which streams are ordered."""


def group_by_stream(
    table: IntervalTable, name: Callable[[StreamDescription], Hashable]
) -> tuple[IntervalTable, list[StreamRows]]:
    """The table ordered by stream, then by time, with the rows of each stream. Descriptions with
    the same `name` are one stream."""
    numbered: dict[Hashable, int] = {}
    numbers = [
        numbered.setdefault(name(description), len(numbered)) for description in table.descriptions
    ]
    streams = np.array(numbers, dtype=np.intp)[table.description_index]
    is_next, is_same = streams[1:] > streams[:-1], streams[1:] == streams[:-1]
    if not are_all(is_next | (is_same & (table.at[1:] > table.at[:-1]))):
        order = np.lexsort((table.ranks, table.at, streams))
        table, streams = table.take(order), streams[order]
    edges = [*edges_of_runs(streams), len(streams)]
    return table, [
        StreamRows(
            table.descriptions[table.description_index[start]],
            slice(start, end),
            (float(table.at[start]), int(table.ranks[start])),
        )
        for start, end in pairwise(edges)
    ]


def intervals_by_time(tables: Sequence[IntervalTable]) -> list[Interval]:
    """All rows of all tables as intervals, ordered by time, then by rank."""
    made = [interval for table in tables for interval in intervals_of(table)]
    if not made:
        return made
    at = np.concatenate([table.at for table in tables])
    ranks = np.concatenate([table.ranks for table in tables])
    return [made[place] for place in np.lexsort((ranks, at)).tolist()]


def intervals_of(table: IntervalTable) -> list[Interval]:
    """The rows of a table as intervals."""
    columns: dict[str, Iterable[Any]] = {
        "family": repeat(table.family),
        "at": table.at.astype(np.int64).tolist(),
        **{name: table.from_descriptions(read) for name, read in _FROM_DESCRIPTION.items()},
        **{
            name: TO_LIST[name](column) for name, column in table.numbers.items() if name in TO_LIST
        },
    }
    names = Interval.__struct_fields__
    return list(map(Interval, *(columns.get(name, _DEFAULTS[name]) for name in names)))


def _flags(column: FloatArray) -> list[bool | None]:
    return [None if value is None else value == 1 for value in floats(column)]


_FROM_DESCRIPTION: Final[dict[str, Callable[[StreamDescription], Any]]] = {
    "key": attrgetter("key"),
    "connection_id": lambda description: description.key[0],
    "ssrc": attrgetter("ssrc"),
    "mid": attrgetter("mid"),
    "producer_id": attrgetter("producer_id"),
    "consumer_id": attrgetter("consumer_id"),
    "peer_id": attrgetter("peer_id"),
    "codec": attrgetter("subtype"),
    "quality_limitation_reason": attrgetter("limitation"),
}
_DEFAULTS: Final[dict[str, Any]] = {
    field.name: repeat(False if field.default is False else None)
    for field in msgspec.structs.fields(Interval)
}
_TO_LIST_BY_TYPE: Final[dict[Any, Callable[[FloatArray], Sequence[Any]]]] = {
    int: whole_numbers,
    int | None: whole_numbers,
    float: floats,
    float | None: floats,
    bool: _flags,
    bool | None: _flags,
}
TO_LIST: Final[dict[str, Callable[[FloatArray], Sequence[Any]]]] = {
    field.name: _TO_LIST_BY_TYPE[field.type]
    for field in msgspec.structs.fields(Interval)
    if field.type in _TO_LIST_BY_TYPE and field.name not in ("at", "ssrc")
}
"""How the column of each member of an interval becomes a list, by name."""
