"""What rows are kept as."""

from aftercall.core.quality.report.row_columns import row_columns
from aftercall.core.quality.stats.report_linker import Family
from tests.core.quality.interval_builder import START, STEP_MS, interval, table_of


def test_a_row_has_the_words_of_its_stream() -> None:
    family = Family.AUDIO_PRODUCER
    table = table_of([interval(family, 1, 1), interval(family, 2, 2)])
    columns = row_columns([table])
    assert columns is not None
    assert columns.at.tolist() == [START + STEP_MS, START + 2 * STEP_MS]
    assert [columns.words[place][1] for place in columns.words_index] == [1, 2]


def test_no_rows_have_no_columns() -> None:
    assert row_columns([]) is None
