"""Moments as RealtimeKit writes them: ISO 8601, UTC, milliseconds, `Z`."""

import re
from typing import Final, overload

from aftercall.core.errors import Malformed
from aftercall.core.instants import EpochMs, format_iso, parse_iso

_ISO: Final = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?)"
    r"(?P<zone>[Zz]|[+ -][0-9]{2}:?[0-9]{2})?)?"
)


@overload
def encode_time(moment: EpochMs) -> str: ...
@overload
def encode_time(moment: EpochMs | None) -> str | None: ...
def encode_time(moment: EpochMs | None) -> str | None:
    """`2019-12-27T18:11:19.117Z`; `None` stays `None`."""
    return None if moment is None else format_iso(moment)


def parse_time(text: str, *, field: str) -> EpochMs:
    """The moment `text` names: an ISO 8601 date and time with any offset (none: UTC), or a
    date alone (its first moment in UTC). Fractions beyond milliseconds are cut off.

    A `+` that a client forgot to escape arrives as a space and is read as `+`.
    Raises `Malformed` naming `field`.
    """
    found = _ISO.fullmatch(text.strip())
    if found is not None:
        time = (found["time"] or "00:00").replace(",", ".")
        zone = (found["zone"] or "Z").upper().replace(" ", "+")
        try:
            return parse_iso(f"{found['date']}T{time}{zone}")
        except (ValueError, OverflowError):
            pass
    raise Malformed(
        f'"{field}" must be an ISO 8601 date and time, as 2026-11-21T10:00:00.000Z',
        code="bad_time",
        field=field,
    )
