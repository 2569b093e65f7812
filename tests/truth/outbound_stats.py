"""Sent getStats objects, as columns over the times at which a collector reads them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.truth.encoding import SentStream
from tests.truth.inbound_stats import inbound
from tests.truth.network import Connection, SentTrack
from tests.truth.path_elements import Floats, within
from tests.truth.receiver import count
from tests.truth.stats_items import Item, always, before, filled, first, summed


def items(connection: Connection, at: Floats, rng: np.random.Generator) -> list[Item]:
    """Every object of a connection's reports, those that are there only for a time included."""
    found: list[Item] = []
    for track in connection.sent:
        found.append(_outbound(connection, track, at))
        found += _remote(connection, track, at, rng)
    by_track = {track.stream.track: track.stream for track in connection.sent}
    found += [_source(stream, connection, at) for stream in by_track.values()]
    for number, received in enumerate(connection.received):
        found.append(inbound(received, number, at))
    found += _codecs(at)
    return found


def _codecs(at: Floats) -> list[Item]:
    opus = {"mimeType": "audio/opus", "payloadType": 111, "clockRate": 48_000, "channels": 2}
    opus |= {"sdpFmtpLine": "minptime=10;useinbandfec=1"}
    vp8 = {"mimeType": "video/VP8", "payloadType": 96, "clockRate": 90_000}
    return [
        Item(type="codec", id=f"C{kind}", fixed=fixed, is_there=always(at), made_at=at)
        for kind, fixed in (("audio", opus), ("video", vp8))
    ]


def _outbound(connection: Connection, track: SentTrack, at: Floats) -> Item:
    stream = track.stream
    resent = track.far.resent_at
    again = before(resent, at)
    mean = float(stream.sizes.mean()) if len(stream.sizes) else 0.0
    columns = {
        "packetsSent": before(stream.at, at) + again,
        "bytesSent": summed(stream.at, stream.sizes, at) + again * mean,
        "retransmittedPacketsSent": again,
        "retransmittedBytesSent": np.floor(again * mean),
        "nackCount": np.ceil(again / 2),
        "targetBitrate": np.full(len(at), 32_000.0),
    }
    is_active = ~within(at, connection.owner.held)
    words: dict[str, Sequence[Any]] = {"active": is_active.tolist()}
    if stream.kind == "video":
        columns |= _encoded(track, connection, at)
        words |= _limits(stream, connection, at)
    fixed = {
        "kind": stream.kind,
        "ssrc": stream.ssrc,
        "mid": stream.mid,
        "codecId": f"C{stream.kind}",
        "mediaSourceId": f"S{stream.track}",
        "transportId": "T01",
        "remoteId": f"RI{stream.ssrc}",
    }
    if stream.rid is not None:
        fixed["rid"] = stream.rid
    if stream.source == "screen":
        fixed["contentType"] = "screenshare"
    is_there = always(at) if stream.source != "screen" else at >= first(stream.at)
    return Item(
        type="outbound-rtp",
        id=f"O{stream.ssrc}",
        fixed=fixed,
        columns=columns,
        words=words,
        is_there=is_there,
        made_at=at,
    )


def _encoded(track: SentTrack, connection: Connection, at: Floats) -> dict[str, Floats]:
    stream = track.stream
    made = stream.frame_at
    place = np.flatnonzero((made >= connection.begin_s) & (made < connection.end_s))
    times = made[place]
    so_far = before(times, at)
    last = place[np.maximum(so_far - 1, 0).astype(np.int64)] if len(place) else None
    unknown = np.full(len(at), np.nan)
    width, height = unknown, unknown
    if last is not None:
        width = np.where(so_far > 0, stream.widths[last], np.nan)
        height = np.where(so_far > 0, stream.heights[last], np.nan)
    fps = so_far - before(times, at - 1)
    second = np.minimum(at.astype(np.int64), len(stream.targets) - 1)
    return {
        "framesEncoded": so_far,
        "keyFramesEncoded": np.minimum(1 + before(track.asked, at), so_far),
        "pliCount": before(track.asked, at),
        "firCount": np.zeros(len(at)),
        "frameWidth": width,
        "frameHeight": height,
        "framesPerSecond": np.where(fps > 0, fps, np.nan),
        "targetBitrate": stream.targets[second],
        "totalEncodeTime": so_far * 0.006,
        "qpSum": so_far * 22,
    }


def _limits(stream: SentStream, connection: Connection, at: Floats) -> dict[str, list[Any]]:
    seconds = np.arange(len(stream.limits))
    is_on = seconds >= int(connection.begin_s)
    sums = {
        reason: np.concatenate([[0.0], np.cumsum((stream.limits == reason) & is_on)])
        for reason in ("none", "cpu", "bandwidth", "other")
    }
    whole = np.minimum(at.astype(np.int64), len(stream.limits) - 1)
    part = at - whole
    reasons = [str(stream.limits[second]) for second in whole]
    durations = [
        {
            reason: round(float(total[second] + (rest if reason == now else 0.0)), 3)
            for reason, total in sums.items()
        }
        for second, rest, now in zip(whole.tolist(), part.tolist(), reasons, strict=True)
    ]
    is_active = stream.is_active[np.minimum(whole, len(stream.is_active) - 1)]
    return {
        "qualityLimitationReason": reasons,
        "qualityLimitationDurations": durations,
        **({"active": [bool(flag) for flag in is_active]} if stream.rid else {}),
    }


def _source(stream: SentStream, connection: Connection, at: Floats) -> Item:
    columns: dict[str, Floats] = {}
    fixed: dict[str, Any] = {"kind": stream.kind, "trackIdentifier": stream.track}
    if stream.voice is not None:
        levels = stream.voice.levels
        slot = (at / 0.02).astype(np.int64).clip(0, len(levels) - 1)
        recent = np.stack([levels[(slot - k).clip(0)] for k in range(5)])
        slots = np.arange(1, len(levels) + 1) * 0.02
        is_on = slots > connection.begin_s
        columns = {
            "audioLevel": recent.max(axis=0),
            "totalAudioEnergy": summed(slots, levels**2 * 0.02 * is_on, at),
            "totalSamplesDuration": (at - connection.begin_s).clip(0),
        }
    elif stream.frames is not None:
        frames = stream.frames
        begin = before(frames.at, np.array([connection.begin_s]))
        fixed |= {"width": frames.width, "height": frames.height}
        columns = {
            "frames": before(frames.at, at) - begin,
            "framesPerSecond": before(frames.at, at) - before(frames.at, at - 1),
        }
    is_there = always(at)
    if stream.source == "screen":
        is_there = (at >= first(stream.at)) & (at <= stream.at.max(initial=0.0) + 1.5)
    return Item(
        type="media-source",
        id=f"S{stream.track}",
        fixed=fixed,
        columns=columns,
        is_there=is_there,
        made_at=at,
    )


def _remote(
    connection: Connection, track: SentTrack, at: Floats, rng: np.random.Generator
) -> list[Item]:
    """The remote reports of a stream: every second for video, every five for audio."""
    stream, mode = track.stream, connection.reports
    if mode == "none" or not len(stream.at):
        return []
    step = 1.0 if stream.kind == "video" else 5.0
    begin = max(connection.begin_s, float(stream.at[0])) + step
    moments = np.arange(begin, connection.end_s, step)
    moments = moments + rng.uniform(-0.2, 0.2, len(moments)) * step
    back = sum((link.delays(moments) for link in connection.back), np.zeros(len(moments)))
    rtts = connection.rtts(moments)
    counted = count(track.far, moments)
    came = ~np.isnan(back) & (counted.received > 0)
    if not came.any():
        return []
    moments, rtts, back = moments[came], rtts[came], back[came]
    lost, received, jitter = counted.lost[came], counted.received[came], counted.jitter[came]
    if mode == "zero":
        lost = np.zeros(len(lost))
    expected = lost + received
    shares = np.diff(lost, prepend=0.0).clip(0) / np.diff(expected, prepend=0.0).clip(1)
    is_measured = ~np.isnan(rtts)
    rtt_sums = np.cumsum(np.where(is_measured, rtts, 0.0))
    place = np.searchsorted(moments + back, at, side="right") - 1
    at_least = place.clip(0)
    last_rtt = filled(rtts)
    return [
        Item(
            type="remote-inbound-rtp",
            id=f"RI{stream.ssrc}",
            fixed={
                "kind": stream.kind,
                "ssrc": stream.ssrc,
                "localId": f"O{stream.ssrc}",
                "codecId": f"C{stream.kind}",
                "transportId": "T01",
            },
            columns={
                "packetsLost": lost[at_least],
                "fractionLost": shares[at_least],
                "jitter": jitter[at_least],
                "roundTripTime": last_rtt[at_least],
                "totalRoundTripTime": rtt_sums[at_least],
                "roundTripTimeMeasurements": np.cumsum(is_measured)[at_least].astype(np.float64),
            },
            is_there=place >= 0,
            made_at=(moments + back)[at_least],
        )
    ]


def transports(
    connection: Connection, at: Floats, relay: str | None, addresses: tuple[str, str]
) -> list[Item]:
    """The transport, the pair in use and its candidates."""
    rtts = filled(connection.rtts(at))
    up = sum((before(t.stream.at, at) * 900 for t in connection.sent), np.zeros(len(at)))
    down = sum((count(r.flow, at).bytes for r in connection.received), np.zeros(len(at)))
    second = np.minimum(at.astype(np.int64), len(connection.estimate) - 1)
    local: dict[str, Any] = {"address": addresses[0], "port": 50_000, "protocol": "udp"}
    local |= {"candidateType": "host" if relay is None else "relay"}
    if relay is not None:
        local["relayProtocol"] = relay
    far = {"address": addresses[1], "port": 40_000, "protocol": "udp", "candidateType": "srflx"}
    every = always(at)
    return [
        Item(
            type="transport",
            id="T01",
            fixed={"dtlsState": "connected", "selectedCandidatePairId": "P1"},
            columns={"bytesSent": up, "bytesReceived": down},
            is_there=every,
            made_at=at,
        ),
        Item(
            type="candidate-pair",
            id="P1",
            fixed={
                "transportId": "T01",
                "localCandidateId": "L1",
                "remoteCandidateId": "R1",
                "state": "succeeded",
                "nominated": True,
            },
            columns={
                "currentRoundTripTime": rtts,
                "totalRoundTripTime": np.nancumsum(rtts) * 3,
                "responsesReceived": np.arange(1, len(at) + 1) * 3.0,
                "availableOutgoingBitrate": connection.estimate[second],
                "bytesSent": up,
                "bytesReceived": down,
            },
            is_there=every,
            made_at=at,
        ),
        Item(type="local-candidate", id="L1", fixed=local, is_there=every, made_at=at),
        Item(type="remote-candidate", id="R1", fixed=far, is_there=every, made_at=at),
    ]
