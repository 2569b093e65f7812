"""Members of foreign JSON objects, read leniently: what has the wrong type is as if absent."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.instants import EpochMs, is_plausible
from aftercall.wire.times import parse_time

T = TypeVar("T")
Json = dict[str, Any]


def read_object(text: bytes | msgspec.Raw) -> Json:
    """A JSON object. Raises `Malformed`."""
    try:
        return msgspec.json.decode(text, type=Json)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("The answer is not a JSON object.", code="bad_answer") from error


def read_raw(text: bytes | msgspec.Raw) -> dict[str, msgspec.Raw]:
    """A JSON object whose members stay text. Raises `Malformed`."""
    try:
        return msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed("The answer is not a JSON object.", code="bad_answer") from error


def object_in(members: Mapping[str, Any], name: str) -> Json:
    value = members.get(name)
    return value if isinstance(value, dict) else {}


def list_in(members: Mapping[str, Any], name: str) -> list[Any]:
    value = members.get(name)
    return value if isinstance(value, list) else []


def text_in(members: Mapping[str, Any], name: str) -> str | None:
    value = members.get(name)
    return value if isinstance(value, str) else None


def number_in(members: Mapping[str, Any], name: str) -> float | None:
    value = members.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and value is not None else None


def count_in(members: Mapping[str, Any], name: str) -> int | None:
    value = number_in(members, name)
    return None if value is None or value != value or abs(value) > 2**53 else int(value)


def time_in(members: Mapping[str, Any], name: str) -> EpochMs | None:
    """The instant of an ISO text; `None` if absent, unreadable, or of a broken clock."""
    text = text_in(members, name)
    try:
        at = None if text is None else parse_time(text, field=name)
    except Malformed:
        return None
    return at if at is not None and is_plausible(at) else None


def as_struct(members: Any, type_: type[T], default: T) -> T:
    """The object as this type, with the members it has; the default if it does not fit."""
    try:
        return msgspec.convert(members, type_, strict=False)
    except msgspec.ValidationError:
        return default
