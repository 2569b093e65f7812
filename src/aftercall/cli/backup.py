"""`aftercall backup` and `aftercall restore`."""

import asyncio
import dataclasses
import threading
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from aftercall.cli.check import check_data
from aftercall.cli.open_services import DatabaseUrl, DataDir, opened, settings_of
from aftercall.core.privacy_records import Erasure, ErasureState
from aftercall.logs import configure_logs
from aftercall.service.privacy.erasures import ERASE_PERSON
from aftercall.service.privacy.receipts import ReceiptFile
from aftercall.settings import Settings
from aftercall.store.engine import postgresql_backup, sqlite_backup
from aftercall.store.engine.database import UnfitDatabase
from aftercall.store.engine.database import migrate as migrate_database
from aftercall.store.engine.sqlite_file import file_of
from aftercall.work.run_until import run_until_done

_LOOK_EVERY_S: Final = 0.2


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Write the whole database to one file, also while a server runs.

    With PostgreSQL this runs `pg_dump`.
    """
    settings = settings_of(data_dir, database_url)
    source = file_of(settings.effective_database_url)
    if source is None:
        postgresql_backup.back_up(settings.effective_database_url, file)
    elif not source.exists():
        raise UnfitDatabase(f"There is no database in {settings.data_dir}.")
    else:
        _back_up_with_progress(source, file)
    size = decimal(file.stat().st_size)
    out = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    out.print(f"Backed up to {file}, {size}.")


def restore(
    file: Annotated[Path, typer.Argument(help="What `aftercall backup` wrote.")],
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Take the place of a database; that is kept beside."),
    ] = False,
    migrate: Annotated[
        bool,
        typer.Option(
            "--migrate", help="Take a backup of an older version, and bring it up to date."
        ),
    ] = False,
    receipts: Annotated[
        Path | None,
        typer.Option(help="The erasures.jsonl of the data folder that was backed up."),
    ] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Make the database that a backup holds, erase those again who were erased since, and check
    all of it.

    Erasures are read from erasures.jsonl in the data folder, and from --receipts. The server must
    be stopped. With PostgreSQL the database must be empty, and this runs `pg_restore`.
    """
    settings = settings_of(data_dir, database_url)
    out = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    if receipts is not None and not receipts.is_file():
        raise OSError(f"There is no file {receipts}.")
    target = file_of(settings.effective_database_url)
    kept = None
    if target is None:
        postgresql_backup.restore(file, settings.effective_database_url, takes_older=migrate)
    else:
        kept = sqlite_backup.restore(file, target, replaces=replace, takes_older=migrate)
    if migrate:
        asyncio.run(migrate_database(settings.effective_database_url))
    out.print(f"Restored from {file}.")
    if kept is not None:
        out.print(f"The database that was there is in {kept}: delete it when you need it no more.")
    _erase_again(settings, receipts, out)
    out.print(
        "API tokens revoked since the backup are valid again; `aftercall token list` shows them."
    )
    check_data(settings)


def _erase_again(settings: Settings, receipts: Path | None, out: Console) -> None:
    """Carry out the erasures that the receipts tell of."""
    if receipts is not None:
        ReceiptFile(settings.data_dir).adopt(receipts)

    async def work() -> list[Erasure]:
        async with opened(settings) as services:
            applied = await services.erasures.apply_receipts()

            async def is_over() -> bool:
                states = [
                    (await services.erasures.find(each.app_id, each.id)).state for each in applied
                ]
                return ErasureState.RUNNING not in states

            await run_until_done(services, ERASE_PERSON, {}, is_over)
            return [await services.erasures.find(each.app_id, each.id) for each in applied]

    configure_logs(dataclasses.replace(settings, log_level="warning"))
    applied = asyncio.run(work())
    if applied:
        waiting = sum(each.live_sessions > 0 for each in applied)
        rest = f"; {waiting} wait for the end of a call" if waiting else ""
        out.print(f"{len(applied)} erasures were carried out again{rest}.")


def _back_up_with_progress(source: Path, target: Path) -> None:
    """SQLite says nothing of how far it is: the size of the growing file does."""
    is_done = threading.Event()
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("Backing up"),
        BarColumn(),
        DownloadColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    task = bar.add_task("", total=sqlite_backup.size_bytes(source))
    partial = sqlite_backup.partial_of(target)

    def watch() -> None:
        while not is_done.wait(_LOOK_EVERY_S):
            if partial.exists():
                bar.update(task, completed=partial.stat().st_size)

    watcher = threading.Thread(target=watch, daemon=True)
    with bar:
        watcher.start()
        try:
            sqlite_backup.back_up(source, target)
        finally:
            is_done.set()
            watcher.join()
