"""The wait that an HTTP answer asks for."""

import email.utils
import math


def read_retry_after_s(asked: str, date: str) -> float | None:
    """The seconds in a `Retry-After` header, from 0 on; `None` if it asks for none.

    A date counts from that of the answer's own `Date` header: the clock of the other side is its
    business.
    """
    try:
        seconds = float(asked)
    except ValueError:
        pass
    else:
        return max(0.0, seconds) if math.isfinite(seconds) else None
    dates = [email.utils.parsedate_tz(text) for text in (asked, date)]
    until, now = (None if each is None else email.utils.mktime_tz(each) for each in dates)
    return None if until is None or now is None else max(0.0, float(until - now))
