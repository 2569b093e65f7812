"""A real HTTP receiver on the loopback, which keeps what it was sent."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import msgspec


class Received(NamedTuple):
    """A request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class HttpReceiver:
    """`statuses` are those of the next answers; then it answers 200."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.received: list[Received] = []
        self.statuses: list[int] = []
        self._came = threading.Condition()

    def keep(self, request: Received) -> None:
        with self._came:
            self.received.append(request)
            self._came.notify_all()

    def wait_until(self, is_so: Callable[[], bool], within_s: float) -> bool:
        """Wait until something is so, which is asked whenever a request has come. False if it was
        not in time."""
        with self._came:
            return self._came.wait_for(is_so, within_s)

    def take(self) -> list[Received]:
        """What came since the last time."""
        taken, self.received = self.received, []
        return taken


@contextmanager
def open_receiver() -> Iterator[HttpReceiver]:
    """A receiver for as long as the block lasts."""
    receivers: list[HttpReceiver] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receivers[0].keep(Received(self.path, headers, body))
            status = receivers[0].statuses.pop(0) if receivers[0].statuses else 200
            self.send_response(status)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests say what came."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receivers.append(HttpReceiver(server))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receivers[0]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
