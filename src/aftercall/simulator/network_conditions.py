"""The conditions of a peer's network and machine, second by second.

Every kind of weather has quiet stretches and bad spells, so that a record shows when trouble
began and when it was over. The numbers are chosen to lie clearly on one side of the thresholds
at which the quality report raises an issue.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import Final


class Kind(StrEnum):
    """The kinds of weather a peer may have."""

    GOOD = "good"
    LOSSY_UPLINK = "lossy_uplink"
    CONGESTED_DOWNLINK = "congested_downlink"
    SLOW_CPU = "slow_cpu"
    TURN_TCP = "turn_tcp"
    RECONNECTING = "reconnecting"
    SILENT_MICROPHONE = "silent_microphone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """One second of weather. Losses are shares of the packets, 0…1."""

    round_trip_ms: float
    jitter_ms: float
    """Of what the peer is sent, and of what it sends unless stated otherwise."""
    uplink_jitter_ms: float | None = None
    uplink_loss: float = 0.0
    downlink_loss: float = 0.0
    uplink_bps: int = 6_000_000
    """The capacity of the path away from the peer."""
    encoder_fps: int = 30
    """How many frames a second the machine can encode; below the camera's, it is too slow."""
    decoder_share: float = 1.0
    """The share of received frames the machine decodes in time."""
    is_offline: bool = False
    """No packet passes either way."""

    @property
    def sent_jitter_ms(self) -> float:
        """The jitter of what the peer sends."""
        return self.jitter_ms if self.uplink_jitter_ms is None else self.uplink_jitter_ms


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of bad weather, in seconds since the peer joined, and how bad it is, 0…1."""

    start_s: float
    end_s: float
    severity: float


OUTAGE_S: Final = 9
"""How long a reconnecting peer is off the network; longer than ICE needs to notice (5 s)."""


class Weather:
    """The weather of one peer over its stay."""

    def __init__(self, kind: Kind, *, stay_s: float, random: Random) -> None:
        self.kind = kind
        self.spells = _spells(kind, stay_s, random)
        self._random = random
        self._base_round_trip_ms = random.uniform(18, 70)
        self._base_jitter_ms = random.uniform(1.5, 5)

    @property
    def is_relayed(self) -> bool:
        """Whether the path goes through a TURN server over TCP."""
        return self.kind is Kind.TURN_TCP

    @property
    def before(self) -> Conditions:
        """What a test before the call meets: a calm moment of the same path."""
        detour_ms = 90 if self.is_relayed else 0
        return Conditions(
            round_trip_ms=self._base_round_trip_ms + detour_ms, jitter_ms=self._base_jitter_ms
        )

    def at(self, elapsed_s: float) -> Conditions:
        """The conditions `elapsed_s` after the join; to be asked once for each second."""
        calm = self._calm()
        spell = next((s for s in self.spells if s.start_s <= elapsed_s < s.end_s), None)
        return calm if spell is None else self._bad(calm, spell.severity)

    def _calm(self) -> Conditions:
        wobble = self._random.uniform(0.9, 1.2)
        calm = Conditions(
            round_trip_ms=self._base_round_trip_ms * wobble,
            jitter_ms=self._base_jitter_ms * wobble,
            uplink_loss=0.002 if self._random.random() < 0.05 else 0.0,
            downlink_loss=0.002 if self._random.random() < 0.05 else 0.0,
        )
        if self.is_relayed:
            return replace(calm, round_trip_ms=calm.round_trip_ms + 90, jitter_ms=12 * wobble)
        return calm

    def _bad(self, calm: Conditions, severity: float) -> Conditions:
        gust = self._random.uniform(0.8, 1.25) * severity
        match self.kind:
            case Kind.LOSSY_UPLINK:
                return replace(
                    calm,
                    uplink_loss=min(0.4, 0.12 * gust),
                    round_trip_ms=calm.round_trip_ms + 60 * gust,
                    jitter_ms=calm.jitter_ms + 18 * gust,
                    uplink_bps=int(900_000 / max(0.5, gust)),
                )
            case Kind.CONGESTED_DOWNLINK:
                return replace(
                    calm,
                    downlink_loss=min(0.4, 0.10 * gust),
                    round_trip_ms=calm.round_trip_ms + 220 * gust,
                    jitter_ms=calm.jitter_ms + 60 * gust,
                    uplink_jitter_ms=calm.jitter_ms,
                )
            case Kind.SLOW_CPU:
                return replace(calm, encoder_fps=int(13 / max(0.7, gust)), decoder_share=0.7)
            case Kind.TURN_TCP:
                return replace(
                    calm,
                    round_trip_ms=calm.round_trip_ms + 330 * gust,
                    jitter_ms=calm.jitter_ms + 55 * gust,
                    uplink_bps=int(1_100_000 / max(0.5, gust)),
                )
            case Kind.RECONNECTING:
                return replace(calm, is_offline=True, uplink_loss=1.0, downlink_loss=1.0)
            case Kind.GOOD | Kind.SILENT_MICROPHONE:
                return calm


def _spells(kind: Kind, stay_s: float, random: Random) -> Sequence[Spell]:
    if kind in {Kind.GOOD, Kind.SILENT_MICROPHONE}:
        return ()
    if kind is Kind.RECONNECTING:
        start = stay_s * random.uniform(0.3, 0.5)
        return (Spell(start, start + OUTAGE_S, 1.0),)
    spells = []
    for lower, upper in ((0.2, 0.3), (0.65, 0.72)):
        start = stay_s * random.uniform(lower, upper)
        length = stay_s * random.uniform(0.12, 0.22)
        spells.append(Spell(start, start + length, random.uniform(0.8, 1.3)))
    return tuple(spells)


_SHARES: Final = (
    (Kind.GOOD, 46),
    (Kind.LOSSY_UPLINK, 12),
    (Kind.CONGESTED_DOWNLINK, 11),
    (Kind.SLOW_CPU, 9),
    (Kind.TURN_TCP, 8),
    (Kind.RECONNECTING, 8),
    (Kind.SILENT_MICROPHONE, 6),
)
"""How many of a hundred peers have each kind; chosen so that most calls have one bad guest."""


def draw(random: Random) -> Kind:
    """A kind of weather, as often as real calls would have it."""
    kinds, weights = zip(*_SHARES, strict=True)
    kind: Kind = random.choices(kinds, weights)[0]
    return kind
