"""A speech model behind an OpenAI-compatible `/audio/transcriptions`.

As for `chat_model`, its address is the operator's. The file is sent while it is read, under a name
that says only its format.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from aftercall.core.audio_tracks import AudioFormat, TrackSegment
from aftercall.core.instants import SECOND_MS
from aftercall.core.storable_json import storable
from aftercall.core.uploaded_transcript import MOST_LINES
from aftercall.outbound.model_request import ModelFailed, ask_model
from aftercall.outbound.safe_sender import SafeSender, StreamedBody

MOST_ANSWER_BYTES: Final = 33_554_432
"""An hour of speech takes about a megabyte, with a time for each word ten."""

LONGEST_TEXT: Final = 65_536
"""Characters of one segment."""

_LONGEST_S: Final = 604_800.0
_PIECE_BYTES: Final = 262_144


class _Segment(msgspec.Struct):
    start: float
    text: str
    end: float | None = None


class _Answer(msgspec.Struct):
    text: str | None = None
    segments: list[_Segment] | None = None


class SpeechModel:
    """One model of one server."""

    def __init__(
        self, sender: SafeSender, *, base_url: str, name: str, key: str, timeout_s: float
    ) -> None:
        self.name = name
        self._sender = sender
        self._url = f"{base_url.rstrip('/')}/audio/transcriptions"
        self._key = key
        self._timeout_s = timeout_s

    async def transcribe(
        self, path: Path, format: AudioFormat, language: str | None
    ) -> list[TrackSegment]:
        """What is said in a file, with times from its beginning; nothing if nobody speaks. Raises
        `ModelFailed`, and `OSError` for a file that cannot be read."""
        boundary = f"aftercall-{secrets.token_hex(16)}"
        size = (await asyncio.to_thread(path.stat)).st_size
        before, after = self._frame(boundary, format, language)
        body = StreamedBody(
            len(before) + size + len(after), lambda: _pieces(before, path, size, after)
        )
        answer = await ask_model(
            self._sender,
            self._url,
            key=self._key,
            content_type=f"multipart/form-data; boundary={boundary}",
            body=body,
            timeout_s=self._timeout_s,
            most_bytes=MOST_ANSWER_BYTES,
        )
        return await asyncio.to_thread(_read, answer)

    def _frame(
        self, boundary: str, format: AudioFormat, language: str | None
    ) -> tuple[bytes, bytes]:
        """What stands before and after the file."""
        fields = [
            ("model", self.name),
            ("response_format", "verbose_json"),
            ("timestamp_granularities[]", "segment"),
            *([] if language is None else [("language", language)]),
        ]
        parts = [
            f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields
        ]
        parts.append(
            f'--{boundary}\r\ncontent-disposition: form-data; name="file"; '
            f'filename="track.{format.value}"\r\ncontent-type: application/octet-stream\r\n\r\n'
        )
        return "".join(parts).encode(), f"\r\n--{boundary}--\r\n".encode()


async def _pieces(before: bytes, path: Path, size: int, after: bytes) -> AsyncIterator[bytes]:
    """A body of the promised length, or an `OSError`."""
    yield before
    file = await asyncio.to_thread(path.open, "rb")
    try:
        left = size
        while left:
            piece = await asyncio.to_thread(_read_piece, file, min(left, _PIECE_BYTES))
            if not piece:
                raise OSError(f"{path.name} became shorter while it was sent")
            left -= len(piece)
            yield piece
    finally:
        file.close()
    yield after


def _read_piece(file: BinaryIO, size: int) -> bytes:
    return file.read(size)


def _read(body: bytes) -> list[TrackSegment]:
    try:
        found = msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ModelFailed(
            "The model's server answered with no transcription.",
            code="unreadable_answer",
            is_passing=True,
        ) from error
    if not found.segments and found.text and found.text.strip():
        raise ModelFailed(
            "The model gave a text without times. One is needed that answers verbose_json with "
            "segments.",
            code="no_segments",
            is_passing=False,
        )
    if found.segments is None and found.text is None:
        raise ModelFailed(
            "The model's server answered with neither text nor segments.",
            code="unreadable_answer",
            is_passing=True,
        )
    segments = [_segment(each) for each in found.segments or () if each.text.strip()]
    if len(segments) > MOST_LINES:
        raise ModelFailed(
            f"The model found more than {MOST_LINES:,} lines, which is what a transcript has.",
            code="too_many_lines",
            is_passing=False,
        )
    return segments


def _segment(found: _Segment) -> TrackSegment:
    """A segment that begins before its file begins with it, and one that ends before it begins is a
    moment: models place the first and the last word badly."""
    start_s = max(0.0, found.start)
    end_s = start_s if found.end is None else max(start_s, found.end)
    if end_s > _LONGEST_S or len(found.text) > LONGEST_TEXT:
        raise ModelFailed(
            "The model's server answered with a segment that no audio has.",
            code="unreadable_answer",
            is_passing=True,
        )
    return TrackSegment(
        round(start_s * SECOND_MS), round(end_s * SECOND_MS), storable(found.text.strip())
    )
