"""`Retry-After` as receivers write it."""

import pytest

from aftercall.outbound.retry_after import read_retry_after_s

DATE = "Fri, 27 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("asked", "date", "seconds"),
    (
        ("120", "", 120),
        (" 0 ", "", 0),
        ("-5", "", 0),
        ("1.5", "", 1.5),
        ("Fri, 27 Nov 2026 11:00:00 GMT", DATE, 3_600),
        ("Fri, 27 Nov 2026 09:00:00 GMT", DATE, 0),
        ("Fri, 27 Nov 2026 11:00:00 GMT", "", None),
        ("", DATE, None),
        ("soon", DATE, None),
        ("nan", DATE, None),
        ("inf", DATE, None),
        ("9" * 400, DATE, None),
    ),
)
def test_the_wait_is_read(asked: str, date: str, seconds: float | None) -> None:
    assert read_retry_after_s(asked, date) == seconds
