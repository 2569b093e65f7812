"""One session with chosen ids: a simulated call, sent to `POST /v1/apps/{app_id}/events`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aftercall.simulator.call import Call, SentEntry
from aftercall.simulator.network_conditions import Kind
from tests.acceptance import http_client
from tests.acceptance.server import OLDER_SDK_APP, Server, running, wait_until_ended

SDK_SESSION = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e"
"""Session, participant and peer of the official SDKs' own tests."""

_HEAD = {"seq", "at", "type"}
_MOST_EVENTS = 500


@dataclass(frozen=True, kw_only=True)
class Seeded:
    """The server, and a session whose id is also that of its first participant and peer."""

    server: Server
    session: dict[str, Any]

    @property
    def arguments(self) -> list[str]:
        """The arguments of the scripts that make the nine calls."""
        server = self.server
        where = [server.base_url, server.api_token, server.account_id, server.app_id]
        return [*where, SDK_SESSION, SDK_SESSION]


@contextmanager
def seeded_server(data_dir: Path) -> Iterator[Seeded]:
    """A server with one finished session in each of its two apps."""
    with running(data_dir, chosen=True) as server:
        begin_ms = round(time.time() * 1000) - 600_000
        apps = (replace(server, app_id=OLDER_SDK_APP), server)
        *_, session = [
            seed_session(app, begin_ms=begin_ms, session_id=SDK_SESSION, peer_id=SDK_SESSION)
            for app in apps
        ]
        yield Seeded(server=server, session=session)


def seed_session(server: Server, *, begin_ms: int, session_id: str, peer_id: str) -> dict[str, Any]:
    """Sends a finished call of three, whose first guest is the peer; returns the session's details,
    once its reports are final and its summary is written."""
    call = Call(
        seed=4,
        number=0,
        participants=3,
        length_s=240,
        interval_s=7,
        begin_ms=begin_ms,
        kinds=(Kind.LOSSY_UPLINK, Kind.GOOD, Kind.TURN_TCP),
    )
    place = {"meeting_id": "seeded-meeting", "session_id": session_id}
    events = [
        {"type": "session_opened", "id": "opened", "at": begin_ms, "title": call.title, **place}
    ]
    first: list[str] = []
    for _, second in call.play():
        for sent in second:
            if sent.guest == 0:
                first.append(sent.peer.id)
            named = peer_id if first and sent.peer.id == first[0] else sent.peer.id
            events.append({**event_of(sent), "peer_id": named, **place})
    closed_at = begin_ms + call.length_s * 1000
    events.append({"type": "session_closed", "id": "closed", "at": closed_at, **place})
    with http_client.Client(headers=server.headers) as client:
        for part in range(0, len(events), _MOST_EVENTS):
            answer = client.post(
                f"{server.url}/v1/apps/{server.app_id}/events",
                json={"events": events[part : part + _MOST_EVENTS]},
            )
            results = answer.raise_for_status().json()["data"]["results"]
            assert [result for result in results if result["status"] == "rejected"] == []
        details = wait_until_ended(server, session_id)
        client.post(server.kit(f"sessions/{session_id}/summary")).raise_for_status()
    return details


def event_of(sent: SentEntry) -> dict[str, Any]:
    """An entry of the collect protocol as an event of `POST …/events`."""
    entry = sent.entry
    rest = {name: value for name, value in entry.items() if name not in _HEAD}
    head = {"at": entry["at"], "id": f"{sent.peer.id}-{entry['seq']}"}
    match entry["type"]:
        case "join":
            return {**head, "type": "peer_joined", **dict(joined(sent, rest))}
        case "leave":
            return {**head, "type": "peer_left"}
        case "describe":
            return {**head, "type": "peer_noted", "name": "describe", "data": rest}
        case "event":
            return {**head, "type": "peer_noted", **rest}
        case "sample":
            return {**head, "type": "sample_taken", "sequence": entry["seq"], "sample": rest}
        case "chat":
            return {**head, "type": "chat_sent", "text": rest["text"]}
        case "transcript":
            spoken = {"at": rest["start_at"], "end_at": rest["end_at"], "text": rest["text"]}
            return {**head, "type": "line_spoken", **spoken}
        case other:
            raise AssertionError(f"an entry of unknown type {other}")


def joined(sent: SentEntry, rest: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "interval_ms", rest["interval_ms"]
    if "previous_peer_id" in rest:
        yield "previous_peer_id", rest["previous_peer_id"]
    yield (
        "participant",
        {
            "user_id": f"guest-{sent.guest}",
            "custom_participant_id": sent.peer.person.custom_id,
            "display_name": rest["display_name"],
            "preset_name": "group_call_participant",
        },
    )
