from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import InvalidBody, Malformed
from aftercall.core.instants import EARLIEST, LATEST, EpochMs
from aftercall.wire.times import encode_time, parse_time

MOMENT = EpochMs(1_577_470_279_117)
"""2019-12-27T18:11:19.117Z."""


def test_a_time_is_written_in_utc_with_milliseconds() -> None:
    assert encode_time(MOMENT) == "2019-12-27T18:11:19.117Z"
    assert encode_time(EpochMs(0)) == "1970-01-01T00:00:00.000Z"


def test_an_unknown_time_is_written_as_null() -> None:
    assert encode_time(None) is None


@given(st.integers(EARLIEST, LATEST))
def test_a_written_time_is_parsed_back(moment: int) -> None:
    assert parse_time(encode_time(EpochMs(moment)), field="start_time") == moment


@given(st.datetimes(timezones=st.just(UTC)))
def test_the_isoformat_of_python_is_parsed(moment: datetime) -> None:
    since_1970 = moment - datetime(1970, 1, 1, tzinfo=UTC)
    assert parse_time(moment.isoformat(), field="f") == since_1970 // timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "text",
    [
        "2019-12-27T18:11:19.117Z",
        "2019-12-27T18:11:19.117000+00:00",
        "2019-12-27T18:11:19.117000 00:00",
        "2019-12-27 18:11:19.117",
        "2019-12-27t18:11:19,117z",
        "2019-12-27T19:11:19.1179+01:00",
        "2019-12-27T13:41:19.117-0430",
        " 2019-12-27T18:11:19.117Z ",
    ],
)
def test_every_spelling_of_the_clients_is_parsed(text: str) -> None:
    assert parse_time(text, field="start_time") == MOMENT


def test_a_date_without_time_is_its_midnight() -> None:
    assert encode_time(parse_time("2026-01-02", field="end_time")) == "2026-01-02T00:00:00.000Z"


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2019-13-01",
        "2019-12-27T25:00:00Z",
        "2019-12-27T18:11:19+99:00",
        "20191227",
        "2019-W52-5",
        "0001-01-01T00:00:00+23:59x",
        "1577470279117",
        "２０１９-12-27",
    ],
)
def test_an_invalid_time_is_refused_by_name(text: str) -> None:
    with pytest.raises(Malformed, match=r'"start_time" must be an ISO 8601') as refused:
        parse_time(text, field="start_time")
    assert refused.value.field == "start_time"
    assert not isinstance(refused.value, InvalidBody)


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        parse_time(text, field="f")
    except Malformed as refused:
        assert refused.code == "bad_time"
