"""The source `realtimekit_callstats`: statistics that RealtimeKit's web client sends by itself.

`POST /api/v1/message` with `{"payload": {"entries": [{event, metaData, timestamp}]}, "peerId"}`.
Entry by entry it becomes facts: a `ping_stat` a sample in the shape of the collect protocol, a
`call_join` a join, a `disconnect` a leave, the rest notes under the names the record
understands. The client sends a `disconnect` when the call ends on its side, and no report after it;
it announces no lost connection, so a `disconnect` is a leave.

Source: the published package `@cloudflare/realtimekit-callstats` 8.0.0 and a recording of it.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.events import (
    Identity,
    PeerEvent,
    PeerJoined,
    PeerLeft,
)
from aftercall.core.ids import id_from, is_path_id
from aftercall.core.instants import EpochMs, is_plausible
from aftercall.core.storable_json import UNREADABLE, read_json
from aftercall.ingest.callstats_ping import sample_of
from aftercall.ingest.checks import moment_of
from aftercall.ingest.refusals import MOST_NOTED, refusal
from aftercall.ingest.source import Context, Fact, Rejected, Translation, UnencodedSample
from aftercall.ingest.untyped_json import (
    as_count,
    as_flag,
    as_number,
    as_object,
    as_text,
    known,
    scalars,
)
from aftercall.ingest.user_agent import completed

SOURCE: Final = "realtimekit_callstats"
INTERVAL_MS: Final = 7_000
"""How often the client reports; fixed in its code."""

LONGEST_FLUSH: Final = 25
"""Entries the client sends at most in one flush; a full one may be a backlog."""

_MOST_ENTRIES: Final = 500
_AHEAD_MS: Final = 2_000
"""A newest entry this far in our future is a clock that is wrong."""
_BEHIND_MS: Final = 15_000
"""So is one this far in our past: the client flushes at least every 7 s and gives up after 3 s."""

_BEYOND_MS: Final = 1e14
"""Above any clock of milliseconds, however wrong."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _Batch(NamedTuple):
    """What every entry of a batch shares."""

    app_id: str
    meeting_id: str
    peer_id: str
    identity: Identity
    received_at: EpochMs
    skew_ms: int


class _Entry(NamedTuple):
    event: str
    data: Mapping[str, Any]
    at: EpochMs
    timestamp: str


def translate(body: bytes, context: Context) -> Translation:
    """The facts of one request body.

    Bad entries are listed as rejected one by one. Raises `Malformed` when the body as a whole
    cannot be read or does not name its peer.
    """
    peer_id, entries = _envelope(body)
    received_at = context.received_at
    batch = _Batch(
        context.app_id,
        context.meeting_id,
        peer_id,
        context.identity,
        received_at,
        _skew_ms(entries, received_at),
    )
    facts: list[Fact] = []
    positions: list[int] = []
    rejected: list[Rejected] = []
    notes: list[PeerEvent] = []
    for position, raw in enumerate(entries):
        try:
            found = _translate_entry(_entry(raw, batch), batch)
        except Malformed as error:
            rejected.append(Rejected(position, error.code, error.message))
            if len(rejected) <= MOST_NOTED:
                notes.append(_refusal(raw, error, batch))
        else:
            facts += found
            positions += [position] * len(found)
    heard_at = max((fact.at for fact in (*facts, *notes)), default=received_at)
    return Translation(facts, positions, rejected, notes, peer_id=peer_id, heard_at=heard_at)


def _refusal(raw: object, error: Malformed, batch: _Batch) -> PeerEvent:
    entry = as_object(raw)
    moment = _moment(entry.get("timestamp"))
    at = batch.received_at if moment is None else EpochMs(moment + batch.skew_ms)
    return refusal(
        batch.app_id,
        batch.peer_id,
        msgspec.json.encode(raw, order="deterministic").decode(),
        at=at if is_plausible(at) else batch.received_at,
        code=error.code,
        is_sample=entry.get("event") == "ping_stat",
        meeting_id=batch.meeting_id,
    )


def _envelope(body: bytes) -> tuple[str, list[Any]]:
    try:
        message = read_json(body, msgspec.json.decode)
    except UNREADABLE:
        raise Malformed("The body is not JSON.", code="bad_json") from None
    if not isinstance(message, dict):
        raise Malformed("The body must be a JSON object.", code="bad_body")
    peer_id = message.get("peerId")
    if not isinstance(peer_id, str) or not is_path_id(peer_id):
        raise Malformed('"peerId" must be the id of a peer.', code="bad_peer_id", field="peerId")
    payload = message.get("payload")
    entries = payload.get("entries") if isinstance(payload, dict) else None
    if not isinstance(entries, list):
        raise Malformed(
            '"payload.entries" must be a list.', code="bad_body", field="payload.entries"
        )
    if len(entries) > _MOST_ENTRIES:
        raise Malformed(
            f"A message holds at most {_MOST_ENTRIES} entries.",
            code="too_many_entries",
            field="payload.entries",
        )
    return peer_id, entries


def _moment(value: object) -> int | None:
    """Milliseconds since the epoch of an ISO 8601 string or a plain number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value) if abs(value) < _BEYOND_MS else moment_of(value)
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return moment_of(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _skew_ms(entries: list[Any], received_at: EpochMs) -> int:
    """What to add to the client's moments; 0 while its clock can be believed.

    A batch is flushed with the entry just made, so its newest entry is about now, unless it is
    a full one of a backlog.
    """
    moments = [_moment(raw.get("timestamp")) for raw in entries if isinstance(raw, dict)]
    known = [moment for moment in moments if moment is not None]
    if not known:
        return 0
    behind_ms = received_at - max(known)
    if behind_ms < -_AHEAD_MS:
        return behind_ms
    if behind_ms > _BEHIND_MS and len(entries) < LONGEST_FLUSH:
        return behind_ms
    return 0


def _entry(raw: object, batch: _Batch) -> _Entry:
    if not isinstance(raw, dict):
        raise Malformed("An entry must be a JSON object.", code="bad_entry")
    event = raw.get("event")
    if not isinstance(event, str) or not _is_name(event):
        raise Malformed('"event" must be the name of an event.', code="bad_event", field="event")
    timestamp = raw.get("timestamp")
    moment = _moment(timestamp)
    at = batch.received_at if moment is None else EpochMs(moment + batch.skew_ms)
    if not is_plausible(at):
        raise Malformed(
            '"timestamp" is not a moment a call can have.', code="bad_time", field="timestamp"
        )
    data = raw.get("metaData", raw.get("metadata"))
    if isinstance(data, str):
        data = {"value": data}
    return _Entry(event, data if isinstance(data, dict) else {}, at, str(timestamp))


def _is_name(text: str) -> bool:
    return 0 < len(text) <= 64 and all(c.isascii() and (c.isalnum() or c == "_") for c in text)


def _translate_entry(entry: _Entry, batch: _Batch) -> list[Fact]:
    translator = _TRANSLATORS.get(entry.event, _noted)
    return translator(entry, batch)


def _note(entry: _Entry, batch: _Batch, name: str, data: dict[str, Any]) -> PeerEvent:
    words = (batch.peer_id, "callstats", entry.event, name, entry.timestamp)
    return PeerEvent(
        id=id_from(batch.app_id, *words),
        at=entry.at,
        meeting_id=batch.meeting_id,
        peer_id=batch.peer_id,
        name=name,
        data=data,
    )


def _joined(entry: _Entry, batch: _Batch) -> list[Fact]:
    members = as_object(entry.data.get("peerMetaData"))
    identity = batch.identity
    name = as_text(members.get("displayName"))
    if identity.display_name is None and name is not None:
        identity = msgspec.structs.replace(identity, display_name=name)
    join = PeerJoined(
        id=id_from(batch.app_id, batch.peer_id, "callstats", "call_join", entry.timestamp),
        at=entry.at,
        meeting_id=batch.meeting_id,
        peer_id=batch.peer_id,
        identity=identity,
        interval_ms=INTERVAL_MS,
    )
    return [join, _note(entry, batch, "describe", _description(members))]


def _description(members: Mapping[str, Any]) -> dict[str, Any]:
    device = as_object(members.get("deviceInfo"))
    description: dict[str, Any] = {
        "device": known(
            is_mobile=as_flag(device.get("isMobile")),
            os=as_text(device.get("osName")),
            os_version=as_text(device.get("osVersionName")),
            cpus=as_count(device.get("cpus")),
            memory_gb=as_number(device.get("memory")),
        ),
        "browser": known(
            name=as_text(device.get("browserName")),
            version=as_text(device.get("browserVersion")),
            engine=as_text(device.get("engineName")),
            user_agent=as_text(device.get("userAgent"), longest=512),
            webgl=as_flag(device.get("webglSupport")),
        ),
        "sdk": known(
            name=as_text(members.get("sdkName")), version=as_text(members.get("sdkVersion"))
        ),
        **known(
            room_view_type=as_text(members.get("roomViewType")),
            meeting_env=as_text(members.get("meetingEnv")),
            participant_role=as_text(members.get("participantRole")),
            source_session_id=as_text(members.get("roomUUID")),
        ),
    }
    return completed(description)


def _precall(entry: _Entry, batch: _Batch) -> list[Fact]:
    info = as_object(entry.data.get("connectionInfo"))
    ip = as_object(info.get("ipDetails"))
    connectivity = as_object(info.get("connectivity"))
    effective_type = as_text(info.get("effectiveNetworkType"))
    asn = ip.get("asn")
    network = known(
        effective_type=effective_type,
        ip=as_text(ip.get("ip")),
        city=as_text(ip.get("city")),
        region=as_text(ip.get("region")),
        country=as_text(ip.get("country")),
        timezone=as_text(ip.get("timezone")),
        org=as_text(ip.get("org")),
        postal=as_text(ip.get("postal")),
        asn=scalars(asn) if isinstance(asn, dict) else as_text(asn),
    )
    precall = known(
        effective_type=effective_type,
        host=as_flag(connectivity.get("host")),
        relay=as_flag(connectivity.get("relay")),
        reflexive=as_flag(connectivity.get("reflexive")),
        turn=as_flag(info.get("turnConnectivity")),
        throughput_kbps=as_number(info.get("throughput")),
        rtt_s=as_number(info.get("RTT")),
        backend_rtt_s=as_number(info.get("backendRTT")),
    )
    return [_note(entry, batch, "describe", {"network": network, "precall": precall})]


def _left(entry: _Entry, batch: _Batch) -> list[Fact]:
    left = PeerLeft(
        id=id_from(batch.app_id, batch.peer_id, "callstats", "disconnect", entry.timestamp),
        at=entry.at,
        meeting_id=batch.meeting_id,
        peer_id=batch.peer_id,
    )
    return [left, _note(entry, batch, "disconnect", {})]


def _sampled(entry: _Entry, batch: _Batch) -> list[Fact]:
    sample_body, sequence = sample_of(entry.data, entry.at)
    sample = UnencodedSample(
        id=id_from(batch.app_id, batch.peer_id, "sample", str(sequence)),
        at=entry.at,
        meeting_id=batch.meeting_id,
        peer_id=batch.peer_id,
        sequence=sequence,
        body=sample_body,
    )
    return [sample]


def _devices(entry: _Entry, batch: _Batch) -> list[Fact]:
    listed = entry.data.get("deviceList")
    devices = [_device(item) for item in listed] if isinstance(listed, list) else []
    data = {"devices": [device for device in devices[:64] if device]}
    return [_note(entry, batch, entry.event, data)]


def _selected(entry: _Entry, batch: _Batch) -> list[Fact]:
    return [_note(entry, batch, entry.event, {"device": _device(entry.data.get("device"))})]


def _role(entry: _Entry, batch: _Batch) -> list[Fact]:
    role = as_text(entry.data.get("participantRole")) or as_text(entry.data.get("value"))
    return [_note(entry, batch, entry.event, known(participant_role=role))]


def _noted(entry: _Entry, batch: _Batch) -> list[Fact]:
    return [_note(entry, batch, entry.event.lower(), scalars(entry.data))]


_Translator = Callable[[_Entry, _Batch], list[Fact]]

_TRANSLATORS: Final[dict[str, _Translator]] = {
    "call_join": _joined,
    "precall_end": _precall,
    "ping_stat": _sampled,
    "disconnect": _left,
    "audio_devices_updates": _devices,
    "video_devices_updates": _devices,
    "speaker_devices_updates": _devices,
    "selected_microphone_update": _selected,
    "selected_camera_update": _selected,
    "selected_speaker_update": _selected,
    "participant_role": _role,
}


def _device(value: object) -> dict[str, str]:
    members = as_object(value)
    return known(
        device_id=as_text(members.get("deviceId")),
        kind=as_text(members.get("kind")),
        label=as_text(members.get("label")),
    )
