"""`peer_report.metadata`: who and what a peer was, in RealtimeKit's words."""

from collections.abc import Callable, Iterable
from ipaddress import AddressValueError, IPv4Address
from typing import Any, Final

from aftercall.core.quality.stats.peer_metadata import (
    Asn,
    CandidatePair,
    Device,
    DeviceListChange,
    Metadata,
    Network,
)
from aftercall.wire.omit_nulls import known
from aftercall.wire.times import encode_time

Json = dict[str, Any]

DEVICE_INFO: Final = "device_info"
IP_INFORMATION: Final = "ip_information"
PRECALL: Final = "precall_network_information"
EVENTS: Final = "events"
QUALITY_STATS: Final = "quality_stats"
FILTERS: Final = (DEVICE_INFO, IP_INFORMATION, PRECALL, EVENTS, QUALITY_STATS)
"""What `filters` may ask for; none of them asks for all."""

_RENAMED: Final = {
    "browser_backgrounded": "meeting_view_backgrounded",
    "browser_foregrounded": "meeting_view_foregrounded",
}
_LEFT_OUT: Final = frozenset({"call_join", "tab_change", "precall_end", "ping_stat"})
"""Events of `peer_stats` that `metadata.events` does not repeat."""

_PAIR_MEMBERS: Final = tuple(
    name
    for name in CandidatePair.__struct_fields__
    if name not in {"is_selected", "local_candidate_relay_protocol"}
)


def encode_metadata(metadata: Metadata, view_type: str, wanted: frozenset[str]) -> Json:
    """`peer_report.metadata` with the parts that `wanted` (of `FILTERS`; empty: all) names.

    `view_type` is the preset's, for a client that did not say its own.
    """
    encoded: Json = {}
    for name, part in _PARTS.items():
        if not wanted or name in wanted:
            encoded |= known(part(metadata))
    if DEVICE_INFO in encoded:
        encoded["room_view_type"] = metadata.room_view_type or _VIEWS.get(view_type, view_type)
    return encoded


_VIEWS: Final = {
    "GROUP_CALL": "groupCall",
    "WEBINAR": "webinar",
    "AUDIO_ROOM": "audioRoom",
    "LIVESTREAM": "livestream",
    "CHAT": "chat",
}


def _device_part(metadata: Metadata) -> Json:
    device, browser, sdk = metadata.device, metadata.browser, metadata.sdk
    return {
        "device_info": {
            "cpus": device.cpus,
            "is_mobile": device.is_mobile,
            "memory": device.memory_gb,
            "os": device.os,
            "os_version": device.os_version,
        },
        "browser_metadata": {
            "browser": browser.name,
            "browser_version": browser.version,
            "engine": browser.engine,
            "user_agent": browser.user_agent,
            "webgl_support": browser.webgl,
        },
        "native_metadata": {
            "audio_encoder": metadata.encoder.audio,
            "video_encoder": metadata.encoder.video,
        },
        "sdk_name": sdk.name,
        "sdk_type": sdk.type,
        "sdk_version": sdk.version,
    }


def _ip_part(metadata: Metadata) -> Json:
    network = metadata.network
    return {
        "ip_information": {
            "asn": encode_asn(network.asn),
            "city": network.city,
            "country": network.country,
            "ip": network.ip,
            "ipv4": ipv4_of(network),
            "org": network.org,
            "region": network.region,
            "timezone": network.timezone,
        }
    }


def encode_asn(asn: Asn | None) -> Json:
    asn = asn or Asn()
    return {name: getattr(asn, name) for name in ("asn", "domain", "name", "route", "type")}


def ipv4_of(network: Network) -> str | None:
    """The address when it is one of IPv4."""
    try:
        return None if network.ip is None else str(IPv4Address(network.ip))
    except AddressValueError:
        return None


def _precall_part(metadata: Metadata) -> Json:
    pairs = metadata.candidate_pairs
    return {
        "pc_metadata": [
            {
                "effective_network_type": precall.effective_type,
                "reflexive_connectivity": precall.reflexive,
                "relay_connectivity": precall.relay,
                "sdp": precall.sdp or [],
                "timestamp": encode_time(precall.at),
                "turn_connectivity": precall.turn,
            }
            for precall in metadata.precalls
        ],
        "candidate_pairs": {
            "producing_transport": [_encode_pair(pair) for pair in pairs.producing],
            "consuming_transport": [_encode_pair(pair) for pair in pairs.consuming],
        },
    }


def _encode_pair(pair: CandidatePair) -> Json:
    members = {name: getattr(pair, name) for name in _PAIR_MEMBERS}
    encoded = {name: value for name, value in members.items() if value is not None}
    if pair.local_candidate_relay_protocol is not None:
        # RealtimeKit gives a relayed candidate the protocol spoken to the relay.
        encoded["local_candidate_protocol"] = pair.local_candidate_relay_protocol
    encoded["selected"] = pair.is_selected
    return encoded


def _events_part(metadata: Metadata) -> Json:
    return {
        "events": [
            {
                "name": _RENAMED.get(happening.name, happening.name),
                "timestamp": encode_time(happening.at),
                "metadata": happening.data,
            }
            for happening in metadata.happenings
            if happening.name not in _LEFT_OUT
        ],
        "audio_devices_updates": _encode_changes(metadata.audio_devices),
        "video_devices_updates": _encode_changes(metadata.video_devices),
        "speaker_devices_updates": _encode_changes(metadata.speaker_devices),
        "selected_device_updates": [
            {"device": encode_device(choice.device), "timestamp": encode_time(choice.at)}
            for choice in metadata.chosen_devices
        ],
    }


def _encode_changes(changes: Iterable[DeviceListChange]) -> list[Json]:
    return [
        {
            "added": [encode_device(device) for device in change.added],
            "removed": [encode_device(device) for device in change.removed],
            "timestamp": encode_time(change.at),
        }
        for change in changes
    ]


def encode_device(device: Device) -> Json:
    return {name: getattr(device, name) for name in ("device_id", "kind", "label")}


_PARTS: Final[dict[str, Callable[[Metadata], Json]]] = {
    DEVICE_INFO: _device_part,
    IP_INFORMATION: _ip_part,
    PRECALL: _precall_part,
    EVENTS: _events_part,
}
