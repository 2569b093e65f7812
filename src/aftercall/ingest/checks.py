"""Checks that the translators of open formats share: names, free objects and moments."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from aftercall.core.errors import Malformed
from aftercall.core.instants import EpochMs, is_plausible

LONGEST_TEXT: Final = 2_000
MOST_MEMBERS: Final = 64
DEEPEST: Final = 3
LONGEST_LIST: Final = 200

_NAME: Final = re.compile(r"[a-z0-9_]{1,64}")


def checked_name(name: str) -> str:
    """An event's name. Raises `Malformed` (`bad_name`)."""
    if _NAME.fullmatch(name) is None:
        raise Malformed(
            'The "name" of an event is 1 to 64 of the characters a-z, 0-9 and _.', code="bad_name"
        )
    return name


LARGEST_INTEGER: Final = 2**63 - 1
"""The largest integer that every database and every reader of JSON can hold."""


def as_double(value: int) -> float | None:
    """The double nearest to an integer; `None` when there is none."""
    try:
        return float(value)
    except OverflowError:
        return None


def checked_object(value: Mapping[str, Any], *, depth: int = DEEPEST) -> dict[str, Any]:
    """A free JSON object, if it is of modest size. Raises `Malformed` (`too_large`)."""
    if len(value) > MOST_MEMBERS:
        raise Malformed(f"An object holds at most {MOST_MEMBERS} members.", code="too_large")
    return {str(key)[:128]: _checked(member, depth - 1) for key, member in value.items()}


def _checked(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise Malformed(f"A text is at most {LONGEST_TEXT} characters long.", code="too_large")
        return value
    if isinstance(value, int) and not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
        return as_double(value)
    if not isinstance(value, dict | list):
        return value
    if depth <= 0:
        raise Malformed("The object is nested too deeply.", code="too_large")
    if isinstance(value, dict):
        return checked_object(value, depth=depth)
    if len(value) > LONGEST_LIST:
        raise Malformed(f"A list holds at most {LONGEST_LIST} entries.", code="too_large")
    return [_checked(each, depth - 1) for each in value]


def checked_moment(value: float | str, field: str = "at") -> EpochMs:
    """A moment given as ISO 8601 or as a number since 1970, of milliseconds or of what unit else
    makes it one a call can have. Raises `Malformed` (`bad_time`)."""
    moment = moment_of(value)
    if moment is None:
        raise Malformed(
            f'"{field}" must be ms since 1970 or an ISO 8601 time, in the years 2000 to 2100.',
            code="bad_time",
        )
    return moment


_UNITS_A_MS: Final = (1, 1_000, 1_000_000, 0.001)
"""Milliseconds, microseconds, nanoseconds, seconds: between 2000 and 2100 no two are confused."""


def moment_of(value: object) -> EpochMs | None:
    """The moment that a number or a text means; `None` for what is none a call can have."""
    if isinstance(value, str):
        numbers = [number for read in (_number, _iso_ms) if (number := read(value)) is not None]
    elif isinstance(value, int | float) and not isinstance(value, bool):
        numbers = [value]
    else:
        return None
    return next(
        (
            EpochMs(moment)
            for number in numbers
            for unit in _UNITS_A_MS
            if abs(number) < _BEYOND and is_plausible(moment := int(number / unit))
        ),
        None,
    )


_BEYOND: Final = 1e19


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _iso_ms(text: str) -> float | None:
    try:
        parsed = datetime.fromisoformat(text)
        zoned = parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)
        return round(zoned.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
