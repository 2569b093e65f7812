"""The collect protocol, version 1: what one peer's own client says (docs/reference/collect.md)."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta

from aftercall.core.errors import Malformed
from aftercall.core.events import (
    AnyEvent,
    ChatSent,
    Identity,
    LineSpoken,
    PeerJoined,
    PeerLeft,
    PeerNoted,
    SampleTaken,
)
from aftercall.core.ids import id_from, is_uuid
from aftercall.core.instants import EpochMs, is_plausible
from aftercall.core.privacy import Privacy, shorten_body, shorten_data
from aftercall.core.quality.getstats import decode_body, encode_body
from aftercall.core.records import MessageKind
from aftercall.ingest.user_agent import completed
from aftercall.ingest.values import checked_name, checked_object

VERSION: Final = 1
SOURCE: Final = "collector"
MOST_ENTRIES: Final = 500
SKEW_TOLERANCE_MS: Final = 2_000
"""A clock that differs from ours by less is taken at its word."""

Moment = Annotated[float, Meta(ge=0, le=1e14)]
Sequence = Annotated[int, Meta(ge=0, le=2**53)]


class _Envelope(msgspec.Struct, kw_only=True):
    v: int
    peer_id: str
    sent_at: Moment
    token: str | None = None
    dropped: Annotated[int, Meta(ge=0, le=2**53)] = 0
    entries: Annotated[list[msgspec.Raw], Meta(max_length=MOST_ENTRIES)] = []


class _Entry(msgspec.Struct, kw_only=True, tag_field="type"):
    seq: Sequence
    at: Moment


class _Join(_Entry, tag="join", kw_only=True):
    interval_ms: Annotated[int, Meta(ge=1_000, le=60_000)] = 7_000
    previous_peer_id: Annotated[str, Meta(max_length=64)] | None = None
    display_name: Annotated[str, Meta(max_length=256)] | None = None
    is_hidden: bool = False


class _Leave(_Entry, tag="leave", kw_only=True):
    pass


class _Describe(_Entry, tag="describe", kw_only=True):
    device: dict[str, Any] | None = None
    browser: dict[str, Any] | None = None
    sdk: dict[str, Any] | None = None
    network: dict[str, Any] | None = None
    encoder: dict[str, Any] | None = None
    precall: dict[str, Any] | None = None
    room_view_type: Annotated[str, Meta(max_length=64)] | None = None
    meeting_env: Annotated[str, Meta(max_length=64)] | None = None


class _Event(_Entry, tag="event", kw_only=True):
    name: str
    data: dict[str, Any] = {}


class _Sample(_Entry, tag="sample", kw_only=True):
    pass


class _Chat(_Entry, tag="chat", kw_only=True):
    text: Annotated[str, Meta(max_length=10_000)]
    id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    kind: Literal["text", "image", "file", "custom"] = "text"
    pinned: bool = False
    edited: bool = False


class _Transcript(_Entry, tag="transcript", kw_only=True):
    start_at: Moment
    end_at: Moment
    text: Annotated[str, Meta(max_length=10_000)]
    id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None


_AnyEntry = _Join | _Leave | _Describe | _Event | _Sample | _Chat | _Transcript


class _Head(msgspec.Struct):
    seq: Any = None


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope, strict=False)
_ENTRY: Final = msgspec.json.Decoder(_AnyEntry, strict=False)
_HEAD: Final = msgspec.json.Decoder(_Head)


class Rejected(NamedTuple):
    """An entry that could not be taken: its `seq` (-1 where even that is unreadable), and why."""

    seq: int
    code: str
    message: str


class Batch(NamedTuple):
    """A batch whose envelope was read; its entries still stand as they came."""

    peer_id: str
    token: str | None
    sent_at: EpochMs
    dropped: int
    entries: list[msgspec.Raw]


class Translation(NamedTuple):
    """The facts of a batch with the `seq` of each, and the entries that were not taken."""

    heard_at: EpochMs
    events: list[AnyEvent]
    sequences: list[int]
    rejected: list[Rejected]


class _Speaker(NamedTuple):
    """What every entry of a batch shares."""

    app_id: str
    meeting_id: str
    peer_id: str
    identity: Identity
    privacy: Privacy
    offset_ms: int
    latest: EpochMs


def read_batch(body: bytes) -> Batch:
    """The envelope of a batch. Raises `Malformed` when it cannot be read."""
    if b"\\u0000" in body or b"\x00" in body:
        raise Malformed("The body holds a NUL character.", code="bad_text")
    try:
        envelope = _ENVELOPE.decode(body)
    except msgspec.ValidationError as error:
        raise Malformed(f"The batch is not as it should be: {error}.", code="bad_batch") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("The body is not JSON.", code="bad_json") from None
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
        envelope.entries,
    )


def translate(
    batch: Batch,
    *,
    app_id: str,
    meeting_id: str,
    identity: Identity,
    privacy: Privacy,
    received_at: EpochMs,
) -> Translation:
    """The facts of a batch; `identity` is the participant token's.

    A clock that is off by more than two seconds, judged by when the batch says it was sent, is
    set right by the difference. No fact lies in the future of its receipt.
    """
    skew_ms = received_at - batch.sent_at
    offset_ms = skew_ms if abs(skew_ms) > SKEW_TOLERANCE_MS else 0
    speaker = _Speaker(
        app_id,
        meeting_id,
        batch.peer_id,
        identity,
        privacy,
        offset_ms,
        EpochMs(received_at + SKEW_TOLERANCE_MS),
    )
    events: list[AnyEvent] = []
    sequences: list[int] = []
    rejected: list[Rejected] = []
    for raw in batch.entries:
        try:
            entry, event = _translate_entry(raw, speaker)
        except Malformed as error:
            rejected.append(Rejected(_seq_of(raw), error.code, error.message))
        else:
            events.append(event)
            sequences.append(entry.seq)
    if batch.dropped:
        events.append(_dropped(batch, speaker))
    heard_at = min(batch.sent_at + offset_ms, received_at)
    if events:
        heard_at = max(event.at for event in events)
    return Translation(EpochMs(heard_at), events, sequences, rejected)


def _dropped(batch: Batch, speaker: _Speaker) -> PeerNoted:
    return PeerNoted(
        id=id_from(speaker.app_id, batch.peer_id, "dropped", str(batch.dropped)),
        at=_at(batch.sent_at, speaker),
        peer_id=batch.peer_id,
        name="entries_dropped",
        data={"count": batch.dropped},
    )


def _translate_entry(raw: msgspec.Raw, speaker: _Speaker) -> tuple[_Entry, AnyEvent]:
    try:
        entry = _ENTRY.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"The entry cannot be read: {error}.", code="bad_entry") from None
    at = _at(entry.at, speaker)
    peer_id = speaker.peer_id
    if isinstance(entry, _Sample):
        body = encode_body(shorten_body(decode_body(raw), speaker.privacy))
        return entry, SampleTaken(
            id=f"{peer_id}/{entry.seq}", at=at, peer_id=peer_id, sequence=entry.seq, body=body
        )
    id = id_from(speaker.app_id, peer_id, str(entry.seq))
    match entry:
        case _Join():
            return entry, _joined(id, at, entry, speaker)
        case _Leave():
            return entry, PeerLeft(id=id, at=at, peer_id=peer_id)
        case _Describe():
            data = shorten_data(completed(checked_object(_said(entry))), speaker.privacy)
            return entry, PeerNoted(id=id, at=at, peer_id=peer_id, name="describe", data=data)
        case _Event():
            name = checked_name(entry.name)
            data = shorten_data(checked_object(entry.data), speaker.privacy)
            return entry, PeerNoted(id=id, at=at, peer_id=peer_id, name=name, data=data)
        case _Chat():
            return entry, _chat(id, at, entry, speaker)
        case _Transcript():
            return entry, _line(id, at, entry, speaker)
        case _:
            raise Malformed("The entry's type is unknown.", code="bad_entry")


def _at(moment: float, speaker: _Speaker) -> EpochMs:
    at = min(int(moment) + speaker.offset_ms, speaker.latest)
    if not is_plausible(at):
        raise Malformed(
            '"at" lies outside the years 2000 to 2100: the clock is wrong.', code="bad_time"
        )
    return EpochMs(at)


def _said(entry: _Describe) -> Mapping[str, Any]:
    members = msgspec.structs.asdict(entry)
    return {k: v for k, v in members.items() if v is not None and k not in ("seq", "at")}


def _joined(id: str, at: EpochMs, entry: _Join, speaker: _Speaker) -> PeerJoined:
    who = speaker.identity
    return PeerJoined(
        id=id,
        at=at,
        peer_id=speaker.peer_id,
        previous_peer_id=entry.previous_peer_id,
        interval_ms=entry.interval_ms,
        identity=msgspec.structs.replace(
            who,
            display_name=entry.display_name or who.display_name,
            is_hidden=entry.is_hidden or who.is_hidden,
        ),
    )


def _chat(id: str, at: EpochMs, entry: _Chat, speaker: _Speaker) -> ChatSent:
    """A message. Its id is a function of the sender and the id the sender gave, so that nobody
    can revise another's."""
    who = speaker.identity
    if entry.id is not None:
        id = id_from(speaker.app_id, speaker.meeting_id, who.user_id or "", entry.id)
    return ChatSent(
        id=id,
        at=at,
        peer_id=speaker.peer_id,
        user_id=who.user_id,
        kind=MessageKind(entry.kind),
        payload=entry.text,
        is_pinned=entry.pinned,
        is_edited=entry.edited,
        revised_at=at,
    )


def _line(id: str, at: EpochMs, entry: _Transcript, speaker: _Speaker) -> LineSpoken:
    start_at, end_at = _at(entry.start_at, speaker), _at(entry.end_at, speaker)
    who = speaker.identity
    if entry.id is not None:
        id = id_from(speaker.app_id, speaker.meeting_id, who.user_id or "", "line", entry.id)
    return LineSpoken(
        id=id,
        at=min(start_at, end_at),
        end_at=max(start_at, end_at),
        peer_id=speaker.peer_id,
        user_id=who.user_id,
        custom_participant_id=who.custom_participant_id,
        text=entry.text,
    )


def _seq_of(raw: msgspec.Raw) -> int:
    try:
        seq = _HEAD.decode(raw).seq
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return -1
    return seq if isinstance(seq, int) else -1
