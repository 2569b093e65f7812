"""Every method of the official SDK's `realtime_kit`, and a call with everything that they name."""

import inspect
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from aftercall.core.egresses import EgressKind, EgressStatus
from aftercall.core.events import AnyEvent, EgressReported, Identity, PeerJoined
from tests.web.rest_server import ApiClient, RestServer

PEER: Final = "5f6bfa3e-9a44-4a0c-8f35-3f0e5f3f5b7a"


class Method(NamedTuple):
    """A method of a resource of the SDK, by both names."""

    resource: str
    name: str
    call: Any

    def __str__(self) -> str:
        return f"{self.resource}.{self.name}"


def methods(kit: Any) -> Iterator[Method]:
    """The methods that send a request."""
    for resource in sorted(vars(type(kit))):
        part = getattr(kit, resource, None)
        if resource.startswith(("_", "with_")) or not hasattr(part, "_client"):
            continue
        for name, call in inspect.getmembers(part, inspect.ismethod):
            if not name.startswith(("_", "with_")) and inspect.iscoroutinefunction(call):
                yield Method(resource, name, call)


async def furnish(server: RestServer, owner: ApiClient) -> dict[str, Any]:
    """A meeting with a call that goes on, recorded and livestreamed: what stands for each id."""
    made = await owner.request("POST", "/meetings", json={"title": "Theirs"})
    meeting = made.json()["data"]["id"]
    added = await owner.request(
        "POST",
        f"/meetings/{meeting}/participants",
        json={"custom_participant_id": "ada", "preset_name": "p"},
    )
    member = added.json()["data"]["id"]
    now = server.clock()
    facts: list[AnyEvent] = [
        PeerJoined(
            id="joined",
            at=now,
            meeting_id=meeting,
            peer_id=PEER,
            identity=Identity(user_id=member, custom_participant_id="ada"),
        ),
        *(
            EgressReported(
                id=f"{kind} active",
                at=now,
                meeting_id=meeting,
                kind=kind,
                egress_id=f"{kind}-1",
                status=EgressStatus.ACTIVE,
                started_at=now,
            )
            for kind in EgressKind
        ),
    ]
    await server.recorder.record(owner.app_id, facts, source="events")
    active = await owner.request("GET", f"/meetings/{meeting}/active-session")
    (preset,) = (await owner.request("GET", "/presets")).json()["data"]
    wanted = {"name": "w", "url": _VALUES["url"], "events": _VALUES["events"]}
    webhook = (await owner.request("POST", "/webhooks", json=wanted)).json()["data"]["id"]
    return {
        "account_id": owner.account_id,
        "app_id": owner.app_id,
        "meeting_id": meeting,
        "participant_id": member,
        "preset_id": preset["id"],
        "session_id": active.json()["data"]["id"],
        "peer_id": PEER,
        "webhook_id": webhook,
        "recording_id": "recording-1",
        "livestream_id": "livestream-1",
        "livestream_session_id": "livestream-1",
    }


_VALUES: Final[dict[str, Any]] = {
    "action": "stop",
    "custom_participant_ids": ["nobody"],
    "layers": {"default": {}},
    "options": ["yes", "no"],
    "participant_ids": [PEER],
    "preset_name": "p",
    "url": "https://receiver.example.com/",
    "events": ["meeting.ended"],
}
"""What is sent for the required members of bodies that are no plain text."""


def arguments(method: Method, ids: dict[str, Any], bodies: dict[str, Any]) -> dict[str, Any]:
    """What a method must be given; the names of other members of its body have no need to be."""
    given: dict[str, Any] = {}
    for name, parameter in inspect.signature(method.call).parameters.items():
        if name.startswith("extra_") or name == "timeout":
            continue
        is_required = parameter.default is inspect.Parameter.empty
        if name in ids:
            given[name] = ids[name]
        elif is_required or name in bodies:
            given[name] = bodies.get(name, _VALUES.get(name, "text"))
    return given
