"""Receives the audio of one track: one file within bounds, its format found by its content."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aftercall.core.audio_tracks import (
    BEGINNING_BYTES,
    AudioTrack,
    Transcription,
    audio_format_of,
)
from aftercall.core.errors import Malformed
from aftercall.service.audit import Actor
from aftercall.service.transcriptions import Transcriptions
from aftercall.service.upload_files import UploadFolder


class TrackPlace(NamedTuple):
    """Whose track it is, and when it begins, in ms after the session."""

    speaker: str
    offset_ms: int


class TrackFile:
    """Takes one file of audio."""

    def __init__(self, folder: UploadFolder) -> None:
        self._folder = folder
        self._digest = hashlib.sha256()
        self._beginning = b""

    async def begin_file(self, name: str) -> None:
        """Raises `Malformed` for a second file."""
        if self._folder.files:
            raise Malformed("An upload is one track.", code="too_many_files")
        await self._folder.begin_file(name)

    async def write(self, chunk: bytes) -> None:
        """Raises `TooLarge`, and `Malformed` as soon as it is seen that the file is no audio."""
        is_recognised = len(self._beginning) >= BEGINNING_BYTES
        if not is_recognised:
            self._beginning += chunk[: BEGINNING_BYTES - len(self._beginning)]
            if len(self._beginning) >= BEGINNING_BYTES and not audio_format_of(self._beginning):
                raise _unknown_audio()
        self._digest.update(chunk)
        await self._folder.write(chunk)

    async def end_file(self) -> None:
        await self._folder.end_file()

    def track(self, id: str, place: TrackPlace) -> AudioTrack:
        """The track that was received. Raises `Malformed` if there is none, or no audio in it."""
        if not self._folder.files or not self._folder.files[0].bytes:
            raise Malformed("The body has no file, or an empty one", code="no_file")
        format = audio_format_of(self._beginning)
        if format is None:
            raise _unknown_audio()
        return AudioTrack(
            id=id,
            speaker=place.speaker,
            offset_ms=place.offset_ms,
            format=format,
            bytes=self._folder.files[0].bytes,
            digest=self._digest.hexdigest(),
        )


async def receive_track(
    transcriptions: Transcriptions,
    account_id: str,
    opened: Transcription,
    place: TrackPlace,
    actor: Actor,
    fill: Callable[[TrackFile], Awaitable[None]],
    declared_bytes: int | None = None,
) -> Transcription:
    """Keep the track that `fill` writes, or nothing of it. Raises `TooLarge`, `Busy` while the disk
    is nearly full, `Malformed` for what is no audio, and what `Transcriptions.add` raises."""
    id, folder = transcriptions.new_folder(opened)
    is_kept = False
    try:
        await folder.check_space(declared_bytes)
        file = TrackFile(folder)
        await fill(file)
        track = file.track(id, place)
        changed = await transcriptions.add(account_id, opened, track, actor)
        is_kept = any(each.id == id for each in changed.tracks)
    finally:
        if not is_kept:
            await folder.delete()
    return changed


def _unknown_audio() -> Malformed:
    return Malformed(
        "The file is no audio that is known: it must be FLAC, M4A, MP3, Ogg, WAV or WebM",
        code="unknown_audio",
    )
