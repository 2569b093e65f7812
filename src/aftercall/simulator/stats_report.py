"""What `getStats()` answers in a simulated browser, and the tags its collector adds.

Through an SFU a peer has one connection for everything. In a mesh it has one for each of the
others, sends its streams on every one of them, and each carries SSRCs of its own, as a browser
draws them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

from aftercall.simulator.media import Receiving, Sending
from aftercall.simulator.network_conditions import Conditions

_TRANSPORT: Final = "T01"
_PAIR: Final = "CP01"
_SFU: Final = {"candidateType": "host", "address": "192.0.2.10", "port": 3478, "protocol": "udp"}
_SSRCS: Final = 1 << 32


@dataclass(frozen=True, kw_only=True)
class Connection:
    """One RTCPeerConnection of a peer. `other_peer_id` is the one at its far end in a mesh, `None`
    for an SFU; `other_address` is where that one is reached."""

    id: str
    peer_id: str
    guest: int
    address: str
    is_relayed: bool
    conditions: Conditions
    total_round_trip_s: float
    round_trips: int
    sendings: Mapping[str, Sending]
    receivings: Mapping[tuple[str, str], Receiving]
    other_peer_id: str | None = None
    other_address: str | None = None

    def stats(self, at_ms: int) -> list[dict[str, Any]]:
        """The stats objects at one moment."""
        return [
            {"id": id_, "type": type_, "timestamp": at_ms - 0.5, **members}
            for id_, type_, members in (*self._path(at_ms), *self._sent(), *self._received())
        ]

    def tags(self) -> list[dict[str, Any]]:
        """What the collector knows of each stream: whose it is and what it shows."""
        return [*self._sent_tags(), *self._received_tags()]

    def _path(self, at_ms: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
        traffic = self._traffic()
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
        yield "IR01", "remote-candidate", self._remote_candidate()
        yield (
            "COT01_111",
            "codec",
            {"mimeType": "audio/opus", "payloadType": 111, "clockRate": 48000, "channels": 2},
        )
        yield "COT01_96", "codec", {"mimeType": "video/VP8", "payloadType": 96, "clockRate": 90000}

    def _traffic(self) -> dict[str, int]:
        sent = [s.counted for s in self.sendings.values()]
        received = [r.counted for r in self.receivings.values()]
        return {
            "packetsSent": sum(c["packetsSent"] for c in sent),
            "bytesSent": sum(c["bytesSent"] for c in sent),
            "packetsReceived": sum(c["packetsReceived"] for c in received),
            "bytesReceived": sum(c["bytesReceived"] for c in received),
        }

    def _local_candidate(self) -> dict[str, Any]:
        near = {
            "port": 50_000 + self.guest,
            "protocol": "udp",
            "networkType": "wifi",
            "relatedAddress": f"192.168.1.{20 + self.guest % 200}",
            "relatedPort": 40_000 + self.guest,
        }
        if self.is_relayed:
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
            "address": self.address,
            "url": "stun:stun.example.net:3478",
        }

    def _remote_candidate(self) -> dict[str, Any]:
        if self.other_address is None:
            return dict(_SFU)
        return {**_SFU, "candidateType": "srflx", "address": self.other_address, "port": 50_000}

    def _sent(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for name, sending in self.sendings.items():
            letter = sending.source.kind[0].upper()
            ssrc = self._sent_ssrc(sending)
            ids = {"kind": sending.source.kind, "ssrc": ssrc}
            yield (
                f"S{name}",
                "media-source",
                {"kind": ids["kind"], "trackIdentifier": f"track-{name}", **sending.source_counted},
            )
            yield (
                f"OT01{letter}{ssrc}",
                "outbound-rtp",
                {
                    **ids,
                    "mid": sending.mid,
                    "active": True,
                    "codecId": "COT01_111" if letter == "A" else "COT01_96",
                    "transportId": _TRANSPORT,
                    "mediaSourceId": f"S{name}",
                    "remoteId": f"RI{letter}{ssrc}",
                    **_rounded(sending.counted),
                },
            )
            yield (
                f"RI{letter}{ssrc}",
                "remote-inbound-rtp",
                {**ids, "localId": f"OT01{letter}{ssrc}", **_rounded(sending.far_counted)},
            )

    def _received(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for receiving in self.receivings.values():
            sending = receiving.sending
            letter = sending.source.kind[0].upper()
            ssrc = self._received_ssrc(sending)
            yield (
                f"IT01{letter}{ssrc}",
                "inbound-rtp",
                {
                    "kind": sending.source.kind,
                    "ssrc": ssrc,
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
                "connection": self.id,
                "direction": "send",
                "ssrc": self._sent_ssrc(sending),
                "mid": sending.mid,
                "kind": sending.source.kind,
                "source": name,
                **self._sfu_names(producer_id=producer_id(self.peer_id, sending)),
                "muted": sending.is_muted,
            }

    def _received_tags(self) -> Iterator[dict[str, Any]]:
        for (peer_id, name), receiving in self.receivings.items():
            sending = receiving.sending
            yield {
                "connection": self.id,
                "direction": "receive",
                "ssrc": self._received_ssrc(sending),
                "kind": sending.source.kind,
                "source": name,
                **self._sfu_names(
                    producer_id=producer_id(peer_id, sending),
                    consumer_id=f"c-{sending.ssrc:08x}-{self.peer_id[:8]}",
                ),
                "peer_id": peer_id,
                "muted": sending.is_muted,
            }

    def _sent_ssrc(self, sending: Sending) -> int:
        return sending.ssrc if self.other_peer_id is None else _ssrc_to(self.other_peer_id, sending)

    def _received_ssrc(self, sending: Sending) -> int:
        return sending.ssrc if self.other_peer_id is None else _ssrc_to(self.peer_id, sending)

    def _sfu_names(self, **names: str) -> dict[str, str]:
        return names if self.other_peer_id is None else {}


def producer_id(peer_id: str, sending: Sending) -> str:
    """The name the SFU would give a stream."""
    return f"p-{sending.ssrc:08x}-{peer_id[:8]}"


def _ssrc_to(peer_id: str, sending: Sending) -> int:
    """The SSRC of a stream on the sender's connection to one peer of a mesh."""
    return (sending.ssrc + crc32(peer_id.encode())) % _SSRCS or 1


def _rounded(counted: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 6) if isinstance(v, float) else v for k, v in counted.items()}
