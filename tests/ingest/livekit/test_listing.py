import json

import jwt
import pytest
from google.protobuf.json_format import MessageToJson
from livekit.protocol import models, room

from aftercall.core.errors import Malformed
from aftercall.core.events import PeerJoined
from aftercall.core.instants import EpochMs
from aftercall.ingest.livekit.event import peer_id_from, session_id_from
from aftercall.ingest.livekit.listing import (
    TOKEN_LIFE_S,
    ListedRoom,
    read_participants,
    read_rooms,
    server_token,
)

APP = "app"
NOW = EpochMs(1_795_262_400_000)
SECRET = "a-secret-of-livekit-that-is-long-enough"
STATES = models.ParticipantInfo.State


def daily() -> ListedRoom:
    listed = room.ListRoomsResponse(rooms=[models.Room(sid="RM_1", name="daily")])
    (found,) = read_rooms(MessageToJson(listed).encode(), APP)
    return found


def test_a_room_is_the_session_that_its_webhooks_name() -> None:
    assert (daily().name, daily().session_id) == ("daily", session_id_from(APP, "RM_1"))


@pytest.mark.parametrize("is_snake_case", [True, False])
def test_whoever_is_active_has_joined_when_the_list_says(is_snake_case: bool) -> None:
    listed = room.ListParticipantsResponse(
        participants=[
            models.ParticipantInfo(
                sid="PA_1", identity="ana", state=STATES.ACTIVE, joined_at_ms=NOW - 456
            ),
            models.ParticipantInfo(sid="PA_2", identity="bo", state=STATES.JOINING),
            models.ParticipantInfo(sid="PA_3", identity="cy", state=STATES.DISCONNECTED),
        ]
    )
    body = MessageToJson(listed, preserving_proto_field_name=is_snake_case).encode()
    (ana,) = read_participants(body, APP, daily(), NOW)
    (join,) = [fact for fact in ana.facts if isinstance(fact, PeerJoined)]
    assert ana.peer_id == join.peer_id == peer_id_from(APP, "PA_1")
    assert join.at == NOW - 456


@pytest.mark.parametrize(
    "listed", [{}, {"rooms": None}, {"rooms": {}}, {"rooms": [None, 1, {}, {"sid": "RM_1"}]}]
)
def test_an_answer_without_rooms_is_an_empty_list(listed: object) -> None:
    assert read_rooms(json.dumps(listed).encode(), APP) == []


@pytest.mark.parametrize("body", [b"", b"no", b"[]", b"1", b"\xff"])
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        read_rooms(body, APP)


@pytest.mark.parametrize(
    ("name", "grants"),
    [(None, {"roomList": True}), ("daily", {"roomAdmin": True, "room": "daily"})],
)
def test_a_token_allows_one_list_for_a_minute(name: str | None, grants: dict[str, object]) -> None:
    token = server_token("APIk3y", SECRET, NOW, room=name)
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_exp": False})
    assert (claims["iss"], claims["video"]) == ("APIk3y", grants)
    assert claims["exp"] - claims["nbf"] == TOKEN_LIFE_S
