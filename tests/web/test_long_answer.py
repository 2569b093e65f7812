import gzip
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.service.long_text import LongText
from aftercall.web import long_answer
from aftercall.web.long_answer import LongAnswer, takes_gzip


async def _sent(answer: LongAnswer, accept_encoding: str) -> tuple[dict[bytes, bytes], bytes]:
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
async def test_both_forms_say_the_same(pieces: list[bytes], is_stored: bool) -> None:
    held: list[bytes | LongText] = [
        LongText(piece) if is_stored and number % 2 else piece
        for number, piece in enumerate(pieces)
    ]
    _, plain = await _sent(LongAnswer(held), "")
    headers, packed = await _sent(LongAnswer(held), "gzip")
    assert plain == b"".join(pieces)
    assert headers[b"content-encoding"] == b"gzip"
    assert gzip.decompress(packed) == plain


async def test_a_large_piece_is_inflated_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_answer, "IN_A_THREAD_FROM", 10)
    large = LongText(b"0123456789")
    stored = large.packed()
    _, plain = await _sent(LongAnswer([b"<", stored, b">", stored]), "identity")
    assert plain == b"<0123456789>0123456789"


@pytest.mark.parametrize(
    ("said", "is_taken"),
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
def test_the_client_says_whether_it_takes_gzip(said: str, is_taken: bool) -> None:
    assert takes_gzip(said) is is_taken
