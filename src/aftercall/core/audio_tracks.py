"""Audio of an ended session, a file for each speaker, and the transcript that is made of it."""

import hashlib
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from aftercall.core.errors import TooLarge
from aftercall.core.instants import EpochMs
from aftercall.core.uploaded_transcript import (
    MOST_LINES,
    TranscriptFormat,
    UploadedLine,
    UploadedTranscript,
)

MOST_TRACKS: Final = 64
"""Tracks of one session."""

BEGINNING_BYTES: Final = 64
"""Bytes of a file by which its format is recognised."""


class AudioFormat(StrEnum):
    """The format of a track, which is also the ending of a file's name."""

    FLAC = "flac"
    M4A = "m4a"
    MP3 = "mp3"
    OGG = "ogg"
    WAV = "wav"
    WEBM = "webm"


def audio_format_of(beginning: bytes) -> AudioFormat | None:
    """The format of a file that begins so; `None` if it is none of the known ones. Signatures: RFC
    9639 (FLAC), RFC 3533 (Ogg), RFC 8794 (EBML), ISO/IEC 14496-12 (`ftyp`), ISO/IEC 11172-3 (MPEG
    audio), RIFF."""
    if beginning.startswith(b"fLaC"):
        return AudioFormat.FLAC
    if beginning.startswith(b"OggS"):
        return AudioFormat.OGG
    if beginning.startswith(b"\x1a\x45\xdf\xa3"):
        return AudioFormat.WEBM
    if beginning[:4] == b"RIFF" and beginning[8:12] == b"WAVE":
        return AudioFormat.WAV
    if beginning[4:8] == b"ftyp":
        return AudioFormat.M4A
    if beginning.startswith(b"ID3") or _is_mpeg_audio(beginning):
        return AudioFormat.MP3
    return None


def _is_mpeg_audio(beginning: bytes) -> bool:
    """Whether a frame header of layer III begins the file, with a bit rate and a sampling rate that
    exist."""
    if len(beginning) < 4 or beginning[0] != 0xFF or beginning[1] & 0xE6 != 0xE2:
        return False
    return beginning[2] & 0xF0 != 0xF0 and beginning[2] & 0x0C != 0x0C


class AudioTrack(msgspec.Struct, frozen=True, kw_only=True):
    """A file of one speaker's audio, or of everybody's where `speaker` is empty. `offset_ms` is
    when it begins, in ms after its session; `digest` that of its bytes. `lines` is `None` until it
    has been transcribed."""

    id: str
    speaker: str
    offset_ms: int
    format: AudioFormat
    bytes: int
    digest: str
    lines: int | None = None

    @property
    def is_transcribed(self) -> bool:
        return self.lines is not None

    def is_same(self, other: "AudioTrack") -> bool:
        """Whether another upload is of the same file at the same place."""
        mine, its = ((each.digest, each.speaker, each.offset_ms) for each in (self, other))
        return mine == its


class TranscriptionState(StrEnum):
    """How far a transcription is."""

    UPLOADING = "uploading"
    """More tracks may come."""
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """The tracks are kept for another attempt, until their time is over."""


class TranscriptionFailure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a transcription failed: a stable code and a sentence."""

    code: str
    message: str


class Transcription(msgspec.Struct, frozen=True, kw_only=True):
    """The tracks of one session, and what becomes of them. `id` changes with every new set of
    tracks; `requested_by` is the id of a token or of a sign-in."""

    app_id: str
    session_id: str
    id: str
    requested_at: EpochMs
    requested_by: str
    state: TranscriptionState = TranscriptionState.UPLOADING
    tracks: list[AudioTrack] = []
    language: str | None = None
    """ISO 639-1 code; `None`: the model finds it out."""
    replaces: bool = False
    """Whether it may take the place of lines that were recorded, not uploaded."""
    starts: int = 0
    """How often the work has begun since a track was done: again after a stop of the server."""
    failure: TranscriptionFailure | None = None
    finished_at: EpochMs | None = None

    @property
    def is_under_way(self) -> bool:
        return self.state in (TranscriptionState.WAITING, TranscriptionState.RUNNING)


class TrackSegment(NamedTuple):
    """What was said from `start_ms` to `end_ms` of a track."""

    start_ms: int
    end_ms: int
    text: str


def merge_tracks(
    tracks: Iterable[tuple[AudioTrack, Sequence[TrackSegment]]], *, digest: str
) -> UploadedTranscript:
    """One transcript of all speakers, in the order of time. Raises `TooLarge` for more lines than a
    transcript has."""
    found = sorted(
        (
            (track.offset_ms + segment.start_ms, number, track, segment)
            for number, (track, segments) in enumerate(tracks)
            for segment in segments
        ),
        key=lambda each: each[:2],
    )
    if len(found) > MOST_LINES:
        raise TooLarge(
            f"The model found more than {MOST_LINES:,} lines, which is what a transcript has.",
            code="too_large",
        )
    lines = [
        UploadedLine(
            number=number,
            start_ms=start_ms,
            end_ms=track.offset_ms + max(segment.start_ms, segment.end_ms),
            text=segment.text,
            speaker=track.speaker,
        )
        for number, (start_ms, _, track, segment) in enumerate(found, 1)
    ]
    return UploadedTranscript(format=TranscriptFormat.JSON, digest=digest, lines=lines)


def digest_of(tracks: Iterable[AudioTrack], *, model: str, language: str | None) -> str:
    """The digest that stands for what a model makes of these tracks, whatever their order."""
    whole = hashlib.sha256(msgspec.json.encode([model, language]))
    for part in sorted(msgspec.json.encode([t.digest, t.speaker, t.offset_ms]) for t in tracks):
        whole.update(part)
    return whole.hexdigest()
