"""`aftercall export`: everything of an ended session in a zip."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from aftercall.cli.manage import AccountId, AppId
from aftercall.cli.open_services import DatabaseUrl, DataDir, opened, settings_of
from aftercall.web.session_export import write_session_export


def export_session(
    session_id: Annotated[str, typer.Argument(help="The id of an ended session.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file; left out: SESSION.zip.")
    ] = None,
    account_id: AccountId = None,
    app_id: AppId = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Write a session as a zip: facts, attendance, talk, and dumps that rtcstats' tools open."""
    settings = settings_of(data_dir, database_url)
    path = output or Path(f"{session_id}.zip")

    async def work() -> None:
        async with opened(settings) as services:
            app = await services.setup.chosen_app(account_id, app_id)
            await services.session_facts.overview(app.id, session_id)
            await write_session_export(services, app.id, session_id, path)

    asyncio.run(work())
    Console(stderr=True).print(f"Wrote {path}.", highlight=False, markup=False)
