"""Members as the SDKs' types have them: what is not known is left out, counts are whole."""

from collections.abc import Mapping
from typing import Any, Final

_NULLABLE: Final = frozenset({"webgl_support"})
"""Members that are there as `null` when they are not known: their types say so."""


def known(value: Any) -> Any:
    """The value without members of objects that are not known, at any depth; a number without a
    fraction is an integer."""
    if isinstance(value, Mapping):
        return {
            name: known(each)
            for name, each in value.items()
            if each is not None or name in _NULLABLE
        }
    if isinstance(value, list):
        return [known(each) for each in value]
    return whole(value)


def whole(value: Any) -> Any:
    """A number without a fraction as an integer, anything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def known_members(members: Mapping[str, Any]) -> dict[str, Any]:
    """The members that are known, their numbers as they are."""
    return {
        name: known_members(each) if isinstance(each, Mapping) else each
        for name, each in members.items()
        if each is not None
    }
