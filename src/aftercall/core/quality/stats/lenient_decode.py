"""Decoding of JSON with impossible members: those are dropped, the rest is kept.

Browsers have written negative round trips and levels, and some libraries write the same wrong
member into every object of a report. Such members are no reason to distrust the others.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final, TypeVar, get_args

import msgspec

T = TypeVar("T")

MOST: Final = 64
"""The number of members that are dropped one by one from one text. A text with more faults outside
of lists of objects is something else."""

DEPTH: Final = 3
"""The least depth at which a member is dropped; a fault higher up concerns the whole text."""

_PATH: Final = re.compile(r" - at `\$(.*)`$")
_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+)\]")


def decode_possible(
    decoder: msgspec.json.Decoder[T],
    data: bytes | msgspec.Raw,
    mend: Callable[[Any], None] = lambda text: None,
) -> T:
    """The result of the decoder once the members it refuses are dropped. An object that requires
    such a member is dropped from its list. Only members at least `DEPTH` deep are dropped. `mend`
    may first repair the decoded text in place.

    Raises `msgspec.ValidationError` if the whole is refused or more than `MOST` members are, and
    `msgspec.DecodeError` for what is no JSON.
    """
    text: Any = msgspec.json.decode(data)
    mend(text)
    for _ in range(MOST):
        try:
            return decoder.decode(msgspec.json.encode(text))
        except msgspec.ValidationError as error:
            if not _leave_out(text, str(error)):
                raise
    return decoder.decode(msgspec.json.encode(text))


def keep_possible(raw: list[Any], kind: type[msgspec.Struct]) -> None:
    """Drop from a list what is no object of this type, and from its objects the members that the
    type refuses; an object that requires such a member is dropped."""
    raw[:] = [each for each in raw if _is_possible(each, kind)]


def _is_possible(raw: Any, kind: type[msgspec.Struct]) -> bool:
    if not isinstance(raw, dict):
        return False
    try:
        msgspec.convert(raw, kind, strict=False)
    except msgspec.ValidationError:
        pass
    else:
        return True
    for name, field, inner in _fields(kind):
        if name not in raw:
            if field.required:
                return False
            continue
        value = raw[name]
        if inner is not None and isinstance(value, dict) and _is_possible(value, inner):
            continue
        try:
            msgspec.convert(value, field.type, strict=False)
        except msgspec.ValidationError:
            if field.required:
                return False
            del raw[name]
    return True


@cache
def _fields(
    kind: type[msgspec.Struct],
) -> list[tuple[str, msgspec.structs.FieldInfo, type[msgspec.Struct] | None]]:
    """The fields of a type by their JSON names, with the struct type of nested objects."""
    return [
        (
            field.encode_name,
            field,
            next((each for each in get_args(field.type) if _is_struct(each)), None),
        )
        for field in msgspec.structs.fields(kind)
    ]


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _leave_out(text: Any, refusal: str) -> bool:
    """Drop the member that the decoder's message points at. Returns whether it was found."""
    found = _PATH.search(refusal)
    steps = _STEP.findall(found[1]) if found else []
    if len(steps) < DEPTH:
        return False
    place: Any = text
    *way, last = [name or int(number) for name, number in steps]
    try:
        for step in way:
            place = place[step]
        del place[last]
    except (KeyError, IndexError, TypeError):
        return False
    return True
