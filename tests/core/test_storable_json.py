import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.storable_json import (
    DEEPEST,
    LARGEST,
    REPLACEMENT,
    read_json,
    readable_json,
    storable,
    storable_json,
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        ("Ada", "Ada"),
        ("a\0b", f"a{REPLACEMENT}b"),
        ("Zoë 😀", "Zoë 😀"),
        ("x\ud83d", f"x{REPLACEMENT}"),
        ("\ude00x", f"{REPLACEMENT}x"),
        ("\ud83d\ude00", "😀"),
    ],
)
def test_text_that_no_database_stores_is_replaced(text: str, kept: str) -> None:
    assert storable(text) == kept


@given(st.text(st.characters(codec=None)))
def test_every_text_becomes_storable(text: str) -> None:
    kept = storable(text)
    assert "\0" not in kept
    assert kept.encode().decode() == kept == storable(kept)


@pytest.mark.parametrize(
    ("body", "mended"),
    [
        (rb'"a\u0000b"', rb'"a\ufffdb"'),
        (rb'"\ud83d"', rb'"\ufffd"'),
        (rb'"\uDE00\uD83D"', rb'"\ufffd\ufffd"'),
        (rb'"\ud83d\ude00"', rb'"\ud83d\ude00"'),
        (rb'"\\u0000"', rb'"\\u0000"'),
        (rb'"\u0041"', rb'"\u0041"'),
    ],
)
def test_escapes_that_no_database_stores_are_replaced(body: bytes, mended: bytes) -> None:
    assert storable_json(body) == mended


def test_a_body_without_such_escapes_is_the_same_object() -> None:
    for body in (b'{"a": 1}', rb'"\u00e9"', b"\xff"):
        assert storable_json(body) is body


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"\xef\xbb\xbf[1]\0\0", [1]),
        (b'["\xff"]', [REPLACEMENT]),
        (b'["\xed\xa0\xbd\xed\xb8\x80"]', ["😀"]),
        (b'["\xed\xa0\xbd!"]', [f"{REPLACEMENT}!"]),
        (b'["a\nb\tc\x00d"]', [f"a\nb\tc{REPLACEMENT}d"]),
        (b'[NaN, nan, Infinity, -inf, "NaN"]', [None, None, None, None, "NaN"]),
        (b'[1e400, -1E+999, 1e3, "1e400"]', [None, None, 1000.0, "1e400"]),
    ],
)
def test_only_the_invalid_parts_of_a_body_are_replaced(body: bytes, value: Any) -> None:
    assert read_json(body, msgspec.json.decode) == value


@pytest.mark.parametrize("levels", [DEEPEST, DEEPEST + 1, 20 * DEEPEST])
def test_values_nested_too_deeply_become_null(levels: int) -> None:
    body = b'[{"a": ' * (levels // 2) + b"[" * (levels % 2) + b"7"
    body += b"]" * (levels % 2) + b"}, 1]" * (levels // 2)
    found = json.loads(readable_json(body))
    depth = 0
    while isinstance(found, list | dict):
        found = found["a"] if isinstance(found, dict) else found[0]
        depth += 1
    assert (depth, found) == (min(levels, DEEPEST), 7 if levels <= DEEPEST else None)


def test_an_unclosed_body_is_left_to_the_decoder() -> None:
    with pytest.raises(msgspec.DecodeError):
        read_json(b"[" * (DEEPEST + 1), msgspec.json.decode)


def test_only_the_escapes_of_a_large_body_are_replaced() -> None:
    filler = b" " * LARGEST
    assert readable_json(rb'["\u0000", NaN]' + filler).startswith(rb'["\ufffd", NaN]')
    assert readable_json(rb'["\u0000", NaN]') == rb'["\ufffd", null]'


class _Named(msgspec.Struct):
    name: str


def test_valid_json_of_a_wrong_shape_is_decoded_once() -> None:
    seen: list[bytes] = []

    def decode(body: bytes) -> _Named:
        seen.append(body)
        return msgspec.json.decode(body, type=_Named)

    with pytest.raises(msgspec.ValidationError):
        read_json(b'{"name": 5}', decode)
    assert len(seen) == 1
    with pytest.raises(msgspec.DecodeError):
        read_json(b'{"name": ', decode)
    assert len(seen) == 3


_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_values, st.booleans())
def test_valid_json_keeps_its_meaning(value: Any, is_ascii: bool) -> None:
    body = json.dumps(value, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    if b"\\u0000" not in body:
        assert json.loads(readable_json(body)) == value
        assert read_json(body, msgspec.json.decode) == value
