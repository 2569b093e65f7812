"""Forwards packets between TUN devices, and delays, drops and queues them on the way.

A separate program, so that no work of the tests makes a packet late: it asks for real-time
priority and measures how much later than intended it delivered. It uses only the standard library,
and so starts quickly.
"""

import gc
import heapq
import json
import os
import select
import socket
import sys
import time
from dataclasses import asdict, dataclass, field
from itertools import count
from random import Random
from typing import Any, Final

LATE_S: Final = 0.01
"""Later than this is worth noting: a fifth of the jitter at which an issue begins."""

_LARGEST_PACKET: Final = 65_536
_PRIORITY: Final = 10
_CONTROL: Final = 0
"""Standard input: one instruction a line."""


@dataclass(frozen=True, kw_only=True)
class Impairment:
    """What one way does to packets."""

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    """Up to so much more delay, at random; packets stay in order."""
    loss: float = 0.0
    """The share of the packets that vanish, 0…1."""
    rate_bps: float | None = None
    queue_ms: float = 100.0
    """How long a packet may have to wait for the rate; what would wait longer is dropped."""


CLEAN: Final = Impairment()


@dataclass(kw_only=True)
class Passage:
    """One way through the relay: out of one device, or into one."""

    random: Random
    impairment: Impairment = CLEAN
    passed: int = 0
    dropped: int = 0
    _free_at: float = field(default=0.0, repr=False)
    """When the last packet in the queue will have been sent."""
    _last_out_at: float = field(default=0.0, repr=False)

    def out_at(self, size_bytes: int, in_at: float) -> float | None:
        """When a packet that comes in then comes out; `None` when it does not."""
        found = self._find_out_at(size_bytes, in_at)
        if found is None:
            self.dropped += 1
        else:
            self.passed += 1
        return found

    def _find_out_at(self, size_bytes: int, in_at: float) -> float | None:
        way = self.impairment
        if self.random.random() < way.loss:
            return None
        sent_at = in_at
        if way.rate_bps is not None:
            begins_at = max(in_at, self._free_at)
            if begins_at - in_at > way.queue_ms / 1_000:
                return None
            sent_at = self._free_at = begins_at + size_bytes * 8 / way.rate_bps
        delay_s = (way.delay_ms + self.random.uniform(0, way.jitter_ms)) / 1_000
        self._last_out_at = max(self._last_out_at, sent_at + delay_s)
        return self._last_out_at


@dataclass(frozen=True, kw_only=True)
class Port:
    """A device, and the ways out of it and into it."""

    tun: int
    uplink: Passage
    downlink: Passage


class Relay:
    """The ports by their addresses, and the packets under way."""

    def __init__(self, ports: dict[bytes, Port]) -> None:
        self._ports = ports
        self._by_tun = {port.tun: port for port in ports.values()}
        self._under_way: list[tuple[float, int, int, bytes]] = []
        self._order = count()
        self.refused = 0
        """Packets that a device did not take."""
        self.late: list[tuple[float, float]] = []
        """When a packet was due (seconds since the epoch), and how much later it went, in s."""

    def run(self) -> None:
        """Carry until standard input ends."""
        poller = select.epoll()
        for source in (_CONTROL, *self._by_tun):
            poller.register(source, select.EPOLLIN)
        waiting = b""
        while True:
            wait_s = self._under_way[0][0] - time.monotonic() if self._under_way else -1
            for source, _ in poller.poll(max(0.0, wait_s) if self._under_way else None):
                if source != _CONTROL:
                    self._take(self._by_tun[source])
                    continue
                chunk = os.read(_CONTROL, 65_536)
                if not chunk:
                    return
                *lines, waiting = (waiting + chunk).split(b"\n")
                for line in lines:
                    self._obey(json.loads(line))
            self._deliver()

    def _take(self, port: Port) -> None:
        """Take the packets that wait, and note when each goes on."""
        while True:
            try:
                packet = os.read(port.tun, _LARGEST_PACKET)
            except BlockingIOError:
                return
            # Version 4 alone; the destination is in bytes 16 to 19 (RFC 791).
            sink = self._ports.get(packet[16:20]) if packet[0] >> 4 == 4 else None
            if sink is None:
                continue
            out_at = port.uplink.out_at(len(packet), time.monotonic())
            if out_at is not None:
                out_at = sink.downlink.out_at(len(packet), out_at)
            if out_at is not None:
                heapq.heappush(self._under_way, (out_at, next(self._order), sink.tun, packet))

    def _deliver(self) -> None:
        while self._under_way and self._under_way[0][0] <= (now := time.monotonic()):
            due_at, _, tun, packet = heapq.heappop(self._under_way)
            if now - due_at > LATE_S:
                self.late.append((time.time() - (now - due_at), now - due_at))
            try:
                os.write(tun, packet)
            except BlockingIOError:
                self.refused += 1

    def _obey(self, instruction: dict[str, Any]) -> None:
        """Change what a way does to packets, or answer with what was counted."""
        if "address" in instruction:
            port = self._ports[socket.inet_aton(instruction["address"])]
            way = port.uplink if instruction["way"] == "uplink" else port.downlink
            way.impairment = Impairment(**instruction["impairment"])
        ways = {
            socket.inet_ntoa(address): {
                "uplink": [port.uplink.passed, port.uplink.dropped],
                "downlink": [port.downlink.passed, port.downlink.dropped],
            }
            for address, port in self._ports.items()
        }
        counted = {"ways": ways, "late": self.late, "refused": self.refused}
        os.write(1, json.dumps(counted).encode() + b"\n")


def instruction(address: str, way: str, impairment: Impairment) -> str:
    """A line that changes what a way does to packets; an empty object only asks for counts."""
    return json.dumps({"address": address, "way": way, "impairment": asdict(impairment)})


def _hurry() -> None:
    """Go before everything else on the machine, as far as that is allowed."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    except OSError:
        try:
            os.nice(-_PRIORITY)
        except OSError:
            print("the relay runs at the priority of everything else", file=sys.stderr)  # noqa: T201


def main() -> None:
    """`relay SEED FD=ADDRESS …`"""
    seed, *places = sys.argv[1:]
    ports: dict[bytes, Port] = {}
    for place in places:
        tun, _, address = place.partition("=")
        uplink, downlink = (Passage(random=Random(f"{seed} {address} {way}")) for way in "ud")
        port = Port(tun=int(tun), uplink=uplink, downlink=downlink)
        ports[socket.inet_aton(address)] = port
    _hurry()
    gc.disable()
    Relay(ports).run()


if __name__ == "__main__":
    main()
