"""A response sent as a whole is on the wire what the same response in two messages is."""

from collections.abc import Iterator
from http import HTTPStatus

import pytest

from aftercall.web.server.whole_response import head_of
from tests.web.server.connection_harness import ServerProcess, open_process


@pytest.fixture
def process() -> Iterator[ServerProcess]:
    with open_process() as made:
        yield made


def _written(process: ServerProcess, request: bytes) -> tuple[bytes, bool]:
    """What was sent on one connection, and whether the server closed it."""
    line = process.connect()
    line.send(request)
    return line.transport.written, line.transport.is_ended


@pytest.mark.parametrize("method", [b"GET", b"POST", b"HEAD"])
@pytest.mark.parametrize(
    ("version", "lines"),
    [
        (b"HTTP/1.1", b""),
        (b"HTTP/1.1", b"connection: close\r\n"),
        (b"HTTP/1.0", b""),
    ],
    ids=["kept alive", "closed", "of HTTP/1.0"],
)
def test_a_whole_response_has_the_bytes_of_two_messages(
    process: ServerProcess, method: bytes, version: bytes, lines: bytes
) -> None:
    requests = [
        method + b" " + path + b" " + version + b"\r\nhost: a\r\n" + lines + b"\r\n"
        for path in (b"/whole", b"/parts")
    ]
    whole, parts = (_written(process, request) for request in requests)
    assert whole == parts
    assert whole[0].startswith(b"HTTP/1.1 202 Accepted\r\n")
    assert whole[0].endswith(b"\r\n\r\n" if method == b"HEAD" else b"\r\n\r\nhello")


def test_pipelined_requests_are_answered_in_order(process: ServerProcess) -> None:
    line = process.connect()
    line.send(
        b"".join(b"GET /%s HTTP/1.1\r\nhost: a\r\n\r\n" % p for p in (b"whole", b"", b"whole"))
    )
    assert line.statuses == [202, 200, 202]


def test_no_bytes_are_sent_to_a_disconnected_client(process: ServerProcess) -> None:
    line = process.connect()
    line.send(b"POST /whole HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\n")
    line.close()
    process.loop.run_ready()
    assert line.transport.written == b""
    assert process.app.disconnects == 1


@pytest.mark.parametrize("status", HTTPStatus)
def test_every_status_has_its_status_line(status: HTTPStatus) -> None:
    line = head_of(status, [])
    assert line.startswith(b"HTTP/1.1 %d " % status)
    assert line.count(b"\r\n") == 1
