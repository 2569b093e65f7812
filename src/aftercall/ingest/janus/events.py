"""One event of a Janus event handler: what all of its kinds share, read and checked."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.events import PeerEvent
from aftercall.core.ids import id_from
from aftercall.core.instants import EpochMs, is_plausible
from aftercall.core.quality.stats.getstats import SampleBody
from aftercall.core.storable_json import UNREADABLE, read_json
from aftercall.ingest.source import Context, UnencodedSample
from aftercall.ingest.untyped_json import as_text

SOURCE: Final = "janus"
AHEAD_TOLERANCE_MS: Final = 2_000
"""How far Janus' clock may be ahead of the server's and still be believed."""

Json = Mapping[str, Any]

_LARGEST_ID: Final = 2**64
_SEQUENCE_BITS: Final = 63


class JanusEvent(NamedTuple):
    """One event of a Janus server: the members that all kinds share."""

    app_id: str
    interval_ms: int
    is_display_custom_id: bool
    id: str
    sequence: int
    at: EpochMs
    timestamp_ms: float
    emitter: str | None
    """The `server_name` of that Janus."""
    peer_id: str | None
    handle: str | None
    type: object
    subtype: object
    content: object

    def of_peer(self, meeting_id: str | None = None) -> dict[str, Any]:
        return {
            "id": self.id,
            "at": self.at,
            "peer_id": self.peer_id,
            "meeting_id": meeting_id,
        }

    def note(self, name: str, data: Json, meeting_id: str | None = None) -> PeerEvent:
        return PeerEvent(
            **self.of_peer(meeting_id) | {"id": id_from(self.app_id, self.id, name)},
            name=name,
            data=dict(data),
        )


def peer_id_from(app_id: str, emitter: str | None, session: str) -> str:
    """The peer of a Janus session; `emitter` is the `server_name` of that Janus."""
    return id_from(app_id, SOURCE, "session", emitter or "", session)


def read_event(raw: msgspec.Raw, context: Context) -> JanusEvent:
    """One event. Raises `Malformed` (`bad_event`) for what is none."""
    try:
        event = read_json(bytes(raw), msgspec.json.decode)
    except UNREADABLE:
        raise Malformed("The event cannot be read.", code="bad_event") from None
    if not isinstance(event, dict) or not isinstance(event.get("type"), int):
        raise Malformed('An event of Janus is an object with a "type".', code="bad_event")
    digest = hashlib.blake2b(bytes(raw).strip(), digest_size=16).digest()
    app_id = context.app_id
    timestamp_ms = _timestamp_ms(event.get("timestamp"), context.received_at)
    session = id_of(event.get("session_id"))
    emitter = as_text(event.get("emitter"))
    return JanusEvent(
        app_id=app_id,
        interval_ms=context.interval_ms,
        is_display_custom_id=context.is_display_custom_id,
        id=id_from(app_id, SOURCE, digest.hex()),
        sequence=int.from_bytes(digest[:8], "big") >> (64 - _SEQUENCE_BITS),
        at=EpochMs(int(timestamp_ms)),
        timestamp_ms=timestamp_ms,
        emitter=emitter,
        peer_id=None if session is None else peer_id_from(app_id, emitter, session),
        handle=id_of(event.get("handle_id")),
        type=event["type"],
        subtype=event.get("subtype"),
        content=event.get("event"),
    )


class Sender(NamedTuple):
    """The peer, moment and type of an event that was refused."""

    peer_id: str
    at: EpochMs
    type: object
    key: str
    """The same at every repeat."""


def sender_of(raw: msgspec.Raw, context: Context) -> Sender | None:
    """`None` of an event that names no session."""
    try:
        event = read_json(bytes(raw), msgspec.json.decode)
    except UNREADABLE:
        return None
    session = id_of(event.get("session_id")) if isinstance(event, dict) else None
    if session is None:
        return None
    at = EpochMs(int(_timestamp_ms(event.get("timestamp"), context.received_at)))
    peer_id = peer_id_from(context.app_id, as_text(event.get("emitter")), session)
    digest = hashlib.blake2b(bytes(raw).strip(), digest_size=16)
    return Sender(peer_id, at, event.get("type"), digest.hexdigest())


def _timestamp_ms(microseconds: object, received_at: EpochMs) -> float:
    """Janus' own clock, unless it is implausible or ahead of the server's."""
    if isinstance(microseconds, bool) or not isinstance(microseconds, int | float):
        return float(received_at)
    moment_ms = microseconds / 1000 if abs(microseconds) < 1e18 else 0.0
    if not is_plausible(int(moment_ms)) or moment_ms > received_at + AHEAD_TOLERANCE_MS:
        return float(received_at)
    return moment_ms


def id_of(value: object) -> str | None:
    """An id as text: Janus' are whole numbers of 53 bits, or texts where it is so configured."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST_ID:
        return str(value)
    return as_text(value)


def sample_of(event: JanusEvent, body: SampleBody) -> UnencodedSample:
    """The sample of an event that brings other facts besides."""
    place = event.of_peer() | {"id": id_from(event.app_id, event.id, "sample")}
    return UnencodedSample(**place, sequence=event.sequence, body=body)
