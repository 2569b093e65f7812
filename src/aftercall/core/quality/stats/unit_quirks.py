"""Numbers that libraries write in units, or with signs, that W3C webrtc-stats does not know.

Moments: libwebrtc counts microseconds, and some bindings hand them on as they are; others write
nanoseconds, or ISO 8601. Counts: `packetsLost` is signed, and a small negative number that was
taken for an unsigned one is near a power of two.
"""

from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

LATEST_MS: Final = 1e14
"""The year 5138. A moment beyond it is one in a finer unit."""

MOMENTS: Final = ("timestamp", "lastPacketSentTimestamp", "lastPacketReceivedTimestamp")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_DIGITS: Final = 40
_LARGEST: Final = 2**70


def moment_ms(said: Any) -> float | None:
    """Milliseconds since 1970, of a number in any unit or of a text in ISO 8601. `None` for what
    is neither."""
    if isinstance(said, str):
        try:
            return (_utc(datetime.fromisoformat(said)) - _EPOCH).total_seconds() * 1000
        except ValueError:
            pass
    number = _number(said)
    if number is None or not isfinite(number) or number < 0:
        return None
    while number > LATEST_MS:
        number /= 1000
    return number


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def signed_count(said: Any) -> int | None:
    """A count of 64 bits that may be negative; `None` for what is no count."""
    if isinstance(said, str):
        if len(said) > _MOST_DIGITS or not said.lstrip("-").isdecimal():
            return None
        said = int(said)
    number = _number(said)
    if number is None or not isfinite(number) or number != int(number):
        return None
    count = int(said)
    return count - 2**64 if 2**63 <= count <= 2**64 else count


def _number(said: Any) -> float | None:
    if isinstance(said, bool):
        return None
    if isinstance(said, str):
        try:
            return float(said)
        except ValueError:
            return None
    if isinstance(said, int):
        return said if abs(said) <= _LARGEST else None
    return said if isinstance(said, float) else None
