"""The getStats report as it is accepted and stored.

The JSON is the `sample` of the collect protocol: the W3C webrtc-stats objects of each connection,
cumulative as the browser gave them, and tags for what getStats does not say. Types and members not
named in `STATS_MEMBERS` are dropped when a body is decoded. A member that the sender left out is
`None` and stays out when the body is encoded again: absent is never zero.

Units are those of W3C webrtc-stats: seconds for `jitter`, `roundTripTime`, `jitterBufferDelay` and
every other duration, milliseconds since 1970 for `timestamp`, bit/s for bitrates, 0..1 for
`fractionLost` and `audioLevel`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from aftercall.core.errors import Malformed
from aftercall.core.quality.stats.lenient_decode import decode_possible, keep_possible
from aftercall.core.quality.stats.unit_quirks import MOMENTS, moment_ms, signed_count

_MEMBERS: Final[Mapping[str, str]] = {
    "outbound-rtp": """ssrc kind mediaType isRemote mid active codecId mediaSourceId
        packetsSent bytesSent retransmittedPacketsSent retransmittedBytesSent targetBitrate
        nackCount firCount pliCount framesEncoded keyFramesEncoded frameWidth frameHeight
        framesPerSecond qualityLimitationReason qualityLimitationDurations
        qualityLimitationResolutionChanges encoderImplementation contentType""",
    "inbound-rtp": """ssrc kind mediaType isRemote mid trackIdentifier codecId
        packetsReceived packetsLost packetsDiscarded bytesReceived retransmittedPacketsReceived
        retransmittedBytesReceived jitter jitterBufferDelay
        jitterBufferEmittedCount concealedSamples silentConcealedSamples concealmentEvents
        totalSamplesReceived audioLevel totalAudioEnergy framesDecoded framesDropped
        keyFramesDecoded frameWidth frameHeight framesPerSecond freezeCount
        totalFreezesDuration nackCount firCount pliCount contentType""",
    "remote-inbound-rtp": """ssrc kind localId packetsLost fractionLost jitter roundTripTime
        totalRoundTripTime roundTripTimeMeasurements""",
    "codec": "mimeType clockRate sdpFmtpLine",
    "media-source": """kind trackIdentifier audioLevel totalAudioEnergy totalSamplesDuration
        frames framesPerSecond width height""",
    "transport": "bytesReceived iceRole selectedCandidatePairId",
    "candidate-pair": """localCandidateId remoteCandidateId state nominated selected
        currentRoundTripTime totalRoundTripTime availableOutgoingBitrate
        availableIncomingBitrate bytesSent bytesReceived packetsSent packetsReceived
        bytesDiscardedOnSend packetsDiscardedOnSend lastPacketSentTimestamp
        lastPacketReceivedTimestamp""",
    "local-candidate": """candidateType address port protocol relayProtocol url networkType
        relatedAddress relatedPort""",
    "remote-candidate": "candidateType address port protocol url",
}

STATS_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    type_: tuple(members.split()) for type_, members in _MEMBERS.items()
}
"""The W3C types and members that are kept; every object also has `id`, `type`, `timestamp`. What no
report, rule or page reads is not kept (decision 137): `data-channel`, `peer-connection` and
`media-playout` objects, FEC packets, sums of quantisers, times spent in codecs, states of ICE and
DTLS, what a transport sent, references that link nothing, the name of the decoder."""

_LARGEST = 2**53
Name = Annotated[str, Meta(max_length=256)]
Text = Annotated[str, Meta(max_length=1024)]
Count = Annotated[int, Meta(ge=0, le=_LARGEST)]
SignedCount = Annotated[int, Meta(ge=-_LARGEST, le=_LARGEST)]
Seconds = Annotated[float, Meta(ge=0, le=1e15)]
SignedSeconds = Annotated[float, Meta(ge=-1e15, le=1e15)]
Bitrate = Annotated[float, Meta(ge=0, le=1e13)]
Rate = Annotated[float, Meta(ge=0, le=1e6)]
EpochMsFloat = Annotated[float, Meta(ge=0, le=1e14)]
Pixels = Annotated[int, Meta(ge=0, le=65_535)]


class QualityLimitationDurations(
    msgspec.Struct, omit_defaults=True, rename="camel", gc=False, kw_only=True
):
    """Seconds for which the encoder was limited, by reason."""

    none: Seconds | None = None
    cpu: Seconds | None = None
    bandwidth: Seconds | None = None
    other: Seconds | None = None


class Stats(msgspec.Struct, omit_defaults=True, rename="camel", gc=False, kw_only=True):
    """One object of a getStats report, of any kept type; `STATS_MEMBERS` says which members a type
    has."""

    type: Name
    id: Name
    timestamp: EpochMsFloat | None = None
    kind: Name | None = None
    media_type: Name | None = None
    """The name of `kind` in older browsers."""
    is_remote: bool | None = None
    """Set by older browsers on the remote report of this stream."""
    ssrc: Count | None = None
    mid: Name | None = None
    active: bool | None = None
    track_identifier: Name | None = None
    codec_id: Name | None = None
    local_id: Name | None = None
    media_source_id: Name | None = None
    packets_sent: Count | None = None
    packets_received: Count | None = None
    packets_lost: SignedCount | None = None
    packets_discarded: Count | None = None
    bytes_sent: Count | None = None
    bytes_received: Count | None = None
    retransmitted_packets_sent: Count | None = None
    retransmitted_packets_received: Count | None = None
    retransmitted_bytes_sent: Count | None = None
    retransmitted_bytes_received: Count | None = None
    target_bitrate: Bitrate | None = None
    nack_count: Count | None = None
    fir_count: Count | None = None
    pli_count: Count | None = None
    jitter: Seconds | None = None
    fraction_lost: Rate | None = None
    round_trip_time: Seconds | None = None
    total_round_trip_time: Seconds | None = None
    round_trip_time_measurements: Count | None = None
    jitter_buffer_delay: SignedSeconds | None = None
    jitter_buffer_emitted_count: Count | None = None
    concealed_samples: Count | None = None
    silent_concealed_samples: Count | None = None
    concealment_events: Count | None = None
    total_samples_received: Count | None = None
    audio_level: Rate | None = None
    total_audio_energy: Seconds | None = None
    total_samples_duration: Seconds | None = None
    frames: Count | None = None
    frames_encoded: Count | None = None
    frames_decoded: Count | None = None
    frames_dropped: Count | None = None
    key_frames_encoded: Count | None = None
    key_frames_decoded: Count | None = None
    frame_width: Pixels | None = None
    frame_height: Pixels | None = None
    width: Pixels | None = None
    height: Pixels | None = None
    frames_per_second: Rate | None = None
    freeze_count: Count | None = None
    total_freezes_duration: SignedSeconds | None = None
    quality_limitation_reason: Name | None = None
    quality_limitation_durations: QualityLimitationDurations | None = None
    quality_limitation_resolution_changes: Count | None = None
    encoder_implementation: Name | None = None
    content_type: Name | None = None
    """`screenshare` for a shared screen, in Chromium."""
    mime_type: Name | None = None
    clock_rate: Count | None = None
    sdp_fmtp_line: Text | None = None
    ice_role: Name | None = None
    selected_candidate_pair_id: Name | None = None
    local_candidate_id: Name | None = None
    remote_candidate_id: Name | None = None
    state: Name | None = None
    nominated: bool | None = None
    selected: bool | None = None
    current_round_trip_time: Seconds | None = None
    available_outgoing_bitrate: Bitrate | None = None
    available_incoming_bitrate: Bitrate | None = None
    bytes_discarded_on_send: Count | None = None
    packets_discarded_on_send: Count | None = None
    last_packet_sent_timestamp: EpochMsFloat | None = None
    last_packet_received_timestamp: EpochMsFloat | None = None
    candidate_type: Name | None = None
    address: Name | None = None
    port: SignedCount | None = None
    protocol: Name | None = None
    relay_protocol: Name | None = None
    url: Text | None = None
    network_type: Name | None = None
    related_address: Name | None = None
    related_port: SignedCount | None = None


def fields_of(type_: str) -> list[msgspec.structs.FieldInfo]:
    """The fields of `Stats` that objects of this type have, apart from the type itself."""
    members = {"id", "timestamp", *STATS_MEMBERS[type_]}
    return [field for field in msgspec.structs.fields(Stats) if field.encode_name in members]


class ConnectionBody(msgspec.Struct, omit_defaults=True, kw_only=True):
    """The report of one `RTCPeerConnection`."""

    id: Name
    stats: Annotated[list[Stats], Meta(max_length=4000)]


class StreamTag(msgspec.Struct, omit_defaults=True, gc=False, kw_only=True):
    """What the collector says of a stream beyond getStats. `score` is the 0..1 score of a client
    that scores by itself; `expected_width` × `expected_height` is the size at which the stream is
    shown, in px."""

    connection: Name
    direction: Literal["send", "receive"]
    kind: Literal["audio", "video"] | None = None
    ssrc: Count | None = None
    mid: Name | None = None
    track_id: Name | None = None
    source: Literal["microphone", "camera", "screen", "screen_audio"] | None = None
    producer_id: Name | None = None
    consumer_id: Name | None = None
    peer_id: Name | None = None
    """The peer that sent a received stream."""
    muted: bool | None = None
    expected_width: Pixels | None = None
    expected_height: Pixels | None = None
    score: Annotated[float, Meta(ge=0, le=1)] | None = None


class SampleBody(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One getStats report of one peer, as stored."""

    connections: Annotated[list[ConnectionBody], Meta(max_length=32)] = []
    streams: Annotated[list[StreamTag], Meta(max_length=2000)] = []
    page_hidden: bool | None = None


# Not strict: some browsers write 64-bit counters as strings, some sources write integers as 3.0.
_DECODER = msgspec.json.Decoder(SampleBody, strict=False)
_ENCODER = msgspec.json.Encoder()


def decode_body(data: bytes | msgspec.Raw) -> SampleBody:
    """Decode a sample; members of an enclosing collect entry are ignored. Objects of unknown type
    are dropped, and so are impossible members: a counter below zero, a number beyond 2^53, a wrong
    type.

    Raises `Malformed` (`sample_unreadable`) for anything that is no sample.
    """
    try:
        body = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"The sample cannot be read: {error}.", code="sample_unreadable") from error
    for connection in body.connections:
        stats = connection.stats
        if any(each.type not in STATS_MEMBERS for each in stats):
            connection.stats = [each for each in stats if each.type in STATS_MEMBERS]
    return body


def _decode(data: bytes | msgspec.Raw) -> SampleBody:
    try:
        return _DECODER.decode(data)
    except msgspec.ValidationError:
        return decode_possible(_DECODER, data, _mend)


def _mend(text: Any) -> None:
    """Convert members in other units in the objects of a sample, and drop impossible ones."""
    if not isinstance(text, dict):
        return
    for connection in _list(text, "connections"):
        objects = _list(connection, "stats") if isinstance(connection, dict) else []
        objects[:] = [each for each in objects if _is_kept(each)]
        for each in objects:
            for name in MOMENTS:
                if name in each:
                    each[name] = moment_ms(each[name])
            if "packetsLost" in each:
                each["packetsLost"] = signed_count(each["packetsLost"])
        keep_possible(objects, Stats)
    if _list(text, "connections"):
        # Without connections, a text with nothing but wrong tags is no sample.
        keep_possible(_list(text, "streams"), StreamTag)


def _list(raw: dict[str, Any], name: str) -> list[Any]:
    found = raw.get(name)
    return found if isinstance(found, list) else []


def _is_kept(raw: Any) -> bool:
    """False for an object of a type that is not kept, whatever else is wrong with it."""
    type_ = raw.get("type") if isinstance(raw, dict) else None
    return isinstance(type_, str) and type_ in STATS_MEMBERS


def encode_body(body: SampleBody) -> bytes:
    """The JSON of a sample, without absent members."""
    return _ENCODER.encode(body)
