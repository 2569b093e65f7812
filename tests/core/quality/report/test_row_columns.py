"""Rows that are kept as columns, compared with rows written at once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aftercall.core.quality.report.row_columns import row_columns, write_columns
from aftercall.core.quality.report.write_interval_rows import write_rows
from aftercall.core.quality.stats.report_linker import Family
from tests.core.quality.interval_builder import (
    interval,
    single_row_tables,
    stream_intervals,
    table_of,
)


@pytest.mark.parametrize("family", list(Family))
@given(data=st.data())
@settings(max_examples=40)
def test_rows_of_columns_are_the_same_to_the_byte(family: Family, data: st.DataObject) -> None:
    intervals = data.draw(stream_intervals(family))
    for tables in ([table_of(intervals)] if intervals else [], single_row_tables(intervals)):
        assert write_columns(family, row_columns(tables)) == write_rows(tables)


def test_a_sent_stream_without_a_producer_is_called_by_its_track() -> None:
    table = table_of([interval(Family.AUDIO_PRODUCER)])
    (described,) = table.descriptions
    table.descriptions = [replace(described, tag=None, track_identifier="track")]
    assert b'"producer_id":"track"' in write_rows([table])
    assert write_columns(table.family, row_columns([table])) == write_rows([table])


def test_no_rows_are_an_empty_array() -> None:
    assert row_columns([]) is None
    assert write_columns(Family.AUDIO_PRODUCER, None) == b"[]"
