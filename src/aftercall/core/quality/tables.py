"""The intervals of streams as tables: a column for each member of an interval."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, chain, compress, repeat
from operator import itemgetter
from typing import Any, Final

import msgspec
import numpy as np

from aftercall.core.quality.columns import Flags, Numbers, Places, nothing
from aftercall.core.quality.counters import Interval
from aftercall.core.quality.streams import Family, StreamKey
from aftercall.core.quality.tracks import Codec


class Table(msgspec.Struct, kw_only=True):
    """`numbers` and `words` hold columns as long as `at`, by the names of an interval's members;
    flags are numbers, 0 and 1. A member that nothing is known of has no column. Rows belong to
    streams of one family; `keys`, `ssrcs` and `ranks` tell them apart, the ranks in the order in
    which the streams were first seen. A row's codec is that of `codecs` at its place in `which`.
    """

    family: Family
    at: Numbers
    keys: Sequence[StreamKey]
    ssrcs: Sequence[int | None]
    ranks: Places
    codecs: Sequence[Codec | None]
    which: Places
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
            keys=list(compress(self.keys, places)),
            ssrcs=list(compress(self.ssrcs, places)),
            ranks=self.ranks[places],
            which=self.which[places],
            numbers={name: column[places] for name, column in self.numbers.items()},
            words={name: list(compress(words, places)) for name, words in self.words.items()},
        )


def merged(tables: Sequence[Table]) -> Table:
    """The rows of tables of one family, at least one, one after the other."""
    if len(tables) == 1:
        return tables[0]
    starts = accumulate((len(table.codecs) for table in tables), initial=0)
    return Table(
        family=tables[0].family,
        at=np.concatenate([table.at for table in tables]),
        keys=list(chain.from_iterable(table.keys for table in tables)),
        ssrcs=list(chain.from_iterable(table.ssrcs for table in tables)),
        ranks=np.concatenate([table.ranks for table in tables]),
        codecs=list(chain.from_iterable(table.codecs for table in tables)),
        which=np.concatenate(
            [table.which + start for table, start in zip(tables, starts, strict=False)]
        ),
        numbers={
            name: stacked(tables, name)
            for name in dict.fromkeys(chain.from_iterable(table.numbers for table in tables))
        },
        words={
            name: list(
                chain.from_iterable(
                    table.words.get(name, (None,) * len(table.at)) for table in tables
                )
            )
            for name in dict.fromkeys(chain.from_iterable(table.words for table in tables))
        },
    )


def stacked(tables: Sequence[Table], name: str) -> Numbers:
    """One column of several tables, one after the other."""
    return np.concatenate([table.get(name) for table in tables]) if tables else nothing(0)


def in_order_of_time(tables: Sequence[Table]) -> list[Interval]:
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
        "key": table.keys,
        "family": repeat(table.family),
        "ssrc": table.ssrcs,
        "connection_id": map(itemgetter(0), table.keys),
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
