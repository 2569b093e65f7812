"""Objects written from columns, compared with what the encoder writes."""

from typing import Any

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs, format_iso
from aftercall.core.quality.report.listed_column import ListedColumn
from aftercall.core.quality.report.write_members import (
    AT_ONCE,
    Member,
    MemberTexts,
    member_of,
    text_of,
    times,
    write_objects,
)


class Thing(msgspec.Struct, omit_defaults=True):
    first: Any = None
    second: Any = None
    third: Any = None
    fourth: Any = None


NAMES = Thing.__struct_fields__
VALUES = st.none() | st.integers(-9, 9) | st.sampled_from(["a", "b", 0.25])
FEW = st.lists(VALUES, min_size=1, max_size=3)


@given(
    st.integers(0, 100),
    st.lists(st.none() | st.tuples(st.booleans(), FEW), min_size=4, max_size=4).filter(any),
    st.randoms(use_true_random=False),
)
def test_objects_are_the_same_to_the_byte(
    count: int, drawn: list[tuple[bool, list[Any]] | None], dice: Any
) -> None:
    members: dict[str, Member] = {}
    values: list[list[Any]] = []
    for name, each in zip(NAMES, drawn, strict=True):
        which = [dice.randrange(len(each[1])) if each else 0 for _ in range(count)]
        values.append([each[1][place] if each else None for place in which])
        if each and each[0]:
            members[name] = MemberTexts(
                [text_of(value) for value in each[1]], np.array(which, np.intp)
            )
        elif each:
            members[name] = values[-1]
    expected = msgspec.json.encode([Thing(*row) for row in zip(*values, strict=True)])
    assert b"".join(write_objects(NAMES, count, members)) == expected


def test_a_long_array_comes_in_pieces() -> None:
    count = 2 * AT_ONCE + 1
    pieces = list(write_objects(["first"], count, {"first": list(range(count))}))
    assert len(pieces) > 3
    assert msgspec.json.decode(b"".join(pieces)) == [{"first": place} for place in range(count)]


def test_a_column_is_written_with_its_decimals_or_without() -> None:
    few = ListedColumn([2.0, float("nan")], np.array([0, 1, 0]))
    many = np.array([2.0, np.nan, 0.1])
    assert member_of(few, is_whole=True)[0] == [b"2", None]
    assert member_of(few, is_whole=False)[0] == [b"2.0", None]
    assert member_of(many, is_whole=False) == [2.0, None, 0.1]
    assert member_of(many[:2], is_whole=True) == [2, None]


def test_instants_are_written_once_for_each_run() -> None:
    texts, which = times(np.array([0.0, 0.0, 7_000.0]))
    assert texts == [f'"{format_iso(EpochMs(at))}"'.encode() for at in (0, 7_000)]
    assert which.tolist() == [0, 0, 1]
