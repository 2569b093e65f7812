"""Many values as one argument, so that one statement, built once, serves any number of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Text,
    any_,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

PEERS: Final[Mapping[str, type[TypeEngine[Any]]]] = {"app_id": Text, "peer_id": Text}
REPORTS: Final[Mapping[str, type[TypeEngine[Any]]]] = {**PEERS, "sequence": BigInteger}

_ROWS: Final = "rows"


def values_table(dialect: str, columns: Mapping[str, type[TypeEngine[Any]]]) -> FromClause:
    """A table to join with, of the rows that `values_in` passes when the statement is run."""
    if dialect == "sqlite":
        each = func.json_each(bindparam(_ROWS, type_=Text)).table_valued("value")
        return select(
            *(
                func.json_extract(each.c.value, f"$[{place}]", type_=kind).label(name)
                for place, (name, kind) in enumerate(columns.items())
            )
        ).subquery()
    arrays = [
        cast(bindparam(f"{_ROWS}_{name}", type_=ARRAY(kind)), ARRAY(kind))
        for name, kind in columns.items()
    ]
    return func.unnest(*arrays).table_valued(*columns).render_derived()


def values_in(
    dialect: str,
    columns: Mapping[str, type[TypeEngine[Any]]],
    rows: Sequence[tuple[Any, ...]],
) -> dict[str, Any]:
    """The parameters that carry these rows to a statement over `values_table`."""
    if dialect == "sqlite":
        return {_ROWS: msgspec.json.encode(rows).decode()}
    values = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return {f"{_ROWS}_{name}": list(column) for name, column in zip(columns, values, strict=True)}


def is_among(
    dialect: str, column: ColumnElement[Any], name: str, kind: type[TypeEngine[Any]]
) -> ColumnElement[bool]:
    """Whether a column has one of the values that `among` passes by this name."""
    if dialect == "sqlite":
        each = func.json_each(bindparam(name, type_=Text)).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(cast(bindparam(name, type_=ARRAY(kind)), ARRAY(kind)))


def among(dialect: str, name: str, values: Sequence[Any]) -> dict[str, Any]:
    """The parameter that carries the values to `is_among`."""
    return {name: msgspec.json.encode(values).decode() if dialect == "sqlite" else values}
