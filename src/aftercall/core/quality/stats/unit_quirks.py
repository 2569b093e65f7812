"""Numbers in units or with signs that W3C webrtc-stats does not use.

Timestamps: libwebrtc counts microseconds, and some bindings pass them on unchanged; others write
nanoseconds, or ISO 8601. Counts: `packetsLost` is signed, and a small negative number that was
converted to unsigned lies near a power of two.
"""

from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

LATEST_MS: Final = 1e14
"""The year 5138. A timestamp beyond it is in a finer unit."""

MOMENTS: Final = ("timestamp", "lastPacketSentTimestamp", "lastPacketReceivedTimestamp")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_DIGITS: Final = 40
_LARGEST: Final = 2**70


def moment_ms(raw: Any) -> float | None:
    """Milliseconds since 1970, from a number in any unit or a text in ISO 8601; else `None`."""
    if isinstance(raw, str):
        try:
            return (_utc(datetime.fromisoformat(raw)) - _EPOCH).total_seconds() * 1000
        except ValueError:
            pass
    number = _number(raw)
    if number is None or not isfinite(number) or number < 0:
        return None
    while number > LATEST_MS:
        number /= 1000
    return number


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def signed_count(raw: Any) -> int | None:
    """A 64-bit count that may be negative; `None` for what is no count."""
    if isinstance(raw, str):
        if len(raw) > _MOST_DIGITS or not raw.lstrip("-").isdecimal():
            return None
        raw = int(raw)
    number = _number(raw)
    if number is None or not isfinite(number) or number != int(number):
        return None
    count = int(raw)
    return count - 2**64 if 2**63 <= count <= 2**64 else count


def _number(raw: Any) -> float | None:
    if isinstance(raw, bool):
        return None
    if isinstance(raw, str):
        try:
            return float(raw)
        except ValueError:
            return None
    if isinstance(raw, int):
        return raw if abs(raw) <= _LARGEST else None
    return raw if isinstance(raw, float) else None
