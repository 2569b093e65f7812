"""A real call that RealtimeKit's client reported, replayed with times that end now."""

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from tests.acceptance import http_client
from tests.acceptance.server import Server

RECORDING = Path(__file__).parents[1] / "samples" / "realtimekit-callstats-30s.json"
NAMES = ("Ada", "Grace")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def replay(server: Server) -> str:
    """Replays the recorded call in a new meeting, and ends it; returns the id of its session.

    The backend reports the joins, because a participant's client cannot join before its token was
    made. Each client sends everything in one message, as after a loss of its network: a message
    whose newest entry is old would count as one with a wrong clock.
    """
    recording = json.loads(RECORDING.read_text())
    with http_client.Client(headers=server.headers) as client:
        meeting_id = data(client.post(server.kit("meetings"), json={"title": "Recorded"}))["id"]
        members = [
            data(
                client.post(
                    server.kit(f"meetings/{meeting_id}/participants"),
                    json={
                        "name": name,
                        "preset_name": "group_call_participant",
                        "custom_participant_id": f"recorded-{name}",
                    },
                )
            )
            for name in NAMES
        ]
        text = renewed(json.dumps(recording["sent"]), recording["sent"][-1]["at"])
        for old in recording["ids"]:
            text = text.replace(old, str(uuid4()))
        for number, member in enumerate(members):
            text = text.replace(f"user-{number}", member["id"])
            text = text.replace(f"TOKEN{number}", member["token"])
        messages = json.loads(text.replace("ROOM", meeting_id))
        announced = data(
            client.post(
                f"{server.url}/v1/apps/{server.app_id}/events",
                json={"events": list(arrivals(messages, meeting_id))},
            )
        )
        assert [each["status"] for each in announced["results"]] == ["accepted"] * len(NAMES)
        for auth, body in merged(messages).items():
            answer = http_client.post(
                f"{server.url}/api/v1/message", json=body, headers={"authorization": auth}
            )
            assert data(answer)["rejected"] == []
        calls = data(
            client.get(
                f"{server.url}/v1/apps/{server.app_id}/calls", params={"meeting_id": meeting_id}
            )
        )
        (call,) = calls["live"] + calls["items"]
        session_id: str = call["id"]
        closed = {
            "type": "session_closed",
            "id": str(uuid4()),
            "at": round(time.time() * 1000),
            "meeting_id": meeting_id,
            "session_id": session_id,
        }
        data(client.post(f"{server.url}/v1/apps/{server.app_id}/events", json={"events": [closed]}))
    return session_id


def arrivals(messages: list[Any], meeting_id: str) -> Iterator[dict[str, Any]]:
    """The `peer_joined` events of the recorded `call_join` entries."""
    for sent in messages:
        for entry in sent["body"]["payload"]["entries"]:
            if entry["event"] != "call_join":
                continue
            peer = entry["metaData"]["peerMetaData"]
            yield {
                "type": "peer_joined",
                "at": round(datetime.fromisoformat(entry["timestamp"]).timestamp() * 1000),
                "meeting_id": meeting_id,
                "peer_id": peer["peerId"],
                "participant": {"user_id": peer["userId"], "display_name": peer["displayName"]},
            }


def merged(messages: list[Any]) -> dict[str, Any]:
    """For each client's `authorization` header, one body with the entries of all its messages."""
    bodies: dict[str, Any] = {}
    for sent in messages:
        if sent["auth"] in bodies:
            entries = bodies[sent["auth"]]["payload"]["entries"]
            entries += sent["body"]["payload"]["entries"]
        else:
            bodies[sent["auth"]] = sent["body"]
    return bodies


def renewed(text: str, last_at: int) -> str:
    """The recording with all times shifted, so that the last one was a second ago."""
    shift_ms = round(time.time() * 1000) - last_at - 1_000
    head = str(last_at)[:5]

    def iso(found: re.Match[str]) -> str:
        at = datetime.fromisoformat(found[0]).timestamp() + shift_ms / 1000
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

    def epoch(found: re.Match[str]) -> str:
        return json.dumps(json.loads(found[0]) + shift_ms)

    return re.sub(rf"\b{head}\d{{8}}(?:\.\d+)?\b", epoch, _ISO.sub(iso, text))


def data(answer: httpx.Response) -> Any:
    return answer.raise_for_status().json()["data"]
