"""Moments as RealtimeKit writes them: ISO 8601, UTC, milliseconds, `Z`."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, overload

from aftercall.core.errors import Malformed
from aftercall.core.instants import EpochMs

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_UTC_SUFFIX_LENGTH: Final = len("+00:00")
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
    if moment is None:
        return None
    text = (_EPOCH + timedelta(milliseconds=moment)).isoformat(timespec="milliseconds")
    return text[:-_UTC_SUFFIX_LENGTH] + "Z"


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
            moment = datetime.fromisoformat(f"{found['date']}T{time}{zone}")
            return EpochMs((moment - _EPOCH) // _MILLISECOND)
        except (ValueError, OverflowError):
            pass
    raise Malformed(
        f'"{field}" must be an ISO 8601 date and time, as 2026-11-21T10:00:00.000Z',
        code="bad_time",
        field=field,
    )
