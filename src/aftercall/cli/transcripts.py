"""`aftercall transcript`: finished transcripts of ended sessions."""

import asyncio
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from aftercall.cli.manage import AccountId, AppId
from aftercall.cli.open_services import DatabaseUrl, DataDir, opened, settings_of
from aftercall.cli.printing import AsJson, print_json
from aftercall.core.audio_tracks import Transcription, TranscriptionState
from aftercall.core.errors import TooLarge
from aftercall.core.instants import SECOND_MS
from aftercall.core.records import App
from aftercall.core.uploaded_transcript import StoredTranscript, UploadOptions
from aftercall.logs import configure_logs
from aftercall.outbound.model_request import ModelFailed
from aftercall.service.audit import CLI
from aftercall.service.services import Services
from aftercall.service.track_files import TrackFile, TrackPlace, receive_track
from aftercall.service.transcriptions import TRANSCRIBE
from aftercall.wire.dashboard.transcript_uploads import TranscriptUpload, encode_upload
from aftercall.wire.dashboard.transcriptions import encode_transcription, parse_language
from aftercall.wire.transcript_upload.read import read_transcript
from aftercall.work.run_until import run_until_done

_CHUNK_BYTES: Final = 1_048_576

transcripts = typer.Typer(help="Finished transcripts.", no_args_is_help=True)


@transcripts.command("upload")
def upload(
    session_id: Annotated[str, typer.Argument(help="The id of an ended session.")],
    file: Annotated[Path, typer.Argument(help="The transcript: WebVTT, SRT, JSON or CSV.")],
    offset_ms: Annotated[
        int,
        typer.Option(
            "--offset-ms", min=0, help="When the transcript begins, in ms after the session."
        ),
    ] = 0,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Also replace a transcript that was recorded."),
    ] = False,
    account_id: AccountId = None,
    app_id: AppId = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Put a finished transcript in the place of a session's; its summary is made again."""
    settings = settings_of(data_dir, database_url)
    if file.stat().st_size > settings.transcript_max_bytes:
        raise TooLarge(
            f"{file} is larger than {settings.transcript_max_bytes:,} bytes.", code="too_large"
        )

    async def work() -> StoredTranscript:
        async with opened(settings) as services:
            app = await services.setup.chosen_app(account_id, app_id)
            names = await services.transcript_uploads.names(app.id, session_id)
            transcript = read_transcript(file.read_bytes(), names=names)
            options = UploadOptions(offset_ms, replace)
            return await services.transcript_uploads.store(
                app.account_id, app.id, session_id, transcript, options, CLI
            )

    done = encode_upload(asyncio.run(work()))
    if as_json:
        print_json(done)
    else:
        _print(done)


@transcripts.command("transcribe")
def transcribe(
    session_id: Annotated[str, typer.Argument(help="The id of an ended session.")],
    files: Annotated[
        list[Path], typer.Argument(help="A track of audio for each speaker: FLAC, M4A, MP3, Ogg…")
    ],
    speakers: Annotated[
        list[str] | None,
        typer.Option("--speaker", help="Whose track it is; once for each file, in their order."),
    ] = None,
    offsets_ms: Annotated[
        list[int] | None,
        typer.Option(
            "--offset-ms",
            min=0,
            help="When it begins, in ms after the session; once for each file, in their order.",
        ),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="The language that is spoken, such as de.")
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Also replace a transcript that was recorded."),
    ] = False,
    account_id: AccountId = None,
    app_id: AppId = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Have audio transcribed by the model of the settings, as the session's transcript."""
    places = _places(files, speakers or [], offsets_ms or [])
    settings = settings_of(data_dir, database_url)
    configure_logs(dataclasses.replace(settings, log_level="error"))
    language = parse_language(language)

    async def work() -> Transcription:
        async with opened(settings) as services:
            app = await services.setup.chosen_app(account_id, app_id)
            for path, place in zip(files, places, strict=True):
                await _add_track(services, app, session_id, path, place)
            waiting = await services.transcriptions.submit(
                app.account_id, app.id, session_id, CLI, language=language, replaces=replace
            )
            return await _finished(services, waiting, is_quiet=as_json)

    done = asyncio.run(work())
    if as_json:
        print_json(encode_transcription(done, kept_ms=settings.track_retention_s * SECOND_MS))
    if done.failure is not None:
        raise ModelFailed(done.failure.message, code=done.failure.code, is_passing=False)
    if not as_json:
        _print_tracks(done)


def _places(
    files: Sequence[Path], speakers: Sequence[str], offsets_ms: Sequence[int]
) -> list[TrackPlace]:
    """Whose each file is and when it begins. Raises `typer.BadParameter`."""
    for option, given in (("--speaker", speakers), ("--offset-ms", offsets_ms)):
        if given and len(given) != len(files):
            raise typer.BadParameter(f"{option} must be given once for each file, or never")
    return [
        TrackPlace(speaker, offset_ms)
        for speaker, offset_ms in zip(
            speakers or [""] * len(files), offsets_ms or [0] * len(files), strict=True
        )
    ]


async def _add_track(
    services: Services, app: App, session_id: str, path: Path, place: TrackPlace
) -> None:
    size = (await asyncio.to_thread(path.stat)).st_size
    begun = await services.transcriptions.open(app.id, session_id, place.speaker, CLI)

    async def fill(file: TrackFile) -> None:
        await file.begin_file(path.name)
        with path.open("rb") as audio:
            while chunk := await asyncio.to_thread(audio.read, _CHUNK_BYTES):
                await file.write(chunk)
        await file.end_file()

    await receive_track(services.transcriptions, app.account_id, begun, place, CLI, fill, size)


async def _finished(services: Services, waiting: Transcription, *, is_quiet: bool) -> Transcription:
    """The transcription when it is over; this process or a server runs the job."""
    out = Console(highlight=False, stderr=True)
    latest = waiting

    async def is_over() -> bool:
        nonlocal latest
        latest = await services.transcriptions.find(waiting.app_id, waiting.session_id)
        done = sum(track.is_transcribed for track in latest.tracks)
        if not is_quiet:
            out.print(f"{done} of {len(latest.tracks)} tracks", end="\r")
        return latest.state in (TranscriptionState.DONE, TranscriptionState.FAILED)

    payload = {
        "app_id": waiting.app_id,
        "session_id": waiting.session_id,
        "id": waiting.id,
    }
    await run_until_done(services, TRANSCRIBE, payload, is_over)
    if not is_quiet:
        out.print()
    return latest


def _print_tracks(done: Transcription) -> None:
    out = Console(highlight=False, soft_wrap=True, markup=False)
    lines = sum(track.lines or 0 for track in done.tracks)
    out.print("1 line" if lines == 1 else f"{lines} lines")
    for track in done.tracks:
        out.print(f"  {track.speaker or 'without a speaker'}: {track.lines or 0}")


def _print(done: TranscriptUpload) -> None:
    out = Console(highlight=False, soft_wrap=True, markup=False)
    lines = "1 line" if done.lines == 1 else f"{done.lines} lines"
    out.print(lines if done.is_new else f"{lines}; nothing changed")
    for speaker in done.speakers:
        known = "" if speaker.participant_id else " (nobody of the session is called so)"
        out.print(f"  {speaker.name or 'without a name'}: {speaker.lines}{known}")
    if done.left_out:
        out.print(f"left out: {done.left_out} lines of people who were erased")
    if done.is_summarised:
        out.print("A server makes the summary again.")
