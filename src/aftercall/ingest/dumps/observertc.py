"""Samples of ObserveRTC's client monitor (schema 3): one `ClientSample`, or a list of them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from aftercall.ingest.dumps.dump_bytes import DumpBytes
from aftercall.ingest.dumps.entries import (
    CUT,
    Client,
    Describes,
    Entry,
    LeftOut,
    Signal,
    StatsReport,
)
from aftercall.ingest.dumps.json_parts import Cut, JsonParts
from aftercall.ingest.untyped_json import as_number, as_object, as_text

FORMAT: Final = "ObserveRTC ClientSample"

_TYPES: Final = {
    "codecs": "codec",
    "inboundRtps": "inbound-rtp",
    "outboundRtps": "outbound-rtp",
    "remoteInboundRtps": "remote-inbound-rtp",
    "remoteOutboundRtps": "remote-outbound-rtp",
    "mediaSources": "media-source",
    "iceTransports": "transport",
    "iceCandidatePairs": "candidate-pair",
}
_STATES: Final = {
    "ICE_CONNECTION_STATE_CHANGED": ("oniceconnectionstatechange", "iceConnectionState"),
    "PEER_CONNECTION_STATE_CHANGED": ("onconnectionstatechange", "peerConnectionState"),
    "SIGNALING_STATE_CHANGED": ("onsignalingstatechange", "signalingState"),
    "SIGNALING_STATE_CHANGE": ("onsignalingstatechange", "signalingState"),
    "ICE_GATHERING_STATE_CHANGED": ("onicegatheringstatechange", "iceGatheringState"),
    "PEER_CONNECTION_OPENED": ("create", ""),
    "PEER_CONNECTION_CLOSED": ("close", ""),
}


def read(data: DumpBytes) -> Iterator[Entry]:
    """The entries of a list of samples, of one, or of samples that are one a line."""
    parts = JsonParts(data)
    try:
        for _ in parts.documents():
            found = parts.value()
            for each in found if isinstance(found, list) else [found]:
                yield from _sample(each)
    except Cut:
        yield CUT


def _sample(raw: object) -> Iterator[Entry]:
    sample = as_object(raw)
    if "sample" in sample and "peerConnections" not in sample:
        sample = as_object(sample["sample"])
    at_ms = as_number(sample.get("timestamp"))
    connections = sample.get("peerConnections")
    if at_ms is None or not isinstance(connections, list | None):
        yield LeftOut("a sample without a time or connections: those of schema 3 are read")
        return
    attachments = as_object(sample.get("attachments"))
    yield Client(as_text(sample.get("clientId")) or "")
    yield Describes(
        name=as_text(attachments.get("displayName")) or as_text(sample.get("clientId")),
        call_id=as_text(sample.get("callId")),
    )
    yield from _meta(sample.get("clientMetaItems"))
    for each in connections or ():
        connection = as_object(each)
        id = as_text(connection.get("peerConnectionId"))
        if id is None:
            yield LeftOut("a connection without an id")
        else:
            yield StatsReport(at_ms, id, _stats(connection))
    yield from _events(sample.get("clientEvents"))


def _stats(connection: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    pairs = connection.get("iceCandidatePairs")
    remotes = {
        as_text(as_object(pair).get("remoteCandidateId"))
        for pair in (pairs if isinstance(pairs, list) else ())
    }
    for member, listed in connection.items():
        for each in listed if isinstance(listed, list) else ():
            if not isinstance(each, dict):
                continue
            if member == "iceCandidates":
                is_remote = each.get("isRemote") is True or each.get("id") in remotes
                type_ = "remote-candidate" if is_remote else "local-candidate"
            elif member in _TYPES:
                type_ = _TYPES[member]
            else:
                continue
            id = as_text(each.get("id")) or f"{type_}-{each.get('ssrc', len(found))}"
            found.append({**each, "id": id, "type": type_})
    return found


def _payload(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The payload, which was JSON text up to schema 3.4."""
    payload = event.get("payload")
    if isinstance(payload, str):
        try:
            payload = msgspec.json.decode(payload)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return {}
    return as_object(payload)


def _events(events: object) -> Iterator[Entry]:
    for each in events if isinstance(events, list) else ():
        event = as_object(each)
        at_ms, name = as_number(event.get("timestamp")), as_text(event.get("type"))
        if at_ms is None or name is None:
            yield LeftOut("an event without a time or type")
            continue
        payload = _payload(event)
        connection = as_text(payload.get("peerConnectionId"))
        method, member = _STATES.get(name, (name.lower(), ""))
        if name in ("CLIENT_JOINED", "CLIENT_LEFT"):
            connection = None
        value = payload.get(member) or payload.get("state") if member else None
        yield Signal(at_ms, connection, method, value)


def _meta(items: object) -> Iterator[Entry]:
    for each in items if isinstance(items, list) else ():
        item = as_object(each)
        if item.get("type") in ("USER_AGENT_DATA", "BROWSER", "USER_AGENT"):
            described = _payload(item)
            raw_agent = described.get("ua", described.get("userAgent"))
            text = as_text(raw_agent, longest=512)
            if text is not None:
                yield Describes(user_agent=text)
