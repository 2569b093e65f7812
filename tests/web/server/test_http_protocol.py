import json
from collections.abc import Iterator

import pytest

from aftercall.web.server.connections import LEAST_BYTES_PER_S
from aftercall.web.server.http_protocol import (
    AFTER_ANSWER_S,
    MOST_AHEAD,
    MOST_FRAMING,
    MOST_HEAD_BYTES,
    MOST_HEADERS,
    MOST_TARGET_BYTES,
    LimitedHttpProtocol,
)
from tests.web.server.connection_harness import (
    LIMITS,
    RecordingTransport,
    ServerProcess,
    open_process,
)

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
NEVER = b"GET /never HTTP/1.1\r\nhost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.fixture
def process() -> Iterator[ServerProcess]:
    with open_process() as made:
        yield made


def head_with(*lines: bytes, target: bytes = b"/") -> bytes:
    return b"\r\n".join([b"GET " + target + b" HTTP/1.1", *lines, b"", b""])


def test_a_connection_accepts_several_requests_in_turn(process: ServerProcess) -> None:
    line = process.connect()
    for _ in range(3):
        line.send(GET)
    assert line.statuses == [200, 200, 200]


def test_a_body_is_passed_to_the_application_unchanged(process: ServerProcess) -> None:
    line = process.connect()
    line.send(POST % 6 + b"abc")
    line.send(b"def" + CHUNKED + b"2\r\ngh\r\n0\r\n\r\n")
    assert process.app.bodies == [b"abcdef", b"gh"]


@pytest.mark.parametrize(
    ("head", "statuses"),
    [
        (head_with(*[b"x: y"] * MOST_HEADERS), [200]),
        (head_with(*[b"x: y"] * (MOST_HEADERS + 1)), [431]),
        (head_with(b"x: " + b"y" * (MOST_HEAD_BYTES - 100)), [200]),
        (head_with(b"x: " + b"y" * MOST_HEAD_BYTES), [431]),
        (head_with(target=b"/?" + b"q" * (MOST_TARGET_BYTES - 2)), [200]),
        (head_with(target=b"/?" + b"q" * (MOST_TARGET_BYTES - 1)), [414]),
        (b"\x16\x03\x01\x02\x00", [400]),
    ],
    ids=["most", "too many", "longest", "too long", "far", "too far", "TLS"],
)
@pytest.mark.parametrize("first", [100_000, 1_000, 1], ids=["at once", "in pieces", "by a byte"])
def test_a_head_is_limited_however_it_is_split(
    process: ServerProcess, head: bytes, statuses: list[int], first: int
) -> None:
    line = process.connect()
    line.send(head[:first])
    for begin in range(first, len(head), 1_000):
        line.send(head[begin : begin + 1_000])
    assert line.statuses == statuses


def test_an_unfinished_head_is_limited(process: ServerProcess) -> None:
    line = process.connect()
    line.send(head_with(b"x: " + b"y" * 200_000)[:-4])
    line.send(b"\r\n\r\n")
    assert line.statuses == [431]


def test_a_large_body_does_not_count_in_the_head_of_the_next_request(
    process: ServerProcess,
) -> None:
    line = process.connect()
    line.send(POST % 60_000)
    line.send(b"b" * 30_000)
    line.send(b"b" * 30_000 + GET[:20])
    line.send(GET[20:])
    assert line.statuses == [200, 200]


def test_a_refusal_has_the_error_body_of_the_api_and_closes_the_connection(
    process: ServerProcess,
) -> None:
    line = process.connect()
    line.send(b"no request\r\n\r\n")
    head, _, body = line.transport.written.partition(b"\r\n\r\n")
    assert json.loads(body)["error"]["code"] == 400
    assert b"connection: close" in head
    assert b"content-length: %d" % len(body) in head
    assert line.transport.is_ended
    line.send(GET)
    assert line.statuses == [400], "what comes after a refusal is not read"


def test_a_malformed_request_does_not_replace_the_answer_before_it(process: ServerProcess) -> None:
    line = process.connect()
    line.send(NEVER)
    line.send(b"no request\r\n\r\n")
    # An error process would be read as the answer to the first request.
    assert line.statuses == []
    assert line.transport.is_ended
    assert process.counted("malformed") == 1


def test_the_application_is_disconnected_if_the_rest_of_a_body_is_malformed(
    process: ServerProcess,
) -> None:
    line = process.connect()
    line.send(CHUNKED + b"1\r\n.\r\n")
    line.send(b"no length\r\n")
    assert line.statuses == [400]
    assert process.app.bodies == []
    assert process.app.disconnects == 1


def test_pipelined_requests_are_limited(process: ServerProcess) -> None:
    line = process.connect()
    line.send(NEVER + GET * MOST_AHEAD)
    assert not line.transport.is_ended
    line.send(GET)
    assert line.transport.is_ended


def test_the_chunk_framing_is_limited_by_the_body(process: ServerProcess) -> None:
    honest, hiding = process.connect(), process.connect()
    for line in (honest, hiding):
        line.send(CHUNKED)
    honest.send(b"1\r\n.\r\n" * (MOST_HEAD_BYTES // 2))
    assert not honest.transport.is_ended
    extension = b"1;" + b"x" * (10 * MOST_FRAMING) + b"\r\n.\r\n"
    hiding.send(extension * (2 * MOST_HEAD_BYTES // len(extension)))
    assert not hiding.transport.is_ended
    hiding.send(extension * 100)
    assert hiding.statuses == [400]


def test_trailers_are_limited(process: ServerProcess) -> None:
    line = process.connect()
    line.send(CHUNKED + b"1\r\n.\r\n0\r\n")
    line.send(b"x: y\r\n" * (2 * MOST_HEADERS + 1))
    assert line.statuses == [400]


def test_the_head_timeout_starts_with_the_first_byte(process: ServerProcess) -> None:
    line = process.connect()
    line.send(GET)
    process.loop.pass_time(LIMITS.head_s * 3)
    assert not line.transport.is_ended, "an idle connection is not late"
    line.send(b"GET / HTTP/1.1\r\n")
    process.loop.pass_time(LIMITS.head_s)
    line.send(b"host: a\r\n")
    assert line.statuses == [200]
    process.loop.pass_time(1)
    assert line.statuses == [200, 408]


def test_a_connection_without_a_request_is_closed_without_an_answer(process: ServerProcess) -> None:
    line = process.connect()
    process.loop.pass_time(LIMITS.head_s + 1)
    assert line.transport.is_ended
    assert line.transport.written == b""
    assert process.counted("request_timeout") == 0


def test_the_body_timeout_grows_with_the_bytes_received(process: ServerProcess) -> None:
    steady, slow = process.connect(), process.connect()
    for line in (steady, slow):
        line.send(POST % 60_000)
    steady.send(b"b" * 10 * LEAST_BYTES_PER_S)
    process.loop.pass_time(LIMITS.body_s + 1)
    assert slow.statuses == [408]
    assert not steady.transport.is_ended
    process.loop.pass_time(10)
    assert steady.statuses == [408]


def test_a_request_being_answered_never_times_out(process: ServerProcess) -> None:
    line = process.connect()
    line.send(NEVER)
    process.loop.pass_time(LIMITS.body_s * 3)
    assert not line.transport.is_ended


def test_a_body_not_read_by_the_application_does_not_time_out(process: ServerProcess) -> None:
    line = process.connect()
    line.send(b"POST /never HTTP/1.1\r\nhost: a\r\ncontent-length: 200000\r\n\r\n" + b"b" * 70_000)
    assert line.protocol.flow.read_paused
    process.loop.pass_time(70_000 / LEAST_BYTES_PER_S + LIMITS.body_s + 1)
    assert not line.transport.is_ended


def test_a_body_is_read_for_a_short_time_after_its_answer(process: ServerProcess) -> None:
    line = process.connect()
    line.send(b"POST /early HTTP/1.1\r\nhost: a\r\ncontent-length: 60000\r\n\r\n")
    assert line.statuses == [200]
    process.loop.pass_time(AFTER_ANSWER_S)
    assert not line.transport.is_ended
    process.loop.pass_time(1)
    assert line.transport.is_ended


def test_an_unknown_upgrade_is_answered_as_a_request(process: ServerProcess) -> None:
    line = process.connect()
    line.send(head_with(b"host: a", b"connection: upgrade", b"upgrade: h2c"))
    assert line.statuses == [200]


class _Upgraded(LimitedHttpProtocol):
    """Records that a connection would be passed to uvicorn's WebSocket protocol."""

    is_upgraded = False

    def handle_websocket_upgrade(self) -> None:
        self.is_upgraded = True


def test_an_upgrade_to_websocket_is_passed_on(process: ServerProcess) -> None:
    protocol = _Upgraded(process.config, process.state, {}, process.loop)
    transport = RecordingTransport()
    protocol.connection_made(transport)
    protocol.data_received(
        head_with(
            b"host: a",
            b"connection: Upgrade",
            b"upgrade: websocket",
            b"sec-websocket-version: 13",
            b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
            target=b"/try/socket",
        )
    )
    assert protocol.is_upgraded
    assert transport.written == b""
