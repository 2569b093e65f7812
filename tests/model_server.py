"""A real HTTP server that speaks the protocol of `/chat/completions`, well or badly."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, NamedTuple

SUMMARY = "They met.\n\n## Decisions\n- The release moves to October."


class Reply(NamedTuple):
    """An answer; `body` is sent as it is. `cut`: the connection ends before the body does;
    `hangs`: nothing is sent until the server closes."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = MappingProxyType({})
    cut: bool = False
    hangs: bool = False


def completion(text: str | None = SUMMARY, **more: Any) -> Reply:
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    message = {"role": "assistant", "content": text}
    answer = {"choices": [{"index": 0, "message": message}], "usage": usage} | more
    return Reply(body=json.dumps(answer).encode())


class ModelServer:
    """`replies` are its next answers; then it writes `SUMMARY`."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self.replies: list[Reply] = []
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.closing = threading.Event()


@contextmanager
def open_model_server() -> Iterator[ModelServer]:
    """A server for as long as the block lasts."""
    opened: list[ModelServer] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            model = opened[0]
            body = self.rfile.read(int(self.headers["content-length"]))
            model.requests.append(json.loads(body))
            model.keys.append(self.headers["authorization"])
            reply = model.replies.pop(0) if model.replies else completion()
            if self.path != "/v1/chat/completions":
                reply = Reply(404)
            if reply.hangs:
                model.closing.wait(30)
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body) + 9 * reply.cut))
            self.end_headers()
            self.wfile.write(reply.body)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests say what came."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    opened.append(ModelServer(server.server_port))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield opened[0]
    finally:
        opened[0].closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
