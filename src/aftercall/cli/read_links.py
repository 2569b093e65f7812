"""`aftercall read-link …`: links with which one session can be read."""

import re
import sys
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from aftercall.cli.open_services import DatabaseUrl, DataDir, address_of, settings_of, with_app
from aftercall.cli.printing import AsJson, format_moment, print_json
from aftercall.core.records import App
from aftercall.service.accounts.read_links import ReadLink
from aftercall.service.services import Services

PATH = "/shared#"
"""The part after `#` stays in the browser: no server, proxy or log sees the code."""

MOST_LISTED = 1_000

_LIFE = re.compile(r"(\d{1,6})([mhd])", re.ASCII)
_UNITS_S = {"m": 60, "h": 3_600, "d": 86_400}

read_links = typer.Typer(help="Links with which anybody reads one session.", no_args_is_help=True)

AppId = Annotated[
    str | None, typer.Option("--app", "--app-id", help="The app; left out: the only one there is.")
]


def read_life(text: str) -> int:
    """The seconds of `30m`, `12h` or `7d`."""
    found = _LIFE.fullmatch(text.strip())
    if found is None:
        raise typer.BadParameter(f"{text} must be a time such as 30m, 12h or 7d")
    return int(found[1]) * _UNITS_S[found[2]]


@read_links.command("create")
def create_read_link(
    session_id: Annotated[str, typer.Argument(help="The session.")],
    life: Annotated[str, typer.Option("--for", help="How long it can be read: 5m to 90d.")] = "7d",
    with_talk: Annotated[
        bool, typer.Option("--with-talk", help="With chat, transcript and summary.")
    ] = False,
    url: Annotated[
        str | None, typer.Option(help="Where the server is; left out: as it is set.")
    ] = None,
    app_id: AppId = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Print a link with which anybody reads one session; it is printed once and kept nowhere."""
    settings = settings_of(data_dir, database_url)
    life_s = read_life(life)

    async def work(services: Services, app: App) -> tuple[ReadLink, str]:
        return await services.read_links.create(
            app.account_id, app.id, session_id, life_s=life_s, with_talk=with_talk
        )

    link, code = with_app(settings, app_id, work)
    address = address_of(settings, url, PATH + code)
    if as_json:
        print_json({"id": link.id, "url": address, "expires_at": link.expires_at})
    else:
        sys.stdout.write(address + "\n")


@read_links.command("list")
def list_read_links(
    session_id: Annotated[
        str | None, typer.Option("--session", help="Only links to this session.")
    ] = None,
    app_id: AppId = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """The read links that have not expired, the latest first."""
    settings = settings_of(data_dir, database_url)

    async def work(services: Services, app: App) -> list[ReadLink]:
        return await services.read_links.list_links(
            app.id, session_id=session_id, limit=MOST_LISTED
        )

    found = with_app(settings, app_id, work)
    if as_json:
        members = [msgspec.to_builtins(link) for link in found]
        print_json([{k: v for k, v in each.items() if k != "hash"} for each in members])
        return
    table = Table("link", "session", "talk", "until", "opened", "last opened", "revoked")
    for link in found:
        table.add_row(
            link.id,
            link.session_id,
            "yes" if link.with_talk else "no",
            format_moment(link.expires_at),
            str(link.times_opened),
            format_moment(link.last_opened_at),
            format_moment(link.revoked_at),
        )
    Console().print(table)


@read_links.command("revoke")
def revoke_read_link(
    link_id: Annotated[str, typer.Argument(help="The id that `read-link list` shows.")],
    app_id: AppId = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """End a read link; from the next request on nobody reads with it."""
    settings = settings_of(data_dir, database_url)

    async def work(services: Services, app: App) -> None:
        await services.read_links.revoke(app.account_id, app.id, link_id)

    with_app(settings, app_id, work)
    Console(stderr=True).print("It is revoked.", highlight=False)
