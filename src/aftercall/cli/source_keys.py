"""`aftercall source-key …`: keys with which other systems sign what they post."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from aftercall.cli.open_services import DatabaseUrl, DataDir, settings_of, with_app
from aftercall.cli.printing import AsJson, format_moment, print_json
from aftercall.core.records import App
from aftercall.service.accounts.source_keys import PolledServer, SourceKey
from aftercall.service.services import Services

source_keys = typer.Typer(
    help="Keys with which other systems sign what they post.", no_args_is_help=True
)

SourceName = Annotated[str, typer.Argument(help="The source, such as livekit.")]
KeyId = Annotated[str, typer.Argument(help="The id of the key, as the source names it.")]
AppId = Annotated[
    str | None, typer.Option("--app", "--app-id", help="The app; left out: the only one there is.")
]


@source_keys.command("add")
def add_source_key(
    source: SourceName,
    key_id: KeyId,
    secret_file: Annotated[
        Path | None,
        typer.Option(
            "--secret-file",
            help="A file with the secret; left out or -: standard input.",
            allow_dash=True,
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    url: Annotated[
        str,
        typer.Option(
            "--url",
            help="Of livekit: where its server API answers, to ask it who is in which room.",
        ),
    ] = "",
    app_id: AppId = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Store a key, in place of one with the same id. The secret is read, never printed."""
    settings = settings_of(data_dir, database_url)
    is_piped = secret_file is None or str(secret_file) == "-"
    secret = sys.stdin.read() if is_piped or secret_file is None else secret_file.read_text()
    secret = secret.strip()

    async def work(services: Services, app: App) -> None:
        await services.source_keys.add(
            app.account_id, app.id, source, key_id, secret, server_url=url
        )

    with_app(settings, app_id, work)
    Console(stderr=True).print("The key is stored.", highlight=False)


@source_keys.command("list")
def list_source_keys(
    app_id: AppId = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """The keys of an app, without their secrets."""
    settings = settings_of(data_dir, database_url)

    async def work(
        services: Services, app: App
    ) -> tuple[list[SourceKey], dict[tuple[str, str], PolledServer]]:
        keys = services.source_keys
        return await keys.list_keys(app.id), await keys.list_servers(app.id)

    found, servers = with_app(settings, app_id, work)
    if as_json:
        print_json([_json_of(key, servers.get((key.source, key.key_id))) for key in found])
        return
    table = Table("source", "key", "since", "by", "server", "answers")
    for key in found:
        server = servers.get((key.source, key.key_id))
        table.add_row(
            key.source,
            key.key_id,
            format_moment(key.created_at),
            key.created_by,
            "" if server is None else server.url,
            "" if server is None else _answers(server),
        )
    Console().print(table)


def _json_of(key: SourceKey, server: PolledServer | None) -> dict[str, Any]:
    names = ("app_id", "source", "key_id", "created_at", "created_by")
    asked = ("url", "asked_at", "answered_at", "error")
    return {name: getattr(key, name) for name in names} | {
        "server": None if server is None else {name: getattr(server, name) for name in asked}
    }


def _answers(server: PolledServer) -> str:
    """Whether a server answered when it was last asked."""
    if server.error is not None:
        return f"no: {server.error}"
    return "not asked yet" if server.answered_at is None else "yes"


@source_keys.command("remove")
def remove_source_key(
    source: SourceName,
    key_id: KeyId,
    app_id: AppId = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Delete a key: what is signed with it is refused, at the latest after five seconds."""
    settings = settings_of(data_dir, database_url)

    async def work(services: Services, app: App) -> None:
        await services.source_keys.remove(app.account_id, app.id, source, key_id)

    with_app(settings, app_id, work)
    Console(stderr=True).print("The key is deleted.", highlight=False)
