"""One connection of one person to a call: its streams, and what its collector sends."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from uuid import UUID

from aftercall.simulator.media import Receiving, Sending, Source
from aftercall.simulator.network_conditions import Conditions, Weather
from aftercall.simulator.people import Person

CONNECTION: Final = "pc1"
_TRANSPORT: Final = "T01"
_PAIR: Final = "CP01"


def new_uuid(random: Random) -> str:
    """A UUID drawn from `random`, so that a seed names the same peers again."""
    return str(UUID(int=random.getrandbits(128), version=4))


@dataclass(kw_only=True)
class SimulatedPeer:
    """A browser in a call. `begin_ms` is when the call began, as the browser's clock has it."""

    id: str
    guest: int
    """Which of the call's guests it is."""
    person: Person
    weather: Weather
    begin_ms: int
    joined_s: int
    previous_peer_id: str | None
    random: Random
    conditions: Conditions = field(default_factory=lambda: Conditions(round_trip_ms=0, jitter_ms=0))
    sendings: dict[str, Sending] = field(default_factory=dict)
    """By the name of what they show: `microphone`, `camera`, `screen`."""
    receivings: dict[tuple[str, str], Receiving] = field(default_factory=dict)
    """By the id of the peer they come from, and the name of what they show."""
    received_streams: int = 0
    """How many there were so far; a stream keeps its `mid` when others go."""
    sequence: int = 0
    round_trips: int = 0
    total_round_trip_s: float = 0.0

    def at_ms(self, at_s: float) -> int:
        """The moment `at_s` seconds into the call."""
        return self.begin_ms + round(at_s * 1000)

    def entry(self, type_: str, at_s: float, **members: Any) -> dict[str, Any]:
        """The next entry of the collect protocol."""
        entry = {"seq": self.sequence, "at": self.at_ms(at_s), "type": type_, **members}
        self.sequence += 1
        return entry

    def event(self, name: str, at_s: float, **data: Any) -> dict[str, Any]:
        """The next entry, of type `event`."""
        return self.entry("event", at_s, name=name, data=data)

    def send(self, source: Source) -> Sending:
        """Begin to send what `source` shows."""
        sending = Sending(
            source,
            ssrc=self.random.getrandbits(32) or 1,
            mid=str(len(self.sendings)),
            random=self.random,
        )
        self.sendings[source.name] = sending
        return sending

    def receive(self, peer_id: str, sending: Sending) -> Receiving:
        """What arrives of a stream of another peer's, from the first time on."""
        key = (peer_id, sending.source.name)
        receiving = self.receivings.get(key)
        if receiving is None:
            mid = f"r{self.received_streams}"
            receiving = Receiving(sending, mid=mid, random=self.random)
            self.receivings[key] = receiving
            self.received_streams += 1
        return receiving

    def pass_second(self, elapsed_s: float, *, level: float) -> None:
        """Live through one second: the weather changes, what is sent is sent."""
        self.conditions = self.weather.at(elapsed_s)
        if not self.conditions.is_offline:
            self.round_trips += 1
            self.total_round_trip_s += self.conditions.round_trip_ms / 1000
        videos = sum(1 for s in self.sendings.values() if s.source.kind == "video")
        share_bps = int((self.conditions.uplink_bps - 60_000) * 0.9 / max(1, videos))
        for sending in self.sendings.values():
            sending.pass_second(self.conditions, level=level, share_bps=share_bps)

    def sample(self, at_s: float) -> dict[str, Any]:
        """The next entry, of type `sample`: what getStats would answer now."""
        at_ms = self.at_ms(at_s)
        stats = [
            {"id": id_, "type": type_, "timestamp": at_ms - 0.5, **members}
            for id_, type_, members in (*self._path(at_ms), *self._sent(), *self._received())
        ]
        return self.entry(
            "sample",
            at_s,
            page_hidden=False,
            connections=[{"id": CONNECTION, "stats": stats}],
            streams=[*self._sent_tags(), *self._received_tags()],
        )

    def _path(self, at_ms: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
        sent = [s.counted for s in self.sendings.values()]
        received = [r.counted for r in self.receivings.values()]
        traffic = {
            "packetsSent": sum(c["packetsSent"] for c in sent),
            "bytesSent": sum(c["bytesSent"] for c in sent),
            "packetsReceived": sum(c["packetsReceived"] for c in received),
            "bytesReceived": sum(c["bytesReceived"] for c in received),
        }
        yield (
            _TRANSPORT,
            "transport",
            {
                **traffic,
                "dtlsState": "connected",
                "iceState": "disconnected" if self.conditions.is_offline else "connected",
                "selectedCandidatePairId": _PAIR,
                "selectedCandidatePairChanges": 1,
            },
        )
        yield (
            _PAIR,
            "candidate-pair",
            {
                **traffic,
                "transportId": _TRANSPORT,
                "localCandidateId": "IL01",
                "remoteCandidateId": "IR01",
                "state": "succeeded",
                "nominated": True,
                "currentRoundTripTime": round(self.conditions.round_trip_ms / 1000, 3),
                "totalRoundTripTime": round(self.total_round_trip_s, 3),
                "responsesReceived": self.round_trips,
                "availableOutgoingBitrate": self.conditions.uplink_bps,
                "packetsDiscardedOnSend": 0,
                "bytesDiscardedOnSend": 0,
                "lastPacketSentTimestamp": at_ms - 8,
                "lastPacketReceivedTimestamp": at_ms - 15,
            },
        )
        yield "IL01", "local-candidate", self._local_candidate()
        far = {"candidateType": "host", "address": "192.0.2.10", "port": 3478, "protocol": "udp"}
        yield "IR01", "remote-candidate", far
        yield (
            "COT01_111",
            "codec",
            {"mimeType": "audio/opus", "payloadType": 111, "clockRate": 48000, "channels": 2},
        )
        yield "COT01_96", "codec", {"mimeType": "video/VP8", "payloadType": 96, "clockRate": 90000}

    def _local_candidate(self) -> dict[str, Any]:
        near = {
            "port": 50_000 + self.guest,
            "protocol": "udp",
            "networkType": "wifi",
            "relatedAddress": f"192.168.1.{20 + self.guest % 200}",
            "relatedPort": 40_000 + self.guest,
        }
        if self.weather.is_relayed:
            return {
                **near,
                "candidateType": "relay",
                "address": "192.0.2.20",
                "relayProtocol": "tcp",
                "url": "turn:turn.example.net:443?transport=tcp",
            }
        return {
            **near,
            "candidateType": "srflx",
            "address": self.person.network["ip"],
            "url": "stun:stun.example.net:3478",
        }

    def _sent(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for name, sending in self.sendings.items():
            letter = sending.source.kind[0].upper()
            ids = {"kind": sending.source.kind, "ssrc": sending.ssrc}
            yield (
                f"S{name}",
                "media-source",
                {"kind": ids["kind"], "trackIdentifier": f"track-{name}", **sending.source_counted},
            )
            yield (
                f"OT01{letter}{sending.ssrc}",
                "outbound-rtp",
                {
                    **ids,
                    "mid": sending.mid,
                    "active": True,
                    "codecId": "COT01_111" if letter == "A" else "COT01_96",
                    "transportId": _TRANSPORT,
                    "mediaSourceId": f"S{name}",
                    "remoteId": f"RI{letter}{sending.ssrc}",
                    **_rounded(sending.counted),
                },
            )
            yield (
                f"RI{letter}{sending.ssrc}",
                "remote-inbound-rtp",
                {
                    **ids,
                    "localId": f"OT01{letter}{sending.ssrc}",
                    **_rounded(sending.far_counted),
                },
            )

    def _received(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for receiving in self.receivings.values():
            sending = receiving.sending
            letter = sending.source.kind[0].upper()
            yield (
                f"IT01{letter}{sending.ssrc}",
                "inbound-rtp",
                {
                    "kind": sending.source.kind,
                    "ssrc": sending.ssrc,
                    "mid": receiving.mid,
                    "trackIdentifier": f"track-{sending.ssrc}",
                    "codecId": "COT01_111" if letter == "A" else "COT01_96",
                    "transportId": _TRANSPORT,
                    **_rounded(receiving.counted),
                },
            )

    def _sent_tags(self) -> Iterator[dict[str, Any]]:
        for name, sending in self.sendings.items():
            yield {
                "connection": CONNECTION,
                "direction": "send",
                "ssrc": sending.ssrc,
                "mid": sending.mid,
                "kind": sending.source.kind,
                "source": name,
                "producer_id": producer_id(self.id, sending),
                "muted": sending.is_muted,
            }

    def _received_tags(self) -> Iterator[dict[str, Any]]:
        for (peer_id, name), receiving in self.receivings.items():
            sending = receiving.sending
            yield {
                "connection": CONNECTION,
                "direction": "receive",
                "ssrc": sending.ssrc,
                "kind": sending.source.kind,
                "source": name,
                "producer_id": producer_id(peer_id, sending),
                "consumer_id": f"c-{sending.ssrc:08x}-{self.id[:8]}",
                "peer_id": peer_id,
                "muted": sending.is_muted,
            }


def producer_id(peer_id: str, sending: Sending) -> str:
    """The name the SFU would give a stream."""
    return f"p-{sending.ssrc:08x}-{peer_id[:8]}"


def _rounded(counted: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 6) if isinstance(v, float) else v for k, v in counted.items()}
