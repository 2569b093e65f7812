"""Reads a finished transcript, whichever of the formats it has."""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Final

from aftercall.core.errors import Malformed, TooLarge
from aftercall.core.uploaded_transcript import (
    MOST_LINES,
    TranscriptFormat,
    UploadedLine,
    UploadedTranscript,
)
from aftercall.wire.transcript_upload.captions import read_captions
from aftercall.wire.transcript_upload.entries import read_entries
from aftercall.wire.transcript_upload.file_text import decode_text
from aftercall.wire.transcript_upload.table import is_table, read_table

_BEGINNING: Final = 1_000


def read_transcript(file: bytes, *, names: Collection[str]) -> UploadedTranscript:
    """The transcript. `names` are those of the session's people.

    Raises `Malformed`: `unknown_transcript` for a file of no known format, `empty_transcript` for
    one without a line, `bad_transcript`, which names the line; and `TooLarge`."""
    text = decode_text(file)
    format = format_of(text)
    has_dates = False
    lines: Iterator[UploadedLine]
    match format:
        case TranscriptFormat.JSON:
            lines = read_entries(text)
        case TranscriptFormat.CSV:
            lines, has_dates = read_table(text)
        case TranscriptFormat.SRT | TranscriptFormat.VTT:
            lines = read_captions(text, is_vtt=format is TranscriptFormat.VTT, names=names)
    return UploadedTranscript(
        format=format,
        digest=hashlib.sha256(file).hexdigest(),
        lines=_bounded(lines),
        has_dates=has_dates,
    )


def format_of(text: str) -> TranscriptFormat:
    """The format, by how the text begins. Raises `Malformed`."""
    beginning = text[:_BEGINNING].lstrip()
    if not beginning and not text.strip():
        raise Malformed("The file is empty.", code="empty_transcript")
    if beginning.startswith("WEBVTT"):
        return TranscriptFormat.VTT
    if beginning.startswith(("[", "{")):
        return TranscriptFormat.JSON
    if is_table(text):
        return TranscriptFormat.CSV
    if any("-->" in line for line in beginning.splitlines()[:2]):
        return TranscriptFormat.SRT
    raise Malformed(
        "The file is no transcript: it must be WebVTT, SRT, JSON, or CSV with the columns start "
        "and text",
        code="unknown_transcript",
    )


def _bounded(lines: Iterable[UploadedLine]) -> list[UploadedLine]:
    found = list(islice(lines, MOST_LINES + 1))
    if len(found) > MOST_LINES:
        raise TooLarge(f"A transcript has at most {MOST_LINES:,} lines.", code="too_large")
    if not found:
        raise Malformed("The file has no line with a text.", code="empty_transcript")
    return found
