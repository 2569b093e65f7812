"""Cursors are encoded as text and decoded; other text is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import Malformed
from aftercall.core.list_queries import Cursor
from aftercall.wire.cursors import decode_cursor, encode_cursor


@given(st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=40), st.booleans())
def test_a_cursor_is_decoded_from_its_url_safe_text(
    key: float, id_: str, is_backward: bool
) -> None:
    cursor = Cursor(key, id_, is_backward)
    text = encode_cursor(cursor)
    assert text is not None
    assert text.replace("-", "").replace("_", "").isalnum() and text.isascii()
    assert decode_cursor(text) == cursor


def test_no_cursor_is_encoded_as_none() -> None:
    assert encode_cursor(None) is None


@given(st.text(max_size=60))
def test_any_other_text_is_refused_as_a_cursor(text: str) -> None:
    try:
        cursor = decode_cursor(text)
    except Malformed as refused:
        assert (refused.code, refused.field) == ("bad_cursor", "cursor")
    else:
        assert isinstance(cursor, Cursor)


@pytest.mark.parametrize("text", ["", "W10", "WzEsImEiXQ", "WyJ4IiwiYSIsdHJ1ZV0", "null", "é", "="])
def test_json_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        decode_cursor(text)
