"""One webhook of a LiveKit server: what all of its kinds share, read and checked."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.events import PeerEvent
from aftercall.core.ids import id_from, is_path_id
from aftercall.core.instants import MINUTE_MS, EpochMs
from aftercall.core.storable_json import UNREADABLE, read_json
from aftercall.ingest.livekit.members import Json, member, moment
from aftercall.ingest.source import Context
from aftercall.ingest.untyped_json import as_object, as_text

SOURCE: Final = "livekit"

AHEAD_TOLERANCE_MS: Final = 2_000
"""How far LiveKit's clock may be ahead of the server's and still be believed."""

MOST_AHEAD_MS: Final = 5 * MINUTE_MS
"""Of an event from further ahead nothing is believed."""


class LivekitEvent(NamedTuple):
    """A webhook: the members that all kinds share."""

    app_id: str
    id: str
    name: str
    at: EpochMs
    content: Json
    room: Json
    participant: Json

    @property
    def room_sid(self) -> str | None:
        return as_text(self.room.get("sid"))

    @property
    def room_name(self) -> str | None:
        return as_text(self.room.get("name"))

    @property
    def participant_sid(self) -> str | None:
        return as_text(self.participant.get("sid"))

    def place(self, sid: str | None, name: str | None) -> dict[str, Any]:
        """The meeting and the session of a room."""
        return {
            "meeting_id": meeting_id_from(self.app_id, name) if name else None,
            "session_id": session_id_from(self.app_id, sid) if sid else None,
        }

    def of_peer(self, what: str, peer_id: str, **place: Any) -> dict[str, Any]:
        """The members of a fact about a peer; `what` tells the facts of one webhook apart."""
        return {"id": id_from(self.app_id, self.id, what), "peer_id": peer_id} | place

    def note(self, name: str, data: Mapping[str, Any], peer_id: str, **place: Any) -> PeerEvent:
        common = self.of_peer(name, peer_id, **place)
        return PeerEvent(**common, at=self.at, name=name, data=dict(data))


def meeting_id_from(app_id: str, room: str) -> str:
    """A room's meeting: its name if that can stand in a path, else a function of it."""
    return room if is_path_id(room) else id_from(app_id, "meeting", room)


def session_id_from(app_id: str, room_sid: str) -> str:
    """The session of one opening of a room."""
    return id_from(app_id, SOURCE, "room", room_sid)


def peer_id_from(app_id: str, participant_sid: str) -> str:
    """The peer of one connection to a room."""
    return id_from(app_id, SOURCE, "participant", participant_sid)


def user_id_from(app_id: str, identity: str) -> str:
    """The user of an identity, in whichever room."""
    return id_from(app_id, SOURCE, "identity", identity)


def read_event(body: bytes, context: Context) -> LivekitEvent:
    """The webhook in a body. Raises `Malformed` for what is none."""
    try:
        content = read_json(body, msgspec.json.decode)
    except UNREADABLE:
        raise Malformed("The body is not JSON.", code="bad_json") from None
    if not isinstance(content, dict) or (name := as_text(content.get("event"))) is None:
        raise Malformed('A webhook is an object with an "event".', code="bad_event")
    at = moment(content, "createdAt") or context.received_at
    if at > context.received_at + MOST_AHEAD_MS:
        raise Malformed(
            "The event is more than five minutes ahead of this server's clock.", code="bad_time"
        )
    if at > context.received_at + AHEAD_TOLERANCE_MS:
        at = context.received_at
    given = as_text(content.get("id")) or hashlib.blake2b(body, digest_size=16).hexdigest()
    return LivekitEvent(
        app_id=context.app_id,
        id=id_from(context.app_id, SOURCE, "event", name, given),
        name=name,
        at=at,
        content=content,
        room=as_object(content.get("room")),
        participant=as_object(member(content, "participant")),
    )
