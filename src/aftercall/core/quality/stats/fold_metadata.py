"""Folds a peer's metadata from the events it reported about itself and from its last reports.

Members of a later description replace those of an earlier one.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from aftercall.core.events import OWN_EVENTS
from aftercall.core.instants import EpochMs
from aftercall.core.quality.stats.peer_metadata import (
    Application,
    Browser,
    CandidatePair,
    CandidatePairs,
    ClientEvent,
    Device,
    DeviceListChange,
    DeviceSelection,
    Encoder,
    Machine,
    Metadata,
    Network,
    PrecallTest,
    Scalar,
    Sdk,
)
from aftercall.core.quality.stats.report_linker import (
    Connection,
    Sample,
    Stream,
    StreamDescription,
)
from aftercall.core.records import StoredPeerEvent

DEVICE_LISTS: Final = {
    "audio_devices_updates": "audio",
    "video_devices_updates": "video",
    "speaker_devices_updates": "speaker",
}
SELECTIONS: Final = frozenset(
    {"selected_microphone_update", "selected_camera_update", "selected_speaker_update"}
)

_TRIPS: Final = ("rtt_s", "backend_rtt_s")


class _Description:
    """The members described so far, by group; a later one replaces an earlier one."""

    def __init__(self) -> None:
        self.groups: dict[str, dict[str, Any]] = {}
        self.room_view_type: str | None = None
        self.precalls: list[PrecallTest] = []

    def take(self, data: dict[str, Any], at: EpochMs) -> None:
        for group in ("device", "browser", "sdk", "application", "encoder", "network"):
            reported = data.get(group)
            if isinstance(reported, dict):
                members = self.groups.setdefault(group, {})
                members.update({k: v for k, v in reported.items() if v is not None})
        view = data.get("room_view_type")
        if isinstance(view, str):
            self.room_view_type = view
        precall = data.get("precall")
        if isinstance(precall, dict):
            # A round trip of zero was not measured.
            measured = {k: v for k, v in precall.items() if k not in _TRIPS or v != 0}
            self.precalls.append(_struct(PrecallTest, {**measured, "at": at}))

    def of(self, group: str) -> dict[str, Any]:
        return self.groups.get(group, {})

    def network(self) -> Network:
        reported = dict(self.of("network"))
        asn = reported.get("asn")
        if isinstance(asn, str | int):
            reported["asn"] = {"asn": f"AS{asn}" if str(asn).isdecimal() else str(asn)}
        network: Network = _struct(Network, reported)
        return network


def _struct(kind: Any, reported: dict[str, Any]) -> Any:
    """A struct of this type from what a peer reported; members of a wrong type are treated as
    absent."""
    try:
        return msgspec.convert(reported, kind)
    except msgspec.ValidationError:
        pass
    kept: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.name in reported:
            try:
                kept[field.name] = msgspec.convert(reported[field.name], field.type)
            except msgspec.ValidationError:
                continue
    return kind(**kept)


def _scalars(data: dict[str, Any]) -> dict[str, Scalar]:
    return {
        name: value
        for name, value in data.items()
        if value is None or isinstance(value, str | int | float)
    }


def _devices(data: dict[str, Any]) -> list[Device]:
    listed = data.get("devices")
    reported = listed if isinstance(listed, list) else []
    return [_struct(Device, each) for each in reported if isinstance(each, dict)]


def _changes(lists: Iterable[tuple[EpochMs, list[Device]]]) -> list[DeviceListChange]:
    """The differences between consecutive device lists; the first list adds all its devices. A
    device is identified by kind and id, or by kind and label if it has no id."""
    known: dict[tuple[str | None, str | None], Device] = {}
    changes: list[DeviceListChange] = []
    for at, devices in lists:
        present = {(each.kind, each.device_id or each.label): each for each in devices}
        added = [device for key, device in present.items() if key not in known]
        removed = [device for key, device in known.items() if key not in present]
        if added or removed:
            changes.append(DeviceListChange(at=at, added=added, removed=removed))
        known = dict(present)
    return changes


class LastSeen:
    """The last reported state of connections and encoders."""

    def __init__(self) -> None:
        self.encoder = Encoder()
        self._last: dict[str, Connection] = {}
        self._named: dict[str | None, tuple[StreamDescription, str | None]] = {}
        """Of which stream, and from which name of an implementation, the encoder of a kind is."""
        self._senders: set[str] = set()
        self._receivers: set[str] = set()

    def take(self, sample: Sample) -> None:
        for connection in sample.connections:
            if connection.pairs or connection.id not in self._last:
                self._last[connection.id] = connection
            if connection.received:
                self._receivers.add(connection.id)
            if connection.sent:
                self._senders.add(connection.id)
            for stream in connection.sent:
                description = stream.description
                named = (description, stream.stats.encoder_implementation)
                if self._named.get(description.kind) == named:
                    continue
                self._named[description.kind] = named
                name = _encoder_of(stream)
                kind = description.kind or ""
                if name is not None and name != getattr(self.encoder, kind):
                    self.encoder = msgspec.structs.replace(self.encoder, **{kind: name})

    def release_streams(self) -> None:
        """Drop the streams of the last samples, which nobody reads here."""
        for id, connection in self._last.items():
            if connection.sent or connection.received:
                self._last[id] = msgspec.structs.replace(connection, sent=[], received=[])

    def add(self, later: "LastSeen") -> None:
        """Add what was seen later, of another peer of the participant."""
        for id, connection in later._last.items():
            if connection.pairs or id not in self._last:
                self._last[id] = connection
        self._senders |= later._senders
        self._receivers |= later._receivers
        self.encoder = msgspec.structs.replace(self.encoder, **later.encoder_members())

    def encoder_members(self) -> dict[str, str]:
        return {k: v for k, v in msgspec.structs.asdict(self.encoder).items() if v is not None}

    def pairs(self) -> CandidatePairs:
        """The last reported pairs. A connection that never carried a stream counts as receiving if
        another one sends (a client that only listens has a second, idle one), else as sending."""
        producing: list[CandidatePair] = []
        consuming: list[CandidatePair] = []
        for connection in self._last.values():
            found = [_pair(connection, index) for index in range(len(connection.pairs))]
            is_idle = connection.id not in self._senders | self._receivers
            if connection.id in self._senders or (is_idle and not self._senders):
                producing.extend(found)
            if connection.id in self._receivers or (is_idle and self._senders):
                consuming.extend(found)
        return CandidatePairs(producing=producing, consuming=consuming)


def _encoder_of(stream: Stream) -> str | None:
    """The name of the encoder implementation, else of its codec."""
    if stream.stats.encoder_implementation is not None:
        return stream.stats.encoder_implementation
    codec = stream.description.codec
    mime_type = None if codec is None else codec.mime_type
    return None if mime_type is None else mime_type.partition("/")[2].lower() or None


def _pair(connection: Connection, index: int) -> CandidatePair:
    pair = connection.pairs[index]
    local = connection.candidates.get(pair.local_candidate_id or "")
    remote = connection.candidates.get(pair.remote_candidate_id or "")
    members: dict[str, Any] = {
        name: getattr(pair, name) for name in CandidatePair.__struct_fields__ if hasattr(pair, name)
    }
    for side, candidate in (("local", local), ("remote", remote)):
        if candidate is None:
            continue
        members[f"{side}_candidate_type"] = candidate.candidate_type
        for name in ("address", "port", "protocol", "url"):
            members[f"{side}_candidate_{name}"] = getattr(candidate, name)
    if local is not None:
        for name in ("relay_protocol", "network_type", "related_address", "related_port"):
            members[f"local_candidate_{name}"] = getattr(local, name)
    if members.get("nominated") is None:
        members["nominated"] = pair.selected
    return CandidatePair(**members, is_selected=pair is connection.pair)


def fold_metadata(events: Sequence[StoredPeerEvent], seen: LastSeen) -> Metadata:
    """The metadata of a participant, from the events of its peers and the last state of their
    reports."""
    description = _Description()
    lists: dict[str, list[tuple[EpochMs, list[Device]]]] = {"audio": [], "video": [], "speaker": []}
    chosen: list[DeviceSelection] = []
    happenings: list[ClientEvent] = []
    for event in sorted(events, key=lambda event: (event.at, event.id)):
        if event.name == "describe":
            description.take(event.data, event.at)
        elif event.name in DEVICE_LISTS:
            lists[DEVICE_LISTS[event.name]].append((event.at, _devices(event.data)))
        elif event.name in SELECTIONS:
            reported = event.data.get("device")
            device = _struct(Device, reported if isinstance(reported, dict) else {})
            chosen.append(DeviceSelection(at=event.at, name=event.name, device=device))
        elif event.name not in OWN_EVENTS:
            happenings.append(ClientEvent(at=event.at, name=event.name, data=_scalars(event.data)))
    return Metadata(
        device=_struct(Machine, description.of("device")),
        browser=_struct(Browser, description.of("browser")),
        sdk=_struct(Sdk, description.of("sdk")),
        application=_struct(Application, description.of("application")),
        encoder=_struct(Encoder, {**seen.encoder_members(), **description.of("encoder")}),
        network=description.network(),
        room_view_type=description.room_view_type,
        precalls=description.precalls,
        audio_devices=_changes(lists["audio"]),
        video_devices=_changes(lists["video"]),
        speaker_devices=_changes(lists["speaker"]),
        chosen_devices=chosen,
        happenings=happenings,
        candidate_pairs=seen.pairs(),
    )
