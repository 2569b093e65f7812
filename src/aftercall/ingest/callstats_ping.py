"""A `ping_stat` of RealtimeKit's call statistics as a sample of the collect protocol.

The client flattens getStats: streams lie under their producer or consumer, candidates inside
their pair, the transport is their owner. Here the W3C objects are put together again. The
client writes 0 for several members its browser may not have; such a 0 is left out where other
members show that the browser did not count, and kept where it is a count.
"""

import hashlib
from collections.abc import Iterable, Mapping
from ipaddress import AddressValueError, IPv6Address
from typing import Any, Final, Literal

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.instants import EpochMs
from aftercall.core.quality.stats.getstats import STATS_MEMBERS, SampleBody, decode_body

Direction = Literal["send", "receive"]
Kind = Literal["audio", "video"]
Json = Mapping[str, Any]

_SIDES: Final[tuple[tuple[str, Direction], ...]] = (
    ("producing", "send"),
    ("consuming", "receive"),
)
_KINDS: Final[tuple[Kind, ...]] = ("audio", "video")
_MASK: Final = ".0.0"
_SEQUENCE_BITS: Final = 63

_WRONG: Final = frozenset({"totalEncodeTime"})
"""Filled with the target bitrate by the client's own mistake."""

_RENDERED: Final = ("freezeCount", "totalFreezesDuration", "totalDecodeTime", "qpSum")
"""Written as 0 where the browser has no such member; a browser that has them also counts
`totalInterFrameDelay`."""

_KEPT: Final = {
    "send": frozenset(STATS_MEMBERS["outbound-rtp"]) - _WRONG,
    "receive": frozenset(STATS_MEMBERS["inbound-rtp"]),
}
_REMOTE: Final = frozenset(STATS_MEMBERS["remote-inbound-rtp"])
_PAIR: Final = frozenset(STATS_MEMBERS["candidate-pair"])
_TRANSPORT: Final = frozenset(STATS_MEMBERS["transport"])
_CANDIDATE: Final = (
    ("Type", "candidateType"),
    ("Address", "address"),
    ("Port", "port"),
    ("Protocol", "protocol"),
    ("Url", "url"),
    ("NetworkType", "networkType"),
    ("RelatedAddress", "relatedAddress"),
    ("RelatedPort", "relatedPort"),
)
_ADDRESSES: Final = frozenset({"address", "relatedAddress"})


def sample_of(data: Json, at: EpochMs) -> tuple[SampleBody, int]:
    """The sample and its sequence: a hash of what was measured, so that the same
    report sent again, even under another time, is the same sample.

    Raises `Malformed` when a member is impossible.
    """
    connections: list[Json] = []
    streams: list[Json] = []
    for side, direction in _SIDES:
        report = _mapping(data.get(f"{side}TransportStats"))
        owners = _mappings(data.get("producerStats" if direction == "send" else "consumerStats"))
        if not report and not owners:
            continue
        connection_id = _id(report.get("transportId")) or side
        stats = _transport_stats(_mapping(report.get("stats")))
        for owner in owners:
            _add_streams(owner, direction, connection_id, stats, streams)
        timed = [{**each, "timestamp": at} for each in stats]
        connections.append({"id": connection_id, "stats": timed})
    try:
        encoded = msgspec.json.encode({"connections": connections, "streams": streams})
    except (TypeError, ValueError, RecursionError, UnicodeEncodeError):
        raise Malformed("The sample cannot be read.", code="sample_unreadable") from None
    return decode_body(encoded), _sequence(data)


def _sequence(data: Json) -> int:
    content = msgspec.json.encode(data, order="deterministic")
    digest = hashlib.blake2b(content, digest_size=8).digest()
    return int.from_bytes(digest, "big") >> (64 - _SEQUENCE_BITS)


def _mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _mappings(value: object) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _pick(source: Json, names: Iterable[str]) -> dict[str, Any]:
    return {name: source[name] for name in names if source.get(name) is not None}


def _add_streams(
    owner: Json,
    direction: Direction,
    connection_id: str,
    stats: list[dict[str, Any]],
    streams: list[Json],
) -> None:
    app_data = _mapping(owner.get("appData"))
    is_screen = app_data.get("screenShare") is True
    for kind in _KINDS:
        for members in _mappings(owner.get(f"{kind}Stats")):
            stats.extend(_rtp_stats(members, direction, kind))
            tag = {
                "connection": connection_id,
                "direction": direction,
                "kind": kind,
                "source": _source(direction, kind, is_screen),
                "producer_id": _id(owner.get("producerId")),
                "consumer_id": _id(owner.get("consumerId")),
                "peer_id": _id(owner.get("peerId")) if direction == "receive" else None,
                **_pick(members, ("ssrc", "mid", "score")),
            }
            streams.append({name: value for name, value in tag.items() if value is not None})


def _source(direction: Direction, kind: Kind, is_screen: bool) -> str:
    if kind == "audio":
        return "screen_audio" if is_screen else "microphone"
    return "screen" if is_screen else "camera"


def _rtp_stats(members: Json, direction: Direction, kind: Kind) -> list[dict[str, Any]]:
    """The stream's own object, the far end's report on it, and its codec."""
    type_ = "outbound-rtp" if direction == "send" else "inbound-rtp"
    stats_id = f"{type_}-{members.get('ssrc', members.get('mid', ''))}"[:64]
    rtp = {**_pick(members, _KEPT[direction]), "type": type_, "id": stats_id, "kind": kind}
    if direction == "receive" and kind == "video" and not members.get("totalInterFrameDelay"):
        for name in _RENDERED:
            if rtp.get(name) == 0 and members.get("framesDecoded"):
                del rtp[name]
    found = [rtp]
    remote = _mapping(members.get("remoteData"))
    if remote:
        found.append(
            {
                **_pick(remote, _REMOTE),
                **_pick(members, ("ssrc",)),
                "type": "remote-inbound-rtp",
                "id": f"remote-{stats_id}",
                "localId": stats_id,
                "kind": kind,
            }
        )
    codec_id = _id(members.get("codecId"))
    if codec_id is not None:
        found.append(_codec(codec_id, kind))
    return found


def _codec(codec_id: str, kind: Kind) -> dict[str, Any]:
    """The codec named by the id of Chrome's codec object: `COT01_111_minptime=10;useinbandfec=1` is
    payload type 111 with these parameters. Which codec it is shows only in its parameters."""
    codec: dict[str, Any] = {"type": "codec", "id": codec_id}
    parts = codec_id.split("_", 2)
    if len(parts) >= 2 and parts[1].isascii() and parts[1].isdigit():
        codec["payloadType"] = int(parts[1][:3])
    if len(parts) == 3:
        parameters = parts[2]
        codec["sdpFmtpLine"] = parameters
        mime_type = _mime_type(parameters, kind)
        if mime_type is not None:
            codec["mimeType"] = mime_type
    return codec


def _mime_type(parameters: str, kind: Kind) -> str | None:
    if kind == "audio":
        return "audio/opus" if "useinbandfec" in parameters or "minptime" in parameters else None
    if "profile-level-id" in parameters:
        return "video/H264"
    if "level-idx" in parameters:
        return "video/AV1"
    return "video/VP9" if "profile-id" in parameters else None


def _transport_stats(members: Json) -> list[dict[str, Any]]:
    if not members:
        return []
    stats: list[dict[str, Any]] = []
    pairs = [_pair(pair, stats) for pair in _mappings(members.get("candidatePairs"))]
    transport = {**_pick(members, _TRANSPORT), "type": "transport", "id": "transport"}
    selected = _selected(pairs)
    if selected is not None:
        transport["selectedCandidatePairId"] = selected["id"]
    elif not pairs and members.get("roundTripTime"):
        pairs = [_lone_pair(members)]
        transport["selectedCandidatePairId"] = pairs[0]["id"]
    return [transport, *pairs, *stats]


def _lone_pair(members: Json) -> dict[str, Any]:
    """A pair of which only the transport's summary is known."""
    names = ("totalRoundTripTime", "availableOutgoingBitrate", "availableIncomingBitrate")
    return {
        **_pick(members, names),
        "currentRoundTripTime": members["roundTripTime"],
        "type": "candidate-pair",
        "id": "pair",
        "nominated": True,
    }


def _pair(members: Json, candidates: list[dict[str, Any]]) -> dict[str, Any]:
    local = _id(members.get("localCandidateId")) or "local"
    remote = _id(members.get("remoteCandidateId")) or "remote"
    for side, candidate_id in (("local", local), ("remote", remote)):
        if all(each["id"] != candidate_id for each in candidates):
            candidates.append(_candidate(members, side, candidate_id))
    ids = {"localCandidateId": local, "remoteCandidateId": remote}
    return {
        **_pick(members, _PAIR),
        **ids,
        "type": "candidate-pair",
        "id": f"{local}-{remote}",
        "transportId": "transport",
    }


def _candidate(members: Json, side: str, candidate_id: str) -> dict[str, Any]:
    candidate: dict[str, Any] = {"type": f"{side}-candidate", "id": candidate_id}
    for suffix, name in _CANDIDATE:
        value = members.get(f"{side}Candidate{suffix}")
        if value is None or value == "":
            continue
        candidate[name] = _unmasked(value) if name in _ADDRESSES else value
    if side == "local" and candidate.get("candidateType") == "relay" and "protocol" in candidate:
        # The client overwrites a relay candidate's protocol with the one spoken to the relay.
        candidate["relayProtocol"] = candidate.pop("protocol")
    return candidate


def _unmasked(address: object) -> object:
    """The client masks by cutting at dots, which only garbles an IPv6 address; undone here,
    so that what is to be kept of an address is decided in one place, for all sources."""
    if isinstance(address, str) and ":" in address and address.endswith(_MASK):
        plain = address.removesuffix(_MASK)
        try:
            return str(IPv6Address(plain))
        except AddressValueError:
            return address
    return address


def _selected(pairs: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The pair in use: of the nominated ones, the one that sent last."""
    nominated = [pair for pair in pairs if pair.get("nominated") is True]
    return max(nominated, key=_last_sent, default=None)


def _last_sent(pair: Json) -> float:
    moment = pair.get("lastPacketSentTimestamp")
    return moment if isinstance(moment, int | float) else 0.0
