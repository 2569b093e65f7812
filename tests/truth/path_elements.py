"""Network paths, packet by packet: what each element of a path does to the packets that pass it.

Times are seconds since the call began, sizes bytes, rates bit/s, shares 0…1. A packet that is lost
has the arrival time NaN. All elements but one keep packets in order.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]
Spans = Sequence[tuple[float, float]]

ALWAYS: Spans = ((0.0, math.inf),)


class Element(Protocol):
    def carry(self, at: Floats, sizes: Floats, rng: np.random.Generator) -> Floats:
        """The times at which packets sent `at` ascending times continue, NaN where they are
        lost."""
        ...


def within(at: Floats, spans: Spans) -> Flags:
    """Whether each time lies in one of the spans."""
    found = np.zeros(len(at), dtype=np.bool_)
    for start, end in spans:
        found |= (at >= start) & (at < end)
    return found


def in_order(times: Floats) -> Floats:
    """No packet overtakes another; the lost stay lost."""
    ordered: Floats = np.fmax.accumulate(times) if len(times) else times
    return np.where(np.isnan(times), np.nan, ordered)


@dataclass(frozen=True)
class Delay:
    """A constant delay, and a small varying one (mean `spread_s`)."""

    base_s: float
    spread_s: float = 0.002

    def carry(self, at: Floats, sizes: Floats, rng: np.random.Generator) -> Floats:
        return in_order(at + self.base_s + rng.gamma(2.0, self.spread_s / 2, len(at)))


@dataclass(frozen=True)
class Shake:
    """Delay that varies, as on a busy radio channel: each slot of 40 ms waits for its own time,
    exponential with mean `scale_s`."""

    scale_s: float
    during: Spans = ALWAYS

    def carry(self, at: Floats, sizes: Floats, rng: np.random.Generator) -> Floats:
        if not len(at):
            return at
        slots = np.floor(np.nan_to_num(at) / 0.04).astype(np.int64)
        waits = rng.exponential(self.scale_s, int(slots.max()) + 1)
        return in_order(at + np.where(within(at, self.during), waits[slots], 0.0))


@dataclass(frozen=True)
class Scatter:
    """Every packet has its own delay, gamma with mean `scale_s`, and may overtake others, as over
    several paths at once. The only element that does not keep packets in order."""

    scale_s: float
    during: Spans = ALWAYS

    def carry(self, at: Floats, sizes: Floats, rng: np.random.Generator) -> Floats:
        return at + np.where(within(at, self.during), rng.gamma(2, self.scale_s / 2, len(at)), 0.0)


@dataclass(frozen=True)
class Loss:
    """Each packet is lost with the same probability, independently of the others."""

    share: float
    during: Spans = ALWAYS

    def carry(self, at: Floats, sizes: Floats, rng: np.random.Generator) -> Floats:
        is_lost = (rng.random(len(at)) < self.share) & within(at, self.during)
        return np.where(is_lost, np.nan, at)


@dataclass(frozen=True)
class Bursts:
    """Loss after Gilbert: in the bad state every packet is lost, for `length` packets on average;
    `share` of all packets are lost."""

    share: float
    length: float = 4.0
    during: Spans = ALWAYS

    def carry(self, at: Floats, sizes: Floats, rng: np.random.Generator) -> Floats:
        hit = within(at, self.during)
        is_lost = np.zeros(len(at), dtype=np.bool_)
        is_lost[hit] = self._states(int(hit.sum()), rng)
        return np.where(is_lost, np.nan, at)

    def _states(self, count: int, rng: np.random.Generator) -> Flags:
        cycle = self.length / self.share
        runs = math.ceil(2 * count / cycle) + 20
        good = rng.geometric(min(1.0, 1 / (cycle - self.length)), runs)
        bad = rng.geometric(min(1.0, 1 / self.length), runs)
        lengths = np.stack([good, bad], axis=1).ravel()
        states = np.repeat(np.tile([False, True], runs), lengths)
        return states[:count] if len(states) >= count else np.resize(states, count)


@dataclass
class Queue:
    """A bottleneck: packets wait for those before them, and those that would wait for more than
    `limit_s` are dropped. A fluid model in bins of 10 ms; retransmissions and probes meet the queue
    of the first transmissions."""

    rate_bps: float
    limit_s: float = 0.25
    during: Spans = ALWAYS
    _waits: Floats | None = field(default=None, repr=False)
    _drops: Floats | None = field(default=None, repr=False)

    def carry(self, at: Floats, sizes: Floats, rng: np.random.Generator) -> Floats:
        if self._waits is None and sizes.any():
            self._fill(at, sizes)
        if self._waits is None or self._drops is None:
            return at
        bins = np.minimum((np.nan_to_num(at) / _BIN_S).astype(np.int64), len(self._waits) - 1)
        gone = rng.random(len(at)) < self._drops[bins]
        return np.where(gone, np.nan, in_order(at + self._waits[bins]))

    def _fill(self, at: Floats, sizes: Floats) -> None:
        count = int(np.nanmax(at) / _BIN_S) + 500 if len(at) else 1
        arriving = np.bincount((at / _BIN_S).astype(np.int64), weights=sizes, minlength=count)
        narrow = within(np.arange(count) * _BIN_S, self.during)
        served, room = self.rate_bps / 8 * _BIN_S, self.rate_bps / 8 * self.limit_s
        waits, drops, backlog = np.zeros(count), np.zeros(count), 0.0
        for place in np.flatnonzero(narrow).tolist():
            come = float(arriving[place])
            kept = min(come, max(0.0, room - backlog))
            drops[place] = 1 - kept / come if come else 0.0
            waits[place] = (backlog + kept / 2) / self.rate_bps * 8
            backlog = max(0.0, backlog + kept - served)
        self._waits, self._drops = waits, drops


_BIN_S = 0.01


@dataclass(frozen=True)
class Stall:
    """Now and then no packet passes for `length_s`; then all that waited arrive at once."""

    every_s: float
    length_s: float
    during: Spans = ALWAYS

    def carry(self, at: Floats, sizes: Floats, rng: np.random.Generator) -> Floats:
        out = at.copy()
        for start, end in self.during:
            moment = start + rng.uniform(0.2, 1.0) * self.every_s
            while moment < min(end, float(np.nanmax(at, initial=0.0))):
                length = self.length_s * rng.uniform(0.7, 1.3)
                out = np.where((out >= moment) & (out < moment + length), moment + length, out)
                moment += length + self.every_s * rng.uniform(0.7, 1.3)
        return in_order(out)


@dataclass(frozen=True)
class Cut:
    """Nothing passes."""

    during: Spans

    def carry(self, at: Floats, sizes: Floats, rng: np.random.Generator) -> Floats:
        return np.where(within(at, self.during), np.nan, at)


@dataclass(frozen=True)
class TcpSegments:
    """A relay over TCP: what is lost under it is sent again, after a round trip or a timeout, and
    everything behind it waits."""

    share: float
    rtt_s: float
    during: Spans = ALWAYS

    def carry(self, at: Floats, sizes: Floats, rng: np.random.Generator) -> Floats:
        is_lost = (rng.random(len(at)) < self.share) & within(at, self.during)
        is_timeout = rng.random(len(at)) < 0.2
        again = np.where(is_timeout, 0.2 + 2 * self.rtt_s, 1.2 * self.rtt_s)
        return in_order(at + np.where(is_lost, again, 0.0))


@dataclass(eq=False)
class Link:
    """One direction of a participant's path to the others."""

    elements: Sequence[Element]
    rng: np.random.Generator

    def carry(self, at: Floats, sizes: Floats) -> Floats:
        """The times at which packets sent `at` any times arrive, NaN where they are lost or were
        never sent."""
        arrived = np.full(len(at), np.nan)
        come = np.flatnonzero(~np.isnan(at))
        come = come[np.argsort(at[come], kind="stable")]
        now, size = at[come], sizes[come]
        for element in self.elements:
            now = element.carry(now, size, self.rng)
            is_on = ~np.isnan(now)
            if not is_on.all():
                come, now, size = come[is_on], now[is_on], size[is_on]
        arrived[come] = now
        return arrived

    def delays(self, at: Floats) -> Floats:
        """What a small packet sent at these times would take, NaN where none gets through."""
        probes = (at[:, None] - np.linspace(0.0, 1.5, 6)[None, :]).clip(0).ravel()
        took = self.carry(probes, np.full(len(probes), 0.0)) - probes
        grid = took.reshape(len(at), 6)
        # The median of those that got through; NaN sorts behind all of them.
        ordered = np.sort(grid, axis=1)
        came = (~np.isnan(grid)).sum(axis=1)
        rows = np.arange(len(at))
        low, high = ordered[rows, (came - 1).clip(0) // 2], ordered[rows, (came // 2).clip(0, 5)]
        return np.where(came > 0, (low + high) / 2, np.nan)

    def loss(self, at: Floats) -> Floats:
        """The share that is lost by chance at each time."""
        kept = np.ones(len(at))
        for element in self.elements:
            if isinstance(element, Loss | Bursts):
                kept *= np.where(within(at, element.during), 1 - element.share, 1.0)
        return 1 - kept

    def capacity(self, at: Floats) -> Floats:
        """The narrowest rate at each time."""
        rate = np.full(len(at), np.inf)
        for element in self.elements:
            if isinstance(element, Queue):
                rate = np.where(
                    within(at, element.during), np.minimum(rate, element.rate_bps), rate
                )
        return rate

    def shaking(self, at: Floats) -> Flags:
        """Whether delay varies so much that a sender takes it for a full queue."""
        found = np.zeros(len(at), dtype=np.bool_)
        for element in self.elements:
            is_rare = isinstance(element, Stall) and element.length_s < 0.3
            if isinstance(element, Shake | Scatter | Stall | TcpSegments) and not is_rare:
                found |= within(at, element.during)
        return found
