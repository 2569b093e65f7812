"""The rows of a report as columns: what is written of them, and nothing else.

Rows that are stored so are written for each answer, and are then the same to the byte.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from aftercall.core.quality.interval_columns.columns import FloatArray, IndexArray
from aftercall.core.quality.interval_columns.interval_table import IntervalTable, concat
from aftercall.core.quality.report.write_interval_rows import (
    WORDS,
    shown_numbers,
    words_of,
    write_rows,
)
from aftercall.core.quality.stats.getstats import StreamTag
from aftercall.core.quality.stats.report_linker import PRODUCERS, Family, StreamDescription

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


def write_columns(family: Family, columns: RowColumns | None) -> bytes:
    """A JSON array of the rows, as `write_rows` writes the tables that they are of."""
    if columns is None:
        return b"[]"
    table = IntervalTable(
        family=family,
        at=columns.at,
        ranks=columns.words_index,
        descriptions=[_description(family, words) for words in columns.words],
        description_index=columns.words_index,
        numbers=columns.numbers,
    )
    return write_rows([table])


def _description(family: Family, words: Words) -> StreamDescription:
    """A description of which the words are read."""
    named: dict[str, Any] = dict(zip(WORDS, words, strict=True))
    tag = StreamTag(
        connection="",
        direction="send" if family in PRODUCERS else "receive",
        producer_id=named["producer_id"],
        consumer_id=named["consumer_id"],
        peer_id=named["peer_id"],
    )
    return StreamDescription(
        key=("", "", ""),
        family=family,
        stats_id="",
        kind=None,
        ssrc=named["ssrc"],
        mid=named["mid"],
        track_identifier=None,
        sender=None,
        limitation=named["quality_limitation_reason"],
        codec=None,
        tag=tag,
    )
