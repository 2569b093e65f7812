"""The rules of the catalogue about what a microphone hears."""

from collections import deque
from collections.abc import Iterable, Sequence
from math import sqrt
from typing import Final

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.counters import Interval
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.mutes import Mutes
from aftercall.core.quality.streams import Family
from aftercall.core.records import PeerNote

SILENT_LEVEL: Final = 0.01
"""ObserveRTC: no louder than this is silence."""

SILENT_MS: Final = 30 * SECOND_MS
"""Chosen. Noise suppression makes a listener's microphone silent too, so that it counts only
when it was never heard at all since it was chosen."""

CONSTANT_SAMPLES: Final = 10
CONSTANT_DEVIATION: Final = 0.01
"""Twilio: ten samples that differ by less than one percent of full scale are no speech."""

CONSTANT_LEVEL: Final = 0.05
"""Chosen: a quiet room is as level as a hum, but never this loud."""


class MicrophoneRules:
    """The issues of one peer's microphone, fed interval by interval."""

    def __init__(self, peer_id: str, notes: Iterable[PeerNote], mutes: Mutes) -> None:
        self._peer_id = peer_id
        self._mutes = mutes
        self._changes = sorted(n.at for n in notes if n.name == "selected_microphone_update")
        self._stretch = _Stretch()
        self._levels: deque[tuple[EpochMs, float]] = deque(maxlen=CONSTANT_SAMPLES)
        self._constant_since: EpochMs | None = None
        self._ref: StreamRef | None = None
        self._issues: list[Issue] = []

    def take(self, intervals: Sequence[Interval]) -> None:
        """Intervals, those of each stream in order of time."""
        for i in intervals:
            if i.family is Family.AUDIO_PRODUCER and i.audio_level is not None:
                self._hear(i, i.audio_level)

    def _hear(self, i: Interval, level: float) -> None:
        start_at = EpochMs(i.at - round(i.dt_s * SECOND_MS))
        is_on = self._mutes.unmuted_at(i.family, start_at, i.at) is not None
        if not is_on or i.is_muted or i.is_active is False or not i.packets_sent:
            return
        while self._changes and self._changes[0] <= start_at:
            self._changes.pop(0)
            self._close_stretch()
        self._ref = StreamRef(
            peer_id=self._peer_id,
            connection_id=i.connection_id,
            family=i.family.value,
            ssrc=i.ssrc,
            mid=i.mid,
            producer_id=i.producer_id,
        )
        self._stretch.take(start_at, i.at, level)
        self._levels.append((i.at, level))
        self._compare_levels(self._ref)

    def _compare_levels(self, ref: StreamRef) -> None:
        values = [level for _, level in self._levels]
        mean = sum(values) / len(values)
        is_constant = (
            len(values) == CONSTANT_SAMPLES
            and min(values) > CONSTANT_LEVEL
            and sqrt(sum((v - mean) ** 2 for v in values) / len(values)) < CONSTANT_DEVIATION
        )
        if is_constant and self._constant_since is None:
            self._constant_since = self._levels[0][0]
        elif not is_constant and self._constant_since is not None:
            self._close_constant(ref, self._levels[-1][0])

    def _close_constant(self, ref: StreamRef, end_at: EpochMs) -> None:
        if self._constant_since is not None:
            worst = {"level": round(self._levels[0][1], 4)}
            self._issues.append(
                single(
                    IssueName.CONSTANT_AUDIO_LEVEL,
                    ref,
                    self._constant_since,
                    end_at,
                    worst,
                    sample_count=CONSTANT_SAMPLES,
                )
            )
        self._constant_since = None

    def _close_stretch(self) -> None:
        issue = None if self._ref is None else self._stretch.issue(self._ref)
        if issue is not None:
            self._issues.append(issue)
        self._stretch = _Stretch()

    def finish(self) -> list[Issue]:
        self._close_stretch()
        if self._ref is not None and self._levels:
            self._close_constant(self._ref, self._levels[-1][0])
        return self._issues


class _Stretch:
    """The use of one microphone, muted times apart."""

    def __init__(self) -> None:
        self.first_at: EpochMs | None = None
        self.last_at: EpochMs | None = None
        self.heard_ms = 0
        self.loudest = 0.0
        self.samples = 0

    def take(self, start_at: EpochMs, end_at: EpochMs, level: float) -> None:
        self.first_at = start_at if self.first_at is None else self.first_at
        self.last_at = end_at
        self.heard_ms += end_at - start_at
        self.loudest = max(self.loudest, level)
        self.samples += 1

    def issue(self, ref: StreamRef) -> Issue | None:
        if self.first_at is None or self.last_at is None:
            return None
        if self.heard_ms < SILENT_MS or self.loudest > SILENT_LEVEL:
            return None
        return single(
            IssueName.SILENT_MICROPHONE,
            ref,
            self.first_at,
            self.last_at,
            {"loudest_level": round(self.loudest, 4)},
            sample_count=self.samples,
        )
