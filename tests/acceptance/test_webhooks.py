"""A real server posts to real receivers: those of the guide, and one that outlives the server."""

import http.server
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.acceptance import http_client
from tests.acceptance.http_client import TIMEOUT_S
from tests.acceptance.server import Server, environment, start

pytestmark = pytest.mark.acceptance

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "webhooks.md"
ALLOWED = {"AFTERCALL_OUTBOUND_ALLOW": "127.0.0.0/8"}
EVENTS = ["meeting.started", "meeting.participantJoined", "meeting.ended"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = start(tmp_path, env=ALLOWED)
    yield found
    found.stop()


def _subscribe(server: Server, url: str) -> str:
    body = {"name": "CRM", "url": url, "events": EVENTS}
    with http_client.Client(headers=server.headers) as client:
        answer = client.post(server.kit("webhooks"), json=body)
    assert answer.status_code == 201, answer.text
    id: str = answer.json()["data"]["id"]
    return id


def _record(server: Server, *facts: Mapping[str, Any]) -> None:
    now = time.time_ns() // 1_000_000
    events = [{"at": now, "session_id": "s", "meeting_id": "weekly", **fact} for fact in facts]
    with http_client.Client(headers=server.headers) as client:
        answer = client.post(
            f"{server.url}/v1/apps/{server.app_id}/events", json={"events": events}
        )
    assert {each["status"] for each in answer.json()["data"]["results"]} == {"accepted"}


OPENED = {"type": "session_opened", "id": "o", "title": "Wöchentlich"}
JOINED = {"type": "peer_joined", "id": "j", "peer_id": "p", "participant": {"display_name": "Ada"}}
CLOSED = {"type": "session_closed", "id": "c"}


def _code(language: str) -> str:
    """The receiver of the guide in this language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    return str(found)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def _running(words: list[str], env: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        words, env=environment(env), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("language", ["js", "python"])
def test_the_receivers_of_the_guide_print_what_happened(
    server: Server, tmp_path: Path, language: str
) -> None:
    node = shutil.which("node")
    if language == "js" and node is None:
        pytest.skip("Node is not installed")
    file = tmp_path / ("receiver.mjs" if language == "js" else "receiver.py")
    file.write_text(_code(language))
    port = _free_port()
    webhook_id = _subscribe(server, f"http://127.0.0.1:{port}/calls")
    own = f"{server.url}/v1/apps/{server.app_id}/webhooks/{webhook_id}/secret"
    with http_client.Client(headers=server.headers) as client:
        secret = client.get(own).json()["data"]["secret"]
    env = {"PORT": str(port), "AFTERCALL": server.url, "WEBHOOK_SECRET": secret}
    program = node if language == "js" else sys.executable
    with _running([str(program), str(file)], env) as receiver:
        _wait_for_port(port)
        with http_client.Client() as client:
            forged = client.post(f"http://127.0.0.1:{port}/calls", json={"event": "meeting.ended"})
        assert forged.status_code == 401
        _record(server, OPENED, JOINED, CLOSED)
        assert receiver.stdout is not None
        lines = [receiver.stdout.readline() for _ in EVENTS]
    assert [line.split() for line in lines] == [[event, "Wöchentlich"] for event in EVENTS]


class _Request(NamedTuple):
    id: str
    event: str


class _Listener(http.server.ThreadingHTTPServer):
    """Holds every request until it may answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[_Request] = []
        self.has_one = threading.Event()
        self.has_all = threading.Event()
        self.may_answer = threading.Event()


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Listener

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.requests.append(_Request(self.headers["webhook-id"], body["event"]))
        self.server.has_one.set()
        if len(self.server.requests) > len(EVENTS):
            self.server.has_all.set()
        self.server.may_answer.wait(TIMEOUT_S)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_what_a_killed_server_was_posting_is_posted_again_in_order_with_its_id(
    tmp_path: Path,
) -> None:
    server = start(tmp_path, env=ALLOWED)
    with _Listener() as listener:
        thread = threading.Thread(target=listener.serve_forever)
        thread.start()
        try:
            _subscribe(server, f"http://127.0.0.1:{listener.server_port}/calls")
            _record(server, OPENED, JOINED, CLOSED)
            assert listener.has_one.wait(TIMEOUT_S)
            server.kill()
            listener.may_answer.set()
            server = start(tmp_path, server.rights, env=ALLOWED)
            assert listener.has_all.wait(TIMEOUT_S), listener.requests
        finally:
            listener.shutdown()
            thread.join()
            server.stop()
    assert [each.event for each in listener.requests] == [EVENTS[0], *EVENTS]
    assert listener.requests[0].id == listener.requests[1].id
    assert len({each.id for each in listener.requests}) == len(EVENTS)
