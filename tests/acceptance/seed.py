"""One session with ids of our choice, told through the backend's door: a simulated call in the
words of `POST /v1/apps/{app_id}/events`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aftercall.simulator.call import Call, SentEntry
from aftercall.simulator.network_conditions import Kind
from tests.acceptance import patient
from tests.acceptance.server import Server, wait_until_ended

SDK_SESSION = "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e"
"""Session, participant and peer of the official SDKs' own tests."""

_HEAD = {"seq", "at", "type"}
_MOST_EVENTS = 500


@dataclass(frozen=True, kw_only=True)
class Seeded:
    """The server, and the session whose id is also its first participant's and peer's."""

    server: Server
    session: dict[str, Any]

    @property
    def arguments(self) -> list[str]:
        """What the scripts that make the nine calls are given."""
        server = self.server
        where = [server.base_url, server.api_token, server.account_id, server.app_id]
        return [*where, SDK_SESSION, SDK_SESSION]


def seed_session(server: Server, *, begin_ms: int, session_id: str, peer_id: str) -> dict[str, Any]:
    """A finished call of three, whose first guest is the peer; the session's details, with its
    reports final and its summary written."""
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
        for stated in second:
            if stated.guest == 0:
                first.append(stated.peer.id)
            named = peer_id if first and stated.peer.id == first[0] else stated.peer.id
            events.append({**event_of(stated), "peer_id": named, **place})
    closed_at = begin_ms + call.length_s * 1000
    events.append({"type": "session_closed", "id": "closed", "at": closed_at, **place})
    with patient.Client(headers=server.headers) as client:
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


def event_of(stated: SentEntry) -> dict[str, Any]:
    """An entry of the collect protocol as an event of the backend's door."""
    entry = stated.entry
    rest = {name: value for name, value in entry.items() if name not in _HEAD}
    head = {"at": entry["at"], "id": f"{stated.peer.id}-{entry['seq']}"}
    match entry["type"]:
        case "join":
            return {**head, "type": "peer_joined", **dict(joined(stated, rest))}
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
            raise AssertionError(f"a call said {other}")


def joined(stated: SentEntry, rest: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "interval_ms", rest["interval_ms"]
    if "previous_peer_id" in rest:
        yield "previous_peer_id", rest["previous_peer_id"]
    yield (
        "participant",
        {
            "user_id": f"guest-{stated.guest}",
            "custom_participant_id": stated.peer.person.custom_id,
            "display_name": rest["display_name"],
            "preset_name": "group_call_participant",
        },
    )
