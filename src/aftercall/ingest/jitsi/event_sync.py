"""The source `jitsi`: what Prosody's event_sync module posts about rooms and occupants.

A room's name is a meeting, a breakout room a meeting of its own below it. An occupant in a room is
a peer. The module makes no id for an occurrence of a room, so facts belong to the meeting's session
of their time. The complete list of occupants in the last event of a room repairs what was lost.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.events import (
    Identity,
    PeerEvent,
    PeerJoined,
    PeerLeft,
    SessionClosed,
    SessionOpened,
)
from aftercall.core.ids import id_from
from aftercall.core.instants import EpochMs
from aftercall.core.storable_json import UNREADABLE, read_json
from aftercall.ingest.checks import moment_of
from aftercall.ingest.jitsi.rooms import SOURCE as SOURCE
from aftercall.ingest.jitsi.rooms import (
    endpoint_of,
    endpoint_user_id,
    meeting_id_from,
    title_of,
    user_id_from,
)
from aftercall.ingest.source import Context, Fact, Translation
from aftercall.ingest.untyped_json import as_count, as_object, as_text, known

Json = Mapping[str, Any]

MOST_OCCUPANTS: Final = 5_000


class _Room(NamedTuple):
    app_id: str
    jid: str
    meeting_id: str
    title: str | None
    parent_meeting_id: str | None
    received_at: EpochMs


def translate(body: bytes, context: Context) -> Translation:
    """The facts of one post. Raises `Malformed` when it cannot be read."""
    try:
        content = read_json(body, msgspec.json.decode)
    except UNREADABLE:
        raise Malformed("The body is not JSON.", code="bad_json") from None
    event = as_object(content)
    name, room = as_text(event.get("event_name")), _room_of(event, context)
    if name is None or room is None:
        raise Malformed("The post names no event or no room.", code="bad_event")
    facts = list(_facts_of(name, event, room))
    return Translation(facts, [0] * len(facts), [], [], ignored=int(not facts))


def _room_of(event: Json, context: Context) -> _Room | None:
    jid = as_text(event.get("room_jid"))
    name = as_text(event.get("room_name"))
    if jid is None:
        return None
    main = meeting_id_from(context.app_id, jid)
    breakout = as_text(event.get("breakout_room_id"))
    if event.get("is_breakout") is True and breakout is not None:
        own = meeting_id_from(context.app_id, breakout)
        return _Room(context.app_id, breakout, own, None, main, context.received_at)
    title = title_of(name or jid)
    return _Room(context.app_id, jid, main, title, None, context.received_at)


def _facts_of(name: str, event: Json, room: _Room) -> Iterator[Fact]:
    match name:
        case "muc-room-created":
            at = _moment(event, "created_at", room)
            yield SessionOpened(
                id=id_from(room.app_id, SOURCE, room.jid, "created", str(at)),
                at=at,
                meeting_id=room.meeting_id,
                title=room.title,
                parent_meeting_id=room.parent_meeting_id,
            )
        case "muc-room-destroyed":
            at = _moment(event, "destroyed_at", room)
            occupants = event.get("all_occupants")
            for each in occupants[:MOST_OCCUPANTS] if isinstance(occupants, list) else ():
                yield from _occupant(as_object(each), room, has_left=True, ended_at=at)
            id = id_from(room.app_id, SOURCE, room.jid, "destroyed", str(at))
            yield SessionClosed(id=id, at=at, meeting_id=room.meeting_id)
        case "muc-occupant-joined" | "muc-occupant-left":
            occupant = as_object(event.get("occupant"))
            yield from _occupant(occupant, room, has_left=name.endswith("left"), ended_at=None)


def _occupant(
    who: Json, room: _Room, *, has_left: bool, ended_at: EpochMs | None
) -> Iterator[Fact]:
    jid = as_text(who.get("occupant_jid"), longest=512)
    joined_at = _moment(who, "joined_at", room)
    if jid is None or moment_of(who.get("joined_at")) is None:
        return
    # Somebody who moves to a breakout room and back keeps the JID.
    peer_id = id_from(room.app_id, SOURCE, "occupant", room.jid, jid, str(joined_at))
    user = as_text(who.get("id"))
    yield PeerJoined(
        id=id_from(room.app_id, SOURCE, peer_id, "joined"),
        at=joined_at,
        meeting_id=room.meeting_id,
        peer_id=peer_id,
        identity=Identity(
            user_id=_user_id(room.app_id, jid, user),
            custom_participant_id=user,
            display_name=as_text(who.get("name")),
        ),
        meeting_title=room.title,
    )
    if not has_left:
        return
    known_end = moment_of(who.get("left_at"))
    left_at = _moment(who, "left_at", room) if known_end is not None else ended_at
    left_at = EpochMs(max(joined_at, left_at or room.received_at))
    common: dict[str, Any] = {"meeting_id": room.meeting_id, "peer_id": peer_id, "at": left_at}
    yield PeerLeft(id=id_from(room.app_id, SOURCE, peer_id, "left"), **common)
    spoken_ms = as_count(who.get("total_dominant_speaker_time"))
    if spoken_ms is not None:
        data = known(talk_time_s=round(spoken_ms / 1_000, 3))
        id = id_from(room.app_id, SOURCE, peer_id, "engagement")
        yield PeerEvent(id=id, name="engagement", data=data, **common)


def _user_id(app_id: str, jid: str, user: str | None) -> str | None:
    """That of the connection if it is known: the occupant's page reports it, too."""
    if (endpoint := endpoint_of(jid)) is not None:
        return endpoint_user_id(app_id, endpoint)
    return None if user is None else user_id_from(app_id, user)


def _moment(members: Json, name: str, room: _Room) -> EpochMs:
    at = moment_of(members.get(name))
    return room.received_at if at is None else min(at, room.received_at)
