from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import Malformed, NotFound
from aftercall.wire.query import (
    IS_DESCENDING,
    PAGE_NO,
    PER_PAGE,
    Choice,
    Choices,
    Flag,
    Moment,
    Span,
    Text,
    Whole,
    is_storable,
    parse_path_id,
    read_window,
)

FLAG = Flag(name="include_peer_events", about="")
SEARCH = Text(name="search", about="")
STATUS = Choice[bool | None](
    name="status", about="", values={"LIVE": True, "ENDED": False}, default=None
)
FILTERS = Choices(name="filters", about="", values=("device_info", "events"))
RANGE = Span(name="participants", about="")
SINCE = Moment(name="start_time", about="")


@pytest.mark.parametrize("parameter", [FLAG, SEARCH, STATUS, FILTERS, RANGE, SINCE, PAGE_NO])
@pytest.mark.parametrize("values", [None, [""], ["  "]])
def test_an_empty_parameter_counts_as_absent(parameter: Any, values: list[str] | None) -> None:
    query = {} if values is None else {parameter.name: values}
    assert parameter.read(query) == parameter.read({})


@pytest.mark.parametrize(
    ("text", "stated"),
    [("true", True), ("TRUE", True), ("1", True), ("false", False), ("False", False), ("0", False)],
)
def test_a_flag_is_parsed_in_every_spelling(text: str, stated: bool) -> None:
    assert FLAG.read({"include_peer_events": [text]}) is stated


def test_an_invalid_flag_is_refused() -> None:
    with pytest.raises(Malformed, match='"include_peer_events" must be true or false'):
        FLAG.read({"include_peer_events": ["yes"]})


@pytest.mark.parametrize(
    ("text", "stated"), [("0", 1), ("1", 1), ("1.0", 1), ("7", 7), ("0.0", 1), ("+2", 2), ("3.", 3)]
)
def test_a_page_number_is_parsed_as_the_sdks_write_it(text: str, stated: int) -> None:
    assert PAGE_NO.read({"page_no": [text]}) == stated


@pytest.mark.parametrize(
    "text", ["-1", "1.5", "one", "1e3", "NaN", "１", "9" * 400, "1_000", "0x1", "2000000000"]
)
def test_an_invalid_page_number_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        PAGE_NO.read({"page_no": [text]})
    assert refused.value.field == "page_no"


def test_the_page_size_is_limited() -> None:
    assert PER_PAGE.read({"per_page": ["100000"]}) == 200


def test_an_unclamped_number_above_its_maximum_is_refused() -> None:
    with pytest.raises(Malformed, match="at most 5"):
        Whole(name="n", about="", default=1, most=5).read({"n": ["6"]})


@pytest.mark.parametrize(
    ("query", "window"),
    [
        ({}, (0, 25)),
        ({"page_no": ["0"], "per_page": ["0"]}, (0, 25)),
        ({"page_no": ["3"], "per_page": ["10"]}, (20, 10)),
        ({"page_no": ["2"], "per_page": ["999"]}, (200, 200)),
    ],
)
def test_a_window_counts_pages_from_one(
    query: dict[str, list[str]], window: tuple[int, int]
) -> None:
    assert read_window(query) == window


@pytest.mark.parametrize(
    ("text", "is_descending"),
    [("ASC", False), ("asc", False), ("DESC", True), ("DSC", True), ("dsc", True), ("", True)],
)
def test_an_order_is_parsed_in_the_spelling_of_either_generation(
    text: str, is_descending: bool
) -> None:
    assert IS_DESCENDING.read({"sort_order": [text]}) is is_descending


def test_an_invalid_choice_is_refused_with_the_valid_ones() -> None:
    with pytest.raises(Malformed, match=r'"status" must be one of \[LIVE, ENDED\]'):
        STATUS.read({"status": ["RUNNING"]})


@pytest.mark.parametrize(
    "values", [["device_info,events"], ["device_info", "events"], [" events , DEVICE_INFO,"]]
)
def test_filters_are_comma_separated_or_repeated(values: list[str]) -> None:
    assert FILTERS.read({"filters": values}) == {"device_info", "events"}


def test_an_unknown_filter_is_refused() -> None:
    with pytest.raises(Malformed, match=r"one of \[device_info, events\]"):
        FILTERS.read({"filters": ["events,nonsense"]})


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("1:10", (1, 10)),
        ("5", (5, 5)),
        ("5:", (5, None)),
        (":10", (None, 10)),
        ("0:0", (0, 0)),
        ("", (None, None)),
    ],
)
def test_a_range_may_be_open_at_either_end(
    text: str, stated: tuple[int | None, int | None]
) -> None:
    assert RANGE.read({"participants": [text]}) == stated


@pytest.mark.parametrize("text", [":", "a:b", "10:1", "1:2:3", "-1:4", "1.5", "9999999999"])
def test_an_invalid_range_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        RANGE.read({"participants": [text]})
    assert refused.value.code == "bad_range"


def test_of_repeated_values_the_last_counts() -> None:
    assert SEARCH.read({"search": ["first", "second"]}) == "second"


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 257])
def test_text_that_no_database_can_search_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        SEARCH.read({"search": [text]})
    assert refused.value.code == "bad_text"


@pytest.mark.parametrize("text", ["14a396e7-ca44-4937-bf1f-050a69118543", "abc_1", "A" * 64])
def test_an_id_in_a_path_is_not_changed(text: str) -> None:
    assert parse_path_id(text, what="app") == text


@pytest.mark.parametrize("text", ["", "a b", "a\0", "é", "A" * 65, "a/b", "\ud800"])
def test_an_invalid_id_in_a_path_is_not_found(text: str) -> None:
    with pytest.raises(NotFound) as missing:
        parse_path_id(text, what="meeting")
    assert missing.value.code == "meeting_not_found"


PARAMETERS = [FLAG, SEARCH, STATUS, FILTERS, RANGE, SINCE, PAGE_NO, PER_PAGE, IS_DESCENDING]


@given(st.sampled_from(PARAMETERS), st.lists(st.text(max_size=300), max_size=3))
def test_any_text_is_parsed_or_refused_by_parameter_name(parameter: Any, values: list[str]) -> None:
    try:
        parameter.read({parameter.name: values})
    except Malformed as refused:
        assert refused.field == parameter.name
        assert refused.message.startswith(f'"{parameter.name}" must be')


@given(st.text())
def test_text_is_storable_when_both_databases_can_hold_it(text: str) -> None:
    try:
        text.encode()
        can_be_held = "\0" not in text
    except UnicodeEncodeError:
        can_be_held = False
    assert is_storable(text) is can_be_held
