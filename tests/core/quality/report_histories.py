"""Histories of a peer for invariants: simulcast and received streams, occasional remote reports,
counters that restart, SSRCs that change, clocks that step.

Hypothesis draws the events; a seed decides by how much counters grow. They never grow by more than
`MOST`, so a higher rate is an error.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.quality.intervals.scoring import LEAST_PACKETS
from tests.core.quality.synthetic_call import CALL_START

Object = dict[str, Any]

MOST = {"packets": 400, "bytes": 250_000, "frames": 60}
"""The most that a counter of any stream grows by in a second."""


FEW_PACKETS = 2 * LEAST_PACKETS
"""Enough to be judged, even when some of them count for the next receiver report."""


class Report(NamedTuple):
    """One getStats report: the corrected time, and its JSON."""

    at: EpochMs
    body: bytes


@dataclass
class _Stream:
    """The counters of one SSRC; `layer` is its place in a simulcast."""

    place: int
    direction: str
    kind: str
    layer: int
    lacks: frozenset[str]
    dice: Random
    least_packets: int
    """The fewest packets in an interval."""
    object_number: int = 0
    ssrc_step: int = 0
    counted: dict[str, float] = field(default_factory=dict)
    far: dict[str, float] = field(default_factory=dict)
    far_at: float | None = None
    passed: int = 0
    """Packets in the last interval."""

    @property
    def ssrc(self) -> int:
        return 1_000 * self.place + 100 * self.layer + self.ssrc_step

    @property
    def id(self) -> str:
        return f"{self.direction}-{self.place}-{self.layer}-{self.object_number}"

    def restart(self, *, is_new_object: bool, is_new_ssrc: bool) -> None:
        self.counted, self.far, self.far_at = {}, {}, None
        self.object_number += is_new_object
        self.ssrc_step += is_new_ssrc

    def pass_time(self, seconds: float) -> None:
        grow, dice = self._grow, self.dice
        packets = max(self.least_packets, int(dice.random() * MOST["packets"] * seconds))
        size = int(dice.random() * MOST["bytes"] * seconds)
        frames = int(dice.random() * MOST["frames"] * seconds)
        verb, coded = ("Sent", "Encoded") if self.direction == "send" else ("Received", "Decoded")
        again = dice.random() * 0.2
        self.passed = packets
        grow(f"packets{verb}", packets)
        grow(f"bytes{verb}", size)
        grow(f"retransmittedPackets{verb}", int(packets * again))
        grow(f"retransmittedBytes{verb}", int(size * again))
        if self.kind == "video":
            grow(f"frames{coded}", frames)
            grow(f"keyFrames{coded}", int(frames * dice.random() * 0.1))
            grow("pliCount", dice.randrange(5))
            grow("firCount", dice.randrange(3))
        if self.direction == "receive":
            self._receive(packets, seconds)

    def _receive(self, packets: int, seconds: float) -> None:
        grow, dice = self._grow, self.dice
        # Late packets and duplicates make it decrease.
        grow("packetsLost", dice.randint(-5, max(1, packets // 4)))
        grow("packetsDiscarded", dice.randrange(4))
        grow("jitterBufferDelay", dice.random() * 60 * seconds)
        grow("jitterBufferEmittedCount", packets)
        if self.kind == "audio":
            played = int(48_000 * seconds)
            concealed = int(played * dice.random() * 0.5)
            grow("totalSamplesReceived", played)
            grow("concealedSamples", concealed)
            grow("silentConcealedSamples", int(concealed * dice.random()))
            grow("concealmentEvents", dice.randrange(20))
        else:
            grow("framesDropped", dice.randrange(20))
            grow("freezeCount", dice.randrange(4))
            grow("totalFreezesDuration", dice.random() * seconds)

    def receive_remote_report(self, stamp: float, most_lost: int) -> None:
        """Update the members of the remote report."""
        dice, far = self.dice, self.far
        self.far_at = stamp
        far["packetsLost"] = far.get("packetsLost", 0) + dice.randint(-3, most_lost)
        far["fractionLost"] = round(dice.random(), 3)
        far["jitter"] = dice.random() * 0.2
        far["roundTripTime"] = dice.random()
        far["totalRoundTripTime"] = far.get("totalRoundTripTime", 0.0) + far["roundTripTime"]
        far["roundTripTimeMeasurements"] = far.get("roundTripTimeMeasurements", 0) + 1

    def _grow(self, name: str, amount: float) -> None:
        self.counted[name] = self.counted.get(name, 0) + amount

    def objects(self, stamp: float) -> Iterator[Object]:
        dice = self.dice
        named = {"kind": self.kind, "ssrc": self.ssrc}
        members: Object = {
            "id": self.id,
            "type": "outbound-rtp" if self.direction == "send" else "inbound-rtp",
            "timestamp": stamp,
            **named,
            **self.counted,
        }
        if self.kind == "video":
            members |= {"frameWidth": 320 << self.layer, "frameHeight": 180 << self.layer}
            members |= {"qualityLimitationReason": dice.choice(["none", "cpu", "bandwidth"])}
        if self.direction == "receive":
            members |= {"jitter": dice.random() * 0.2}
        else:
            members |= {"mediaSourceId": f"source-{self.place}", "mid": str(self.place)}
        yield {name: value for name, value in members.items() if name not in self.lacks}
        if self.far_at is not None:
            yield {
                "id": f"far-{self.id}",
                "type": "remote-inbound-rtp",
                "timestamp": self.far_at,
                "localId": self.id,
                **named,
                **self._remote_report(),
            }

    def _remote_report(self) -> dict[str, float]:
        states_share = "fractionLost" not in self.lacks
        return {n: v for n, v in self.far.items() if states_share or n != "fractionLost"}


_LACKED = st.frozensets(
    st.sampled_from(
        [
            *("packetsLost", "packetsReceived", "bytesSent", "bytesReceived", "framesDecoded"),
            *("frameWidth", "frameHeight", "jitter", "totalSamplesReceived", "concealedSamples"),
            *("retransmittedPacketsReceived", "silentConcealedSamples", "timestamp"),
        ]
    ),
    max_size=3,
)
_SIZE = frozenset({"frameWidth", "frameHeight"})
"""Without these members the layers of a simulcast cannot be ranked."""
_MOST_LOST = 40
"""The most packets lost in a receiver report."""
_KINDS = st.tuples(st.sampled_from(["send", "receive"]), st.sampled_from(["audio", "video"]))
_EVENTS = st.sampled_from(
    ["flow"] * 6 + ["idle", "reset", "new object", "new ssrc", "absent", "no far report"]
)


@st.composite
def histories(draw: st.DrawFn, *, is_steady: bool = False, max_reports: int = 7) -> list[Report]:
    """The reports of a peer in order of time. A steady history has no resets, no gaps and no clock
    steps; enough is sent for each score, since the next score stands for one that is missing; its
    remote end reports every time, loses no more than was sent, and states no fraction lost, as its
    plausibility depends on all earlier reports of the stream."""
    dice = Random(draw(st.integers(0, 2**32)))
    streams = [
        _Stream(place, direction, kind, layer, lacks, dice, FEW_PACKETS if is_steady else 0)
        for place, (direction, kind) in enumerate(draw(st.lists(_KINDS, min_size=1, max_size=3)), 1)
        for lacks in [frozenset(["fractionLost"]) if is_steady else draw(_LACKED)]
        for layer in range(1 if lacks & _SIZE else _layers(draw, direction, kind))
    ]
    has_pair = is_steady or draw(st.booleans())
    gaps = st.sampled_from([7, 7, 2, 30] if is_steady else [7, 7, 7, 1, 30, 61, 200])
    at_s, off_s = 0.0, 0.0
    reports = []
    for number in range(draw(st.integers(2, max_reports))):
        seconds = float(draw(gaps))
        at_s += seconds
        if not is_steady:
            off_s += draw(st.sampled_from([0] * 6 + [30, -30, 3_600]))
        objects: list[Object] = []
        stamp = CALL_START + (at_s + off_s) * 1000
        for stream in streams:
            event = "flow" if is_steady or not number else draw(_EVENTS)
            if event in ("reset", "new object", "new ssrc"):
                is_new_ssrc = event == "new ssrc"
                stream.restart(is_new_object=event != "reset", is_new_ssrc=is_new_ssrc)
            if event != "idle":
                stream.pass_time(seconds)
            if stream.direction == "send" and event != "no far report":
                most_lost = min(_MOST_LOST, stream.passed // 4) if is_steady else _MOST_LOST
                stream.receive_remote_report(stamp - dice.random() * 500, most_lost)
            if event != "absent":
                objects += stream.objects(stamp)
        if has_pair:
            objects.append(_pair(stamp, dice))
        body = {"connections": [{"id": "pc", "stats": objects}]}
        reports.append(Report(EpochMs(CALL_START + round(at_s * 1000)), msgspec.json.encode(body)))
    return reports


def _layers(draw: st.DrawFn, direction: str, kind: str) -> int:
    return draw(st.integers(1, 3)) if (direction, kind) == ("send", "video") else 1


def _pair(stamp: float, dice: Random) -> Object:
    selected = {"nominated": True, "state": "succeeded"}
    rtt_s = round(dice.random(), 3)
    return {"id": "P", "type": "candidate-pair", "timestamp": stamp, **selected} | {
        "currentRoundTripTime": rtt_s
    }
