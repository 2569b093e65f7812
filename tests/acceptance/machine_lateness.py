"""Measures how much the machine delayed a call: late timers, threads of browsers that waited for a
processor, packets that the relay delivered late.

A busy machine delays packets, freezes pictures and makes encoders drop frames. A report of that is
correct. A test that holds a call measures the delays, and accepts such a finding only at times when
the machine was measured late.
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

PROBE: Final = """
(() => {
  const period_ms = 20, late = [];
  let due = performance.now() + period_ms;
  setInterval(() => {
    const now = performance.now();
    if (now - due > 40) late.push([(performance.timeOrigin + due) / 1000, (now - due) / 1000]);
    due = now + period_ms;
  }, period_ms);
  window.readLateTimers = () => late;
})()
"""
"""Notes each timer that came more than two of its periods late: when it was due (in s since the
epoch), and by how many seconds."""

LATE_S: Final = 0.05
"""Of a quarter of a second; at so much jitter an issue begins."""

REPORT_S: Final = 3.0
"""A delay shows in the report after it, and changes the comparison with the reports around it."""

_SAMPLE_S: Final = 0.25
_CARRIERS: Final = ("chrom", "firefox", "janus")
"""Programs that carry media, by the beginnings of their names."""
_LOSS_PERCENT: Final = 5
"""At which an issue of loss begins."""

_LATENESS: Final = frozenset(
    {
        "audio_concealment",
        "bandwidth_limited",
        "cpu_limited",
        "decoder_overloaded",
        "high_jitter_buffer_delay",
        "high_rtt",
        "lateness",
        "low_audio_mos",
        "low_available_bitrate",
        "low_frame_rate",
        "low_resolution",
        "low_video_mos",
        "slow_connect",
        "video_frozen",
    }
)
"""Issues that a late machine causes without packet loss, and the cause that they are given."""

_NETWORK: Final = frozenset(
    f"{how}_network_{way}" for how in ("poor", "severe") for way in ("uplink", "downlink")
)
"""Issues that it causes where they are of jitter or round-trip time."""

DRAIN_S: Final = 3 * REPORT_S
"""How long a buffer that grew while the machine was late keeps its delay. NetEq lowers its target
slowly. Chosen."""

BUFFER_DRAIN_S: Final = 87.0
"""How long a receiver may still hold sound back for a delay that is over. NetEq counts the highest
delay of each half second in a histogram whose older entries weigh 1.7 % less each time, and
follows its 95th percentile: entries that filled it fall below 5 % after 175 halves of a second
(WebRTC, modules/audio_coding/neteq/delay_manager.cc and underrun_optimizer.cc)."""

_BUFFERED: Final = {"high_jitter_buffer_delay", "lateness"}
"""The issue of a receiver that holds sound back, and the cause that it is given."""

_DELAYS: Final = {"jitter_ms", "jitter_buffer_ms", "rtt_ms"}
_MOST_LATE_MS: Final = 10_000
"""No buffer waits longer for a late machine; more is a wrong unit. Chosen."""

Span = tuple[float, float]


@dataclass(kw_only=True)
class Machine:
    """When the machine was late, in seconds since the epoch."""

    timers: list[tuple[float, float]] = field(default_factory=list)
    """When a timer of a page was due, and how late it was, in s."""
    deliveries: list[tuple[float, float]] = field(default_factory=list)
    """The same of the relay's packets."""
    waits: list[tuple[float, float, float]] = field(default_factory=list)
    """From when to when, and for how many seconds of it the thread of a browser that waited
    longest had to wait for a processor."""

    def spans(self) -> list[Span]:
        """The times at which reports show that the machine was late."""
        late = [(at, at + by) for at, by in (*self.timers, *self.deliveries)]
        late += [(start, end) for start, end, waited_s in self.waits if waited_s > LATE_S]
        return _union((start - REPORT_S, end + DRAIN_S) for start, end in late)

    def explains(self, issue: dict[str, Any]) -> bool:
        """Whether the machine caused this issue: it is of lateness, it begins and ends while the
        machine was late, and the machine was late for at least half of it. A full buffer may end
        later, once it has drained."""
        name = issue["name"]
        worst = issue.get("worst", {})
        is_loss = worst.get("loss_percent", 0.0) >= _LOSS_PERCENT
        if name not in _LATENESS and (name not in _NETWORK or is_loss):
            return False
        if any(value > _MOST_LATE_MS for measure, value in worst.items() if measure in _DELAYS):
            return False
        start, end = moment(issue["first_at"]), moment(issue["last_at"])
        spans = self.spans()
        after_s = BUFFER_DRAIN_S - DRAIN_S if name in _BUFFERED else 0.0
        begins_within = any(a <= start <= b for a, b in spans)
        ends_within = any(a <= end <= b + after_s for a, b in spans)
        covered = sum(max(0.0, min(b, end) - max(a, start)) for a, b in spans)
        return begins_within and ends_within and 2 * covered >= end - start

    def waited_s(self, start: float, end: float) -> float:
        """How long, in s, a thread waited at most while the machine was late within a span."""
        return sum(w for a, b, w in self.waits if a < end and b > start and w > LATE_S)

    def described(self) -> str:
        """The measurements, in one line."""
        waited_ms = 1_000 * max((waited for _, _, waited in self.waits), default=0.0)
        lasted_s = self.waits[-1][1] - self.waits[0][0] if self.waits else 0.0
        late_s = sum(end - start for start, end in self.spans())
        return (
            f"{len(self.timers)} timers late by up to {_worst_ms(self.timers):.0f} ms,"
            f" {len(self.deliveries)} packets by up to {_worst_ms(self.deliveries):.0f} ms,"
            f" a browser's thread waited up to {waited_ms:.0f} ms at a time;"
            f" reports of {late_s:.0f} s in {lasted_s:.0f} s show it"
        )


def unexplained(report: dict[str, Any], machine: Machine) -> list[dict[str, Any]]:
    """The findings of a report, except those for information, that the machine did not cause
    entirely."""
    return [
        finding
        for finding in report["diagnosis"]
        if finding["severity"] != "information" and not is_explained(finding, report, machine)
    ]


def is_explained(finding: dict[str, Any], report: dict[str, Any], machine: Machine) -> bool:
    """Whether the machine caused every issue that a finding summarises."""
    return all(machine.explains(issue) for issue in _issues_of(finding, report))


def _issues_of(finding: dict[str, Any], report: dict[str, Any]) -> list[dict[str, Any]]:
    """The issues that a finding summarises; the finding itself if the report lists none."""
    first, last = moment(finding["first_at"]), moment(finding["last_at"])
    found = [
        issue
        for issue in report["issues"]
        if issue["name"] in finding["issues"]
        and moment(issue["first_at"]) >= first
        and moment(issue["last_at"]) <= last
    ]
    return found or [{"name": finding["cause"], **finding}]


def moment(text: str) -> float:
    """Seconds since the epoch."""
    return datetime.fromisoformat(text).timestamp()


@contextmanager
def watched() -> Iterator[Machine]:
    """The machine while the block lasts: how long the threads of the browsers that this process
    started wait for a processor."""
    machine, stop = Machine(), Event()
    watcher = Thread(target=_watch, args=(machine, stop), daemon=True)
    watcher.start()
    try:
        yield machine
    finally:
        stop.set()
        watcher.join()


def _watch(machine: Machine, stop: Event) -> None:
    before: dict[str, int] = {}
    before_at, is_first = time.time(), True
    while not stop.wait(_SAMPLE_S):
        waited, at = dict(_run_delays_ns()), time.time()
        if not is_first and at > before_at:
            longest = max((ns - before.get(thread, ns) for thread, ns in waited.items()), default=0)
            machine.waits.append((before_at, at, longest / 1e9))
        before, before_at, is_first = waited, at, False


def _run_delays_ns() -> Iterator[tuple[str, int]]:
    """The threads of the browsers, and how long each has waited to run so far: the second figure
    of Linux's `schedstat`."""
    for process in _browsers():
        for thread in process.glob("task/*"):
            try:
                # Threads that yield to others on purpose carry no media.
                if os.getpriority(os.PRIO_PROCESS, int(thread.name)) <= 0:
                    yield thread.name, int((thread / "schedstat").read_text().split()[1])
            except OSError:
                continue


def _browsers() -> Iterator[Path]:
    """The browsers' processes among this one's descendants, and all that descend from them."""
    waiting = [(Path("/proc/self"), False)]
    while waiting:
        process, is_browsers = waiting.pop()
        try:
            is_browsers = is_browsers or (process / "comm").read_text().startswith(_CARRIERS)
            children = [(task / "children").read_text().split() for task in process.glob("task/*")]
        except OSError:
            continue
        if is_browsers:
            yield process
        waiting += [(Path("/proc") / child, is_browsers) for each in children for child in each]


def _union(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _worst_ms(late: Iterable[tuple[float, float]]) -> float:
    return 1_000 * max((by for _, by in late), default=0.0)
