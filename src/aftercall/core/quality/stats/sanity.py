"""Reading JSON of which some members cannot be: those are left out, the rest is kept.

Browsers have written negative round trips and levels, and some libraries write the same wrong
member into every object of a report. Such members say nothing against the others.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final, TypeVar, get_args

import msgspec

T = TypeVar("T")

MOST: Final = 64
"""Members left out one by one of one text at most; what has more wrong with it, outside of the
objects that are read one by one, is something else."""

DEPTH: Final = 3
"""Steps from the top to the least that is left out: what is wrong higher up is wrong with all."""

_PATH: Final = re.compile(r" - at `\$(.*)`$")
_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+)\]")


def decode_possible(
    decoder: msgspec.json.Decoder[T],
    data: bytes | msgspec.Raw,
    mend: Callable[[Any], None] = lambda text: None,
) -> T:
    """What the decoder reads once the members it refuses are left out; an object that cannot do
    without such a member is left out of its list. Only what lies at least `DEPTH` deep is.
    `mend` sets right what it can of the decoded text first.

    Raises `msgspec.ValidationError` when the whole is refused, or more than `MOST` members are,
    and `msgspec.DecodeError` for what is no JSON.
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


def keep_possible(said: list[Any], kind: type[msgspec.Struct]) -> None:
    """Leaves out of a list what is no object of this kind, and out of its objects the members
    that the kind refuses; an object that cannot do without one of those is left out as a whole."""
    said[:] = [each for each in said if _is_possible(each, kind)]


def _is_possible(said: Any, kind: type[msgspec.Struct]) -> bool:
    if not isinstance(said, dict):
        return False
    try:
        msgspec.convert(said, kind, strict=False)
    except msgspec.ValidationError:
        pass
    else:
        return True
    for name, field, inner in _fields(kind):
        if name not in said:
            if field.required:
                return False
            continue
        value = said[name]
        if inner is not None and isinstance(value, dict) and _is_possible(value, inner):
            continue
        try:
            msgspec.convert(value, field.type, strict=False)
        except msgspec.ValidationError:
            if field.required:
                return False
            del said[name]
    return True


@cache
def _fields(
    kind: type[msgspec.Struct],
) -> list[tuple[str, msgspec.structs.FieldInfo, type[msgspec.Struct] | None]]:
    """The members of a kind by their names in JSON; with those that are objects, their kind."""
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
    """Takes out of the text what the decoder's message points at."""
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
