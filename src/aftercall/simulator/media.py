"""Streams, and what a browser would count of them.

One `Sending` is a stream as its sender counts it, one `Receiving` the same stream at one
listener. Counters carry the names of W3C webrtc-stats and only grow; as there, packets and bytes
include what was sent again. The two sides agree: retransmissions apart, what was sent since a
listener came is what it received plus what it counts as lost.
"""

from dataclasses import dataclass
from math import sqrt
from random import Random
from typing import Any, Final

from aftercall.simulator.network_conditions import Conditions

AUDIO_PACKETS_PER_S: Final = 50
"""Opus in frames of 20 ms, as every browser sends it."""

_SPEECH_BYTES: Final = 84
"""Payload of a frame of speech: 34 kbit/s."""
_SILENCE_BYTES: Final = 6
_AUDIO_CLOCK: Final = 48_000
_VIDEO_PACKET_BYTES: Final = 1_130
_HEADER_BYTES: Final = 28
_KEY_FRAME_EVERY_S: Final = 45
_FREEZE_AT_LOSS: Final = 0.06
"""Video freezes now and then above this loss, however many packets are sent again (chosen)."""

_LADDER: Final = ((1_200_000, 1280, 720), (500_000, 640, 360), (180_000, 480, 270), (0, 320, 180))
"""From which bit rate the encoder keeps which picture size."""


@dataclass(frozen=True, slots=True)
class Burst:
    """What one second of a stream puts on the network."""

    packets: int
    bytes: int
    frames: int = 0
    key_frames: int = 0
    width: int = 0
    height: int = 0
    level: float = 0.0
    """Loudness, 0…1."""

    @property
    def packet_bytes(self) -> int:
        """The mean size of a packet."""
        return self.bytes // max(1, self.packets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The content of a stream."""

    name: str
    """`microphone`, `camera` or `screen`, as in the collect protocol."""
    kind: str
    wanted_bps: int
    frames_per_s: int = 0


MICROPHONE: Final = Source(name="microphone", kind="audio", wanted_bps=34_000)
CAMERA: Final = Source(name="camera", kind="video", wanted_bps=1_500_000, frames_per_s=30)
SCREEN: Final = Source(name="screen", kind="video", wanted_bps=1_200_000, frames_per_s=12)

SLIDES: Final = Source(name="screen", kind="video", wanted_bps=90_000, frames_per_s=2)
"""A picture that hardly ever changes: browsers send a few frames a second of it."""


def lost_of(count: int, share: float, random: Random) -> int:
    """How many of `count` packets are lost when each is with probability `share`."""
    if share <= 0 or count == 0:
        return 0
    if share >= 1:
        return count
    drawn = round(random.gauss(count * share, sqrt(count * share * (1 - share))))
    return min(count, max(0, drawn))


class Sending:
    """A stream at its sender. `counted` is the outbound-rtp object's counters, `source_counted`
    the media-source's, `far_counted` what the far end reports back (remote-inbound-rtp)."""

    def __init__(self, source: Source, *, ssrc: int, mid: str, random: Random) -> None:
        self.source = source
        self.ssrc = ssrc
        self.mid = mid
        self.is_muted = False
        self._random = random
        self._age_s = 0
        self._round_trip_s = 0.0
        self._reports = 0
        self.burst = Burst(0, 0)
        self.uplink_lost = 0
        """Packets of the last second that did not reach the SFU."""
        self.counted: dict[str, Any] = {"packetsSent": 0, "bytesSent": 0, "nackCount": 0}
        self.source_counted: dict[str, Any] = {}
        self.far_counted: dict[str, Any] = {"packetsLost": 0, "totalRoundTripTime": 0.0}
        if source.kind == "video":
            self.counted |= {"framesEncoded": 0, "keyFramesEncoded": 0, "qpSum": 0}
            self.counted |= {"totalEncodeTime": 0.0, "pliCount": 0, "firCount": 0}
            self.counted |= {"retransmittedPacketsSent": 0, "retransmittedBytesSent": 0}
            self.counted["qualityLimitationResolutionChanges"] = 0
            self.counted["qualityLimitationDurations"] = dict.fromkeys(
                ("none", "cpu", "bandwidth", "other"), 0.0
            )
            self.source_counted = {"frames": 0}
        else:
            self.source_counted = {"totalAudioEnergy": 0.0, "totalSamplesDuration": 0.0}

    def pass_second(self, conditions: Conditions, *, level: float, share_bps: int) -> None:
        """Count one second. `level` is how loud the microphone hears its owner, `share_bps`
        what the path leaves to this stream."""
        is_video = self.source.kind == "video"
        self.burst = self._film(conditions, share_bps) if is_video else self._speak(level)
        self.counted["packetsSent"] += self.burst.packets
        self.counted["bytesSent"] += self.burst.bytes
        self.uplink_lost = lost_of(self.burst.packets, conditions.uplink_loss, self._random)
        self._hear_back(conditions)
        self._age_s += 1

    def _speak(self, level: float) -> Burst:
        heard = 0.0 if self.is_muted else level
        payload = _SPEECH_BYTES if heard > 0.01 else _SILENCE_BYTES
        self.source_counted["audioLevel"] = round(heard, 5)
        self.source_counted["totalAudioEnergy"] += heard * heard
        self.source_counted["totalSamplesDuration"] += 1.0
        return Burst(AUDIO_PACKETS_PER_S, AUDIO_PACKETS_PER_S * payload, level=heard)

    def _film(self, conditions: Conditions, share_bps: int) -> Burst:
        camera = self.source
        frames = min(camera.frames_per_s, conditions.encoder_fps)
        reason = "cpu" if frames < camera.frames_per_s else "none"
        bps = camera.wanted_bps * frames / camera.frames_per_s
        if share_bps < bps:
            reason, bps = "bandwidth", float(share_bps)
        width, height = next((w, h) for floor, w, h in _LADDER if bps >= floor)
        if camera.name == SCREEN.name:
            width, height = 1920, 1080
        self.counted["qualityLimitationReason"] = reason
        if self.is_muted or conditions.is_offline:
            # a camera that is off, and an encoder without a network, send nothing
            self.counted["framesPerSecond"] = self.source_counted["framesPerSecond"] = 0
            return Burst(0, 0)
        return self._encode(bps, frames, width, height, reason)

    def _encode(self, bps: float, frames: int, width: int, height: int, reason: str) -> Burst:
        size = int(bps / 8 * self._random.uniform(0.92, 1.05))
        packets = max(frames, -(-size // _VIDEO_PACKET_BYTES))
        key_frames = int(self._age_s % _KEY_FRAME_EVERY_S == 0)
        if self.counted.get("frameWidth", width) != width:
            self.counted["qualityLimitationResolutionChanges"] += 1
        self.counted |= {"frameWidth": width, "frameHeight": height, "framesPerSecond": frames}
        self.counted["framesEncoded"] += frames
        self.counted["keyFramesEncoded"] += key_frames
        self.counted["qpSum"] += frames * (34 if reason == "bandwidth" else 22)
        per_frame_s = 0.055 if reason == "cpu" else 0.006
        self.counted["totalEncodeTime"] += frames * per_frame_s
        self.counted["targetBitrate"] = int(bps)
        self.counted["qualityLimitationDurations"][reason] += 1.0
        self.source_counted["frames"] += self.source.frames_per_s
        self.source_counted |= {"framesPerSecond": self.source.frames_per_s}
        self.source_counted |= {"width": max(width, 1280), "height": max(height, 720)}
        return Burst(packets, size, frames, key_frames, width, height)

    def _hear_back(self, conditions: Conditions) -> None:
        """What the far end's receiver reports state, and what it asks to be sent again."""
        if conditions.is_offline:
            # what is lost meanwhile is in the first report after the outage
            self.far_counted["packetsLost"] += self.uplink_lost
            return
        self._reports += 1
        self._round_trip_s = conditions.round_trip_ms / 1000
        self.far_counted["packetsLost"] += self.uplink_lost
        self.far_counted["fractionLost"] = round(self.uplink_lost / max(1, self.burst.packets), 6)
        self.far_counted["jitter"] = round(conditions.sent_jitter_ms / 1000, 6)
        self.far_counted["roundTripTime"] = round(self._round_trip_s, 6)
        self.far_counted["totalRoundTripTime"] += self._round_trip_s
        self.far_counted["roundTripTimeMeasurements"] = self._reports
        if self.source.kind == "video" and self.uplink_lost:
            self.counted["nackCount"] += self.uplink_lost
            self._send_again(self.uplink_lost)
            if self.uplink_lost > 0.08 * self.burst.packets:
                self.counted["pliCount"] += 1

    def _send_again(self, packets: int) -> None:
        size = packets * self.burst.packet_bytes
        self.counted["packetsSent"] += packets
        self.counted["bytesSent"] += size
        self.counted["retransmittedPacketsSent"] += packets
        self.counted["retransmittedBytesSent"] += size


class Receiving:
    """A stream at one listener; `counted` is the inbound-rtp object's counters."""

    def __init__(self, sending: Sending, *, mid: str, random: Random) -> None:
        self.sending = sending
        self.mid = mid
        self._random = random
        self._buffer_ms = 40.0
        self.counted: dict[str, Any] = dict.fromkeys(
            ("packetsReceived", "packetsLost", "packetsDiscarded", "bytesReceived", "nackCount"), 0
        )
        self.counted |= {"jitter": 0.0, "jitterBufferDelay": 0.0, "jitterBufferEmittedCount": 0}
        if sending.source.kind == "video":
            self.counted |= dict.fromkeys(("framesDecoded", "framesDropped", "freezeCount"), 0)
            self.counted |= dict.fromkeys(("keyFramesDecoded", "pliCount", "firCount"), 0)
            self.counted |= {"totalFreezesDuration": 0.0, "totalDecodeTime": 0.0, "qpSum": 0}
            self.counted |= {"retransmittedPacketsReceived": 0, "retransmittedBytesReceived": 0}
        else:
            self.counted |= dict.fromkeys(("concealedSamples", "silentConcealedSamples"), 0)
            self.counted |= dict.fromkeys(("concealmentEvents", "totalSamplesReceived"), 0)
            self.counted |= {"audioLevel": 0.0, "totalAudioEnergy": 0.0}

    def pass_second(self, conditions: Conditions, sender: Conditions) -> None:
        """Count one second, after the sender has counted it."""
        burst = self.sending.burst
        forwarded = burst.packets - self.sending.uplink_lost
        lost = self.sending.uplink_lost + lost_of(forwarded, conditions.downlink_loss, self._random)
        received = burst.packets - lost
        self.counted["packetsReceived"] += received
        self.counted["packetsLost"] += lost
        self.counted["bytesReceived"] += received * burst.packet_bytes
        jitter_ms = max(conditions.jitter_ms, sender.sent_jitter_ms)
        self.counted["jitter"] = round(jitter_ms / 1000, 6)
        # the buffer grows with the jitter at once and shrinks slowly, as NetEq's does
        self._buffer_ms = max(25 + 2.2 * jitter_ms, self._buffer_ms * 0.97)
        if self.sending.source.kind == "audio":
            self._play(burst, lost)
        else:
            self._show(burst, lost, conditions.decoder_share)

    def _play(self, burst: Burst, lost: int) -> None:
        concealed = lost * _AUDIO_CLOCK // AUDIO_PACKETS_PER_S
        self.counted["totalSamplesReceived"] += _AUDIO_CLOCK
        self.counted["concealedSamples"] += concealed
        self.counted["concealmentEvents"] += min(lost, 1 + lost // 3)
        if burst.level <= 0.01:
            self.counted["silentConcealedSamples"] += concealed
        played = _AUDIO_CLOCK - concealed
        self.counted["jitterBufferEmittedCount"] += played
        self.counted["jitterBufferDelay"] += round(played * self._buffer_ms / 1000, 3)
        level = burst.level if lost < burst.packets else 0.0
        self.counted["audioLevel"] = round(level, 5)
        self.counted["totalAudioEnergy"] += level * level

    def _show(self, burst: Burst, lost: int, decoder_share: float) -> None:
        share_lost = lost / burst.packets if burst.packets else 0.0
        is_dark = burst.packets == 0 or lost == burst.packets
        # lost packets are mostly sent again in time; a frame is missed for about a third of them
        arrived = 0 if is_dark else round(burst.frames * (1 - share_lost / 3))
        decoded = int(arrived * decoder_share + self._random.random()) if arrived else 0
        decoded = min(decoded, arrived)
        self.counted["framesDecoded"] += decoded
        self.counted["framesDropped"] += arrived - decoded
        self.counted["framesPerSecond"] = decoded
        if burst.packets and not is_dark:
            self.counted |= {"frameWidth": burst.width, "frameHeight": burst.height}
            self.counted["keyFramesDecoded"] += burst.key_frames
            self.counted["qpSum"] += 22 * decoded
            self.counted["totalDecodeTime"] += decoded * (0.004 if decoder_share == 1 else 0.03)
            self.counted["jitterBufferEmittedCount"] += decoded
            self.counted["jitterBufferDelay"] += decoded * self._buffer_ms / 1000
            self.counted["nackCount"] += lost
            self._receive_again(lost * 2 // 3, burst)
        if share_lost > _FREEZE_AT_LOSS and self._random.random() < 4 * share_lost:
            self.counted["freezeCount"] += 1
            frozen_s = 1.0 if is_dark else self._random.uniform(0.25, 0.7)
            self.counted["totalFreezesDuration"] += frozen_s
            self.counted["pliCount"] += 1

    def _receive_again(self, packets: int, burst: Burst) -> None:
        size = packets * burst.packet_bytes
        self.counted["packetsReceived"] += packets
        self.counted["bytesReceived"] += size
        self.counted["retransmittedPacketsReceived"] += packets
        self.counted["retransmittedBytesReceived"] += size
