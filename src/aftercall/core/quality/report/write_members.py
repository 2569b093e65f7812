"""JSON of many objects of one kind from the columns of their members.

What an encoder does for each object and member is most of the time. Members that stand side by
side and take few values are therefore written once for each combination of their values, and the
texts are copied.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from aftercall.core.instants import EpochMs, format_iso
from aftercall.core.quality.interval_columns.columns import FloatArray, IndexArray, floats
from aftercall.core.quality.interval_columns.columns import whole_numbers as whole
from aftercall.core.quality.report.listed_column import ListedColumn

AT_ONCE: Final = 512
"""The number of objects that are made and encoded at a time. Measured: their JSON stays in the
cache until it is deflated."""

ROWS_A_TEXT: Final = 32
"""Members are joined if there are so many objects for each text. Chosen."""

_MOST_PAIRS: Final = 1 << 16
_ENCODER: Final = msgspec.json.Encoder()


class MemberTexts(NamedTuple):
    """A member whose JSON in object `i` is `texts[which[i]]`; it is left out where that is
    `None`."""

    texts: Sequence[bytes | None]
    which: IndexArray


Member = MemberTexts | Sequence[Any]
"""A member of all objects: its JSON, or its values."""


def member_of(column: FloatArray | ListedColumn, *, is_whole: bool) -> Member:
    """A member from a column; NaN is left out."""
    if isinstance(column, ListedColumn):
        return MemberTexts(
            [_number(value, is_whole=is_whole) for value in column.values], column.which
        )
    return whole(column) if is_whole else floats(column)


def times(at: FloatArray) -> MemberTexts:
    """Instants as ISO 8601; those of a run of equal ones are written once."""
    is_first = np.diff(at, prepend=np.nan) != 0
    moments = at[is_first].astype(np.int64).tolist()
    return MemberTexts([_time(moment) for moment in moments], np.cumsum(is_first) - 1)


@lru_cache(maxsize=8_192)
def _time(moment: int) -> bytes:
    return f'"{format_iso(EpochMs(moment))}"'.encode()


def text_of(value: Any) -> bytes | None:
    """The JSON of a value; `None` is left out."""
    return None if value is None else _ENCODER.encode(value)


def write_objects(
    names: Iterable[str], count: int, members: Mapping[str, Member]
) -> Iterator[bytes | memoryview]:
    """A JSON array of `count` objects, in pieces. Their members, at least one, are in the order of
    `names`."""
    placed = _joined_members(names, count, members)
    make = _type_with(tuple(placed))
    objects = islice(map(make, *map(_values, placed.values())), count)
    before = b"["
    while batch := list(islice(objects, AT_ONCE)):
        yield before
        yield memoryview(_ENCODER.encode(batch))[1:-1]
        before = b","
    yield b"]" if count else b"[]"


@lru_cache(maxsize=256)
def _type_with(names: tuple[str, ...]) -> type[msgspec.Struct]:
    """A type with these members only: those that it need not pass over are a third of the time."""
    members = [(name, Any, None) for name in names]
    return msgspec.defstruct("Written", members, omit_defaults=True, gc=False)


def _number(value: float, *, is_whole: bool) -> bytes | None:
    if value != value:
        return None
    return _ENCODER.encode(round(value) if is_whole else value)


def _joined_members(
    names: Iterable[str], count: int, members: Mapping[str, Member]
) -> dict[str, Member]:
    """The members in the order of their names. Those that are joined go by the first one's name."""
    placed: dict[str, Member] = {}
    last = ""
    for name in names:
        if (member := members.get(name)) is None:
            continue
        head, joined = placed.get(last), None
        if isinstance(head, MemberTexts) and isinstance(member, MemberTexts):
            joined = _joined(head, name, member, count // ROWS_A_TEXT)
        if joined is None:
            placed[name], last = member, name
        else:
            placed[last] = joined
    return placed


def _joined(head: MemberTexts, name: str, tail: MemberTexts, most: int) -> MemberTexts | None:
    """The texts of two members beside each other; `None` if they are more than `most`, or the
    first member is left out somewhere, which would leave out both."""
    pairs = len(head.texts) * len(tail.texts)
    if pairs > _MOST_PAIRS or max(len(head.texts), len(tail.texts)) > most or None in head.texts:
        return None
    if len(tail.texts) == 1:
        return MemberTexts(
            _beside(head.texts, name, list(tail.texts) * len(head.texts)), head.which
        )
    pair_of = head.which * len(tail.texts) + tail.which
    occurs = np.zeros(pairs, dtype=np.bool_)
    occurs[pair_of] = True
    found = np.flatnonzero(occurs)
    if len(found) > most:
        return None
    place_of = np.zeros(pairs, dtype=np.intp)
    place_of[found] = np.arange(len(found))
    firsts, lasts = np.divmod(found, len(tail.texts))
    return MemberTexts(
        _beside(
            [head.texts[place] for place in firsts.tolist()],
            name,
            [tail.texts[place] for place in lasts.tolist()],
        ),
        place_of[pair_of],
    )


def _beside(
    heads: Sequence[bytes | None], name: str, tails: Sequence[bytes | None]
) -> list[bytes | None]:
    key = b',"%b":' % name.encode()
    return [
        head if head is None or tail is None else head + key + tail
        for head, tail in zip(heads, tails, strict=True)
    ]


def _values(member: Member) -> Iterable[Any]:
    if not isinstance(member, MemberTexts):
        return member
    raws = [None if text is None else msgspec.Raw(text) for text in member.texts]
    return map(raws.__getitem__, member.which.tolist())
