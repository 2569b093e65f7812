"""Records to rows and back, and the two ways of writing many of them."""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, Final, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from sqlalchemy import Column, Row, Select, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from aftercall.core.records import Record

R = TypeVar("R", bound=Record)

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode


def _json_of(value: Any) -> str:
    return _encode(value).decode()


def _converters(hint: Any) -> tuple[Callable[[Any], Any] | None, Callable[[Any], Any] | None]:
    """How a value of this type goes into its column and comes out of it."""
    if get_origin(hint) in (Union, UnionType):
        hint = next(choice for choice in get_args(hint) if choice is not type(None))
    if get_origin(hint) is dict:
        return _json_of, _decode
    if get_origin(hint) is list:
        return _json_of, msgspec.json.Decoder(hint).decode
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint.__str__, hint
    return None, None


class Shape(Generic[R]):
    """The mapping of a record type to a table: a column for each field, of the same name."""

    def __init__(
        self,
        record: type[R],
        table: Table,
        derived: Callable[[R], dict[str, Any]] | None = None,
    ) -> None:
        """`derived` gives the values of columns that are no fields."""
        hints = get_type_hints(record)
        self.record = record
        self.table = table
        self._derived = derived
        self._names = [field.name for field in msgspec.structs.fields(record)]
        both = [_converters(hints[name]) for name in self._names]
        self._ins = [
            (name, put) for name, (put, _) in zip(self._names, both, strict=True) if put is not None
        ]
        self._outs = [(place, take) for place, (_, take) in enumerate(both) if take is not None]
        self.columns: list[Column[Any]] = [table.c[name] for name in self._names]
        """What to select, in the order `from_row` expects."""
        self.select: Select[Any] = select(*self.columns)
        """The start of a statement that selects them: SQLAlchemy takes longer to accept twenty
        columns than SQLite to look up their row."""

    def to_row(self, record: R) -> dict[str, Any]:
        """The values of the columns, by name."""
        row = {name: getattr(record, name) for name in self._names}
        for name, put in self._ins:
            if row[name] is not None:
                row[name] = put(row[name])
        if self._derived is not None:
            row.update(self._derived(record))
        return row

    def from_row(self, row: Row[Any] | Sequence[Any]) -> R:
        """The record of a row that begins with `columns`; what follows them is left alone."""
        values = list(row[: len(self._names)])
        for place, take in self._outs:
            if values[place] is not None:
                values[place] = take(values[place])
        return self.record(**dict(zip(self._names, values, strict=True)))


Insert = sqlite.Insert | postgresql.Insert


def insert_into(dialect: str, table: Table) -> Insert:
    """An INSERT that can say ON CONFLICT, in the dialect of this name."""
    if dialect == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


async def upsert(tx: AsyncConnection, shape: Shape[R], records: Iterable[R]) -> None:
    """Write records whole, over those of the same key. Of two of one key the last stays."""
    key = [column.name for column in shape.table.primary_key.columns]
    rows = {tuple(row[name] for name in key): row for row in map(shape.to_row, records)}
    # Sorted, so that two transactions over the same rows lock them in the same order.
    await upsert_rows(tx, shape.table, [row for _, row in sorted(rows.items())])


async def upsert_rows(tx: AsyncConnection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Write whole rows, each of another key, over those of the same key."""
    if rows:
        await tx.execute(_upsert(tx.dialect.name, table), rows)


@cache
def _upsert(dialect: str, table: Table) -> Insert:
    key = [column.name for column in table.primary_key.columns]
    statement = insert_into(dialect, table)
    new = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if column.name not in key
    }
    return statement.on_conflict_do_update(index_elements=key, set_=new)


async def insert_new(
    tx: AsyncConnection, shape: Shape[R], records: Iterable[R], returned: str = "id"
) -> set[str]:
    """Insert those records whose key is not there yet; the `returned` column of those."""
    rows = [shape.to_row(record) for record in records]
    if not rows:
        return set()
    statement = _insert_new(tx.dialect.name, shape.table, returned)
    return set((await tx.execute(statement, rows)).scalars())


@cache
def _insert_new(dialect: str, table: Table, returned: str) -> ReturningInsert[Any]:
    return insert_into(dialect, table).on_conflict_do_nothing().returning(table.c[returned])
