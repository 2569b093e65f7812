import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import Bug
from aftercall.service.reports.deflate import END, DeflatedJson

LONG = st.lists(st.sampled_from([b'{"mos":4.1}', b"x", b"\x00" * 300, bytes(range(256))]))


@given(st.lists(LONG.map(b"".join), max_size=6))
def test_concatenated_texts_are_one_deflate_stream(plain: list[bytes]) -> None:
    stream = b"".join(DeflatedJson(each).deflated for each in plain) + END
    assert zlib.decompress(stream, wbits=-15) == b"".join(plain)


def stored(text: DeflatedJson) -> DeflatedJson:
    return DeflatedJson.from_deflated(text.deflated, size=text.size, crc32=text.crc32)


@given(LONG.map(b"".join), st.booleans())
def test_a_text_is_written_when_it_is_used(plain: bytes, is_deflated: bool) -> None:
    written: list[bytes] = []

    def write() -> Iterator[bytes | memoryview]:
        written.append(plain)
        yield plain[:7]
        yield memoryview(plain)[7:]

    text = DeflatedJson.from_writer(write)
    assert not written
    if is_deflated:
        text.deflate()
        assert "plain" not in vars(text)
    assert (text.plain, text.size, text.crc32) == (plain, len(plain), zlib.crc32(plain))
    assert zlib.decompress(text.deflated + END, wbits=-15) == plain
    assert len(written) == 1


@given(LONG.map(b"".join))
def test_a_stored_text_is_inflated(plain: bytes) -> None:
    text = DeflatedJson(plain)
    again = stored(text)
    assert "plain" not in vars(again)
    assert again.plain == plain
    assert (text.size, text.crc32) == (len(plain), zlib.crc32(plain))


@given(LONG.map(b"".join), st.integers(1, 300), st.booleans())
def test_a_text_is_inflated_in_parts_without_caching_it(
    plain: bytes, step: int, is_stored: bool
) -> None:
    text = stored(DeflatedJson(plain)) if is_stored else DeflatedJson(plain)
    parts = list(text.inflated_by(step))
    assert b"".join(parts) == plain
    assert all(0 < len(part) <= step for part in parts)
    assert ("plain" in vars(text)) is not is_stored


@pytest.mark.parametrize(
    ("deflated", "size"), [(b"\xff\xff", 3), (DeflatedJson(b"abc").deflated, 4)]
)
def test_a_damaged_text_is_a_bug(deflated: bytes, size: int) -> None:
    with pytest.raises(Bug) as bug:
        _ = DeflatedJson.from_deflated(deflated, size=size, crc32=0).plain
    assert bug.value.code == "report_unreadable"
