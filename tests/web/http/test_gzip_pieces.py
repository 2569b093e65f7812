import asyncio
import gzip
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.service.reports.deflate import DeflatedJson
from aftercall.web.http.gzip_pieces import PiecewiseResponse, takes_gzip


async def _sent(
    answer: PiecewiseResponse, accept_encoding: str
) -> tuple[dict[bytes, bytes], bytes]:
    scope: Any = {"type": "http", "headers": [(b"accept-encoding", accept_encoding.encode())]}
    messages: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("An answer reads nothing.")

    async def send(message: Any) -> None:
        messages.append(message)

    await answer(scope, receive, send)
    start, *parts = messages
    assert start["status"] == 200
    assert [part["more_body"] for part in parts] == [True] * (len(parts) - 1) + [False]
    headers = dict(start["headers"])
    body = b"".join(part["body"] for part in parts)
    assert int(headers[b"content-length"]) == len(body)
    return headers, body


@given(st.lists(st.binary(max_size=200), max_size=6), st.booleans())
async def test_the_compressed_and_the_plain_form_have_the_same_content(
    pieces: list[bytes], is_stored: bool
) -> None:
    held: list[bytes | DeflatedJson] = [
        DeflatedJson(piece) if is_stored and number % 2 else piece
        for number, piece in enumerate(pieces)
    ]
    _, plain = await _sent(PiecewiseResponse(held), "")
    headers, packed = await _sent(PiecewiseResponse(held), "gzip")
    assert plain == b"".join(pieces)
    assert headers[b"content-encoding"] == b"gzip"
    assert gzip.decompress(packed) == plain


@pytest.mark.parametrize("accepted", ["gzip", ""])
@pytest.mark.parametrize("most_held", [0, 1_000])
async def test_a_piece_is_written_once_for_an_answer(accepted: str, most_held: int) -> None:
    written: list[bytes] = []

    def write() -> list[bytes]:
        written.append(b"0123456789")
        return written[-1:]

    text = DeflatedJson.from_writer(write)
    _, body = await _sent(
        PiecewiseResponse([b"<", text, b">", text], most_held=most_held), accepted
    )
    plain = gzip.decompress(body) if accepted else body
    assert (plain, len(written)) == (b"<0123456789>0123456789", 1)


def _stored(text: DeflatedJson) -> DeflatedJson:
    return DeflatedJson.from_deflated(text.deflated, size=text.size, crc32=text.crc32)


async def test_a_large_piece_is_inflated_outside_the_event_loop() -> None:
    large = DeflatedJson(b"0123456789")
    small = _stored(large)
    _, plain = await _sent(
        PiecewiseResponse([b"<", small, b">", small], in_a_thread_from=10), "identity"
    )
    assert plain == b"<0123456789>0123456789"


async def test_the_memory_of_inflated_pieces_is_limited_across_readers() -> None:
    piece = bytes(range(250)) * 4
    may_read = asyncio.Event()
    texts = [_stored(DeflatedJson(piece)) for _ in range(6)]

    async def read(text: DeflatedJson) -> bytes:
        taken: list[bytes] = []

        async def send(message: Any) -> None:
            if "body" in message:
                taken.append(message["body"])
                await may_read.wait()

        scope: Any = {"type": "http", "headers": []}
        receive: Any = may_read.wait
        answer = PiecewiseResponse([b"<", text], most_held=2_500, step=100)
        await answer(scope, receive, send)
        return b"".join(taken)

    reading = [asyncio.create_task(read(text)) for text in texts]
    for _ in range(20):
        await asyncio.sleep(0)
    may_read.set()
    assert await asyncio.gather(*reading) == [b"<" + piece] * 6
    assert ["plain" in vars(text) for text in texts] == [True, True, False, False, False, False]
    assert PiecewiseResponse.held == 0


async def test_a_disconnected_reader_no_longer_counts() -> None:
    class Gone(Exception):
        pass

    async def send(message: Any) -> None:
        if message.get("body"):
            raise Gone

    scope: Any = {"type": "http", "headers": []}
    receive: Any = asyncio.Event().wait
    with pytest.raises(Gone):
        await PiecewiseResponse([b"<", b">"])(scope, receive, send)
    assert PiecewiseResponse.held == 0


@pytest.mark.parametrize(
    ("stated", "is_taken"),
    [
        ("", False),
        ("gzip", True),
        ("deflate, GZIP", True),
        ("br;q=1.0, gzip;q=0.2", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("*", True),
        ("*;q=0", False),
        ("deflate, br", False),
        ("gzip;q=", False),
    ],
)
def test_accept_encoding_decides_about_gzip(stated: str, is_taken: bool) -> None:
    assert takes_gzip(stated) is is_taken
