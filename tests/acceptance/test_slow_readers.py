"""Readers that request long answers and do not read them."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.acceptance import http_client
from tests.acceptance.server import Server, running

pytestmark = pytest.mark.acceptance

READERS = 200
UNSENT_S = 2
WHY = ("slow_reader", "unsent_bytes")
"""The reasons with which readers that hold too much, or for too long, are disconnected."""
LINES = 4_000
TEXT = "A line of a transcript that is about as long as a paragraph of speech would be. " * 12


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(
        tmp_path_factory.mktemp("slow"), env={"AFTERCALL_UNSENT_TIMEOUT_S": str(UNSENT_S)}
    ) as server:
        yield server


@pytest.fixture(scope="module")
def download(server: Server) -> str:
    """The path of a transcript of 4 MB."""
    begin = round(time.time() * 1000) - 3_600_000
    place = {"meeting_id": "long", "session_id": "long"}
    events = [{"type": "peer_joined", "id": "join", "at": begin, "peer_id": "peer", **place}]
    events += [
        {
            "type": "line_spoken",
            "id": f"line-{n}",
            "at": begin + 100 * n,
            "end_at": begin + 100 * n + 99,
            "text": TEXT,
            "user_id": "user",
            "display_name": "Kim",
            **place,
        }
        for n in range(LINES)
    ]
    events.append({"type": "session_closed", "id": "end", "at": begin + 3_000_000, **place})
    with http_client.Client(headers=server.headers) as client:
        for part in range(0, len(events), 400):
            answer = client.post(
                f"{server.url}/v1/apps/{server.app_id}/events",
                json={"events": events[part : part + 400]},
            )
            results = answer.raise_for_status().json()["data"]["results"]
            assert {result["status"] for result in results} == {"accepted"}, results[:3]
        (session,) = client.get(server.kit("sessions")).json()["data"]["sessions"]
        answer = client.get(server.kit(f"sessions/{session['id']}/transcript"))
        url: str = answer.raise_for_status().json()["data"]["transcript_download_url"]
    return url.removeprefix(server.url)


def memory_mb(server: Server) -> float:
    """Resident memory of the server."""
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def ask(server: Server, path: str, stack: ExitStack) -> socket.socket:
    """A connection with a request, whose kernel buffers as little as possible of the answer."""
    line = stack.enter_context(socket.socket())
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    line.settimeout(http_client.TIMEOUT_S)
    line.connect(("127.0.0.1", server.port))
    line.sendall(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{server.port}\r\n\r\n".encode())
    return line


def ended_as(server: Server, reason: str) -> float:
    for line in http_client.get(f"{server.url}/metrics").text.splitlines():
        if line.startswith(f'aftercall_connections_refused_total{{reason="{reason}"}}'):
            return float(line.split()[1])
    return 0.0


def test_readers_that_read_nothing_hold_little_memory_and_are_disconnected(
    server: Server, download: str
) -> None:
    assert len(http_client.get(server.url + download).content) > LINES * len(TEXT)
    before = memory_mb(server)
    with ExitStack() as stack:
        lines = [ask(server, download, stack) for _ in range(READERS)]
        # Other requests find connections of the database meanwhile, and are answered.
        for _ in range(20):
            listed = http_client.get(server.kit("sessions"), headers=server.headers)
            assert listed.status_code == 200
        assert memory_mb(server) - before < 100, (before, memory_mb(server))
        wait_for(lambda: sum(ended_as(server, why) for why in WHY) >= READERS)
        for line in lines:
            read_what_is_left(line)


def test_a_slow_reader_gets_the_whole_answer(server: Server, download: str) -> None:
    before = ended_as(server, "slow_reader")
    give_up_at = time.monotonic() + http_client.TIMEOUT_S
    with ExitStack() as stack:
        line = ask(server, download, stack)
        size, begins_at = 0, time.monotonic()
        while b := line.recv(32_768):
            size += len(b)
            # About a megabyte a second, for three times as long as a reader may stand still.
            due = begins_at + size / 1e6
            while time.monotonic() < min(due, give_up_at):
                http_client.get(f"{server.url}/healthz")
            if size > LINES * len(TEXT):
                break
    assert size > LINES * len(TEXT)
    assert ended_as(server, "slow_reader") == before


def read_what_is_left(line: socket.socket) -> None:
    """Fails if the connection is still open after its buffered bytes were read."""
    with suppress(ConnectionResetError):
        while line.recv(65_536):
            pass


def wait_for(condition: object) -> None:
    assert callable(condition)
    give_up_at = time.monotonic() + http_client.TIMEOUT_S
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.1)
