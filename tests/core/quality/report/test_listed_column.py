import numpy as np

from aftercall.core.quality.report.listed_column import ListedColumn


def test_rows_have_the_values_of_their_places() -> None:
    column = ListedColumn([0.5, 7.0], np.array([1, 0, 1]))
    assert column.doubles.tolist() == [7.0, 0.5, 7.0]
    assert column.take(np.array([2, 1])).doubles.tolist() == [7.0, 0.5]
