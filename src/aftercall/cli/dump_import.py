"""`aftercall import`: dumps of past calls become sessions."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import Progress

from aftercall.cli.manage import AccountId, AppId
from aftercall.cli.open_services import DatabaseUrl, DataDir, opened, settings_of
from aftercall.cli.printing import AsJson, print_json
from aftercall.core.import_records import (
    CallImported,
    FileRead,
    ImportOptions,
    ImportReport,
)
from aftercall.work.dump_import import DumpImporter
from aftercall.work.export_import import DumpFile


def import_dumps(
    files: Annotated[list[Path], typer.Argument(help="The dumps; their formats are recognised.")],
    meeting: Annotated[
        str | None,
        typer.Option("--meeting", help="The id of the meeting: all files are of one call of it."),
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="What the call is called.")] = None,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="Who took part; once for each file, in their order."),
    ] = None,
    account_id: AccountId = None,
    app_id: AppId = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Import dumps of calls: chrome://webrtc-internals, about:webrtc, rtcstats, ObserveRTC."""
    settings = settings_of(data_dir, database_url)
    missing = [path for path in files if not path.is_file()]
    if missing:
        raise typer.BadParameter(f"there is no file {missing[0]}", param_hint="FILES")
    dumps = [DumpFile(path.name, path.stat().st_size, partial(_open, path)) for path in files]
    options = ImportOptions(meeting_id=meeting, title=title, names=name or [])

    async def work() -> ImportReport:
        async with opened(settings) as services:
            app = await services.setup.chosen_app(account_id, app_id)
            importer = DumpImporter(services, app.id)
            with Progress(transient=True, console=Console(stderr=True)) as bar:
                task = bar.add_task("Importing", total=1.0)
                return await importer.run(
                    dumps, options, lambda share: bar.update(task, completed=share)
                )

    report = asyncio.run(work())
    if as_json:
        print_json(report)
    else:
        _print(report)
    if not report.calls:
        raise typer.Exit(1)


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def _print(report: ImportReport) -> None:
    out = Console(highlight=False, soft_wrap=True)
    for file in report.files:
        _print_file(out, file)
    for call in report.calls:
        _print_call(out, call)


def _print_file(out: Console, file: FileRead) -> None:
    out.print(f"{file.name}: {file.format or 'not a dump'}", markup=False)
    for each in file.connections:
        streams = [s for s in each.streams if s.packets]
        out.print(
            f"  connection {each.id}: {each.reports} reports over {each.seconds:g} s, "
            f"{len(streams)} streams",
            markup=False,
        )
    for reason, count in file.left_out.items():
        out.print(f"  left out: {reason}{f' ({count} times)' if count > 1 else ''}", markup=False)
    if file.error:
        out.print(f"  not imported: {file.error}", markup=False)


def _print_call(out: Console, call: CallImported) -> None:
    new = sum(each.is_new for each in call.participants)
    people = ", ".join(str(each.name) for each in call.participants)
    out.print(f"session {call.session_id}: {call.title}, {call.started_at}", markup=False)
    out.print(f"  {people}", markup=False)
    if not new and call.duplicates:
        out.print("  it was imported before: nothing is new", markup=False)
    for reason, count in call.rejected.items():
        out.print(f"  refused {count} times: {reason}", markup=False)
