"""A past call is sent quickly enough that no peer of it becomes silent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.simulator.http_player import next_batch_s


@pytest.mark.parametrize(
    ("batch_s", "took_s", "expected_s"),
    [(1, 0.02, 2), (4, 6.0, 7), (60, 40.0, 15), (60, 0.5, 60), (50, 0.5, 60), (7, 200.0, 1)],
)
def test_a_batch_is_as_long_as_can_be_sent_within_ten_seconds(
    batch_s: int, took_s: float, expected_s: int
) -> None:
    assert next_batch_s(batch_s, took_s) == expected_s


@given(st.integers(1, 60), st.floats(0, 3_600))
def test_a_batch_covers_between_a_second_and_a_minute(batch_s: int, took_s: float) -> None:
    assert 1 <= next_batch_s(batch_s, took_s) <= 60
