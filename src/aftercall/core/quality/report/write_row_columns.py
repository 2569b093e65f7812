"""Writes the sample rows of a stored report: what `write_interval_rows` writes of the intervals,
to the byte."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from aftercall.core.quality.interval_columns.columns import FloatArray, IndexArray, floats
from aftercall.core.quality.report.interval_rows import LimitationRow
from aftercall.core.quality.report.listed_column import ListedColumn
from aftercall.core.quality.report.row_columns import Words
from aftercall.core.quality.report.write_interval_rows import (
    INTERVAL_NAMES,
    JOINED,
    ROW_TYPES,
    WORDS,
)
from aftercall.core.quality.report.write_members import (
    Member,
    MemberTexts,
    member_of,
    text_of,
    times,
    write_objects,
)
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS, Family

Column = FloatArray | ListedColumn

_WHOLE: Final = {
    make: frozenset(
        field.name for field in msgspec.structs.fields(make) if field.type == int | None
    )
    for make in ROW_TYPES.values()
}
_LIMITS: Final = "quality_limitation_durations"


def write_row_columns(
    family: Family,
    at: FloatArray,
    words: Sequence[Words],
    words_index: IndexArray,
    numbers: Mapping[str, Column],
) -> Iterator[bytes | memoryview]:
    """A JSON array of rows of one family, in pieces. The words of row `i` are
    `words[words_index[i]]`; `numbers` are columns as `core.quality.report.row_columns` has them."""
    make = ROW_TYPES[family in PRODUCERS, family in AUDIO]
    members: dict[str, Member] = {"timestamp": times(at)}
    for place, name in enumerate(WORDS):
        members[name] = MemberTexts([text_of(each[place]) for each in words], words_index)
    for name in make.__struct_fields__:
        column = numbers.get(INTERVAL_NAMES.get(name, name))
        if column is not None:
            members[name] = member_of(column, is_whole=name in _WHOLE[make])
    if _LIMITS in make.__struct_fields__:
        members[_LIMITS] = _limits(numbers, len(at))
    return write_objects(make.__struct_fields__, len(at), members)


def _limits(numbers: Mapping[str, Column], count: int) -> Member:
    """What limited the encoder, in each row; rows that are alike are written once."""
    columns = [
        _doubles(numbers[name]) if name in numbers else np.full(count, np.nan)
        for name in JOINED[_LIMITS]
    ]
    table = np.stack(columns, axis=1)
    # NaN is not equal to itself, but its bits are.
    rows = np.ascontiguousarray(np.where(np.isnan(table), np.nan, table)).view(f"V{8 * 4}")
    _, firsts, which = np.unique(rows.ravel(), return_index=True, return_inverse=True)
    texts = [
        None if np.isnan(row).all() else text_of(LimitationRow(*floats(row)))
        for row in table[firsts]
    ]
    return MemberTexts(texts, which)


def _doubles(column: Column) -> FloatArray:
    return column.doubles if isinstance(column, ListedColumn) else column
