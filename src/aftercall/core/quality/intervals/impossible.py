"""Reading JSON of which some members cannot be: those are left out, the rest is kept.

Browsers have written negative round trips and levels. One such number in one stream says nothing
against the report's other thousand.
"""

import re
from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")

MOST: Final = 64
"""Members left out of one text at most; what has more wrong with it is something else."""

DEPTH: Final = 3
"""Steps from the top to the least that is left out: what is wrong higher up is wrong with all."""

_PATH: Final = re.compile(r" - at `\$(.*)`$")
_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+)\]")


def decode_possible(decoder: msgspec.json.Decoder[T], data: bytes | msgspec.Raw) -> T:
    """What the decoder reads once the members it refuses are left out; an object that cannot do
    without such a member is left out of its list. Only what lies at least `DEPTH` deep is.

    Raises `msgspec.ValidationError` when the whole is refused, or more than `MOST` members are,
    and `msgspec.DecodeError` for what is no JSON.
    """
    text: Any = msgspec.json.decode(data)
    for _ in range(MOST):
        try:
            return decoder.decode(msgspec.json.encode(text))
        except msgspec.ValidationError as error:
            if not _leave_out(text, str(error)):
                raise
    return decoder.decode(msgspec.json.encode(text))


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
