"""Synthetic calls: participants behind an SFU, whose network and machine can be impaired for a
while, and the getStats reports that their browsers send."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.quality.report.fold import PeerFacts
from aftercall.core.records import LeaveReason, Peer, StoredPeerEvent, StoredSample
from tests.core.quality.peer_events import event

CALL_START = EpochMs(1_795_255_200_000)
"""2026-11-21T10:00:00Z."""
INTERVAL_MS = 7_000


@dataclass(frozen=True, kw_only=True)
class PeerConditions:
    """The conditions of one participant at an instant. Losses are shares, 0…1."""

    up_loss: float = 0.0
    down_loss: float = 0.0
    rtt_s: float = 0.04
    jitter_s: float = 0.004
    is_cpu_bound: bool = False
    relay: str | None = None
    """The protocol to the TURN server, if there is one."""
    level: float = 0.2
    """Of the microphone; 0 without a signal."""
    sends_audio: bool = True
    hears: bool = True
    reports: bool = True
    fps: int = 30
    camera_on: bool = True
    conceals: float = 0.0
    """The share of played audio that is concealed although no packet was lost."""
    freezes: float = 0.0
    """The share of the time for which received video is frozen although no packet was lost."""


FINE = PeerConditions()
ConditionsOverTime = Callable[[float], PeerConditions]
"""Returns the conditions so many seconds into the call."""


def between(
    start_s: float, end_s: float, bad: PeerConditions, good: PeerConditions = FINE
) -> ConditionsOverTime:
    """`bad` from `start_s` to `end_s`, `good` before and after."""
    return lambda t: bad if start_s <= t < end_s else good


def always(conditions: PeerConditions) -> ConditionsOverTime:
    return lambda t: conditions


@dataclass
class _Person:
    name: str
    conditions_at: ConditionsOverTime
    place: int
    totals: dict[str, dict[str, float]] = field(default_factory=dict)
    events: list[StoredPeerEvent] = field(default_factory=list)
    samples: list[StoredSample] = field(default_factory=list)

    def add(self, stream: str, **amounts: float) -> dict[str, float]:
        counters = self.totals.setdefault(stream, {})
        for name, amount in amounts.items():
            counters[name] = counters.get(name, 0.0) + amount
        return counters


class Call:
    """A call of `minutes`; every participant is present from the first second to the last."""

    def __init__(
        self,
        people: Mapping[str, ConditionsOverTime] | Iterable[str],
        *,
        minutes: float = 10,
        interval_ms: int = INTERVAL_MS,
        has_video: bool = True,
    ) -> None:
        people_conditions = (
            dict(people) if isinstance(people, Mapping) else {name: always(FINE) for name in people}
        )
        self._people = [
            _Person(name, conditions_at, place)
            for place, (name, conditions_at) in enumerate(people_conditions.items(), 1)
        ]
        self._by_name = {person.name: person for person in self._people}
        self._interval_ms = interval_ms
        self._has_video = has_video
        self.end_at = EpochMs(CALL_START + round(minutes * 60_000))
        self._run(minutes * 60)

    def event(self, name: str, at_s: float, event_name: str, **data: Any) -> None:
        """Add a peer event of a participant, `at_s` seconds into the call."""
        at = CALL_START + round(at_s * 1000)
        self._by_name[name].events.append(event(at, event_name, name, **data))

    def facts(self, name: str) -> PeerFacts:
        person = self._by_name[name]
        return PeerFacts(peer=self.peer(name), samples=person.samples, events=person.events)

    def facts_by_participant(self) -> dict[str, list[PeerFacts]]:
        return {person.name: [self.facts(person.name)] for person in self._people}

    def peer(self, name: str) -> Peer:
        return Peer(
            app_id="app",
            session_id="session",
            meeting_id="meeting",
            id=name,
            participant_id=name,
            user_id=name,
            display_name=name.capitalize(),
            source="collector",
            interval_ms=self._interval_ms,
            joined_at=CALL_START,
            left_said_at=self.end_at,
            first_heard_at=CALL_START,
            last_heard_at=self.end_at,
            last_received_at=self.end_at,
            left_at=self.end_at,
            left_reason=LeaveReason.SAID,
            created_at=CALL_START,
            updated_at=self.end_at,
        )

    def _run(self, length_s: float) -> None:
        step_s = self._interval_ms / 1000
        steps = int(length_s / step_s)
        for step in range(steps + 1):
            t = step * step_s
            conditions = {
                person.name: person.conditions_at(t - step_s / 2) for person in self._people
            }
            at = EpochMs(CALL_START + round(t * 1000))
            elapsed_s = step_s if step else 0.001
            for person in self._people:
                self._send(person, conditions[person.name], elapsed_s)
            for person in self._people:
                if conditions[person.name].reports:
                    body = self._body(person, conditions, at, elapsed_s)
                    person.samples.append(
                        StoredSample(
                            peer_id=person.name,
                            sequence=step,
                            at=at,
                            received_at=at,
                            body=msgspec.json.encode(body),
                        )
                    )
                else:
                    self._body(person, conditions, at, elapsed_s)

    def _kinds(self) -> tuple[str, ...]:
        return ("audio", "video") if self._has_video else ("audio",)

    def _send(self, person: _Person, conditions: PeerConditions, elapsed_s: float) -> None:
        packets = 50 * elapsed_s if conditions.sends_audio else 0
        person.add(
            "audio sent", packets=packets, bytes=packets * 80, lost=packets * conditions.up_loss
        )
        if not self._has_video:
            return
        fps = (10 if conditions.is_cpu_bound else conditions.fps) if conditions.camera_on else 0
        packets = fps * 4 * elapsed_s
        person.add(
            "video sent",
            packets=packets,
            bytes=packets * 1_200,
            lost=packets * conditions.up_loss,
            frames=fps * elapsed_s,
            cpu_s=elapsed_s if conditions.is_cpu_bound else 0,
            free_s=0 if conditions.is_cpu_bound else elapsed_s,
        )

    def _body(
        self,
        person: _Person,
        conditions: Mapping[str, PeerConditions],
        at: EpochMs,
        elapsed_s: float,
    ) -> dict[str, Any]:
        mine = conditions[person.name]
        stats = self._transport(person, mine)
        streams: list[dict[str, Any]] = []
        for kind in self._kinds():
            stats += self._sent_stats(person, mine, kind)
            streams.append(_tag("send", kind, _ssrc(person, kind), f"{person.name}-{kind}"))
        for other in self._people:
            if other is person:
                continue
            for kind in self._kinds():
                theirs = conditions[other.name]
                stats.append(self._received_stats(person, mine, other, theirs, kind, elapsed_s))
                tag = _tag("receive", kind, _ssrc(other, kind), f"{other.name}-{kind}")
                consumer = f"{person.name}-from-{other.name}-{kind}"
                streams.append({**tag, "peer_id": other.name, "consumer_id": consumer})
        timed = [{**each, "timestamp": at} for each in stats]
        return {"connections": [{"id": "pc1", "stats": timed}], "streams": streams}

    def _transport(self, person: _Person, conditions: PeerConditions) -> list[dict[str, Any]]:
        local: dict[str, Any] = {
            "type": "local-candidate",
            "id": "L",
            "candidateType": "host",
            "address": f"192.0.2.{person.place}",
            "port": 50_000,
            "protocol": "udp",
        }
        if conditions.relay is not None:
            local |= {"candidateType": "relay", "relayProtocol": conditions.relay}
        return [
            {"type": "transport", "id": "T", "selectedCandidatePairId": "P"},
            {
                "type": "candidate-pair",
                "id": "P",
                "localCandidateId": "L",
                "remoteCandidateId": "R",
                "nominated": True,
                "currentRoundTripTime": conditions.rtt_s,
                "availableOutgoingBitrate": 3_000_000,
            },
            local,
            {
                "type": "remote-candidate",
                "id": "R",
                "candidateType": "host",
                "address": "198.51.100.1",
                "port": 3478,
                "protocol": "udp",
            },
            {
                "type": "codec",
                "id": "C-audio",
                "mimeType": "audio/opus",
                "clockRate": 48_000,
                "sdpFmtpLine": "minptime=10;useinbandfec=1",
            },
            {"type": "codec", "id": "C-video", "mimeType": "video/VP8", "clockRate": 90_000},
        ]

    def _sent_stats(
        self, person: _Person, conditions: PeerConditions, kind: str
    ) -> list[dict[str, Any]]:
        sent = person.totals[f"{kind} sent"]
        ssrc = _ssrc(person, kind)
        outbound: dict[str, Any] = {
            "type": "outbound-rtp",
            "id": f"O-{kind}",
            "kind": kind,
            "ssrc": ssrc,
            "codecId": f"C-{kind}",
            "mediaSourceId": f"S-{kind}",
            "packetsSent": int(sent["packets"]),
            "bytesSent": int(sent["bytes"]),
        }
        source: dict[str, Any] = {"type": "media-source", "id": f"S-{kind}", "kind": kind}
        if kind == "audio":
            # The level of speech varies: by up to 30 % from one report to the next.
            source["audioLevel"] = conditions.level * (1 + 0.3 * math.sin(sent["packets"]))
        else:
            source |= {"width": 1_280, "height": 720, "framesPerSecond": 30}
            outbound |= {
                "framesEncoded": int(sent["frames"]),
                "keyFramesEncoded": 1,
                "frameWidth": 1_280,
                "frameHeight": 720,
                "pliCount": 0,
                "firCount": 0,
                "qualityLimitationReason": "cpu" if conditions.is_cpu_bound else "none",
                "qualityLimitationDurations": {
                    "cpu": sent["cpu_s"],
                    "none": sent["free_s"],
                    "bandwidth": 0,
                    "other": 0,
                },
            }
        remote = {
            "type": "remote-inbound-rtp",
            "id": f"RI-{kind}",
            "kind": kind,
            "ssrc": ssrc,
            "localId": f"O-{kind}",
            "packetsLost": int(sent["lost"]),
            "jitter": conditions.jitter_s,
            "roundTripTime": conditions.rtt_s,
        }
        return [outbound, source, remote]

    def _received_stats(
        self,
        person: _Person,
        mine: PeerConditions,
        other: _Person,
        theirs: PeerConditions,
        kind: str,
        elapsed_s: float,
    ) -> dict[str, Any]:
        is_audio = kind == "audio"
        fps = (10 if theirs.is_cpu_bound else theirs.fps) if theirs.camera_on else 0
        per_s = (50 if theirs.sends_audio else 0) if is_audio else fps * 4
        sent = per_s * elapsed_s if mine.hears else 0.0
        share = (1 - theirs.up_loss) * (1 - mine.down_loss)
        counters = person.add(
            f"{kind} from {other.name}",
            received=sent * share,
            lost=sent * (1 - share),
            frames=0 if is_audio or not mine.hears else fps * elapsed_s,
            played=48_000 * elapsed_s if is_audio else 0,
            concealed=48_000 * elapsed_s * max(1 - share, mine.conceals)
            if is_audio and sent
            else 0,
            frozen_s=elapsed_s * mine.freezes,
            buffered_s=0.06 * (48_000 if is_audio else fps) * elapsed_s,
            emitted=(48_000 if is_audio else fps) * elapsed_s,
        )
        stats: dict[str, Any] = {
            "type": "inbound-rtp",
            "id": f"I-{other.name}-{kind}",
            "kind": kind,
            "ssrc": _ssrc(other, kind),
            "codecId": f"C-{kind}",
            "packetsReceived": int(counters["received"]),
            "packetsLost": int(counters["lost"]),
            "bytesReceived": int(counters["received"] * (80 if is_audio else 1_200)),
            "jitter": max(mine.jitter_s, theirs.jitter_s),
            "jitterBufferDelay": counters["buffered_s"],
            "jitterBufferEmittedCount": int(counters["emitted"]),
        }
        if is_audio:
            stats |= {
                "audioLevel": theirs.level if sent else 0,
                "totalSamplesReceived": int(counters["played"]),
                "concealedSamples": int(counters["concealed"]),
                "silentConcealedSamples": 0,
                "concealmentEvents": int(counters["lost"]),
            }
        else:
            stats |= {
                "framesDecoded": int(counters["frames"]),
                "framesDropped": 0,
                "freezeCount": math.ceil(counters["frozen_s"]),
                "totalFreezesDuration": counters["frozen_s"],
                "keyFramesDecoded": 1,
                "frameWidth": 1_280,
                "frameHeight": 720,
            }
        return stats


def _ssrc(person: _Person, kind: str) -> int:
    return person.place * 10 + (1 if kind == "audio" else 2)


def _tag(direction: str, kind: str, ssrc: int, producer_id: str) -> dict[str, Any]:
    return {
        "connection": "pc1",
        "direction": direction,
        "kind": kind,
        "ssrc": ssrc,
        "source": "microphone" if kind == "audio" else "camera",
        "producer_id": producer_id,
    }


__all__ = [
    "CALL_START",
    "FINE",
    "INTERVAL_MS",
    "Call",
    "ConditionsOverTime",
    "PeerConditions",
    "always",
    "between",
    "replace",
]
