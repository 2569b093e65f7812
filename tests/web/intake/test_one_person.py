"""Two sources of one call: one person is one participant, measured once."""

from typing import Any
from uuid import uuid4

import pytest

from aftercall.core.instants import EpochMs
from tests.web.intake.livekit_server import LivekitIntake

INBOUND = {
    "type": "inbound-rtp",
    "id": "in",
    "ssrc": 7,
    "kind": "audio",
}


async def _join_meeting(livekit: LivekitIntake, meeting: str, name: str) -> str:
    """The token of a participant whom the backend added to a meeting."""
    added = await livekit.owner.request(
        "POST",
        f"/meetings/{meeting}/participants",
        json={"name": name, "custom_participant_id": name, "preset_name": "group_call_host"},
    )
    assert added.status_code == 201, added.text
    return str(added.json()["data"]["token"])


async def _collect(livekit: LivekitIntake, token: str, peer: str, *entries: dict[str, Any]) -> None:
    now = livekit.server.clock.now
    body = {
        "v": 1,
        "peer_id": peer,
        "sent_at": now,
        "entries": [{"at": now, **entry} for entry in entries],
    }
    headers = {"authorization": f"Bearer {token}"}
    answer = await livekit.client.post("/v1/collect", json=body, headers=headers)
    assert answer.status_code == 202, answer.text


async def _janus(
    livekit: LivekitIntake, *events: dict[str, Any], query: str = "?identity=display"
) -> None:
    owner = livekit.owner
    answer = await livekit.client.post(
        f"/v1/apps/{owner.app_id}/sources/janus{query}",
        json=[
            {"emitter": "janus-1", "timestamp": livekit.server.clock.now * 1_000} | event
            for event in events
        ],
        headers={"authorization": f"Bearer {owner.token}"},
    )
    assert answer.status_code == 202, answer.text


def _room(session: int, name: str, **data: Any) -> dict[str, Any]:
    members = {"event": name, "room": 1234} | data
    content = {"plugin": "janus.plugin.videoroom", "data": members}
    return {"type": 64, "session_id": session, "handle_id": session + 1, "event": content}


def _janus_media(session: int, received: int, lost: int) -> dict[str, Any]:
    media = {
        "mid": "0",
        "mindex": 0,
        "media": "audio",
        "codec": "opus",
        "base": 48_000,
        "lost": lost,
        "packets-received": received,
        "packets-sent": received,
        "bytes-received": received * 100,
        "bytes-sent": received * 100,
        "rtt": 20,
    }
    return {
        "type": 32,
        "subtype": 3,
        "session_id": session,
        "handle_id": session + 1,
        "event": media,
    }


def _sample(seq: int, received: int) -> dict[str, Any]:
    stats = INBOUND | {"packetsReceived": received, "packetsLost": 0, "bytesReceived": received}
    timed = stats | {"timestamp": 1_795_262_400_000 + seq * 5_000}
    return {"seq": seq, "type": "sample", "connections": [{"id": "pc", "stats": [timed]}]}


async def test_janus_and_the_collector_in_the_same_pages_do_not_double_anybody(
    livekit: LivekitIntake,
) -> None:
    names, clock = ["Ann", "Ben", "Cy"], livekit.server.clock
    await _janus(
        livekit, *(_room(n, "joined", id=100 + n, display=name) for n, name in enumerate(names))
    )
    tokens = {name: await _join_meeting(livekit, "1234", name) for name in names}
    peers = {name: str(uuid4()) for name in names}
    for name in names:
        await _collect(
            livekit, tokens[name], peers[name], {"seq": 0, "type": "join", "interval_ms": 5_000}
        )
    for turn in range(1, 6):
        clock.now = EpochMs(clock.now + 5_000)
        for n, name in enumerate(names):
            await _janus(livekit, _janus_media(n, turn * 250, turn * 100))
            await _collect(livekit, tokens[name], peers[name], _sample(turn, turn * 250))
    [session] = await livekit.sessions()
    assert (session["live_participants"], session["total_participants"]) == (3, 3)
    clock.now = EpochMs(clock.now + 1_000)
    for name in names:
        await _collect(livekit, tokens[name], peers[name], {"seq": 9, "type": "leave"})
    await _janus(
        livekit, *({"type": 1, "session_id": n, "event": {"name": "destroyed"}} for n in range(3))
    )
    [session] = await livekit.sessions()
    people = await livekit.participants(session["id"])
    assert sorted(each["display_name"] for each in people) == names
    assert session["live_participants"] == 0
    assert session["max_concurrent_participants"] == 3
    assert session["minutes_consumed"] == pytest.approx(3 * 26 / 60, abs=0.01)
    report = await livekit.owner.request("GET", f"/sessions/peer-report/{peers['Ann']}")
    found = report.json()["data"]
    assert found["peer_report"]["quality"]["audio_producer"] == []
    assert found["quality_stats"]["total_audio_packets_lost"] == 0
    assert found["peer_report"]["completeness"]["expected_samples"] == 5


async def test_two_tabs_are_two_presences_of_one_participant(livekit: LivekitIntake) -> None:
    clock = livekit.server.clock
    await _janus(livekit, _room(1, "joined", id=100, display="Ann"))
    token = await _join_meeting(livekit, "1234", "Ann")
    first, second = str(uuid4()), str(uuid4())
    join = {"seq": 0, "type": "join", "interval_ms": 5_000}
    await _collect(livekit, token, first, join)
    clock.now = EpochMs(clock.now + 10_000)
    await _collect(livekit, token, second, join)
    await _collect(livekit, token, first, {"seq": 1, "type": "leave"})
    clock.now = EpochMs(clock.now + 10_000)
    await _collect(livekit, token, second, {"seq": 1, "type": "leave"})
    await _janus(livekit, {"type": 1, "session_id": 1, "event": {"name": "destroyed"}})
    [session] = await livekit.sessions()
    [ann] = await livekit.participants(session["id"])
    assert ann["duration"] == pytest.approx(20 / 60, abs=0.001)
    for peer in (first, second):
        report = await livekit.owner.request("GET", f"/sessions/peer-report/{peer}")
        assert report.status_code == 200


async def test_without_a_mapping_ids_of_one_source_are_strangers_to_the_other(
    livekit: LivekitIntake,
) -> None:
    await _janus(livekit, _room(1, "joined", id=100, display="Ann"), query="")
    token = await _join_meeting(livekit, "1234", "Ann")
    await _collect(livekit, token, str(uuid4()), {"seq": 0, "type": "join", "interval_ms": 5_000})
    [session] = await livekit.sessions()
    assert session["total_participants"] == 2
