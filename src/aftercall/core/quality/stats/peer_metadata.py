"""A peer's metadata: device, browser, network, plugged-in devices, events, candidate pairs.

Unknown members are `None`. `fold_metadata` makes it from a peer's events and reports.
"""

import msgspec

from aftercall.core.instants import EpochMs

Scalar = str | float | bool | None


class Device(msgspec.Struct, frozen=True, omit_defaults=True):
    """A media input or output device, as in `MediaDeviceInfo`."""

    device_id: str | None = None
    kind: str | None = None
    label: str | None = None


class DeviceListChange(msgspec.Struct, frozen=True, kw_only=True):
    """The devices that were plugged in and out between two device lists."""

    at: EpochMs
    added: list[Device]
    removed: list[Device]


class DeviceSelection(msgspec.Struct, frozen=True, kw_only=True):
    """A device that the user chose."""

    at: EpochMs
    name: str
    device: Device


class Machine(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The device that the client runs on."""

    is_mobile: bool | None = None
    os: str | None = None
    os_version: str | None = None
    cpus: float | None = None
    memory_gb: float | None = None


class Browser(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The client's browser."""

    name: str | None = None
    version: str | None = None
    engine: str | None = None
    user_agent: str | None = None
    webgl: bool | None = None


class Sdk(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The client's SDK."""

    name: str | None = None
    version: str | None = None
    type: str | None = None


class Application(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The application in which the call was held, as it names itself: `web`, `4.12.0`."""

    name: str | None = None
    version: str | None = None


class Encoder(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The encoder of each kind: its implementation, else its codec."""

    audio: str | None = None
    video: str | None = None


class Asn(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An autonomous system."""

    asn: str | None = None
    domain: str | None = None
    name: str | None = None
    route: str | None = None
    type: str | None = None


class Network(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The client's network and approximate location."""

    effective_type: str | None = None
    ip: str | None = None
    city: str | None = None
    region: str | None = None
    country: str | None = None
    postal: str | None = None
    timezone: str | None = None
    org: str | None = None
    asn: Asn | None = None


class PrecallTest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The result of a network test before the call."""

    at: EpochMs
    effective_type: str | None = None
    host: bool | None = None
    reflexive: bool | None = None
    relay: bool | None = None
    turn: bool | None = None
    throughput_kbps: float | None = None
    rtt_s: float | None = None
    backend_rtt_s: float | None = None
    jitter_s: float | None = None
    loss_fraction: float | None = None
    sdp: list[str] | None = None


class ClientEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to the peer, with the scalar values reported about it."""

    at: EpochMs
    name: str
    data: dict[str, Scalar]


class CandidatePair(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A candidate pair with its candidates, as last reported. Counters are cumulative, units are
    W3C's."""

    nominated: bool | None = None
    is_selected: bool = False
    current_round_trip_time: float | None = None
    total_round_trip_time: float | None = None
    bytes_sent: int | None = None
    bytes_received: int | None = None
    packets_sent: int | None = None
    packets_received: int | None = None
    bytes_discarded_on_send: int | None = None
    packets_discarded_on_send: int | None = None
    available_outgoing_bitrate: float | None = None
    available_incoming_bitrate: float | None = None
    last_packet_sent_timestamp: float | None = None
    last_packet_received_timestamp: float | None = None
    local_candidate_id: str | None = None
    local_candidate_type: str | None = None
    local_candidate_address: str | None = None
    local_candidate_port: int | None = None
    local_candidate_protocol: str | None = None
    local_candidate_relay_protocol: str | None = None
    local_candidate_url: str | None = None
    local_candidate_network_type: str | None = None
    local_candidate_related_address: str | None = None
    local_candidate_related_port: int | None = None
    remote_candidate_id: str | None = None
    remote_candidate_type: str | None = None
    remote_candidate_address: str | None = None
    remote_candidate_port: int | None = None
    remote_candidate_protocol: str | None = None
    remote_candidate_url: str | None = None


class CandidatePairs(msgspec.Struct, frozen=True, kw_only=True):
    """The pairs of sending and of receiving connections; a connection that does both is in both
    lists."""

    producing: list[CandidatePair]
    consuming: list[CandidatePair]


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a peer besides its streams."""

    device: Machine
    browser: Browser
    sdk: Sdk
    application: Application = Application()
    encoder: Encoder
    network: Network
    room_view_type: str | None
    precalls: list[PrecallTest]
    audio_devices: list[DeviceListChange]
    video_devices: list[DeviceListChange]
    speaker_devices: list[DeviceListChange]
    chosen_devices: list[DeviceSelection]
    happenings: list[ClientEvent]
    candidate_pairs: CandidatePairs
