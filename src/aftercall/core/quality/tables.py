"""The intervals of one stream as a table: a column for each member of an interval."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from operator import attrgetter
from typing import Any, Final

import msgspec
import numpy as np

from aftercall.core.quality.columns import Flags, Numbers, nothing
from aftercall.core.quality.counters import Interval
from aftercall.core.quality.streams import Family, StreamKey


class Table(msgspec.Struct):
    """`numbers` and `words` hold columns as long as `at`, by the names of an interval's members;
    flags are numbers, 0 and 1. A member that nothing is known of has no column."""

    key: StreamKey
    family: Family
    ssrc: int | None
    at: Numbers
    numbers: dict[str, Numbers]
    words: dict[str, Sequence[str | None]]

    def get(self, name: str) -> Numbers:
        column = self.numbers.get(name)
        return nothing(len(self.at)) if column is None else column

    def columns(self, *names: str) -> Iterator[Numbers]:
        return map(self.get, names)

    def put(self, name: str, column: Numbers | None) -> None:
        if column is not None:
            self.numbers[name] = column

    def kept(self, places: Flags) -> "Table":
        """The intervals at these places."""
        return msgspec.structs.replace(
            self,
            at=self.at[places],
            numbers={name: column[places] for name, column in self.numbers.items()},
            words={
                name: [word for word, is_kept in zip(words, places, strict=True) if is_kept]
                for name, words in self.words.items()
            },
        )


def stacked(tables: Sequence[Table], name: str) -> Numbers:
    """One column of several tables, one after the other."""
    return np.concatenate([table.get(name) for table in tables]) if tables else nothing(0)


def in_order_of_time(tables: Sequence[Table]) -> list[Interval]:
    """All rows of all tables."""
    made = [interval for table in tables for interval in intervals_of(table)]
    made.sort(key=attrgetter("at"))
    return made


def intervals_of(table: Table) -> list[Interval]:
    """The table row by row."""
    columns: dict[str, Iterable[Any]] = {
        "key": repeat(table.key),
        "family": repeat(table.family),
        "ssrc": repeat(table.ssrc),
        "connection_id": repeat(table.key[0]),
        "at": table.at.astype(np.int64).tolist(),
        **{name: LISTED[name](column) for name, column in table.numbers.items() if name in LISTED},
        **table.words,
    }
    names = list(_DEFAULTS)
    while names[-1] not in columns:
        names.pop()
    return list(map(Interval, *(columns.get(name, _DEFAULTS[name]) for name in names)))


def _floats(column: Numbers) -> list[float | None]:
    values: list[float | None] = column.tolist()
    if np.isnan(column).any():
        return [None if value != value else value for value in values]
    return values


def _whole(column: Numbers) -> list[int | None]:
    if np.isnan(column).any():
        return [None if value is None else int(value) for value in _floats(column)]
    values: list[int | None] = column.astype(np.int64).tolist()
    return values


def _flags(column: Numbers) -> list[bool | None]:
    return [None if value is None else value == 1 for value in _floats(column)]


_DEFAULTS: Final[dict[str, Any]] = {
    field.name: repeat(False if field.default is False else None)
    for field in msgspec.structs.fields(Interval)
}
_LISTINGS: Final[dict[Any, Callable[[Numbers], Sequence[Any]]]] = {
    int: _whole,
    int | None: _whole,
    float: _floats,
    float | None: _floats,
    bool: _flags,
    bool | None: _flags,
}
LISTED: Final[dict[str, Callable[[Numbers], Sequence[Any]]]] = {
    field.name: _LISTINGS[field.type]
    for field in msgspec.structs.fields(Interval)
    if field.type in _LISTINGS and field.name not in ("at", "ssrc")
}
"""How the columns of numbers become members, by name."""
