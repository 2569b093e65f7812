"""The intervals of streams as tables: a column for each member of an interval."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import accumulate, chain, pairwise, repeat
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
import numpy as np

from aftercall.core.instants import SECOND_MS
from aftercall.core.quality.frame.columns import (
    Flags,
    Numbers,
    Places,
    floats,
    nothing,
    whole_numbers,
)
from aftercall.core.quality.frame.interval import Interval
from aftercall.core.quality.stats.link import Family, StreamDescription

T = TypeVar("T")


class Table(msgspec.Struct, kw_only=True):
    """Intervals of streams of one family. `numbers` holds columns as long as `at`, by the names
    of an interval's members; flags are numbers, 0 and 1. A member that nothing is known of has no
    column. What was said in words at row `i` is `sayings[which[i]]`. `ranks` tell streams apart,
    in the order in which they were first seen.
    """

    family: Family
    at: Numbers
    ranks: Places
    descriptions: Sequence[StreamDescription]
    which: Places
    numbers: dict[str, Numbers]

    def get(self, name: str) -> Numbers:
        column = self.numbers.get(name)
        return nothing(len(self.at)) if column is None else column

    def columns(self, *names: str) -> Iterator[Numbers]:
        return map(self.get, names)

    def put(self, name: str, column: Numbers | None) -> None:
        if column is not None:
            self.numbers[name] = column

    def mark(self, name: str, places: Flags) -> None:
        """Sets a flag at these places, and leaves it at the others."""
        if places.any():
            before = self.numbers.get(name, 0.0)
            self.numbers[name] = np.where(places, 1.0, before)

    def said(self, read: Callable[[StreamDescription], T]) -> list[T]:
        """What `read` finds in the words of each row."""
        words = [read(saying) for saying in self.descriptions]
        if len(words) == 1:
            return words * len(self.which)
        return [words[place] for place in self.which.tolist()]

    @property
    def starts(self) -> Numbers:
        """When the intervals begin; they end `at`."""
        return self.at - np.rint(self.get("dt_s") * SECOND_MS)

    def taken(self, places: Places | Flags | slice) -> "Table":
        """The rows at these places, in their order."""
        return msgspec.structs.replace(
            self,
            at=self.at[places],
            ranks=self.ranks[places],
            which=self.which[places],
            numbers={name: column[places] for name, column in self.numbers.items()},
        )

    def in_order(self) -> "Table":
        """The rows in order of time; those of one moment by rank."""
        return self.taken(np.lexsort((self.ranks, self.at)))


def merged(tables: Sequence[Table]) -> Table:
    """The rows of tables, at least one, one after the other; the family is that of the first."""
    if len(tables) == 1:
        return tables[0]
    starts = accumulate((len(table.descriptions) for table in tables), initial=0)
    return Table(
        family=tables[0].family,
        at=np.concatenate([table.at for table in tables]),
        ranks=np.concatenate([table.ranks for table in tables]),
        descriptions=list(chain.from_iterable(table.descriptions for table in tables)),
        which=np.concatenate(
            [table.which + start for table, start in zip(tables, starts, strict=False)]
        ),
        numbers={
            name: concat_column(tables, name)
            for name in dict.fromkeys(chain.from_iterable(table.numbers for table in tables))
        },
    )


def concat_column(tables: Sequence[Table], name: str) -> Numbers:
    """One column of several tables, one after the other."""
    return np.concatenate([table.get(name) for table in tables]) if tables else nothing(0)


class StreamRows(NamedTuple):
    """Where the rows of one stream are in a table."""

    saying: StreamDescription
    """Of the first."""
    rows: slice
    place: tuple[float, int]
    """The moment and rank of the first: streams sort by it."""


def group_by_stream(
    table: Table, name: Callable[[StreamDescription], Hashable]
) -> tuple[Table, list[StreamRows]]:
    """The table stream by stream, each in order of time. What has the same name is one stream."""
    numbered: dict[Hashable, int] = {}
    numbers = [numbered.setdefault(name(saying), len(numbered)) for saying in table.descriptions]
    streams = np.array(numbers, dtype=np.intp)[table.which]
    order = np.lexsort((table.ranks, table.at, streams))
    if (np.diff(order) < 0).any():
        table, streams = table.taken(order), streams[order]
    edges = [*np.flatnonzero(np.diff(streams, prepend=-1)).tolist(), len(streams)]
    return table, [
        StreamRows(
            table.descriptions[table.which[start]],
            slice(start, end),
            (float(table.at[start]), int(table.ranks[start])),
        )
        for start, end in pairwise(edges)
    ]


def sort_by_time(tables: Sequence[Table]) -> list[Interval]:
    """All rows of all tables; those of one moment by rank."""
    made = [interval for table in tables for interval in intervals_of(table)]
    if not made:
        return made
    at = np.concatenate([table.at for table in tables])
    ranks = np.concatenate([table.ranks for table in tables])
    return [made[place] for place in np.lexsort((ranks, at)).tolist()]


def intervals_of(table: Table) -> list[Interval]:
    """The table row by row."""
    columns: dict[str, Iterable[Any]] = {
        "family": repeat(table.family),
        "at": table.at.astype(np.int64).tolist(),
        **{name: table.said(read) for name, read in _WORDS.items()},
        **{name: LISTED[name](column) for name, column in table.numbers.items() if name in LISTED},
    }
    names = Interval.__struct_fields__
    return list(map(Interval, *(columns.get(name, _DEFAULTS[name]) for name in names)))


def _flags(column: Numbers) -> list[bool | None]:
    return [None if value is None else value == 1 for value in floats(column)]


_WORDS: Final[dict[str, Callable[[StreamDescription], Any]]] = {
    "key": attrgetter("key"),
    "connection_id": lambda saying: saying.key[0],
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
_LISTINGS: Final[dict[Any, Callable[[Numbers], Sequence[Any]]]] = {
    int: whole_numbers,
    int | None: whole_numbers,
    float: floats,
    float | None: floats,
    bool: _flags,
    bool | None: _flags,
}
LISTED: Final[dict[str, Callable[[Numbers], Sequence[Any]]]] = {
    field.name: _LISTINGS[field.type]
    for field in msgspec.structs.fields(Interval)
    if field.type in _LISTINGS and field.name not in ("at", "ssrc")
}
"""How the columns of numbers become members, by name."""
