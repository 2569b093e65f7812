"""LiveKit's access token as the credentials of a browser: what it may write, and where."""

from typing import Any
from uuid import uuid4

import httpx
import jwt

from aftercall.core.instants import EpochMs
from tests.web.intake.livekit_server import KEY, SECRET, LivekitIntake

ROOM = "daily"


def _token(now: EpochMs, identity: str = "ada", **claims: Any) -> str:
    now_s = now // 1_000
    values = {
        "iss": KEY,
        "sub": identity,
        "name": identity.title(),
        "nbf": now_s,
        "exp": now_s + 600,
        "video": {"roomJoin": True, "room": ROOM},
    }
    secret = claims.pop("secret", SECRET)
    return jwt.encode(values | claims, secret, algorithm="HS256")


async def _collect(
    livekit: LivekitIntake, token: str, peer_id: str, *entries: dict[str, Any]
) -> httpx.Response:
    now = livekit.server.clock.now
    numbered = [{"at": now, **entry} for entry in entries]
    body = {"v": 1, "peer_id": peer_id, "sent_at": now, "entries": numbered}
    headers = {"authorization": f"Bearer {token}"}
    return await livekit.client.post("/v1/collect", json=body, headers=headers)


JOIN = {"seq": 0, "type": "join", "interval_ms": 7_000}


def _sample(seq: int) -> dict[str, Any]:
    return {"seq": seq, "type": "sample", "connections": []}


def _joined(livekit: LivekitIntake, sid: str, identity: str, room_sid: str = "RM_1") -> Any:
    now = livekit.server.clock.now
    return {
        "event": "participant_joined",
        "id": f"EV_{sid}",
        "createdAt": str(now // 1_000),
        "room": {"sid": room_sid, "name": ROOM, "creationTimeMs": str(now - 3_000)},
        "participant": {"sid": sid, "identity": identity, "joinedAtMs": str(now)},
    }


async def test_the_page_and_the_webhooks_are_one_person_in_one_session(
    livekit: LivekitIntake,
) -> None:
    clock = livekit.server.clock
    answer = await _collect(livekit, _token(clock.now), str(uuid4()), JOIN, _sample(1))
    assert answer.status_code == 202, answer.text
    clock.now = EpochMs(clock.now + 2_000)
    await livekit.post(_joined(livekit, "PA_1", "ada"))
    await livekit.post(_joined(livekit, "PA_2", "bob"))
    late = str(uuid4())
    assert (await _collect(livekit, _token(clock.now, "bob"), late, JOIN)).status_code == 202
    [session] = await livekit.sessions()
    assert session["meeting_display_name"] == ROOM
    assert (session["live_participants"], session["total_participants"]) == (2, 2)
    people = await livekit.participants(session["id"])
    assert {each["custom_participant_id"] for each in people} == {"ada", "bob"}
    clock.now = EpochMs(clock.now + 60_000)
    finished = {"event": "room_finished", "id": "EV_end", "room": {"sid": "RM_1", "name": ROOM}}
    await livekit.post(finished | {"createdAt": str(clock.now // 1_000)})
    [session] = await livekit.sessions()
    assert session["status"] == "ENDED"


async def test_a_token_that_expires_in_a_call_goes_on_for_its_own_peer_alone(
    livekit: LivekitIntake,
) -> None:
    clock = livekit.server.clock
    token, peer = _token(clock.now), str(uuid4())
    assert (await _collect(livekit, token, peer, JOIN)).status_code == 202
    clock.now = EpochMs(clock.now + 20_000)
    assert (await _collect(livekit, token, peer, _sample(1))).status_code == 202
    clock.now = EpochMs(clock.now + 3_600_000)
    late = await _collect(livekit, token, peer, _sample(2))
    assert late.status_code == 202, late.text
    assert (await _collect(livekit, token, peer, _sample(3), _sample(4))).status_code == 202
    other = await _collect(livekit, token, str(uuid4()), JOIN)
    assert other.status_code == 401
    assert other.json()["error"]["reason"] == "token_expired"
    clock.now = EpochMs(clock.now + 86_400_000)
    assert (await _collect(livekit, token, peer, _sample(5))).status_code == 401


async def test_nobody_speaks_for_another_identity_or_another_room(livekit: LivekitIntake) -> None:
    now, peer = livekit.server.clock.now, str(uuid4())
    assert (await _collect(livekit, _token(now), peer, JOIN)).status_code == 202
    foreign = await _collect(livekit, _token(now, "bob"), peer, _sample(1))
    assert foreign.status_code == 403
    elsewhere = _token(now, video={"roomJoin": True, "room": "other"})
    assert (await _collect(livekit, elsewhere, peer, _sample(1))).status_code == 403


async def test_what_is_no_access_token_of_a_known_key_is_refused(livekit: LivekitIntake) -> None:
    now = livekit.server.clock.now
    refused = [
        _token(now, secret="another-secret-of-somebody-else-altogether"),
        _token(now, iss="APIunknown"),
        _token(now, video={"room": ROOM}),
        _token(now, video={"roomJoin": True}),
        _token(now, sub=""),
        _token(now, nbf=now // 1_000 + 600),
        _token(now, sha256="a webhook's"),
        _token(now, exp="soon"),
        jwt.encode({"iss": KEY, "sub": "a", "video": {"roomJoin": True, "room": ROOM}}, SECRET),
        jwt.encode({"iss": KEY, "video": {"room": ROOM}}, SECRET + SECRET, algorithm="HS512"),
    ]
    for token in refused:
        answer = await _collect(livekit, token, str(uuid4()), JOIN)
        assert answer.status_code == 401, answer.text
    assert await livekit.sessions() == []


async def test_the_key_decides_whose_app_it_is(livekit: LivekitIntake) -> None:
    now, keys = livekit.server.clock.now, livekit.server.services.source_keys
    other = await livekit.server.new_client()
    await keys.add(
        other.account_id, other.app_id, "livekit", KEY, "not the secret of that key, but another"
    )
    assert (await _collect(livekit, _token(now), str(uuid4()), JOIN)).status_code == 202
    assert len(await livekit.sessions()) == 1
    forged = _token(now, secret="not the secret of that key, but another")
    assert (await _collect(livekit, forged, str(uuid4()), JOIN)).status_code == 202
    assert len(await livekit.sessions()) == 1
    await keys.add(other.account_id, other.app_id, "livekit", KEY, SECRET)
    unclear = await _collect(livekit, _token(now, "eve"), str(uuid4()), JOIN)
    assert unclear.json()["error"]["reason"] == "token_ambiguous"
    await keys.remove(livekit.owner.account_id, livekit.owner.app_id, "livekit", KEY)
    await keys.remove(other.account_id, other.app_id, "livekit", KEY)
    gone = await _collect(livekit, _token(now, "fay"), str(uuid4()), JOIN)
    assert gone.status_code == 401
