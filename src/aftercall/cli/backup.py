"""`aftercall backup` and `aftercall restore`."""

import asyncio
import threading
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from aftercall.cli.check import check_data
from aftercall.cli.open_services import DatabaseUrl, DataDir, settings_of
from aftercall.store.engine import postgresql_backup, sqlite_backup
from aftercall.store.engine.database import UnfitDatabase
from aftercall.store.engine.database import migrate as migrate_database
from aftercall.store.engine.sqlite_file import file_of

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
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Make the database that a backup holds, then check all of it.

    The server must be stopped. With PostgreSQL the database must be empty, and this runs
    `pg_restore`.
    """
    settings = settings_of(data_dir, database_url)
    out = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
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
    out.print(
        "API tokens revoked since the backup are valid again; `aftercall token list` shows them."
    )
    check_data(settings)


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
