"""`aftercall link`: a link that signs somebody in to the dashboard, once."""

import asyncio
import sys
from typing import Annotated
from urllib.parse import quote, urlsplit

import typer

from aftercall.cli.open_services import DatabaseUrl, DataDir, address_of, opened, settings_of
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
    to: str | None = None,
) -> str:
    """A link below `url`, good once, for a quarter of an hour, that leads to the page at `to`.
    Raises `NotFound` for an app that is not one of the account's."""

    async def work() -> str:
        async with opened(settings) as services:
            account = await services.setup.account_of(account_id)
            return await services.sign_ins.make_link(account.id, app_id=app_id, role=role)

    page = "" if to is None else f"&to={quote(to, safe='/')}"
    return f"{url.rstrip('/')}{PATH}{asyncio.run(work())}{page}"


def read_page(given: str) -> str:
    """The path and query of a page of the dashboard: of a path such as `/sessions`, or of a whole
    address copied from a browser."""
    parts = urlsplit(given)
    page = parts.path + (f"?{parts.query}" if parts.query else "")
    is_path = not parts.scheme and not parts.netloc
    if not (is_path or parts.scheme in {"http", "https"}) or not page.startswith("/"):
        raise typer.BadParameter(f"{given} must be a page's path, such as /sessions")
    if page.startswith(("//", "/\\")) or not given.isprintable():
        raise typer.BadParameter(f"{given} must be a page's path, such as /sessions")
    return page


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
    to: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="The page it leads to, such as `/sessions/ID?at=…`; left out: the sessions.",
        ),
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Where the server is; left out: as it is set.")
    ] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Print a link that signs somebody in to the dashboard, once, within 15 minutes."""
    settings = settings_of(data_dir, database_url)
    base = address_of(settings, url, "")
    page = None if to is None else read_page(to)
    made = make_link(base, settings, account_id, app_id=app_id, role=role, to=page)
    sys.stdout.write(made + "\n")
