"""Cursors as the text in which they travel."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.list_queries import Cursor


def encode_cursor(cursor: Cursor | None) -> str | None:
    """The text of a cursor, for a URL."""
    if cursor is None:
        return None
    return urlsafe_b64encode(msgspec.json.encode(cursor)).rstrip(b"=").decode()


def decode_cursor(text: str) -> Cursor:
    """Raises `Malformed` for what is no cursor of ours."""
    try:
        data = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        return msgspec.json.decode(data, type=Cursor)
    except (ValueError, msgspec.MsgspecError) as error:
        raise Malformed(
            "The cursor cannot be read; begin again without one", code="bad_cursor", field="cursor"
        ) from error
