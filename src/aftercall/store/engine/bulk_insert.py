"""An INSERT that is compiled once for each engine and then given to the driver with many rows.

To prepare a statement for its rows costs SQLAlchemy several times what SQLite needs to insert one.
"""

from collections.abc import Callable, Mapping, Sequence
from sqlite3 import Connection
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.store.engine.record_mapping import Insert

Row = Mapping[str, Any]


class BulkInsert:
    """An INSERT of rows with the same columns, made for the dialect of a name. The columns are text
    and integers, which both drivers take as they are."""

    def __init__(self, statement: Callable[[str], Insert], columns: Sequence[str]) -> None:
        self._statement = statement
        self._columns = list(columns)
        self._compiled: dict[str, tuple[str, Sequence[str]]] = {}

    def with_arguments(self, dialect: Dialect, rows: Sequence[Row]) -> "Prepared":
        """The statement's text, and the driver's arguments for each row."""
        found = self._compiled.get(dialect.name)
        if found is None:
            # `Compiled` has no type for what only some of the compilers have.
            compiled: Any = self._statement(dialect.name).compile(
                dialect=dialect, column_keys=self._columns, for_executemany=True
            )
            found = self._compiled[dialect.name] = (compiled.string, compiled.positiontup)
        sql, order = found
        return sql, [tuple([row[name] for name in order]) for row in rows]


Prepared = tuple[str, list[tuple[Any, ...]]]


async def insert_all(
    tx: AsyncConnection, inserts: Sequence[tuple[BulkInsert, Sequence[Row]]]
) -> None:
    """Insert rows, one after the other in their order; on SQLite in one turn of the driver's
    thread."""
    prepared = [insert.with_arguments(tx.dialect, rows) for insert, rows in inserts if rows]
    if tx.dialect.name == "sqlite":
        driver: Any = (await tx.get_raw_connection()).driver_connection
        await driver.in_one_turn(_insert_all, prepared)
        return
    for sql, arguments in prepared:
        await tx.exec_driver_sql(sql, arguments)


def _insert_all(driver: Connection, prepared: Sequence[Prepared]) -> None:
    for sql, arguments in prepared:
        driver.executemany(sql, arguments)
