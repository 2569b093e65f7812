"""Time to fold an hour of one peer's reports, by stage.

    python bench/fold.py [--streams 20] [--streams 100] [--profile]

The hour is synthetic: one connection, a sample every seven seconds, two streams sent and the rest
received, with counters of a call with a little loss. Times are processor time, the least of
several runs, each after one of a yardstick. The goals refer to `report`: from stored JSON to the
whole report with its rows; `figures` is the part of it without rows, issues and stream activity.
"""

import argparse
import cProfile
import json
import pstats
import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from aftercall.core.instants import EpochMs
from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.intervals.deltas import IntervalReader
from aftercall.core.quality.report.cumulative import accumulate
from aftercall.core.quality.report.fold import PeerFacts
from aftercall.core.quality.report.fold import fold as report_fold
from aftercall.core.quality.report.rollup import roll_up
from aftercall.core.quality.stats.decode import SampleReader
from aftercall.core.quality.stats.getstats import decode_body, encode_body
from aftercall.core.quality.stats.report_linker import Family, ReportLinker
from aftercall.core.records import Peer, StoredSample

SAMPLES = 514
INTERVAL_MS = 7_000
PEERS = 100
START_AT = 1_795_000_000_000
T = TypeVar("T")


def nothing_lost(whose: int) -> int:
    return 0


def sample_json(
    step: int,
    streams: int,
    dice: random.Random,
    *,
    me: int = 0,
    people: int = PEERS,
    lost: Callable[[int], int] = nothing_lost,
) -> bytes:
    """The report at one step, as the intake stores it. The peer `me` of so many people sends two
    streams and receives those of the peers with the next numbers. `lost` says how many packets
    more than a few have been lost so far of a stream of the peer with a number."""
    now = START_AT + step * INTERVAL_MS
    clock = {"timestamp": float(now)}
    stats: list[dict[str, Any]] = [
        {"id": "CA", "type": "codec", **clock, "mimeType": "audio/opus", "clockRate": 48000,
         "payloadType": 111, "channels": 2, "sdpFmtpLine": "minptime=10;useinbandfec=1"},
        {"id": "CV", "type": "codec", **clock, "mimeType": "video/VP8", "clockRate": 90000,
         "payloadType": 96},
        {"id": "T", "type": "transport", **clock, "bytesSent": step * 500_000,
         "bytesReceived": step * 900_000, "selectedCandidatePairId": "CP", "iceState": "connected",
         "dtlsState": "connected", "iceRole": "controlling", "selectedCandidatePairChanges": 1},
        {"id": "CP", "type": "candidate-pair", **clock, "transportId": "T", "state": "succeeded",
         "localCandidateId": "L", "remoteCandidateId": "R", "nominated": True,
         "currentRoundTripTime": 0.04, "totalRoundTripTime": step * 0.1, "responsesReceived": step,
         "availableOutgoingBitrate": 2_500_000, "bytesSent": step * 500_000,
         "bytesReceived": step * 900_000},
        {"id": "L", "type": "local-candidate", **clock, "candidateType": "host",
         "address": "192.0.2.0", "port": 50000, "protocol": "udp", "networkType": "wifi"},
        {"id": "R", "type": "remote-candidate", **clock, "candidateType": "host",
         "address": "198.51.100.0", "port": 50001, "protocol": "udp"},
        {"id": "SA", "type": "media-source", **clock, "kind": "audio", "audioLevel": 0.1},
        {"id": "SV", "type": "media-source", **clock, "kind": "video", "width": 1280,
         "height": 720, "framesPerSecond": 30, "frames": step * 210},
    ]  # fmt: skip
    tags = []
    for number in range(streams):
        kind = ("audio", "video")[number % 2]
        is_sent = number < 2
        make = _sent if is_sent else _received
        whose = (me + number // 2) % people
        made = make(number, kind, step, now, dice)
        made[-1]["packetsLost"] += lost(whose)
        stats += made
        tags.append({"connection": "pc1", "direction": "send" if is_sent else "receive",
                     "ssrc": 1000 + number, "producer_id": f"producer-{whose}-{kind}",
                     "consumer_id": None if is_sent else f"consumer-{number}",
                     "peer_id": None if is_sent else f"peer-{whose}",
                     "kind": kind, "muted": False})  # fmt: skip
    body = {"connections": [{"id": "pc1", "stats": stats}], "streams": tags, "page_hidden": False}
    return encode_body(decode_body(json.dumps(body).encode()))


def _sent(number: int, kind: str, step: int, now: int, dice: random.Random) -> list[dict[str, Any]]:
    ssrc = 1000 + number
    common = {"ssrc": ssrc, "kind": kind, "timestamp": now + 0.25}
    sent = {"id": f"O{ssrc}", "type": "outbound-rtp", **common, "mid": str(number),
            "codecId": "CA" if kind == "audio" else "CV", "transportId": "T", "active": True,
            "mediaSourceId": "SA" if kind == "audio" else "SV", "remoteId": f"RI{ssrc}",
            "packetsSent": step * 350, "bytesSent": step * 28_000, "nackCount": step // 9,
            "retransmittedPacketsSent": step // 5, "retransmittedBytesSent": step * 100,
            "targetBitrate": 32_000}  # fmt: skip
    if kind == "video":
        sent |= {"packetsSent": step * 1_050, "bytesSent": step * 1_050_000,
                 "framesEncoded": step * 210, "keyFramesEncoded": 1 + step // 50,
                 "frameWidth": 1280, "frameHeight": 720, "framesPerSecond": 30, "firCount": 0,
                 "pliCount": step // 20, "qualityLimitationReason": "none", "qpSum": step * 5000,
                 "qualityLimitationDurations":
                     {"none": step * 7.0, "cpu": 0, "bandwidth": 0, "other": 0},
                 "qualityLimitationResolutionChanges": 0, "totalEncodeTime": step * 1.5,
                 "encoderImplementation": "libvpx", "targetBitrate": 1_500_000}  # fmt: skip
    remote = {"id": f"RI{ssrc}", "type": "remote-inbound-rtp", **common, "localId": f"O{ssrc}",
              "packetsLost": step * 2 + dice.randrange(4), "jitter": round(dice.random() / 50, 6),
              "fractionLost": 0.01, "roundTripTime": 0.05, "totalRoundTripTime": step * 0.07,
              "roundTripTimeMeasurements": step}  # fmt: skip
    return [sent, remote]


def _received(
    number: int, kind: str, step: int, now: int, dice: random.Random
) -> list[dict[str, Any]]:
    ssrc = 1000 + number
    stats = {"id": f"I{ssrc}", "type": "inbound-rtp", "ssrc": ssrc, "kind": kind,
             "timestamp": now + 0.25, "mid": str(number), "transportId": "T",
             "codecId": "CA" if kind == "audio" else "CV", "trackIdentifier": f"track-{number}",
             "packetsReceived": step * 350, "packetsLost": step * 3 + dice.randrange(5),
             "packetsDiscarded": step // 7, "bytesReceived": step * 28_000,
             "retransmittedPacketsReceived": step, "retransmittedBytesReceived": step * 1000,
             "jitter": round(dice.random() / 50, 6), "jitterBufferDelay": step * 9000.5,
             "jitterBufferEmittedCount": step * 336_000, "nackCount": step}  # fmt: skip
    if kind == "audio":
        stats |= {"concealedSamples": step * 2880, "audioLevel": 0.2,
                  "silentConcealedSamples": step * 480, "concealmentEvents": step * 2,
                  "totalSamplesReceived": step * 336_000,
                  "totalAudioEnergy": step * 0.3}  # fmt: skip
    else:
        stats |= {"packetsReceived": step * 700, "bytesReceived": step * 437_500,
                  "framesDecoded": step * 210, "framesDropped": step, "keyFramesDecoded": 1,
                  "frameWidth": 640, "frameHeight": 360, "framesPerSecond": 30, "freezeCount": 0,
                  "totalFreezesDuration": 0, "pliCount": step // 9, "firCount": 0,
                  "qpSum": step * 3000, "totalDecodeTime": step * 0.4,
                  "jitterBufferEmittedCount": step * 210, "jitterBufferDelay": step * 12.5,
                  "decoderImplementation": "libvpx"}  # fmt: skip
    return [stats]


def yardstick() -> float:
    """A fixed amount of work of the kind Python is slow at: objects made, looked up, called."""
    total, known = 0.0, {}
    for number in range(60_000):
        key = f"{number % 977}"
        known[key] = {"at": number, "value": known.get(key, {}).get("value", 0) + 0.5}
        total += abs(known[key]["value"] - number)
    return total


def timed(work: Callable[[], T]) -> tuple[float, T]:
    start = time.process_time()
    made = work()
    return (time.process_time() - start) * 1000, made


def fold(bodies: list[bytes]) -> dict[str, float]:
    """Milliseconds by stage, from stored JSON to the figures of a report. A sample is read,
    linked, recorded and let go before the next."""
    stored, linker, reader = SampleReader(), ReportLinker(), IntervalReader()
    spent = dict.fromkeys(("decode", "link", "record"), 0.0)
    for step, body in enumerate(bodies):
        at = EpochMs(START_AT + step * INTERVAL_MS)
        decode_ms, decoded = timed(partial(stored.read, body))
        link_ms, sample = timed(partial(linker.link, decoded, at))
        record_ms, _ = timed(partial(reader.take, sample))
        spent["decode"] += decode_ms
        spent["link"] += link_ms
        spent["record"] += record_ms
    spent["read"], reading = timed(reader.read)
    spent["rollup"], _ = timed(partial(roll_up_all, reading.tables))
    return spent


def roll_up_all(tables: Sequence[IntervalTable]) -> None:
    for family in Family:
        accumulate(roll_up(family, [table for table in tables if table.family is family]))


def facts_of(
    bodies: list[bytes],
    peer_id: str = "peer",
    *,
    app_id: str = "app",
    session_id: str = "session",
) -> PeerFacts:
    """A peer that was there from the first sample to the last."""
    end_at = EpochMs(START_AT + (len(bodies) + 1) * INTERVAL_MS)
    moments = [EpochMs(START_AT + step * INTERVAL_MS) for step in range(1, len(bodies) + 1)]
    return PeerFacts(
        peer=Peer(
            app_id=app_id,
            session_id=session_id,
            meeting_id="meeting",
            id=peer_id,
            participant_id=peer_id,
            source="collector",
            interval_ms=INTERVAL_MS,
            joined_at=EpochMs(START_AT),
            first_heard_at=EpochMs(START_AT),
            last_heard_at=end_at,
            last_received_at=end_at,
            left_at=end_at,
            created_at=EpochMs(START_AT),
            updated_at=end_at,
        ),
        samples=[
            StoredSample(peer_id=peer_id, sequence=step, at=at, received_at=at, body=body)
            for step, (at, body) in enumerate(zip(moments, bodies, strict=True))
        ],
        events=[],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, action="append")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    print("Ratios are to a yardstick, the same work in plain Python each time; they hardly depend")
    print("on the machine and its hour. The goals, 60 ms and 250 ms, are for a quiet core.")
    for streams in options.streams or [20, 100]:
        dice = random.Random(7)
        bodies = [sample_json(step, streams, dice) for step in range(1, SAMPLES + 1)]
        size = sum(map(len, bodies)) / len(bodies)
        print(f"\n{streams} streams, {SAMPLES} samples of {size / 1000:.1f} kB")
        facts = facts_of(bodies)
        rounds = [
            (timed(yardstick)[0], timed(partial(report_fold, [facts], EpochMs(START_AT)))[0])
            for _ in range(7)
        ]
        measure, report = (min(column) for column in zip(*rounds, strict=True))
        best = min((fold(bodies) for _ in range(5)), key=lambda spent: sum(spent.values()))
        figures = sum(best.values())
        for stage, ms in best.items():
            print(f"  {stage:<10}{ms:8.1f} ms {ms / report:6.0%}")
        each_us = 1000 * figures / SAMPLES / streams
        print(f"  {'figures':<10}{figures:8.1f} ms {each_us:6.2f} µs a stream")
        print(f"  {'report':<10}{report:8.1f} ms with rows, issues, traces and metadata")
        print(
            f"  {'yardstick':<10}{measure:8.1f} ms; the report takes {report / measure:.2f} of it"
        )
        if options.profile:
            with cProfile.Profile() as profile:
                report_fold([facts], EpochMs(START_AT))
            pstats.Stats(profile).sort_stats("tottime").print_stats(18)


if __name__ == "__main__":
    main()
