"""`aftercall retain`: data past their time, counted or deleted."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from aftercall.cli.open_services import DatabaseUrl, DataDir, opened, settings_of
from aftercall.cli.printing import AsJson, print_json
from aftercall.core.retention import DataKind, format_seconds
from aftercall.service.retention.deletion import DueCount
from aftercall.store.engine.sqlite_file import file_of, only_server, rebuild_file


def retain(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what is past its time, and delete nothing.")
    ] = False,
    rebuild: Annotated[
        bool,
        typer.Option(
            "--rebuild-file",
            help="Afterwards write SQLite's file again, so that it shrinks from then on. No server "
            "may use it meanwhile.",
        ),
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Delete what is past its time at once. Servers do it by themselves every minute."""
    settings = settings_of(data_dir, database_url)

    async def count() -> list[DueCount]:
        async with opened(settings) as services:
            return await services.deletion.count_due()

    async def delete() -> Mapping[DataKind, int]:
        async with opened(settings) as services:
            return await services.deletion.run()

    if dry_run:
        _print_counts(asyncio.run(count()), as_json=as_json)
        return
    deleted = asyncio.run(delete())
    if rebuild and (file := file_of(settings.effective_database_url)) is not None:
        with only_server(file):
            rebuild_file(file)
    if as_json:
        rows = {kind.value: deleted.get(kind, 0) for kind in DataKind}
        print_json({"deleted_rows": rows})
        return
    words = [f"{rows} rows of {kind.value}" for kind, rows in deleted.items() if rows]
    said = f"Deleted {', '.join(words)}." if words else "Nothing was past its time."
    Console(stderr=True).print(said, highlight=False)


def _print_counts(found: Sequence[DueCount], *, as_json: bool) -> None:
    if as_json:
        rows = [{**each._asdict(), "kind": each.kind.value} for each in found]
        print_json(rows)
        return
    table = Table("app", "kind", "kept for", "sessions past it", "rows")
    for each in found:
        kept = format_seconds(each.kept_s)
        table.add_row(each.app_id, each.kind.value, kept, str(each.sessions), str(each.rows))
    Console().print(table)
