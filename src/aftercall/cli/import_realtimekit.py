"""`aftercall import realtimekit`: keeps what RealtimeKit recorded before it is deleted there."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from aftercall.cli.open_services import DatabaseUrl, DataDir, opened, settings_of
from aftercall.cli.printing import AsJson, print_json
from aftercall.core.errors import Malformed
from aftercall.outbound.realtimekit import PER_SECOND, RealtimeKit
from aftercall.store.engine.database import migrate
from aftercall.wire.times import parse_time
from aftercall.work.import_realtimekit import Progress, RealtimeKitImport

_MOST_PROBLEMS = 20


def import_realtimekit(
    account: Annotated[str, typer.Option("--account", help="The account id at Cloudflare.")],
    app: Annotated[str, typer.Option("--app", help="The id of the RealtimeKit app.")],
    token_file: Annotated[
        Path,
        typer.Option("--token-file", help="A file with an API token that may read the app."),
    ],
    into: Annotated[
        str | None,
        typer.Option("--app-id", help="The app here; left out: the only one there is."),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option("--base-url", help="Another address of the API; left out: Cloudflare's."),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Only sessions from this time on, ISO 8601.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Only sessions up to this time, ISO 8601.")
    ] = None,
    per_second: Annotated[
        float,
        typer.Option("--requests-per-second", min=0.01, max=1000, help="How fast to ask."),
    ] = PER_SECOND,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Import the ended sessions of a RealtimeKit app: participants, peer reports, chat,
    transcripts, summaries. Interrupted, it goes on where it was when it is started again."""
    settings = settings_of(data_dir, database_url)
    token = token_file.read_text().strip()
    if not token:
        raise Malformed(f"{token_file} is empty.", code="token_missing")
    times = {"since": since, "until": until}
    for name, text in times.items():
        if text is not None:
            parse_time(text, field=name)
    printer = _Printer()

    async def work() -> Progress:
        await migrate(settings.effective_database_url)
        async with opened(settings) as services:
            chosen = await services.setup.chosen_app(None, into)
            reader = RealtimeKit(
                account_id=account,
                app_id=app,
                token=token,
                base_url=base_url,
                per_second=per_second,
                on_wait=printer.waits,
            )
            folder = settings.data_dir / "imports" / "realtimekit"
            folder /= "".join(each if each.isalnum() or each in "-_" else "_" for each in app)
            try:
                return await RealtimeKitImport(
                    reader=reader,
                    imports=services.imports,
                    clock=services.clock,
                    app_id=chosen.id,
                    folder=folder / chosen.id,
                    on_progress=printer.shows,
                ).run(start_time=since, end_time=until)
            finally:
                await reader.close()

    done = asyncio.run(work())
    if as_json:
        print_json({"sessions": done.seen, **done.counts, "problems": done.problems})
    else:
        printer.sums_up(done)
    if done.counts["failed"]:
        raise typer.Exit(1)


class _Printer:
    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
        self._began = time.monotonic()

    def shows(self, progress: Progress) -> None:
        total = "?" if progress.total is None else progress.total
        left_s = progress.remaining_s(time.monotonic() - self._began)
        left = "" if left_s is None else f", about {timedelta(seconds=round(left_s))} left"
        self._console.print(f"{progress.seen} of {total} sessions{left}")

    def waits(self, seconds: float) -> None:
        self._console.print(f"waiting {seconds:.0f} s, as RealtimeKit asks or because it failed")

    def sums_up(self, done: Progress) -> None:
        counts = ", ".join(f"{each} {name}" for name, each in sorted(done.counts.items()) if each)
        self._console.print(f"{done.seen} sessions: {counts or 'none'}")
        for problem in done.problems[:_MOST_PROBLEMS]:
            self._console.print(problem)
