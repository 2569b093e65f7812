"""A load client: keep-alive connections on one uvloop, each with one outstanding request.

It does little work, so that the server and not the client is measured: requests are joined from
bytes, and answers are parsed only for their status and length.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import cast

MakeRequest = Callable[[], bytes]
"""The bytes of the next request of one connection."""


@dataclass(kw_only=True)
class Outcome:
    """The result of one run of load."""

    seconds: float = 0.0
    answers: int = 0
    failures: dict[bytes, int] = field(default_factory=dict)
    """Answers without success, by status."""
    latencies_s: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds if self.seconds else 0.0

    def latency_ms(self, quantile: float) -> float:
        """A quantile (0…1) of the time from sending to the answer's end."""
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) - 1, int(quantile * len(ordered)))] * 1000


class _Connection(asyncio.Protocol):
    def __init__(self, make: MakeRequest, outcome: Outcome, gap_s: float) -> None:
        self._make = make
        self._outcome = outcome
        self._gap_s = gap_s
        self._buffer = b""
        self._sent_at = 0.0
        self._due_at = 0.0
        self._is_stopping = False
        self._transport: asyncio.Transport | None = None
        self.is_idle = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def start(self, first_after_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._due_at = loop.time() + first_after_s
        loop.call_at(self._due_at, self._send)

    def stop(self) -> None:
        self._is_stopping = True

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if not self._is_stopping:
            self._count(b"gone")
        self.is_idle.set()

    def _send(self) -> None:
        if self._is_stopping or self._transport is None:
            self.is_idle.set()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(self._make())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_ends = self._buffer.find(b"\r\n\r\n")
        if head_ends < 0:
            return
        head = self._buffer[:head_ends].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < head_ends + 4 + length:
            return
        status = head[9:12]
        self._buffer = b""
        self._count(status)
        self._next()

    def _count(self, status: bytes) -> None:
        if status.startswith(b"2"):
            self._outcome.answers += 1
            self._outcome.latencies_s.append(time.perf_counter() - self._sent_at)
        else:
            self._outcome.failures[status] = self._outcome.failures.get(status, 0) + 1

    def _next(self) -> None:
        if not self._gap_s:
            self._send()
            return
        loop = asyncio.get_running_loop()
        self._due_at = max(self._due_at + self._gap_s, loop.time())
        loop.call_at(self._due_at, self._send)


def _same(connection: _Connection) -> _Connection:
    return connection


async def run_load(
    port: int, makers: Sequence[MakeRequest], *, seconds: float, per_second: float | None = None
) -> Outcome:
    """Send for a while on one connection per maker; `per_second` in all, or as fast as it goes."""
    outcome = Outcome()
    gap_s = len(makers) / per_second if per_second else 0.0
    loop = asyncio.get_running_loop()
    connections = []
    for make in makers:
        connection = _Connection(make, outcome, gap_s)
        await loop.create_connection(partial(_same, connection), "127.0.0.1", port)
        connections.append(connection)
    began = time.perf_counter()
    for number, connection in enumerate(connections):
        connection.start(gap_s * number / len(connections))
    await asyncio.sleep(seconds)
    outcome.seconds = time.perf_counter() - began
    answered = outcome.answers
    for connection in connections:
        connection.stop()
    await asyncio.wait([asyncio.ensure_future(c.is_idle.wait()) for c in connections], timeout=5)
    for connection in connections:
        connection.close()
    outcome.answers = answered
    return outcome
