"""`aftercall transcript`: finished transcripts of ended sessions."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from aftercall.cli.manage import AccountId, AppId
from aftercall.cli.open_services import DatabaseUrl, DataDir, opened, settings_of
from aftercall.cli.printing import AsJson, print_json
from aftercall.core.errors import TooLarge
from aftercall.core.uploaded_transcript import StoredTranscript, UploadOptions
from aftercall.service.audit import CLI
from aftercall.wire.dashboard.transcript_uploads import TranscriptUpload, encode_upload
from aftercall.wire.transcript_upload.read import read_transcript

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
