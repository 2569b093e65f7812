"""`aftercall link`: a link that signs somebody in to the dashboard, once."""

import asyncio
import sys
from typing import Annotated

import typer

from aftercall.cli.open_services import DatabaseUrl, DataDir, opened, settings_of
from aftercall.core.records import Role
from aftercall.settings import Settings

PATH = "/sign-in#"
"""The part after `#` stays in the browser: no server, proxy or log sees the code."""


def make_link(
    url: str,
    settings: Settings,
    account_id: str | None,
    *,
    app_id: str | None = None,
    role: Role = Role.ADMIN,
) -> str:
    """A link below `url`, good once, for a quarter of an hour. Raises `NotFound` for an app
    that is not one of the account's."""

    async def work() -> str:
        async with opened(settings) as services:
            account = await services.setup.account_of(account_id)
            return await services.sign_ins.make_link(account.id, app_id=app_id, role=role)

    return f"{url.rstrip('/')}{PATH}{asyncio.run(work())}"


def link(
    account_id: Annotated[
        str | None,
        typer.Option("--account-id", help="The account; left out: the only one there is."),
    ] = None,
    app_id: Annotated[
        str | None, typer.Option("--app-id", help="Only to this app; left out: to all.")
    ] = None,
    role: Annotated[
        Role, typer.Option(help="`admin` may do everything, `read` only look.")
    ] = Role.ADMIN,
    url: Annotated[
        str | None, typer.Option(help="Where the server is; left out: as it is set.")
    ] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Print a link that signs somebody in to the dashboard, once, within 15 minutes."""
    settings = settings_of(data_dir, database_url)
    base = url or settings.public_url or f"http://{settings.host}:{settings.port}"
    sys.stdout.write(make_link(base, settings, account_id, app_id=app_id, role=role) + "\n")
