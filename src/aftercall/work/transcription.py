"""Transcribes the uploaded tracks of a session by the model of the settings."""

import asyncio
import os
from pathlib import Path
from typing import Final

import msgspec
import structlog
from msgspec.structs import replace

from aftercall.core.audio_tracks import (
    AudioTrack,
    TrackSegment,
    Transcription,
    TranscriptionFailure,
    digest_of,
    merge_tracks,
)
from aftercall.core.errors import AftercallError, NotFound, Unavailable
from aftercall.outbound.model_request import Sleep, ask_repeatedly
from aftercall.outbound.speech_model import SpeechModel
from aftercall.service.services import Services
from aftercall.service.transcriptions import Transcriptions
from aftercall.service.upload_files import UploadFolder

NO_MODEL: Final = TranscriptionFailure(
    code="no_transcription_model", message="No model that transcribes is set up any more."
)
MISSING: Final = TranscriptionFailure(
    code="audio_missing",
    message="The uploaded audio is not on this machine. Processes that receive it and those that "
    "run jobs need the same data folder.",
)
UNFORESEEN: Final = TranscriptionFailure(
    code="bug", message="Something went wrong on the server; its log has the details."
)

log = structlog.get_logger(__name__)


async def transcribe_session(
    services: Services, app_id: str, session_id: str, id: str, *, sleep: Sleep = asyncio.sleep
) -> None:
    """Transcribe the tracks that have not been, and store the whole. A repeat, after a stop of the
    server, goes on with the track that was begun. Raises `Unavailable`."""
    transcriptions = services.transcriptions
    running = await transcriptions.start(app_id, session_id, id)
    if running is None:
        return
    try:
        if services.speech_model is None:
            await transcriptions.fail(running, NO_MODEL)
            return
        await _Run(transcriptions, services.speech_model, sleep).carry_out(running)
    except Unavailable:
        raise
    except NotFound:
        # Its session, the transcript's time or the audio went while it ran.
        await transcriptions.expire(app_id, session_id, id)
    except AftercallError as error:
        log.warning("transcription failed", action="transcription_failed", reason=error.code)
        await transcriptions.fail(
            running, TranscriptionFailure(code=error.code, message=error.message)
        )
    except OSError as error:
        log.warning("audio missing", action="audio_missing", kind=type(error).__name__)
        await transcriptions.fail(running, MISSING)
    except Exception as error:
        log.error("transcription failed", action="transcription_failed", exc_info=error)
        await transcriptions.fail(running, UNFORESEEN)


class _Run:
    """One transcription."""

    def __init__(self, transcriptions: Transcriptions, model: SpeechModel, sleep: Sleep) -> None:
        self._transcriptions = transcriptions
        self._model = model
        self._sleep = sleep

    async def carry_out(self, running: Transcription) -> None:
        digest = digest_of(running.tracks, model=self._model.name, language=running.language)
        if await self._transcriptions.is_known(running, digest):
            await self._transcriptions.finish(running, None)
            return
        found = []
        for track in running.tracks:
            folder = self._transcriptions.folder(running, track.id)
            if not track.is_transcribed:
                track = await self._transcribe(running, track, folder)
            found.append((track, await asyncio.to_thread(_read_segments, folder)))
        transcript = await asyncio.to_thread(merge_tracks, found, digest=digest)
        await self._transcriptions.finish(running, transcript)

    async def _transcribe(
        self, running: Transcription, track: AudioTrack, folder: UploadFolder
    ) -> AudioTrack:
        """Ask the model, keep what it found, and delete the audio."""

        async def ask() -> list[TrackSegment]:
            return await self._model.transcribe(folder.path_of(0), track.format, running.language)

        segments = await ask_repeatedly(ask, sleep=self._sleep, note_failure=_note_failure)
        await asyncio.to_thread(_write_segments, folder, segments)
        done = replace(track, lines=len(segments))
        await self._transcriptions.note_track(running, done)
        await asyncio.to_thread(folder.path_of(0).unlink, missing_ok=True)
        return done


def _note_failure(error: AftercallError) -> None:
    log.warning("model failed", action="model_failed", reason=error.code)


def _segments_path(folder: UploadFolder) -> Path:
    return folder.path / "segments.json"


def _write_segments(folder: UploadFolder, segments: list[TrackSegment]) -> None:
    """Write what was found under another name until it is whole."""
    path = _segments_path(folder)
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
        file.write(msgspec.json.encode(segments))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _read_segments(folder: UploadFolder) -> list[TrackSegment]:
    return msgspec.json.decode(_segments_path(folder).read_bytes(), type=list[TrackSegment])
