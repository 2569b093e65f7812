"""The facts of a session as lines of JSON: `[type, fact]`. They are what an export holds, and
recording them again gives the same record."""

from typing import Any, Final

import msgspec

from aftercall.core.egresses import TEXTS
from aftercall.core.errors import Malformed
from aftercall.core.events import (
    AnyEvent,
    ChatSent,
    EgressReported,
    LineSpoken,
    PeerEvent,
    PeerFact,
    PeerJoined,
    PeerKicked,
    PeerLeft,
    SampleTaken,
    SessionClosed,
    SessionOpened,
)
from aftercall.core.ids import is_path_id, is_uuid
from aftercall.core.instants import is_plausible

MAGIC: Final = b'{"aftercall_facts":1'
"""The beginning of the first line."""

_TYPES: Final[dict[str, Any]] = {
    type_.__name__: type_
    for type_ in (
        SessionOpened,
        SessionClosed,
        PeerJoined,
        PeerLeft,
        PeerKicked,
        PeerEvent,
        ChatSent,
        LineSpoken,
        EgressReported,
    )
}
_SAMPLE: Final = SampleTaken.__name__
_LONGEST_ID: Final = 256
_LONGEST_TEXT: Final = 4_096


class Header(msgspec.Struct, kw_only=True):
    """The first line."""

    aftercall_facts: int = 1
    session_id: str
    meeting_id: str
    title: str


class SourcedFact(msgspec.Struct, kw_only=True):
    """A fact, and the source that it first came from."""

    source: str
    fact: AnyEvent


def encode_fact(fact: AnyEvent, source: str) -> bytes:
    """The line of a fact."""
    members = msgspec.structs.asdict(fact)
    if isinstance(fact, SampleTaken):
        members["body"] = msgspec.Raw(fact.body)
    return msgspec.json.encode([type(fact).__name__, source, members])


def decode_fact(line: Any) -> SourcedFact:
    """The fact of a decoded line. Raises `Malformed` for one that is none."""
    try:
        name, source, members = line
        if name == _SAMPLE:
            members = {**members, "body": b""}
            fact: AnyEvent = msgspec.convert(members, SampleTaken, strict=False)
        else:
            fact = msgspec.convert(members, _TYPES[name])
    except (msgspec.ValidationError, KeyError, TypeError, ValueError):
        raise Malformed("The line is no fact.", code="bad_fact") from None
    ids = [fact.session_id, getattr(fact, "peer_id", None)]
    if not all(id is None or is_uuid(id) for id in ids):
        raise Malformed("The id of a session or peer is no UUID.", code="bad_fact")
    texts = [fact.id, fact.meeting_id or "", source]
    if not is_plausible(fact.at) or any(
        not isinstance(text, str) or len(text) > _LONGEST_ID for text in texts
    ):
        raise Malformed("The time or an id of a fact cannot be.", code="bad_fact")
    if isinstance(fact, PeerFact) and fact.session_id is None:
        raise Malformed("The fact names no session.", code="bad_fact")
    if isinstance(fact, EgressReported) and not _is_plain(fact):
        raise Malformed("The id or a text of a recording cannot be.", code="bad_fact")
    return SourcedFact(source=source, fact=fact)


def _is_plain(fact: EgressReported) -> bool:
    """Whether it has an id that can stand in a path, and no other texts than there can be."""
    return is_path_id(fact.egress_id) and all(
        name in TEXTS and len(value) <= _LONGEST_TEXT for name, value in fact.texts.items()
    )
