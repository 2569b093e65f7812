"""Reports of Chrome's callback getStats, as the standard one would have them.

All values are text, times are milliseconds, and one object of type `ssrc` holds a stream, its codec
and, for one that is sent, what the receiver reported of it. Members that have no counterpart in
W3C webrtc-stats are left out.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

Stats = dict[str, Any]

_COMMON: Final = {"ssrc": "ssrc", "googFirsSent": "firCount", "googPlisSent": "pliCount"}
_RECEIVED: Final = {
    **_COMMON,
    "packetsReceived": "packetsReceived",
    "packetsLost": "packetsLost",
    "bytesReceived": "bytesReceived",
    "framesDecoded": "framesDecoded",
    "googNacksSent": "nackCount",
    "googFrameWidthReceived": "frameWidth",
    "googFrameHeightReceived": "frameHeight",
    "googFrameRateDecoded": "framesPerSecond",
    "totalAudioEnergy": "totalAudioEnergy",
}
_SENT: Final = {
    "ssrc": "ssrc",
    "packetsSent": "packetsSent",
    "bytesSent": "bytesSent",
    "framesEncoded": "framesEncoded",
    "googNacksReceived": "nackCount",
    "googFirsReceived": "firCount",
    "googPlisReceived": "pliCount",
    "googFrameWidthSent": "frameWidth",
    "googFrameHeightSent": "frameHeight",
    "googFrameRateSent": "framesPerSecond",
}
_PAIR: Final = {
    "bytesSent": "bytesSent",
    "bytesReceived": "bytesReceived",
    "packetsSent": "packetsSent",
    "packetsDiscardedOnSend": "packetsDiscardedOnSend",
}
_CLOCK_RATES: Final = {"audio": 48_000, "video": 90_000}
_LIMITS: Final = {"googCpuLimitedResolution": "cpu", "googBandwidthLimitedResolution": "bandwidth"}
_CANDIDATES: Final = {"localcandidate": "local-candidate", "remotecandidate": "remote-candidate"}
_CANDIDATE_TYPES: Final = {
    "host": "host",
    "serverreflexive": "srflx",
    "peerreflexive": "prflx",
    "relayed": "relay",
}
TYPES: Final = frozenset({"ssrc", "googCandidatePair", "googComponent", "googTrack", "VideoBwe"})
"""The types that only this form has."""
_SEND: Final = "_send"
"""Ends the id of a stream that is sent."""


MEMBERS: Final = frozenset(
    [
        *_RECEIVED,
        *_SENT,
        *_PAIR,
        *_LIMITS,
        "mediaType",
        "googCodecName",
        "googJitterReceived",
        "googTrackId",
        "googRtt",
        "googActiveConnection",
        "googChannelId",
        "googAvailableSendBandwidth",
    ]
)
"""The members that are read."""

_PREFIXES: Final = (("ssrc_", "ssrc"), ("Conn-", "googCandidatePair"), ("bweforvideo", "VideoBwe"))


def legacy_type(id: str) -> str | None:
    """The type of an object by its id, where it is not named; `None` for another form's."""
    return next((type_ for prefix, type_ in _PREFIXES if id.startswith(prefix)), None)


def is_legacy(report: Iterable[Stats]) -> bool:
    """Whether a report is one of the callback form."""
    return any(each.get("type") in TYPES for each in report)


def translate_legacy(report: Iterable[Stats]) -> Iterator[Stats]:
    """The objects of a report. A stream of which no packet came or went is left out: Chrome lists
    such for tracks that mix nothing."""
    objects = list(report)
    bandwidth = next((each for each in objects if each.get("type") == "VideoBwe"), {})
    for each in objects:
        match each.get("type"):
            case "ssrc":
                yield from _stream(each)
            case "googCandidatePair":
                yield from _pair(each, bandwidth)
            case "localcandidate" | "remotecandidate":
                yield _candidate(each)


def _stream(each: Stats) -> Iterator[Stats]:
    id, kind = str(each.get("id", "")), each.get("mediaType")
    is_sent = id.endswith(_SEND)
    members = _numbers(each, _SENT if is_sent else _RECEIVED)
    if kind not in _CLOCK_RATES or not members.get("packetsSent" if is_sent else "packetsReceived"):
        return
    stream = _named(each, id, "outbound-rtp" if is_sent else "inbound-rtp")
    stream |= {"kind": kind, **members}
    if codec := each.get("googCodecName"):
        stream["codecId"] = f"codec_{kind}_{codec}"
        clock = {"mimeType": f"{kind}/{codec}", "clockRate": _CLOCK_RATES[kind]}
        yield {**_named(each, stream["codecId"], "codec"), **clock}
    if not is_sent:
        if (jitter_ms := _number(each.get("googJitterReceived"))) is not None:
            stream["jitter"] = jitter_ms / 1_000
        if text := each.get("googTrackId"):
            stream["trackIdentifier"] = text
        yield stream
        return
    limits = [name for member, name in _LIMITS.items() if each.get(member) == "true"]
    if kind == "video":
        stream["qualityLimitationReason"] = limits[0] if limits else "none"
    yield stream
    yield _remote(each, stream)


def _remote(each: Stats, stream: Stats) -> Stats:
    """What the receiver reported of a stream that is sent."""
    remote = _named(each, f"{stream['id']}_remote", "remote-inbound-rtp")
    remote |= {"kind": stream["kind"], "ssrc": stream["ssrc"], "localId": stream["id"]}
    lost = _number(each.get("packetsLost"))
    if lost is not None and lost >= 0:
        remote["packetsLost"] = lost
    for member, name in (("googJitterReceived", "jitter"), ("googRtt", "roundTripTime")):
        # Chrome writes -1 or 0 before the first report of the receiver.
        if (ms := _number(each.get(member))) is not None and ms > 0:
            remote[name] = ms / 1_000
    return remote


def _pair(each: Stats, bandwidth: Mapping[str, Any]) -> Iterator[Stats]:
    """The pair in use, and the transport that uses it."""
    if each.get("googActiveConnection") != "true":
        return
    id = str(each.get("id", ""))
    pair = {**_named(each, id, "candidate-pair"), **_numbers(each, _PAIR)}
    pair |= {"state": "succeeded", "nominated": True, "selected": True}
    pair |= {name: each[name] for name in ("localCandidateId", "remoteCandidateId") if name in each}
    if (rtt_ms := _number(each.get("googRtt"))) is not None:
        pair["currentRoundTripTime"] = rtt_ms / 1_000
    if available := _number(bandwidth.get("googAvailableSendBandwidth")):
        pair["availableOutgoingBitrate"] = available
    yield pair
    transport = str(each.get("googChannelId") or f"{id}_transport")
    yield {**_named(each, transport, "transport"), "selectedCandidatePairId": id}


def _candidate(each: Stats) -> Stats:
    found = _named(each, str(each.get("id", "")), _CANDIDATES[each["type"]])
    for member, name in (("ipAddress", "address"), ("transport", "protocol")):
        if isinstance(each.get(member), str):
            found[name] = each[member]
    if type_ := _CANDIDATE_TYPES.get(str(each.get("candidateType"))):
        found["candidateType"] = type_
    if (port := _number(each.get("portNumber"))) is not None:
        found["port"] = port
    return found


def _named(each: Stats, id: str, type_: str) -> Stats:
    named: Stats = {"id": id, "type": type_}
    if "timestamp" in each:
        named["timestamp"] = each["timestamp"]
    return named


def _numbers(each: Stats, names: Mapping[str, str]) -> Stats:
    """The members that are numbers, under their standard names; Chrome writes -1 for unknown."""
    return {
        ours: number
        for theirs, ours in names.items()
        if (number := _number(each.get(theirs))) is not None and number >= 0
    }


def _number(value: object) -> float | int | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    if number != number or abs(number) > 2**53:
        return None
    return int(number) if number.is_integer() else number
