"""Connections without a network: the server's protocol on a transport that records what is written,
in an event loop whose time the test moves."""

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


class ManualEventLoop(asyncio.SelectorEventLoop):
    """An event loop whose time stands still unless it is moved."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0

    def time(self) -> float:
        return self._now

    def run_ready(self) -> None:
        """Runs the callbacks that are ready, and those that become ready meanwhile."""
        for _ in range(5):
            self.call_soon(self.stop)
            self.run_forever()

    def pass_time(self, s: float) -> None:
        """Moves the time in steps of the interval at which connections are checked."""
        until = self._now + s
        while self._now < until:
            self._now = min(until, self._now + LOOK_EVERY_S)
            self.run_ready()


class RecordingTransport(asyncio.Transport):
    """Records what is written. The test states how much of it is unsent."""

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


class ScriptedApplication:
    """Answers a request after its body; on `/early` before it, on `/never` not at all. On `/whole`
    it sends head and body in one message, on `/parts` in two."""

    headers: ClassVar = [(b"content-length", b"5"), (b"x-a", b"b")]

    def __init__(self, limits: ConnectionLimits) -> None:
        self.connections = Connections(limits)
        self.bodies: list[bytes] = []
        self.disconnects = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request: Any = scope
        send_event: Any = send
        receive_event: Any = receive
        if request["path"] == "/never":
            await asyncio.Event().wait()
        body, is_more = b"", request["path"] != "/early"
        while is_more:
            message = await receive_event()
            if message["type"] == "http.disconnect":
                self.disconnects += 1
                return
            body, is_more = body + message["body"], message["more_body"]
        self.bodies.append(body)
        if request["path"] == "/whole":
            assert EXTENSION in request["extensions"]
            head = head_of(202, self.headers)
            await send_event({"type": EXTENSION, "head": head, "body": b"hello"})
            return
        if request["path"] == "/parts":
            await send_event(
                {"type": "http.response.start", "status": 202, "headers": self.headers}
            )
            await send_event({"type": "http.response.body", "body": b"hello"})
            return
        empty = [(b"content-length", b"0")]
        await send_event({"type": "http.response.start", "status": 200, "headers": empty})
        await send_event({"type": "http.response.body", "body": b""})


class ClientConnection:
    """One connection of a client."""

    def __init__(self, process: "ServerProcess") -> None:
        self._loop = process.loop
        self.transport = RecordingTransport()
        self.protocol = LimitedHttpProtocol(process.config, process.state, {}, process.loop)
        self.protocol.connection_made(self.transport)

    def send(self, data: bytes) -> None:
        self.protocol.data_received(data)
        self._loop.run_ready()

    def wait_for_reader(self, unsent_bytes: int) -> None:
        """State that the client has left so many bytes of an answer unread."""
        self.transport.unsent_bytes = unsent_bytes
        self.protocol.pause_writing()

    def close(self) -> None:
        self.protocol.connection_lost(None)

    @property
    def statuses(self) -> list[int]:
        """The statuses of the answers sent to the client."""
        answers = self.transport.written.split(b"HTTP/1.1 ")[1:]
        return [int(answer[:3]) for answer in answers]


class ServerProcess:
    """One server process that accepts connections."""

    def __init__(self, loop: ManualEventLoop, limits: ConnectionLimits) -> None:
        self.loop = loop
        self.app = ScriptedApplication(limits)
        self.metrics = CollectorRegistry()
        self.app.connections.show_in(self.metrics)
        options: dict[str, Any] = {"proxy_headers": False, "log_config": None, "lifespan": "off"}
        self.config = uvicorn.Config(self.app, timeout_keep_alive=10_000, **options)
        self.config.load()
        self.state = uvicorn.server.ServerState()

    @property
    def connections(self) -> Connections:
        return self.app.connections

    def connect(self) -> ClientConnection:
        return ClientConnection(self)

    def counted(self, reason: str) -> float:
        """Connections ended for a reason."""
        name = "aftercall_connections_refused_total"
        return self.metrics.get_sample_value(name, {"reason": reason}) or 0.0


@contextmanager
def open_process(limits: ConnectionLimits = LIMITS) -> Iterator[ServerProcess]:
    loop = ManualEventLoop()
    try:
        yield ServerProcess(loop, limits)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_ready()
    finally:
        loop.close()
