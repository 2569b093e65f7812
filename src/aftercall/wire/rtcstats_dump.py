"""A peer's samples and events as an rtcstats file (format 3, whole reports), which the tools of
rtcstats and importers of webrtc-internals' dumps open."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from aftercall.core.events import AnyEvent, PeerEvent, SampleTaken

_STATES: Final = {
    "ice_connection_state": "oniceconnectionstatechange",
    "connection_state": "onconnectionstatechange",
    "signaling_state": "onsignalingstatechange",
    "ice_gathering_state": "onicegatheringstatechange",
}
_CREATED: Final = "connection_created"
_CLOSED: Final = "connection_closed"


def encode_rtcstats(facts: Iterable[AnyEvent], user_agent: str | None) -> Iterator[bytes]:
    """The lines of the file."""
    ordered = sorted(
        (each for each in facts if isinstance(each, PeerEvent | SampleTaken)),
        key=lambda each: each.at,
    )
    yield b"RTCStatsDump\n"
    header: dict[str, Any] = {"fileFormat": 3}
    if user_agent is not None:
        header["userAgent"] = user_agent
    yield msgspec.json.encode(header) + b"\n"
    last_at = 0
    created: set[str] = set()
    for fact in ordered:
        for method, connection, value in _lines(fact, created):
            line = [method, connection, value, fact.at - last_at]
            last_at = fact.at
            yield msgspec.json.encode(line) + b"\n"


def _lines(
    fact: PeerEvent | SampleTaken, created: set[str]
) -> Iterator[tuple[str, str | None, Any]]:
    if isinstance(fact, SampleTaken):
        for connection in msgspec.json.decode(fact.body).get("connections", ()):
            yield from _created(connection["id"], created)
            report = {each["id"]: each for each in connection.get("stats", ())}
            yield "getStats", connection["id"], report
        return
    named = fact.data.get("connection")
    connection_id = named if isinstance(named, str) else None
    if connection_id is not None:
        yield from _created(connection_id, created)
    if fact.name in _STATES and connection_id is not None:
        yield _STATES[fact.name], connection_id, fact.data.get("state")
    elif fact.name == _CLOSED and connection_id is not None:
        yield "close", connection_id, None
    elif fact.name == "get_user_media_error":
        yield "navigator.mediaDevices.getUserMediaOnFailure", None, fact.data.get("error")
    elif fact.name != _CREATED:
        yield f":{fact.name}", connection_id, fact.data


def _created(connection: str, created: set[str]) -> Iterator[tuple[str, str | None, Any]]:
    if connection not in created:
        created.add(connection)
        yield "create", connection, {}


def file_name(peer_id: str) -> str:
    """The file's name in an export."""
    return f"dumps/{peer_id}.rtcstats.txt"


def user_agent_of(facts: Iterable[AnyEvent]) -> str | None:
    """The browser, as the peer described it."""
    for fact in facts:
        if isinstance(fact, PeerEvent) and fact.name == "describe":
            browser = fact.data.get("browser")
            if isinstance(browser, dict) and isinstance(browser.get("user_agent"), str):
                return str(browser["user_agent"])
    return None
