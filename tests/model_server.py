"""A real HTTP server that speaks the protocols of `/chat/completions` and
`/audio/transcriptions`, well or badly."""

import io
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, NamedTuple

from multipart import MultipartParser, parse_options_header

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


def transcription(*segments: tuple[float, float, str], **more: Any) -> Reply:
    """The answer of a speech model: start and end in seconds, and the text."""
    found = [
        {"id": number, "start": start, "end": end, "text": text, "no_speech_prob": 0.01}
        for number, (start, end, text) in enumerate(segments)
    ]
    text = " ".join(each[2] for each in segments)
    answer = {"task": "transcribe", "text": text, "segments": found} | more
    return Reply(body=json.dumps(answer).encode())


class Track(NamedTuple):
    """A file that was sent to be transcribed, with the other fields of the form."""

    fields: dict[str, str]
    file_name: str
    content: bytes


class ModelServer:
    """`replies` are its next answers; then it writes `SUMMARY`, and hears a greeting in every
    track."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self.replies: list[Reply] = []
        self.requests: list[dict[str, Any]] = []
        self.tracks: list[Track] = []
        self.keys: list[str | None] = []
        self.closing = threading.Event()


def _track(content_type: str, body: bytes) -> Track:
    _, options = parse_options_header(content_type)
    parts = list(MultipartParser(io.BytesIO(body), options["boundary"], spool_limit=len(body)))
    (file,) = [part for part in parts if part.filename]
    fields = {part.name: part.value for part in parts if not part.filename}
    return Track(fields, file.filename, file.raw)


@contextmanager
def open_model_server() -> Iterator[ModelServer]:
    """A server for as long as the block lasts."""
    opened: list[ModelServer] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            model = opened[0]
            body = self.rfile.read(int(self.headers["content-length"]))
            model.keys.append(self.headers["authorization"])
            if self.path == "/v1/chat/completions":
                model.requests.append(json.loads(body))
                reply = completion()
            elif self.path == "/v1/audio/transcriptions":
                model.tracks.append(_track(self.headers["content-type"], body))
                reply = transcription((0.5, 1.5, " Hello everybody."))
            else:
                reply = Reply(404)
            if model.replies:
                reply = model.replies.pop(0)
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
