"""The files of a body, however its bytes are cut."""

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import Malformed
from aftercall.web.http.upload import receive_files


class Collected:
    """Files in memory."""

    def __init__(self) -> None:
        self.files: list[tuple[str, bytes]] = []
        self.ended = 0

    async def begin_file(self, name: str) -> None:
        self.files.append((name, b""))

    async def write(self, chunk: bytes) -> None:
        name, content = self.files[-1]
        self.files[-1] = name, content + chunk

    async def end_file(self) -> None:
        self.ended += 1


def multipart(files: list[tuple[str, bytes]]) -> bytes:
    parts = [
        b'--b0\r\nContent-Disposition: form-data; name="file"; filename="%b"\r\n\r\n%b\r\n'
        % (name.encode(), content)
        for name, content in files
    ]
    return b"".join(parts) + b"--b0--\r\n"


async def received(body: bytes, cuts: list[int], content_type: str) -> Collected:
    async def chunks() -> AsyncIterator[bytes]:
        places = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
        for start, end in pairwise(places):
            yield body[start:end]
        yield b""

    collected = Collected()
    await receive_files(chunks(), content_type, "raw.gz", collected)
    return collected


CUTS = st.lists(st.integers(0, 10_000), max_size=20)
FILES = st.lists(
    st.tuples(
        st.from_regex(r"[a-z]{1,8}\.gz", fullmatch=True),
        st.binary(max_size=300) | st.just(b"\r\n--b0") | st.just(b"\r\n--b\r\n"),
    ),
    min_size=1,
    max_size=4,
)


@given(FILES, CUTS)
async def test_files_come_out_as_they_went_in_however_the_body_is_cut(
    files: list[tuple[str, bytes]], cuts: list[int]
) -> None:
    files = [(name, content.replace(b"\r\n--b0", b"")) for name, content in files]
    found = await received(multipart(files), cuts, 'multipart/form-data; boundary="b0"')
    assert found.files == files and found.ended == len(files)


@given(st.binary(max_size=300), CUTS)
async def test_any_other_body_is_one_file(body: bytes, cuts: list[int]) -> None:
    for content_type in ("", "application/octet-stream", "application/json"):
        found = await received(body, cuts, content_type)
        assert found.files == [("raw.gz", body)] and found.ended == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b0",
        multipart([("a", b"x")])[:-6],
        b'--b0\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--b0--\r\n',
        b"--b0\r\nX: " + b"y" * 10_000 + b"\r\n\r\nx\r\n--b0--\r\n",
    ],
)
async def test_what_is_no_multipart_of_files_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        await received(body, [3], "multipart/form-data; boundary=b0")
