"""A SELECT that is compiled once for each engine and then asked of the driver.

To build a statement of some sixty columns and to find its compiled form costs SQLAlchemy several
times what the engine needs for a lookup by key.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Column, Dialect, SelectBase, Text, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

_FLOAT8: Final = 701
"""PostgreSQL's number of its type `double precision`, the only numbers with a fraction that are
stored; no other type asks which number its column has."""


class CompiledLookup:
    """The text of a lookup in one dialect, and what its arguments and rows go through."""

    def __init__(self, statement: SelectBase, dialect: Dialect) -> None:
        # `Compiled` has no type for what only some of the compilers have.
        compiled: Any = statement.compile(dialect=dialect)
        self.sql: str = compiled.string
        self._defaults: Mapping[str, Any] = compiled.params
        self._order: Sequence[str] = compiled.positiontup
        self._converters: list[tuple[int, Callable[[Any], Any]]] = []
        for place, column in enumerate(statement.selected_columns):
            convert = column.type.dialect_impl(dialect).result_processor(dialect, _FLOAT8)
            if convert is not None:
                self._converters.append((place, convert))

    def arguments(self, given: Mapping[str, Any]) -> list[Any]:
        """The driver's arguments for these values of the statement's parameters."""
        values = {**self._defaults, **given}
        return [values[name] for name in self._order]

    def converted(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """A row of the driver, with the values that SQLAlchemy would give."""
        if not self._converters:
            return tuple(row)
        values = list(row)
        for place, convert in self._converters:
            values[place] = convert(values[place])
        return tuple(values)


class Lookup:
    """A SELECT, made for the dialect of a name, with parameters of its own names; many values are
    one parameter, as in `store.engine.array_params`."""

    def __init__(self, statement: Callable[[str], SelectBase]) -> None:
        self._statement = statement
        self._compiled: dict[str, CompiledLookup] = {}

    def compiled_for(self, dialect: Dialect) -> CompiledLookup:
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = CompiledLookup(
                self._statement(dialect.name), dialect
            )
        return found


async def fetch(tx: AsyncConnection, lookup: Lookup, **given: Any) -> list[tuple[Any, ...]]:
    """The rows of a lookup within a transaction that has begun."""
    compiled = lookup.compiled_for(tx.dialect)
    arguments = compiled.arguments(given)
    rows: Sequence[Sequence[Any]]
    if tx.dialect.name == "sqlite":
        driver: Any = (await tx.get_raw_connection()).driver_connection
        cursor = await driver.cursor().execute(compiled.sql, arguments)
        rows = await cursor.fetchall()
    else:
        rows = (await tx.exec_driver_sql(compiled.sql, tuple(arguments))).all()
    return [compiled.converted(row) for row in rows]


def key_lookup(columns: Sequence[Column[Any]], *key: Column[Any]) -> Lookup:
    """What selects these columns by texts of key columns; each is a parameter of its own name."""
    equal = [column == bindparam(column.name, type_=Text) for column in key]
    return Lookup(lambda _dialect: select(*columns).where(*equal))
