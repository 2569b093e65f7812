"""Rows that are kept as columns, compared with rows written at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.report.listed_column import ListedColumn
from aftercall.core.quality.report.row_columns import row_columns
from aftercall.core.quality.report.write_interval_rows import write_rows
from aftercall.core.quality.report.write_row_columns import write_row_columns
from aftercall.core.quality.stats.report_linker import Family
from tests.core.quality.interval_builder import (
    interval,
    single_row_tables,
    stream_intervals,
    table_of,
)


def written(tables: list[IntervalTable], *, is_listed: bool) -> bytes:
    columns = row_columns(tables)
    assert columns is not None
    numbers = {
        name: ListedColumn(*listed(column)) if is_listed else column
        for name, column in columns.numbers.items()
    }
    family = tables[0].family
    at, words, places = columns.at, columns.words, columns.words_index
    return b"".join(write_row_columns(family, at, words, places, numbers))


def listed(column: np.ndarray) -> tuple[list[float], np.ndarray]:
    values, which = np.unique(column, return_inverse=True)
    return values.tolist(), which


@pytest.mark.parametrize("is_listed", [True, False])
@pytest.mark.parametrize("family", list(Family))
@given(data=st.data())
@settings(max_examples=30)
def test_rows_of_columns_are_the_same_to_the_byte(
    family: Family, is_listed: bool, data: st.DataObject
) -> None:
    intervals = data.draw(stream_intervals(family))
    for tables in ([table_of(intervals)] if intervals else [], single_row_tables(intervals)):
        if tables:
            assert written(tables, is_listed=is_listed) == write_rows(tables)


@pytest.mark.parametrize("family", [Family.VIDEO_PRODUCER, Family.VIDEO_CONSUMER])
@given(data=st.data())
@settings(max_examples=20)
def test_members_that_are_alike_in_many_rows_are_the_same_to_the_byte(
    family: Family, data: st.DataObject
) -> None:
    few = data.draw(stream_intervals(family).filter(bool))
    intervals = [replace(each, at=each.at + 1_000_000 * turn) for turn in range(40) for each in few]
    tables = [table_of(intervals)]
    assert written(tables, is_listed=True) == write_rows(tables)


def test_a_sent_stream_without_a_producer_is_called_by_its_track() -> None:
    table = table_of([interval(Family.AUDIO_PRODUCER)])
    (described,) = table.descriptions
    table.descriptions = [replace(described, tag=None, track_identifier="track")]
    assert b'"producer_id":"track"' in write_rows([table])
    assert written([table], is_listed=True) == write_rows([table])
