"""The rows of a report as columns: what is written of them, and nothing else.

Rows that are stored so are written for each answer (`write_row_columns`), the same to the byte.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from aftercall.core.quality.interval_columns.columns import FloatArray, IndexArray
from aftercall.core.quality.interval_columns.interval_table import IntervalTable, concat
from aftercall.core.quality.report.write_interval_rows import (
    shown_numbers,
    words_of,
)

Words = tuple[str | int | None, ...]
"""The members of a row that are no numbers, in the order of `WORDS`."""


class RowColumns(msgspec.Struct, kw_only=True):
    """Rows of one family, in their order. The words of row `i` are `words[words_index[i]]`, and
    `numbers` are columns of members, by the names that an interval has for them."""

    at: FloatArray
    words: list[Words]
    words_index: IndexArray
    numbers: dict[str, FloatArray]


def row_columns(tables: Sequence[IntervalTable]) -> RowColumns | None:
    """The rows of tables of one family, in their order; `None` if there are none."""
    with_rows = [table for table in tables if len(table.at)]
    if not with_rows:
        return None
    table = concat(with_rows)
    numbered: dict[Words, int] = {}
    places = [
        numbered.setdefault(words_of(description, table.family), len(numbered))
        for description in table.descriptions
    ]
    return RowColumns(
        at=table.at,
        words=list(numbered),
        words_index=np.array(places, dtype=np.intp)[table.description_index],
        numbers=shown_numbers(table),
    )
