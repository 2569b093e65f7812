"""Ids of records: where a source has an id, ours is a function of it.

Random ids come from outside (`NewId`), so that core stays a function of its arguments.
"""

import re
from collections.abc import Callable
from hashlib import sha1
from typing import Final
from uuid import UUID

NewId = Callable[[], str]
"""Makes a fresh random UUID string; owned by the composition root."""

_NAMESPACE: Final = UUID("6f1c6c0e-5d3a-5e0a-9a43-0f2d6d6b8a11").bytes
_VERSION_5: Final = 0x50
_VARIANT: Final = 0x80
"""The upper bits of octets 6 and 8 of a UUID of RFC 9562. They are set here, as a list of live
sessions computes an id for each of its people, and the standard library takes twice as long."""

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_PATH_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def id_from(app_id: str, *source: str) -> str:
    """A UUID computed from the app and the source's own identifiers (RFC 9562, version 5).

    The same identifiers in the same app give the same id on every node and at every repeat. They
    are length-prefixed, so that no two lists give the same text when they are joined.
    """
    name = "".join([f"{len(word)}:{word}" for word in (app_id, *source)])
    digest = bytearray(sha1(_NAMESPACE + name.encode(), usedforsecurity=False).digest())
    digest[6] = digest[6] & 0x0F | _VERSION_5
    digest[8] = digest[8] & 0x3F | _VARIANT
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"


def is_path_id(text: str) -> bool:
    """Whether `text` can be an id in a path: 1 to 64 letters, digits, `_` and `-`."""
    return _PATH_ID.fullmatch(text) is not None


def is_uuid(text: str) -> bool:
    """Whether `text` is a UUID in its canonical 36-character form, in upper or lower case."""
    return _UUID.fullmatch(text) is not None
