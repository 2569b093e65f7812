"""Janus' media statistics as a sample of the collect protocol.

Janus counts at its own end. What it received from a client is what that client sent, and what it
sent to a client is what that client received, less what the client's RTCP reports lost; so each
direction is turned round here. Janus writes 0 for what it does not know: a round trip of 0 is left
out, and so are the members of the client's receiver reports until one of them is not 0.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from aftercall.core.quality.stats.getstats import SampleBody, decode_body
from aftercall.ingest.untyped_json import as_count, as_number, as_object, as_text, known

Json = Mapping[str, Any]

_KINDS: Final = frozenset({"audio", "video"})
_REMOTE_REPORT: Final = (
    "rtt",
    "lost-by-remote",
    "jitter-remote",
    "out-link-quality",
    "out-media-link-quality",
)
"""Members of which one at least is not 0 once the client's receiver reports have come."""


def is_media_stats(stream: Json) -> bool:
    """Whether an event's content is the statistics of one stream."""
    return "packets-received" in stream or "packets-sent" in stream


def silent_ms(stream: Json) -> int | None:
    """How long the stream of a `receiving: false` event has been silent, in ms, to a second more or
    less; `None` for any other event.

    Janus checks once a second. It reports a silence of `seconds`, and leaves that member out
    where it was set to wait for one second, but never before the second after the one in which the
    last packet came is over.
    """
    if stream.get("receiving") is not False:
        return None
    return 1_000 * min(as_count(stream.get("seconds")) or _LEAST_SILENCE_S, _LONGEST_SILENCE_S)


_LEAST_SILENCE_S: Final = 2
_LONGEST_SILENCE_S: Final = 3_600
"""Chosen: Janus' `no_media_timer` has no bound of its own."""


def sample_body(streams: Sequence[Json], *, handle: str, timestamp_ms: float) -> SampleBody | None:
    """The body of a sample, with the streams of one handle; `None` when none has moved.

    Raises `Malformed` (`sample_unreadable`) when a number is impossible.
    """
    stats: list[dict[str, Any]] = []
    tags: list[dict[str, Any]] = []
    for stream in streams:
        for direction in _directions(stream):
            stats += _stats(stream, direction)
            tags.append(_tag(stream, direction, handle))
    if not tags:
        return None
    trips = [trip_s for stream in streams if (trip_s := _trip_s(stream)) is not None]
    if trips:
        stats.append(_pair(trips[-1]))
    timed = [{**each, "timestamp": timestamp_ms} for each in stats]
    body = {"connections": [{"id": handle, "stats": timed}], "streams": tags}
    return decode_body(msgspec.json.encode(body))


def first_body(streams: Sequence[Json], *, handle: str, timestamp_ms: float) -> SampleBody | None:
    """A sample of streams that were just published, of which nothing has come yet: the handle's
    first statistics count from here."""
    stats: list[dict[str, Any]] = []
    tags: list[dict[str, Any]] = []
    for stream in streams:
        # Not every plugin reports layers; a layer that never comes counts nothing.
        layers = _LAYERS if stream.get("type") == "video" else ("",)
        for layer in layers:
            named = {**stream, **_NOTHING, "media": f"{stream.get('type')}{layer}"}
            if _kind(named) is not None and _mid(named) is not None:
                stats += _stats(named, "send")
                tags.append(_tag(named, "send", handle))
    if not tags:
        return None
    timed = [{**each, "timestamp": timestamp_ms} for each in stats]
    body = {"connections": [{"id": handle, "stats": timed}], "streams": tags}
    return decode_body(msgspec.json.encode(body))


_LAYERS: Final = ("", "-sim1", "-sim2")
_NOTHING: Final = {"packets-received": 0, "bytes-received": 0, "lost": 0}


def pair_body(candidates: Json, *, handle: str, timestamp_ms: float) -> SampleBody | None:
    """A sample of the path in use, from the client's side: what is remote to Janus is local to
    the client. `None` when the client's own end is unknown."""
    own, janus = as_object(candidates.get("remote")), as_object(candidates.get("local"))
    if not own:
        return None
    stats = [
        _PAIR,
        _candidate(own, "local-candidate"),
        _candidate(janus, "remote-candidate"),
    ]
    timed = [{**each, "timestamp": timestamp_ms} for each in stats]
    body = {"connections": [{"id": handle, "stats": timed}]}
    return decode_body(msgspec.json.encode(body))


def _candidate(stream: Json, type_: str) -> dict[str, Any]:
    return known(
        type=type_,
        id=type_,
        candidateType=as_text(stream.get("type"), longest=64),
        address=as_text(stream.get("address")),
        port=as_count(stream.get("port")),
        protocol=as_text(stream.get("transport"), longest=64),
    )


_PAIR: Final = {
    "type": "candidate-pair",
    "id": "pair",
    "nominated": True,
    "state": "succeeded",
    "localCandidateId": "local-candidate",
    "remoteCandidateId": "remote-candidate",
}


def _directions(stream: Json) -> Iterator[str]:
    """Which ways a stream has moved, from the client's side. A publisher's handle only receives
    and a subscriber's only sends; other plugins do both on one handle."""
    if _kind(stream) is None:
        return
    if as_count(stream.get("packets-received")):
        yield "send"
    if as_count(stream.get("packets-sent")):
        yield "receive"


def _kind(stream: Json) -> str | None:
    """`audio` or `video`; the upper layers of a simulcast are `video-sim1` and `video-sim2`."""
    kind = (as_text(stream.get("media")) or "").partition("-")[0]
    return kind if kind in _KINDS else None


def _mid(stream: Json) -> str | None:
    return as_text(stream.get("mid"), longest=64)


def _stream_id(stream: Json, direction: str) -> str:
    layer = as_text(stream.get("media"), longest=64)
    return f"{direction}-{_mid(stream) or ''}-{layer}"


def _stats(stream: Json, direction: str) -> list[dict[str, Any]]:
    """The stream's own object, the far end's report on it, and its codec."""
    make = _sent if direction == "send" else _received
    codec_id = f"codec-{_stream_id(stream, direction)}"
    codec = as_text(stream.get("codec"), longest=64)
    found = make(stream, _stream_id(stream, direction))
    if codec is not None:
        found[0]["codecId"] = codec_id
        found.append(
            known(
                type="codec",
                id=codec_id,
                mimeType=f"{_kind(stream)}/{codec}",
                clockRate=as_count(stream.get("base")),
            )
        )
    return found


def _sent(stream: Json, stats_id: str) -> list[dict[str, Any]]:
    """A client sent the packets that came and those missing in the sequence numbers. Packets that
    came again are among those that came; bytes are those that came."""
    came, lost = as_count(stream.get("packets-received")) or 0, _signed(stream.get("lost"))
    outbound = known(
        type="outbound-rtp",
        id=stats_id,
        kind=_kind(stream),
        mid=_mid(stream),
        packetsSent=max(0, came + (lost or 0)),
        bytesSent=as_count(stream.get("bytes-received")),
        retransmittedPacketsSent=as_count(stream.get("retransmissions-received")),
        nackCount=as_count(stream.get("nacks-sent")),
    )
    remote = known(
        type="remote-inbound-rtp",
        id=f"remote-{stats_id}",
        localId=stats_id,
        kind=_kind(stream),
        packetsLost=lost,
        jitter=_seconds(stream.get("jitter-local")),
        roundTripTime=_trip_s(stream),
    )
    return [outbound, remote]


def _received(stream: Json, stats_id: str) -> list[dict[str, Any]]:
    """What a client received is what Janus sent, less what the client reported lost."""
    sent, lost, jitter_s = as_count(stream.get("packets-sent")) or 0, None, None
    if any(as_number(stream.get(name)) for name in _REMOTE_REPORT):
        lost, jitter_s = (
            _signed(stream.get("lost-by-remote")),
            _seconds(stream.get("jitter-remote")),
        )
    inbound = known(
        type="inbound-rtp",
        id=stats_id,
        kind=_kind(stream),
        mid=_mid(stream),
        packetsReceived=max(0, sent - (lost or 0)),
        packetsLost=lost,
        bytesReceived=as_count(stream.get("bytes-sent")),
        jitter=jitter_s,
        nackCount=as_count(stream.get("nacks-received")),
    )
    return [inbound]


def _pair(trip_s: float) -> dict[str, Any]:
    """The way between the client and Janus, of which RTCP measured the round trip."""
    return {**_PAIR, "currentRoundTripTime": trip_s}


def _tag(stream: Json, direction: str, handle: str) -> dict[str, Any]:
    mid = _mid(stream)
    name = "producer_id" if direction == "send" else "consumer_id"
    tag = known(connection=handle, direction=direction, kind=_kind(stream), mid=mid)
    return tag | ({} if mid is None else {name: f"{handle}/{mid}"})


def _signed(value: object) -> int | None:
    number = as_number(value)
    return None if number is None else int(number)


def _seconds(value: object) -> float | None:
    """Janus' whole milliseconds, in seconds."""
    count = as_count(value)
    return None if count is None else count / 1000


def _trip_s(stream: Json) -> float | None:
    return _seconds(stream.get("rtt")) or None
