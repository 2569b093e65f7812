"""Values of unchecked JSON: each reader gives a value of its kind or none."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.ingest.untyped_json import (
    as_count,
    as_flag,
    as_number,
    as_object,
    as_text,
    known,
    scalars,
)

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(json_values)
def test_every_reader_accepts_any_value(value: Any) -> None:
    assert as_flag(value) is None or value in (True, False)
    assert as_object(value) == (value if isinstance(value, dict) else {})
    number, count, text = as_number(value), as_count(value), as_text(value)
    assert number is None or math.isfinite(number)
    assert count is None or (isinstance(count, int) and count >= 0)
    assert text is None or 0 < len(text) <= 256


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0, 0),
        (-1.5, -1.5),
        (10**15 - 1, 10**15 - 1),
        (10**15, None),
        (-(10**15), None),
        (float("nan"), None),
        (float("inf"), None),
        (True, None),
        ("1", None),
        (None, None),
    ],
)
def test_a_number_is_finite_and_no_boolean(value: Any, number: float | None) -> None:
    assert as_number(value) == number


@pytest.mark.parametrize(
    ("value", "count"), [(0, 0), (2.9, 2), (-0.5, None), (-1, None), (False, None)]
)
def test_a_count_is_a_non_negative_integer(value: Any, count: int | None) -> None:
    assert as_count(value) == count


@pytest.mark.parametrize(
    ("value", "text"),
    [("x", "x"), ("", None), (" ", " "), ("x" * 300, "x" * 256), ("a\0b", "a\ufffdb"), (1, None)],
)
def test_a_text_is_truncated_and_never_empty(value: Any, text: str | None) -> None:
    assert as_text(value) == text


def test_a_text_is_truncated_to_the_given_length() -> None:
    assert as_text("abcd", longest=3) == "abc"


@pytest.mark.parametrize(("value", "flag"), [(True, True), (False, False), (0, None), ("", None)])
def test_only_a_boolean_is_a_flag(value: Any, flag: bool | None) -> None:
    assert as_flag(value) is flag


def test_none_is_left_out_and_zero_is_not() -> None:
    assert known(a=None, b=0, c=False, d="") == {"b": 0, "c": False, "d": ""}


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("deviceType", "device_type"),
        ("isMeetingsTabActive", "is_meetings_tab_active"),
        ("DeviceType", "device_type"),
        ("userID", "user_id"),
        ("already_snake", "already_snake"),
        ("URL", "url"),
    ],
)
def test_names_become_snake_case(name: str, snake: str) -> None:
    assert scalars({name: 1}) == {snake: 1}


def test_only_a_limited_number_of_scalars_is_taken() -> None:
    assert scalars({"a": 1, "b": "x", "c": False, "d": [], "e": {}, "f": None, "g": ""}) == {
        "a": 1,
        "b": "x",
        "c": False,
    }
    assert scalars({"text": "x" * 2_000}) == {"text": "x" * 1_024}
    assert len(scalars({f"m{n}": n for n in range(100)})) == 64
