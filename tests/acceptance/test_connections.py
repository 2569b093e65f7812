"""Connections of hostile or faulty clients to a running server."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from tests.acceptance import http_client
from tests.acceptance.http_client import TIMEOUT_S
from tests.acceptance.server import Server, running

pytestmark = pytest.mark.acceptance

MOST = 40
LIMITS = {
    "AFTERCALL_MAX_CONNECTIONS": str(MOST),
    "AFTERCALL_HEAD_TIMEOUT_S": "1",
    "AFTERCALL_BODY_TIMEOUT_S": "1",
    "AFTERCALL_UNSENT_TIMEOUT_S": "1",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("connections"), env=LIMITS) as server:
        yield server


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_S) as line:
        yield line


def read_to_end(line: socket.socket) -> bytes:
    """What comes until the server closes the connection."""
    found = b""
    with suppress(ConnectionResetError):
        while chunk := line.recv(65_536):
            found += chunk
    return found


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def refusals(server: Server, reason: str) -> float:
    for line in http_client.get(f"{server.url}/metrics").text.splitlines():
        if line.startswith(f'aftercall_connections_refused_total{{reason="{reason}"}}'):
            return float(line.split()[1])
    return 0.0


def is_answering(server: Server) -> bool:
    return bool(http_client.get(f"{server.url}/healthz").status_code == 200)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"".join(b"x-%d: y\r\n" % n for n in range(101)), 431),
        (b"x-long: " + b"y" * 33_000 + b"\r\n", 431),
        (b"x-endless: " + b"y" * 400_000, 431),
        (b"".join(b"x-%d: y\r\n" % n for n in range(20_000)), 431),
        (b"no colon\r\n", 400),
        (b"a: b\r\n" * 100, 431),
        (b"a: b\r\n" * 98, 200),
        (b"x-long: " + b"y" * 31_000 + b"\r\n", 200),
    ],
    ids=["many", "long", "endless", "flood", "malformed", "one too many", "most", "longest"],
)
def test_the_head_of_a_request_is_bounded(server: Server, head: bytes, status: int) -> None:
    with connected(server) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nhost: a\r\n")
        line.sendall(head + b"connection: close\r\n\r\n" if status == 200 else head + b"\r\n")
        answer = read_to_end(line)
    assert status_of(answer) == status
    if status != 200:
        body = json.loads(answer.partition(b"\r\n\r\n")[2])
        assert body["error"]["code"] == status
    assert is_answering(server)


def test_a_long_address_is_refused_as_such(server: Server) -> None:
    with connected(server) as line:
        line.sendall(b"GET /healthz?" + b"q" * 17_000 + b" HTTP/1.1\r\nhost: a\r\n\r\n")
        assert status_of(read_to_end(line)) == 414


def test_headers_that_come_too_slowly_are_refused(server: Server) -> None:
    with connected(server) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert status_of(drip(line, b"x: y\r\n")) == 408


def test_empty_lines_before_a_request_keep_no_connection_open(server: Server) -> None:
    with connected(server) as line:
        drip(line, b"\r\n")


def drip(line: socket.socket, piece: bytes) -> bytes:
    """Sends a piece ten times a second until the server closes the connection; the answer."""
    line.settimeout(0.1)
    give_up_at = time.monotonic() + TIMEOUT_S
    while time.monotonic() < give_up_at:
        with suppress(TimeoutError):
            return line.recv(65_536)
        try:
            line.sendall(piece)
        except OSError:
            return b""
    raise AssertionError("the connection was kept")


def test_a_silent_connection_is_closed_without_an_answer(server: Server) -> None:
    with connected(server) as line:
        assert read_to_end(line) == b""


def test_a_body_that_comes_too_slowly_is_refused(server: Server) -> None:
    head = b"POST /v1/collect HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n{"
    with connected(server) as line:
        line.sendall(head)
        assert status_of(drip(line, b" ")) == 408


def test_a_refused_body_is_not_read_to_its_end(server: Server) -> None:
    head = b"POST /v1/collect HTTP/1.1\r\nhost: a\r\ncontent-length: 9000000000\r\n\r\n"
    with connected(server) as line:
        line.sendall(head)
        assert status_of(line.recv(65_536)) == 413
        drip(line, b" " * 1_000)


def test_a_chunked_body_cannot_hide_a_flood_in_its_framing(server: Server) -> None:
    head = b"POST /v1/collect HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
    before = refusals(server, "malformed")
    with connected(server) as line:
        line.sendall(head + b"1\r\n{\r\n0\r\n")
        with suppress(OSError):
            line.sendall(b"".join(b"x-trailer-%d: y\r\n" % n for n in range(10_000)))
        assert status_of(read_to_end(line)) == 400
    assert refusals(server, "malformed") > before


def test_requests_sent_ahead_are_bounded(server: Server) -> None:
    with connected(server) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n" * 5_000)
        assert read_to_end(line).count(b"HTTP/1.1 200") < 100
    assert is_answering(server)


def test_some_requests_sent_ahead_are_answered_in_order(server: Server) -> None:
    with connected(server) as line:
        line.sendall(
            b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n" * 9
            + b"GET /nowhere HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
        )
        answer = read_to_end(line)
    assert answer.count(b"HTTP/1.1 200") == 9
    assert answer.rindex(b"HTTP/1.1 404") > answer.rindex(b"HTTP/1.1 200")


def test_idle_connections_make_room_for_requests(server: Server) -> None:
    with ExitStack() as stack:
        lines = [stack.enter_context(connected(server)) for _ in range(MOST)]
        for line in lines:
            line.sendall(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n")
            assert status_of(line.recv(65_536)) == 200
        for _ in range(20):
            assert is_answering(server)
        assert b"HTTP/1.1" not in read_to_end(lines[0])
    assert refusals(server, "made_room") >= 1


def test_a_flood_of_half_requests_blocks_no_other(server: Server) -> None:
    with ExitStack() as stack:
        for _ in range(5 * MOST):
            line = stack.enter_context(connected(server))
            line.sendall(b"GET /healthz HTTP/1.1\r\n")
        for _ in range(10):
            assert is_answering(server)


def test_a_request_beyond_the_most_answers_is_refused_with_503(server: Server) -> None:
    path = f"/v1/apps/{server.app_id}/live"
    head = f"GET {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {server.api_token}\r\n\r\n"
    with ExitStack() as stack:
        lines = [stack.enter_context(connected(server)) for _ in range(MOST)]
        for line in lines:
            line.sendall(head.encode())
            assert status_of(line.recv(65_536)) == 200
        with connected(server) as late:
            answer = read_to_end(late)
        assert status_of(answer) == 503
        assert b"retry-after: 5" in answer
