"""A batch of the collect protocol as it comes over the wire: decoded and checked.

A batch is read in one pass. Only when it does not fit as a whole is it read entry by entry, so that
one bad entry takes no other down.
"""

import re
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeAlias

import msgspec
from msgspec import Meta

from aftercall.core.errors import Malformed
from aftercall.core.ids import is_uuid
from aftercall.core.instants import EpochMs
from aftercall.core.quality.stats.getstats import StreamTag
from aftercall.core.storable_json import UNREADABLE, read_json, storable_json
from aftercall.ingest.checks import moment_of
from aftercall.ingest.getstats_reader import NarrowConnections, read_sample

VERSION: Final = 1
MOST_ENTRIES: Final = 500

Moment = Annotated[float, Meta(ge=0, le=1e14)]
Count = Annotated[int, Meta(ge=0, le=2**53)]


class Entry(msgspec.Struct, kw_only=True, tag_field="type"):
    seq: Count
    at: Moment


class Join(Entry, tag="join", kw_only=True):
    interval_ms: Annotated[int, Meta(ge=1_000, le=60_000)] = 7_000
    previous_peer_id: Annotated[str, Meta(max_length=64)] | None = None
    display_name: Annotated[str, Meta(max_length=256)] | None = None
    is_hidden: bool = False


class Leave(Entry, tag="leave", kw_only=True):
    pass


class Describe(Entry, tag="describe", kw_only=True):
    device: dict[str, Any] | None = None
    browser: dict[str, Any] | None = None
    sdk: dict[str, Any] | None = None
    application: dict[str, Any] | None = None
    network: dict[str, Any] | None = None
    encoder: dict[str, Any] | None = None
    precall: dict[str, Any] | None = None
    room_view_type: Annotated[str, Meta(max_length=64)] | None = None
    meeting_env: Annotated[str, Meta(max_length=64)] | None = None


class Event(Entry, tag="event", kw_only=True):
    name: str
    data: dict[str, Any] = {}


class Chat(Entry, tag="chat", kw_only=True):
    text: Annotated[str, Meta(max_length=10_000)]
    id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    kind: Literal["text", "image", "file", "custom"] = "text"
    pinned: bool = False
    edited: bool = False


class Transcript(Entry, tag="transcript", kw_only=True):
    start_at: Moment
    end_at: Moment
    text: Annotated[str, Meta(max_length=10_000)]
    id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None


class Sample(Entry, tag="sample", kw_only=True, gc=False):
    """A getStats report. `connections` are those of `SampleBody`, their stats in a struct for each
    type."""

    connections: NarrowConnections = []
    streams: Annotated[list[StreamTag], Meta(max_length=2000)] = []
    page_hidden: bool | None = None


class _SampleHead(Entry, tag="sample", kw_only=True):
    pass


AnyEntry: TypeAlias = Join | Leave | Describe | Event | Chat | Transcript | Sample


class Unreadable(NamedTuple):
    """An entry that was refused: its `seq` (-1 where even that is unreadable), and why; the
    moment it names, where it names one."""

    seq: int
    code: str
    message: str
    at: float | None = None
    is_sample: bool = False


class Batch(NamedTuple):
    """A decoded batch: its entries in order, or why one could not be read."""

    peer_id: str
    token: str | None
    sent_at: EpochMs
    dropped: int
    entries: list[AnyEntry | Unreadable]


class _Envelope(msgspec.Struct, kw_only=True):
    v: int
    peer_id: str
    sent_at: Moment
    token: str | None = None
    dropped: Count = 0


class _Whole(_Envelope, kw_only=True):
    entries: Annotated[list[AnyEntry], Meta(max_length=MOST_ENTRIES)] = []


class _Unread(_Envelope, kw_only=True):
    # Documented as milliseconds, and read in whatever unit it comes.
    sent_at: Annotated[
        Any, Meta(extra_json_schema={"type": "number", "minimum": 0, "maximum": 100000000000000.0})
    ]
    entries: Annotated[list[msgspec.Raw], Meta(max_length=MOST_ENTRIES)] = []


class _Head(msgspec.Struct):
    seq: Any = None
    at: Any = None
    type: Any = None


# Not strict: some browsers write 64-bit counters as strings, some writers whole numbers as 3.0.
_WHOLE: Final = msgspec.json.Decoder(_Whole, strict=False)
_UNREAD: Final = msgspec.json.Decoder(_Unread, strict=False)
_Readable: TypeAlias = Join | Leave | Describe | Event | _SampleHead | Chat | Transcript
_ENTRY: Final[msgspec.json.Decoder[_Readable]] = msgspec.json.Decoder(_Readable, strict=False)
_SAME_CONNECTIONS: Final = msgspec.json.Decoder(NarrowConnections, strict=False)
_HEAD: Final = msgspec.json.Decoder(_Head)
_ENCODER: Final = msgspec.json.Encoder()


def read_batch(body: bytes) -> Batch:
    """A batch of the protocol. Raises `Malformed` when its envelope cannot be read."""
    body = storable_json(body)
    envelope: _Whole | _Unread
    entries: list[AnyEntry | Unreadable]
    try:
        envelope = _WHOLE.decode(body)
        entries = [*envelope.entries]
    except UNREADABLE:
        envelope = _read_envelope(body)
        entries = [_read_entry(raw) for raw in envelope.entries]
    if envelope.v != VERSION:
        raise Malformed(
            f'"v" must be {VERSION}: this server speaks no other version of the protocol.',
            code="bad_version",
            field="v",
        )
    if not is_uuid(envelope.peer_id):
        raise Malformed('"peer_id" must be a UUID.', code="bad_peer_id", field="peer_id")
    return Batch(
        envelope.peer_id.lower(),
        envelope.token,
        EpochMs(int(envelope.sent_at)),
        envelope.dropped,
        entries,
    )


def _read_envelope(body: bytes) -> _Unread:
    try:
        unread = read_json(body, _UNREAD.decode)
        moment = moment_of(unread.sent_at)
        unread.sent_at = msgspec.convert(moment or unread.sent_at, Moment, strict=False)
        return unread
    except msgspec.ValidationError as error:
        raise Malformed(f"The batch is not as it should be: {error}.", code="bad_batch") from None
    except UNREADABLE:
        raise Malformed("The body is not JSON.", code="bad_json") from None


def _read_entry(raw: msgspec.Raw) -> AnyEntry | Unreadable:
    try:
        entry = _possible_entry(bytes(raw))
    except UNREADABLE as error:
        return _unreadable(raw, "bad_entry", f"The entry cannot be read: {error}.")
    if not isinstance(entry, _SampleHead):
        return entry
    try:
        body = read_sample(bytes(raw))
    except Malformed as error:
        return Unreadable(entry.seq, error.code, error.message, entry.at, is_sample=True)
    return Sample(
        seq=entry.seq,
        at=entry.at,
        connections=_SAME_CONNECTIONS.decode(_ENCODER.encode(body.connections)),
        streams=body.streams,
        page_hidden=body.page_hidden,
    )


def _possible_entry(raw: bytes) -> _Readable:
    """The entry, with its moments in ms and without its impossible members. Raises the decoder's
    error where such a member is required."""
    try:
        return read_json(raw, _ENTRY.decode)
    except msgspec.ValidationError:
        members = read_json(raw, msgspec.json.decode)
    if not isinstance(members, dict):
        return _ENTRY.decode(raw)
    for name in _MOMENTS:
        if (moment := moment_of(members.get(name))) is not None:
            members[name] = moment
    while True:
        try:
            entry: _Readable = msgspec.convert(members, _Readable, strict=False)
        except msgspec.ValidationError as error:
            found = _MEMBER.search(str(error))
            if found is None or found[1] in _NEEDED or found[1] not in members:
                raise
            del members[found[1]]
        else:
            return entry


_MOMENTS: Final = ("at", "start_at", "end_at")
_NEEDED: Final = frozenset({"type", "seq", *_MOMENTS, "text", "name"})
_MEMBER: Final = re.compile(r" - at `\$\.([^.\[`]+)[^`]*`$")


def _unreadable(raw: msgspec.Raw, code: str, message: str) -> Unreadable:
    """An entry that could not be read, with what of it can be."""
    try:
        head = read_json(bytes(raw), _HEAD.decode)
    except UNREADABLE:
        return Unreadable(-1, code, message)
    seq = head.seq if isinstance(head.seq, int) else -1
    return Unreadable(seq, code, message, moment_of(head.at), is_sample=head.type == "sample")
