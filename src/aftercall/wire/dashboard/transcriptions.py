"""Transcriptions of uploaded audio, and how far they are."""

import re
from typing import Final

import msgspec

from aftercall.core import audio_tracks
from aftercall.core.audio_tracks import AudioFormat, TranscriptionState
from aftercall.core.errors import Malformed
from aftercall.core.instants import EpochMs

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?")


class AudioTrack(msgspec.Struct, frozen=True, kw_only=True):
    """A file of one speaker's audio, or of everybody's where `speaker` is empty. `offset_ms`: when
    it begins, in ms after the session. `lines` is null until it has been transcribed."""

    id: str
    speaker: str
    offset_ms: int
    format: AudioFormat
    bytes: int
    lines: int | None


class TranscriptionFailure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a transcription failed; `code` is stable."""

    code: str
    message: str


class Transcription(msgspec.Struct, frozen=True, kw_only=True):
    """The audio of a session. `state` is `uploading`, `waiting`, `running`, `done` or `failed`;
    `tracks_done` of `tracks_total` have been transcribed. `expires_at`: when the audio, and all
    that is known of the transcription but its transcript, are deleted."""

    session_id: str
    requested_at: EpochMs
    requested_by: str
    state: TranscriptionState
    language: str | None
    replace: bool
    tracks: list[AudioTrack]
    tracks_done: int
    tracks_total: int
    error: TranscriptionFailure | None
    finished_at: EpochMs | None
    expires_at: EpochMs


def encode_transcription(found: audio_tracks.Transcription, *, kept_ms: int) -> Transcription:
    """`kept_ms`: how long audio is kept."""
    failure = found.failure
    return Transcription(
        session_id=found.session_id,
        requested_at=found.requested_at,
        requested_by=found.requested_by,
        state=found.state,
        language=found.language,
        replace=found.replaces,
        tracks=[
            AudioTrack(
                id=each.id,
                speaker=each.speaker,
                offset_ms=each.offset_ms,
                format=each.format,
                bytes=each.bytes,
                lines=each.lines,
            )
            for each in found.tracks
        ],
        tracks_done=sum(each.is_transcribed for each in found.tracks),
        tracks_total=len(found.tracks),
        error=None if failure is None else _encode_failure(failure),
        finished_at=found.finished_at,
        expires_at=EpochMs(found.requested_at + kept_ms),
    )


def _encode_failure(failure: audio_tracks.TranscriptionFailure) -> TranscriptionFailure:
    return TranscriptionFailure(code=failure.code, message=failure.message)


def parse_language(text: str | None) -> str | None:
    """The language that a request names. Raises `Malformed`."""
    if not text:
        return None
    if _LANGUAGE.fullmatch(text) is None:
        raise Malformed(
            '"language" must be a code such as de or pt-BR', code="bad_text", field="language"
        )
    return text
