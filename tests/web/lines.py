"""Connections without a network: the server's protocol on a transport that keeps what is written,
in an event loop whose time is moved by hand."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import uvicorn
from litestar.types import Receive, Scope, Send
from prometheus_client import CollectorRegistry

from aftercall.web.server.connections import LOOK_EVERY_S, ConnectionLimits, Connections
from aftercall.web.server.http_protocol import LimitedHttpProtocol
from aftercall.web.server.whole_response import EXTENSION, head_of

LIMITS = ConnectionLimits(connections=3, head_s=10, body_s=20, unsent_s=30)


class HandLoop(asyncio.SelectorEventLoop):
    """An event loop whose time stands still unless it is moved."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0

    def time(self) -> float:
        return self._now

    def run_ready(self) -> None:
        """Runs what is ready, and what becomes ready by that."""
        for _ in range(5):
            self.call_soon(self.stop)
            self.run_forever()

    def pass_time(self, s: float) -> None:
        """Moves the time in the steps at which connections are looked at."""
        until = self._now + s
        while self._now < until:
            self._now = min(until, self._now + LOOK_EVERY_S)
            self.run_ready()


class KeptTransport(asyncio.Transport):
    """Keeps what is written for a reader that takes it when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.unsent_bytes = 0
        self.is_ended = self.is_aborted = False

    def write(self, data: Any) -> None:
        self.written += data

    def write_eof(self) -> None:
        self.is_ended = True

    def close(self) -> None:
        self.is_ended = True

    def abort(self) -> None:
        self.is_ended = self.is_aborted = True

    def is_closing(self) -> bool:
        return self.is_ended

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return self.unsent_bytes


class Answering:
    """An application that answers a request as soon as its body is there; below `/early` before
    that; below `/never` not at all; with `head` and `body` in one message below `/whole`, in two
    below `/parts`."""

    headers: ClassVar = [(b"content-length", b"5"), (b"x-a", b"b")]

    def __init__(self, limits: ConnectionLimits) -> None:
        self.connections = Connections(limits)
        self.bodies: list[bytes] = []
        self.disconnects = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request: Any = scope
        talk: Any = send
        listen: Any = receive
        if request["path"] == "/never":
            await asyncio.Event().wait()
        body, is_more = b"", request["path"] != "/early"
        while is_more:
            message = await listen()
            if message["type"] == "http.disconnect":
                self.disconnects += 1
                return
            body, is_more = body + message["body"], message["more_body"]
        self.bodies.append(body)
        if request["path"] == "/whole":
            assert EXTENSION in request["extensions"]
            head = head_of(202, self.headers)
            await talk({"type": EXTENSION, "head": head, "body": b"hello"})
            return
        if request["path"] == "/parts":
            await talk({"type": "http.response.start", "status": 202, "headers": self.headers})
            await talk({"type": "http.response.body", "body": b"hello"})
            return
        empty = [(b"content-length", b"0")]
        await talk({"type": "http.response.start", "status": 200, "headers": empty})
        await talk({"type": "http.response.body", "body": b""})


class Line:
    """One connection of a client."""

    def __init__(self, ground: "Ground") -> None:
        self._loop = ground.loop
        self.transport = KeptTransport()
        self.protocol = LimitedHttpProtocol(ground.config, ground.state, {}, ground.loop)
        self.protocol.connection_made(self.transport)

    def send(self, data: bytes) -> None:
        self.protocol.data_received(data)
        self._loop.run_ready()

    def wait_for_reader(self, unsent_bytes: int) -> None:
        """The reader leaves so many bytes of an answer unread."""
        self.transport.unsent_bytes = unsent_bytes
        self.protocol.pause_writing()

    def close(self) -> None:
        self.protocol.connection_lost(None)

    @property
    def statuses(self) -> list[int]:
        """Of the answers that the client was sent."""
        answers = self.transport.written.split(b"HTTP/1.1 ")[1:]
        return [int(answer[:3]) for answer in answers]


class Ground:
    """One process that takes connections."""

    def __init__(self, loop: HandLoop, limits: ConnectionLimits) -> None:
        self.loop = loop
        self.app = Answering(limits)
        self.metrics = CollectorRegistry()
        self.app.connections.show_in(self.metrics)
        options: dict[str, Any] = {"proxy_headers": False, "log_config": None, "lifespan": "off"}
        self.config = uvicorn.Config(self.app, timeout_keep_alive=10_000, **options)
        self.config.load()
        self.state = uvicorn.server.ServerState()

    @property
    def connections(self) -> Connections:
        return self.app.connections

    def connect(self) -> Line:
        return Line(self)

    def counted(self, reason: str) -> float:
        """Connections ended for a reason."""
        name = "aftercall_connections_refused_total"
        return self.metrics.get_sample_value(name, {"reason": reason}) or 0.0


@contextmanager
def ground(limits: ConnectionLimits = LIMITS) -> Iterator[Ground]:
    loop = HandLoop()
    try:
        yield Ground(loop, limits)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_ready()
    finally:
        loop.close()
