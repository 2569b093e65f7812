"""The source `bigbluebutton`: the analytics callback, and webhooks as they happen.

An external meeting id is a meeting, an internal one a session, an internal user id a peer (one
visit), an external user id a person. Both doors give the same ids, so a meeting that was followed
live and reported at its end is one record.
"""

from typing import Final
from urllib.parse import parse_qsl

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.storable_json import UNREADABLE, read_json
from aftercall.ingest.bigbluebutton.analytics import translate_callback
from aftercall.ingest.bigbluebutton.hooks import translate_hook
from aftercall.ingest.bigbluebutton.place import SOURCE
from aftercall.ingest.source import Context, Translation

__all__ = ["SOURCE", "translate"]

_FORM: Final = b"event="
_MOST_FIELDS: Final = 16


def translate(body: bytes, context: Context) -> Translation:
    """The facts of one callback or webhook. Raises `Malformed` when it cannot be read."""
    text = body
    if not body.lstrip().startswith(b"{"):
        try:
            fields = dict(parse_qsl(body.decode(), max_num_fields=_MOST_FIELDS))
        except (UnicodeDecodeError, ValueError):
            fields = {}
        text = fields.get("event", "").encode()
    try:
        content = read_json(text, msgspec.json.decode)
    except UNREADABLE:
        raise Malformed("The body is not JSON.", code="bad_json") from None
    if isinstance(content, dict) and "internal_meeting_id" in content:
        return translate_callback(content, context)
    if isinstance(content, dict):
        return translate_hook(content, context)
    raise Malformed("The body is neither a callback nor an event.", code="bad_event")
