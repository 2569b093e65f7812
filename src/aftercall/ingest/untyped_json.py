"""Values out of JSON that nobody has checked: each reader gives a value of its kind or `None`."""

from collections.abc import Mapping
from typing import Any

from aftercall.core.storable_json import storable


def as_object(value: object) -> Mapping[str, Any]:
    """The object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_text(value: object, *, longest: int = 256) -> str | None:
    """The text, cut at `longest`; `None` for anything else and for an empty one."""
    return storable(value)[:longest] or None if isinstance(value, str) else None


def as_number(value: object) -> float | None:
    """The number, unless it is above any counter or clock."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < 1e15 else None


def as_count(value: object) -> int | None:
    """The number, whole, unless it is negative."""
    number = as_number(value)
    return int(number) if number is not None and number >= 0 else None


def as_flag(value: object) -> bool | None:
    """The boolean."""
    return value if isinstance(value, bool) else None


def known(**members: Any) -> dict[str, Any]:
    """The members that have a value: what is not known is left out."""
    return {name: value for name, value in members.items() if value is not None}


def scalars(members: Mapping[str, Any]) -> dict[str, Any]:
    """The members that are texts, numbers and booleans, under snake_case names."""
    found: dict[str, Any] = {}
    for name, value in list(members.items())[:64]:
        scalar: bool | float | str | None = value if isinstance(value, bool) else as_number(value)
        if scalar is None:
            scalar = as_text(value, longest=1_024)
        if scalar is not None:
            found[_snake(storable(name)[:64])] = scalar
    return found


def _snake(name: str) -> str:
    """`deviceType` → `device_type`, `isMeetingsTabActive` → `is_meetings_tab_active`."""
    words = [
        f"_{c.lower()}" if c.isupper() and not (name[i - 1 : i].isupper() or i == 0) else c.lower()
        for i, c in enumerate(name)
    ]
    return "".join(words)
