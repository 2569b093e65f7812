"""The CSV files of an export open harmlessly in a spreadsheet."""

import csv
import io

import pytest

from aftercall.wire.person_export import CsvRows


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "＝1"])
def test_no_cell_is_read_as_a_formula(text: str) -> None:
    rows = CsvRows(("name", "minutes"))
    rows.add((text, 1.5))
    [cells] = list(csv.reader(io.StringIO(rows.encode().decode())))[1:]
    assert cells == [f"'{text}", "1.5"]


def test_unknown_values_are_empty_and_quotes_are_kept() -> None:
    rows = CsvRows(("a", "b"))
    rows.add((None, 'say "hi", Ann\nnow'))
    [cells] = list(csv.reader(io.StringIO(rows.encode().decode())))[1:]
    assert cells == ["", 'say "hi", Ann\nnow']
