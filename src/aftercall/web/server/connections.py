"""The connections of one process: how many there may be, how long a request may take to come in,
and how long an answer may wait for its reader.

A connection without a request costs its client nothing, so it is the first to be closed when there
are too many; a connection whose request is being answered stays open.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge

LOOK_EVERY_S: Final = 0.5
LINGER_S: Final = 2.0
"""How long the rest of a refused client's bytes is read and discarded: a socket closed with unread
bytes is reset, and the client may never see the refusal."""

LEAST_BYTES_PER_S: Final = 500
"""Of a request's body. Apache's mod_reqtimeout has the same by default."""

MOST_UNSENT_BYTES: Final = 64 << 20
"""Of answers that wait for slow readers, in one process; chosen: with it a process stays below
400 MB."""

LEAST_TAKEN: Final = 16_384
"""Bytes; chosen: at half a minute it is about `LEAST_BYTES_PER_S`."""

BEHIND_IT: Final = 524_288
"""Bytes that an answer holds besides those that wait in its connection: its rows and their
encoding. Chosen: twice the measured size for a page of long lines."""

STUCK_S: Final = 5.0
"""How long an answer must have waited for its reader before it makes room for a newcomer."""


@dataclass(frozen=True, kw_only=True)
class ConnectionLimits:
    """The limits of a process for its clients' connections."""

    connections: int
    """Open at a time."""
    head_s: float
    """From the first byte of a request, or the opening, to the end of its headers."""
    body_s: float
    """For a request's body, and a second more for each `LEAST_BYTES_PER_S` that came."""
    unsent_s: float
    """Within which a reader takes `LEAST_TAKEN` bytes of an answer that waits."""


class Connection(Protocol):
    """One connection, as its process's `Connections` need it."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop: ...
    @property
    def transport(self) -> asyncio.Transport: ...
    @property
    def timeout_keep_alive(self) -> float:
        """Seconds for which it may be idle."""

    def is_late(self, waited_s: float) -> bool:
        """Whether its request is late, `waited_s` seconds after waiting for it began."""

    def give_up_waiting(self) -> None:
        """Ends it, as its request did not come in."""


class Connections:
    """The open connections of a process and the stage of each. Used from one event loop."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._idle: dict[Connection, float] = {}
        self._arriving: dict[Connection, float] = {}
        self._unsent: dict[Connection, tuple[float, int]] = {}
        self._refused: dict[Connection, float] = {}
        self._leaving: set[Connection] = set()
        self._open: set[Connection] = set()
        self._next_look: asyncio.TimerHandle | None = None
        self._count = Counter(
            "aftercall_connections_refused_total",
            "Connections ended by the server before their request was answered.",
            ("reason",),
            registry=None,
        )
        self._gauge = Gauge("aftercall_connections", "Open HTTP connections.", registry=None)
        self._gauge.set_function(lambda: len(self._open))

    def show_in(self, registry: CollectorRegistry) -> None:
        """Show the numbers among the process's metrics."""
        registry.register(self._count)
        registry.register(self._gauge)

    def count(self, reason: str) -> None:
        """Counts a connection that was ended."""
        self._count.labels(reason).inc()

    def opened(self, one: Connection, together: int) -> bool:
        """Add a new connection; `together` of them are open, WebSockets included. False if there is
        no room for it."""
        now = one.loop.time()
        self._open.add(one)
        self._arriving[one] = now
        if self._next_look is None:
            self._next_look = one.loop.call_later(LOOK_EVERY_S, self._look, one.loop)
        if together - len(self._leaving) <= self.limits.connections:
            return True
        return self._make_room(one, now)

    def lost(self, one: Connection) -> None:
        """Drop a connection that is closed, or was upgraded."""
        self._open.discard(one)
        self._leaving.discard(one)
        self._forget(one)

    def arriving(self, one: Connection) -> None:
        """The connection waits for a part of a request."""
        self._idle.pop(one, None)
        self._arriving.pop(one, None)
        self._arriving[one] = one.loop.time()

    def arrived(self, one: Connection) -> None:
        """The request is complete; the connection waits for its answer."""
        self._idle.pop(one, None)
        self._arriving.pop(one, None)

    def answered(self, one: Connection) -> None:
        """The answer is complete; the connection is idle until the next request."""
        self._idle[one] = one.loop.time()

    def unsent(self, one: Connection) -> None:
        """The connection's answer waits for its reader."""
        self._unsent[one] = one.loop.time(), one.transport.get_write_buffer_size()
        self._keep_unsent_small()

    def sent(self, one: Connection) -> None:
        """The reader has taken the answer."""
        self._unsent.pop(one, None)

    def refused(self, one: Connection) -> None:
        """The connection is closed once its client has had time to read the refusal."""
        self._forget(one)
        self._refused[one] = one.loop.time()

    def drain(self, within_s: float) -> None:
        """The process stops: connections whose answer is not read by then are closed."""
        asyncio.get_running_loop().call_later(within_s, self._end_all)

    def _end_all(self) -> None:
        for one in list(self._open):
            self._end(one)

    def _forget(self, one: Connection) -> None:
        self._unsent.pop(one, None)
        for group in (self._idle, self._arriving, self._refused):
            group.pop(one, None)

    def _end(self, one: Connection, reason: str = "") -> None:
        if reason:
            self.count(reason)
        self._forget(one)
        self._leaving.add(one)
        one.transport.abort()

    def _idle_too_long(self, now: float) -> list[Connection]:
        """The connections that were idle for longer than their keep-alive time."""
        late = []
        for one, since in self._idle.items():
            if now - since <= one.timeout_keep_alive:
                # Those behind it were answered later.
                break
            late.append(one)
        return late

    def _make_room(self, newcomer: Connection, now: float) -> bool:
        for group in (self._refused, self._idle, self._arriving):
            one = next(iter(group), newcomer)
            if one is not newcomer:
                self._end(one, "made_room")
                return True
        stuck = next(iter(self._unsent.items()), None)
        if stuck is not None and now - stuck[1][0] > STUCK_S:
            self._end(stuck[0], "made_room")
            return True
        return False

    def _keep_unsent_small(self) -> None:
        sizes = {one: BEHIND_IT + one.transport.get_write_buffer_size() for one in self._unsent}
        together = sum(sizes.values())
        for one, size in sizes.items():
            if together <= MOST_UNSENT_BYTES:
                return
            self._end(one, "unsent_bytes")
            together -= size

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._next_look = None
        now = loop.time()
        for one, since in list(self._arriving.items()):
            if one.is_late(now - since):
                one.give_up_waiting()
        for one in self._idle_too_long(now):
            self._forget(one)
            one.transport.close()
        for one, (since, size) in list(self._unsent.items()):
            if now - since > self.limits.unsent_s:
                left = one.transport.get_write_buffer_size()
                if size - left < LEAST_TAKEN:
                    self._end(one, "slow_reader")
                else:
                    self._unsent[one] = now, left
        for one, since in list(self._refused.items()):
            if now - since > LINGER_S:
                self._end(one)
        if self._open:
            self._next_look = loop.call_later(LOOK_EVERY_S, self._look, loop)
