"""The older `peer_stats`: device, network and events of a peer, in RealtimeKit's words."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from aftercall.core.quality.stats.peer_metadata import (
    Device,
    DeviceListChange,
    Metadata,
    Network,
    PrecallTest,
)
from aftercall.wire.omit_nulls import known
from aftercall.wire.peer_report.metadata import (
    DEVICE_INFO,
    EVENTS,
    IP_INFORMATION,
    PRECALL,
    encode_asn,
    encode_device,
    ipv4_of,
)
from aftercall.wire.times import encode_time

Json = dict[str, Any]


class Joining(NamedTuple):
    """Who joined what, and when, for the `call_join` of the older events."""

    at: str | None
    session_id: str
    peer_id: str | None
    user_id: str | None


def encode_peer_stats(metadata: Metadata, joining: Joining, wanted: frozenset[str]) -> Json:
    """The older `peer_stats`, with the parts that `wanted` names."""
    encoded: Json = {}
    if not wanted or DEVICE_INFO in wanted:
        encoded["device_info"] = _old_device_info(metadata)
    if not wanted or IP_INFORMATION in wanted:
        encoded["ip_information"] = _old_ip_information(metadata)
    if not wanted or PRECALL in wanted:
        encoded["precall_network_information"] = _old_precall(metadata)
    if not wanted or EVENTS in wanted:
        encoded["events"] = _old_events(metadata, joining)
    stats: Json = known(encoded)
    return stats


def _old_device_info(metadata: Metadata) -> Json:
    device, browser = metadata.device, metadata.browser
    return {
        "browser": browser.name,
        "browser_version": browser.version,
        "cpus": device.cpus,
        "engine": browser.engine,
        "is_mobile": device.is_mobile,
        "memory": device.memory_gb,
        "os": device.os,
        "os_version": device.os_version,
        "sdk_name": metadata.sdk.name,
        "sdk_version": metadata.sdk.version,
        "user_agent": browser.user_agent,
        "webgl_support": browser.webgl,
    }


def _old_ip_information(metadata: Metadata) -> Json:
    network = metadata.network
    place = [part for part in (network.city, network.region, network.country) if part]
    return {
        "asn": encode_asn(network.asn),
        "city": network.city,
        "country": network.country,
        "ip_location": ", ".join(place) or None,
        "ipv4": ipv4_of(network),
        "org": network.org,
        "region": network.region,
        "timezone": network.timezone,
    }


def _old_precall(metadata: Metadata) -> Json:
    if not metadata.precalls:
        return {}
    last = metadata.precalls[-1]
    return {
        "backend_rtt": last.backend_rtt_s,
        "effective_networktype": last.effective_type,  # sic
        "fractional_loss": last.loss_fraction,
        "jitter": last.jitter_s,
        "reflexive_connectivity": last.reflexive,
        "relay_connectivity": last.relay,
        "rtt": last.rtt_s,
        "throughput": last.throughput_kbps,
        "turn_connectivity": last.turn,
    }


def _old_events(metadata: Metadata, joining: Joining) -> list[Json]:
    """Everything that happened, in order, under the names the client gave it."""
    events = [
        _old_event(happening.name, encode_time(happening.at), dict(happening.data))
        for happening in metadata.happenings
    ]
    if joining.at is not None:
        stated = {"peer_meta_data": _meta_data(metadata, joining)}
        events.append(_old_event("call_join", joining.at, stated))
    for precall in metadata.precalls:
        info = {"connection_info": _connection_info(precall, metadata.network)}
        events.append(_old_event("precall_end", encode_time(precall.at), info))
    for name, changes in (
        ("audio_devices_updates", metadata.audio_devices),
        ("video_devices_updates", metadata.video_devices),
        ("speaker_devices_updates", metadata.speaker_devices),
    ):
        for at, devices in _device_lists(changes):
            events.append(_old_event(name, at, {"device_list": devices}))
    for choice in metadata.chosen_devices:
        device = {"device": encode_device(choice.device)}
        events.append(_old_event(choice.name, encode_time(choice.at), device))
    return sorted(events, key=lambda event: str(event["timestamp"]))


def _old_event(name: str, at: str, data: Json) -> Json:
    return {"type": name, "timestamp": at, "metadata": data}


def _meta_data(metadata: Metadata, joining: Joining) -> Json:
    device, browser = metadata.device, metadata.browser
    return {
        "user_id": joining.user_id,
        "peer_id": joining.peer_id,
        "room_u_u_i_d": joining.session_id,
        "device_info": {
            "is_mobile": device.is_mobile,
            "browser_name": browser.name,
            "browser_version": browser.version,
            "os_name": device.os,
            "os_version_name": device.os_version,
            "engine_name": browser.engine,
            "user_agent": browser.user_agent,
            "cpus": device.cpus,
            "memory": device.memory_gb,
        },
        "room_view_type": metadata.room_view_type,
        "sdk_name": metadata.sdk.name,
        "sdk_version": metadata.sdk.version,
    }


def _connection_info(precall: PrecallTest, network: Network) -> Json:
    """Capitals are taken apart one by one there: `RTT` is `r_t_t`."""
    return {
        "backend_r_t_t": precall.backend_rtt_s,
        "connectivity": {
            "host": precall.host,
            "reflexive": precall.reflexive,
            "relay": precall.relay,
        },
        "effective_network_type": precall.effective_type,
        "fractional_loss": precall.loss_fraction,
        "ip_details": {
            "asn": encode_asn(network.asn),
            "city": network.city,
            "country": network.country,
            "ip": network.ip,
            "postal": network.postal,
            "region": network.region,
            "timezone": network.timezone,
        },
        "jitter": precall.jitter_s,
        "r_t_t": precall.rtt_s,
        "throughput": precall.throughput_kbps,
        "turn_connectivity": precall.turn,
    }


def _device_lists(changes: Iterable[DeviceListChange]) -> list[tuple[str, list[Json]]]:
    """The whole list after each change."""
    present: dict[bytes, Device] = {}
    lists: list[tuple[str, list[Json]]] = []
    for change in changes:
        for device in change.removed:
            present.pop(msgspec.json.encode(device), None)
        for device in change.added:
            present[msgspec.json.encode(device)] = device
        lists.append((encode_time(change.at), [encode_device(d) for d in present.values()]))
    return lists
