"""What LiveKit's server API lists: its rooms, and who is in each (Twirp, as protobuf writes JSON).

A list says who is there now. Whoever is listed has joined, at the time that the list states, with
the same ids as in webhooks: what both report is one fact.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.ids import id_from
from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.storable_json import UNREADABLE, read_json
from aftercall.ingest.livekit.event import (
    SOURCE,
    LivekitEvent,
    peer_id_from,
    session_id_from,
)
from aftercall.ingest.livekit.members import Json, enum_name, objects
from aftercall.ingest.livekit.participants import joined
from aftercall.ingest.source import Fact
from aftercall.ingest.untyped_json import as_object, as_text

LIST_ROOMS: Final = "twirp/livekit.RoomService/ListRooms"
LIST_PARTICIPANTS: Final = "twirp/livekit.RoomService/ListParticipants"

TOKEN_LIFE_S: Final = 60

_STATES: Final = {0: "JOINING", 1: "JOINED", 2: "ACTIVE", 3: "DISCONNECTED"}
_ACTIVE: Final = "ACTIVE"


class ListedRoom(NamedTuple):
    """A room that is open."""

    name: str
    session_id: str
    content: Json


class ListedPeer(NamedTuple):
    """Somebody who is in a room, with the facts that a webhook of the join would have brought."""

    peer_id: str
    facts: Sequence[Fact]


def read_rooms(body: bytes, app_id: str) -> list[ListedRoom]:
    """The rooms of an answer to `ListRooms`. Raises `Malformed`."""
    return [
        ListedRoom(name, session_id_from(app_id, sid), room)
        for room in objects(_list_of(body, "rooms"))
        if (sid := as_text(room.get("sid"))) and (name := as_text(room.get("name")))
    ]


def read_participants(
    body: bytes, app_id: str, room: ListedRoom, asked_at: EpochMs
) -> list[ListedPeer]:
    """Those whose media are connected, of an answer to `ListParticipants`. Raises `Malformed`."""
    found = []
    for who in objects(_list_of(body, "participants")):
        sid = as_text(who.get("sid"))
        if sid is None or enum_name(who.get("state"), _STATES) != _ACTIVE:
            continue
        event = LivekitEvent(
            app_id=app_id,
            id=id_from(app_id, SOURCE, "listed", sid),
            name="participant_joined",
            at=asked_at,
            content={},
            room=room.content,
            participant=who,
        )
        found.append(ListedPeer(peer_id_from(app_id, sid), joined(event)))
    return found


def server_token(key_id: str, secret: str, now: EpochMs, *, room: str | None) -> str:
    """A token of a minute that allows to list the rooms or, of one room, who is in it."""
    import jwt  # noqa: PLC0415 - it imports cryptography

    now_s = now // SECOND_MS
    grants = {"roomList": True} if room is None else {"roomAdmin": True, "room": room}
    claims = {"iss": key_id, "nbf": now_s, "exp": now_s + TOKEN_LIFE_S, "video": grants}
    signing = jwt.PyJWT(options={"enforce_minimum_key_length": False})
    return signing.encode(claims, secret, algorithm="HS256")


def _list_of(body: bytes, name: str) -> object:
    """A list of an answer; empty lists are left out."""
    try:
        content = read_json(body, msgspec.json.decode)
    except UNREADABLE:
        raise Malformed("The answer is not JSON.", code="unreadable_answer") from None
    if not isinstance(content, dict):
        raise Malformed("The answer is no list.", code="unreadable_answer")
    return as_object(content).get(name)
