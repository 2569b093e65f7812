"""Calls of a page and events of its connections, as events of the record: they show why a
connection did not come about. Descriptions, passwords, addresses and device labels are not kept."""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from aftercall.ingest.dumps.entries import Signal
from aftercall.ingest.untyped_json import as_count, as_object, as_text, known

MOST_EVENTS: Final = 20_000
"""Events of one peer that are kept. Chosen: an hour with a change of state each second is 3600."""

LONGEST_SDP: Final = 1_000_000

_STATES: Final = {
    "oniceconnectionstatechange": "ice_connection_state",
    "onconnectionstatechange": "connection_state",
    "onsignalingstatechange": "signaling_state",
    "onicegatheringstatechange": "ice_gathering_state",
    "ondtlsstatechange": "dtls_state",
}
_DESCRIBED: Final = {
    "setLocalDescription": "local_description",
    "setRemoteDescription": "remote_description",
}
_CANDIDATES: Final = {
    "onicecandidate": "local_ice_candidate",
    "addIceCandidate": "remote_ice_candidate",
}
_PERMISSIONS: Final = {
    "NotAllowedError": "DENIED",
    "NotFoundError": "NO_DEVICES_AVAILABLE",
    "NotReadableError": "COULD_NOT_START",
}
_CANDIDATE: Final = re.compile(
    r"(?:candidate:)?\S+ \d+ (?P<protocol>\w+) \d+ \S+ \d+ typ (?P<type>\w+)"
)
_TYPE_IN_SDP: Final = re.compile(r"^a=setup:(\w+)", re.MULTILINE)
_FINGERPRINT: Final = re.compile(r"^a=fingerprint:\S+ ([0-9A-Fa-f:]+)", re.MULTILINE)
_SDP_CANDIDATE: Final = re.compile(r"^a=(candidate:[^\r\n]+)", re.MULTILINE)
_TURN: Final = re.compile(r"\bturns?:", re.IGNORECASE)
_STUN: Final = re.compile(r"\bstuns?:", re.IGNORECASE)
_REQUEST: Final = re.compile(
    r"navigator\.mediaDevices\.(getUserMedia|getDisplayMedia)(OnSuccess|OnFailure)?"
)
_ERROR_NAME: Final = re.compile(r"\w*Error\b")


class SignalEvent(NamedTuple):
    """An event of the record."""

    name: str
    data: dict[str, Any]


class Signals:
    """Reads the signals of one peer, in the order of the file."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, ...]] = set()
        self._wanted: list[str] = []
        self.dropped = 0
        """Events beyond `MOST_EVENTS`."""
        self._count = 0

    def read(self, signal: Signal) -> list[SignalEvent]:
        """The events that a signal is."""
        found = list(self._events(signal))
        self._count += len(found)
        if self._count > MOST_EVENTS:
            self.dropped += len(found)
            return []
        return found

    def _events(self, signal: Signal) -> Iterator[SignalEvent]:
        method, value = signal.method, signal.value
        connection = (signal.connection or "")[:128]
        if found := _REQUEST.fullmatch(method):
            yield from self._request(found[1], found[2], value)
        elif not connection:
            return
        elif method in _STATES:
            state = as_text(value, longest=64)
            if state is not None:
                yield SignalEvent(_STATES[method], {"connection": connection, "state": state})
        elif method == "create":
            yield SignalEvent("connection_created", {"connection": connection, **_servers(value)})
        elif method == "close":
            yield SignalEvent("connection_closed", {"connection": connection})
        elif method in ("restartIce", "iceRestart"):
            yield SignalEvent("ice_restart", {"connection": connection})
        elif method in _DESCRIBED:
            kind = description_type(value)
            yield SignalEvent(_DESCRIBED[method], {"connection": connection, **known(type=kind)})
            for line in _SDP_CANDIDATE.findall(sdp_of(value)):
                side = "local" if method == "setLocalDescription" else "remote"
                yield from self._candidate(connection, f"{side}_ice_candidate", line)
        elif method in _CANDIDATES:
            text = as_object(value).get("candidate", value)
            yield from self._candidate(connection, _CANDIDATES[method], text)
        elif method == "onicecandidateerror":
            yield from self._candidate_error(connection, as_object(value))
        elif method.endswith("OnFailure"):
            error, message = error_of(value)
            operation = method.removesuffix("OnFailure")[:64]
            data = known(operation=operation, error=error, message=message)
            yield SignalEvent("negotiation_failed", {"connection": connection, **data})

    def _candidate(self, connection: str, name: str, text: object) -> Iterator[SignalEvent]:
        """One event for each kind of candidate: of one kind there may be dozens."""
        found = _CANDIDATE.match(text[:512]) if isinstance(text, str) else None
        if found is None:
            return
        type_, protocol = found["type"], found["protocol"].lower()
        if self._is_first(connection, name, type_, protocol):
            data = {"connection": connection, "candidate_type": type_, "protocol": protocol}
            yield SignalEvent(name, data)

    def _candidate_error(self, connection: str, value: Any) -> Iterator[SignalEvent]:
        url = as_text(value.get("url"))
        code = as_count(value.get("errorCode", value.get("error_code")))
        text = as_text(value.get("errorText", value.get("error_text")))
        if self._is_first(connection, "error", str(url), str(code)):
            server = None if url is None else url.partition("?")[0]
            data = known(url=server, error_code=code, error_text=text)
            yield SignalEvent("ice_candidate_error", {"connection": connection, **data})

    def _is_first(self, *words: str) -> bool:
        if words in self._seen or len(self._seen) >= 1_000:
            return False
        self._seen.add(words)
        return True

    def _request(self, call: str, outcome: str | None, value: object) -> Iterator[SignalEvent]:
        if outcome is None:
            wanted = as_object(value)
            self._wanted = [
                kind for kind in ("audio", "video") if wanted.get(kind) not in (None, False)
            ]
            return
        kinds = ["screenshare"] if call == "getDisplayMedia" else self._wanted
        permission: str | None = "ACCEPTED"
        if outcome == "OnFailure":
            error, message = error_of(value)
            data = known(error=error, message=message, device_types=",".join(kinds).upper() or None)
            yield SignalEvent("get_user_media_error", data)
            permission = _PERMISSIONS.get(error or "")
        if permission is not None:
            for kind in kinds:
                data = {"device_type": kind.upper(), "permission": permission}
                yield SignalEvent("media_permission", data)


def _servers(configuration: object) -> dict[str, Any]:
    """How many STUN and TURN addresses a connection was given; nothing if that is unknown."""
    text = configuration if isinstance(configuration, str) else ""
    if isinstance(configuration, dict):
        servers = configuration.get("iceServers")
        if not isinstance(servers, list):
            return {}
        text = " ".join(_urls(servers))
    elif "iceServers" not in text:
        return {}
    policy = as_object(configuration).get("iceTransportPolicy")
    return known(
        stun_servers=len(_STUN.findall(text)),
        turn_servers=len(_TURN.findall(text)),
        ice_transport_policy=as_text(policy, longest=16),
    )


def _urls(servers: list[Any]) -> Iterator[str]:
    for server in servers[:64]:
        for member in ("urls", "url"):
            urls = as_object(server).get(member)
            for url in urls if isinstance(urls, list) else [urls]:
                if isinstance(url, str):
                    yield url[:256]


def sdp_of(value: object) -> str:
    """The SDP of a description; empty if it has none."""
    sdp = as_object(value).get("sdp")
    return sdp[:LONGEST_SDP] if isinstance(sdp, str) else ""


def fingerprints_of(value: object) -> set[str]:
    """The fingerprints of the certificates that a description names."""
    return {found.upper() for found in _FINGERPRINT.findall(sdp_of(value))}


def description_type(value: object) -> str | None:
    """`offer`, `answer`, `pranswer` or `rollback`; by its DTLS role if it is not named."""
    named = as_text(as_object(value).get("type"), longest=16)
    if named is not None:
        return named
    setup = _TYPE_IN_SDP.search(sdp_of(value))
    return None if setup is None else "offer" if setup[1] == "actpass" else "answer"


def error_of(value: object) -> tuple[str | None, str | None]:
    """The name of a `DOMException` and its message, however the file writes them."""
    if isinstance(value, dict):
        return as_text(value.get("name"), longest=64), as_text(value.get("message"))
    text = " ".join(str(each) for each in value[:4]) if isinstance(value, list) else value
    if not isinstance(text, str):
        return None, None
    name = _ERROR_NAME.search(text)
    if name is None:
        return as_text(text, longest=64), None
    message = text.replace(name[0], "", 1).strip(" :,")
    return name[0][:64], as_text(message)
