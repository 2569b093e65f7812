"""Whole tables, read a page at a time in the order of their keys."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, LargeBinary, Row, Table, select, tuple_, type_coerce

from aftercall.store.engine.column_types import PackedText
from aftercall.store.engine.database import Database

PAGE: Final = 500


async def pages(
    db: Database, table: Table, *names: str, limit: int = PAGE
) -> AsyncIterator[Sequence[Row[Any]]]:
    """The rows of a table, the columns named after those of its key, packed texts as they lie.
    Each page is a transaction of its own, so that a long look keeps none open."""
    key = list(table.primary_key.columns)
    columns = [*key, *(_as_stored(table.c[name]) for name in names)]
    last: tuple[Any, ...] | None = None
    while True:
        statement = select(*columns).order_by(*key).limit(limit)
        if last is not None:
            statement = statement.where(tuple_(*key) > last)
        async with db.read() as tx:
            rows = (await tx.execute(statement)).all()
        if rows:
            yield rows
            last = tuple(rows[-1][: len(key)])
        if len(rows) < limit:
            return


def _as_stored(column: Column[Any]) -> ColumnElement[Any]:
    """The column without what its type makes of it; one text that cannot be unpacked would
    otherwise take the page down."""
    if not isinstance(column.type, PackedText):
        return column
    return type_coerce(column, LargeBinary).label(column.name)
