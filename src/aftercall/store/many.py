"""Many values as one argument, so that one statement serves any number of them."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, FromClause, Text, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection


def pairs(tx: AsyncConnection, rows: Sequence[tuple[str, str]]) -> FromClause:
    """A table of two text columns, `first` and `second`, to join with."""
    if tx.dialect.name == "sqlite":
        each = func.json_each(msgspec.json.encode(rows).decode()).table_valued("value")
        return select(
            func.json_extract(each.c.value, "$[0]").label("first"),
            func.json_extract(each.c.value, "$[1]").label("second"),
        ).subquery()
    return (
        func.unnest(_array([row[0] for row in rows]), _array([row[1] for row in rows]))
        .table_valued("first", "second")
        .render_derived()
    )


def _array(values: list[str]) -> ColumnElement[Any]:
    return cast(bindparam(None, values, type_=ARRAY(Text)), ARRAY(Text))
