"""`aftercall migrate`, `aftercall app …` and `aftercall token …`: what the operator sets up."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from aftercall.cli.open_services import DatabaseUrl, DataDir, opened, settings_of
from aftercall.cli.printing import AsJson, format_moment, print_json
from aftercall.cli.privacy import delete_app
from aftercall.core.records import ApiToken, App, ReportShape, Role
from aftercall.core.retention import format_seconds
from aftercall.service.accounts.setup import FirstAccount
from aftercall.store.engine.database import migrate as migrate_database

apps = typer.Typer(help="Apps: tenants of an account.", no_args_is_help=True)
tokens = typer.Typer(help="API tokens.", no_args_is_help=True)

WholeAccount = Annotated[
    bool,
    typer.Option("--whole-account", help="The token is good for every app of the account."),
]
AppId = Annotated[
    str | None,
    typer.Option("--app-id", help="The app; left out: the only one there is."),
]
AccountId = Annotated[
    str | None, typer.Option("--account-id", help="The account; left out: the only one there is.")
]


def migrate(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Bring the database's tables to this program's revision. `serve` does it by itself."""
    settings = settings_of(data_dir, database_url)
    asyncio.run(migrate_database(settings.effective_database_url))
    Console(stderr=True).print("The database is ready.")


@apps.command("create")
def create_app(
    name: Annotated[str, typer.Argument(help="What the app is called.")],
    account_id: AccountId = None,
    app_id: Annotated[
        str | None, typer.Option("--app-id", help="An id of your choice; left out: random.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option("--token", help="A token of your choice, 32 characters or more."),
    ] = None,
    whole_account: WholeAccount = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Make an app and an admin token for it; the token is printed once and kept nowhere.

    An account id that is not known yet makes an account of that id.
    """
    settings = settings_of(data_dir, database_url)

    async def work() -> FirstAccount:
        await migrate_database(settings.effective_database_url)
        async with opened(settings) as services:
            return await services.setup.create_first_app(
                name,
                account_id=account_id,
                app_id=app_id,
                secret=token,
                for_whole_account=whole_account,
            )

    founded = asyncio.run(work())
    if as_json:
        print_json(
            {
                "account_id": founded.account_id,
                "app_id": founded.app_id,
                "api_token": founded.api_token,
            }
        )
    else:
        out = Console(highlight=False, soft_wrap=True)
        out.print(f"account  {founded.account_id}\napp      {founded.app_id}")
        out.print(f"token    {founded.api_token}")


@apps.command("list")
def list_apps(
    account_id: AccountId = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """The apps of an account."""
    settings = settings_of(data_dir, database_url)

    async def work() -> list[App]:
        async with opened(settings) as services:
            account = await services.setup.account_of(account_id)
            return await services.setup.list_apps(account.id)

    found = asyncio.run(work())
    if as_json:
        print_json(found)
        return
    table = Table("app", "name", "account", "created", "report shape")
    for app in found:
        created = format_moment(app.created_at)
        table.add_row(app.id, app.name, app.account_id, created, app.report_shape.value)
    Console().print(table)


@apps.command("set")
def set_app(
    report_shape: Annotated[
        ReportShape | None,
        typer.Option(
            "--report-shape",
            help="Where in its answer a peer report is: `nested` in data.participant, as today's "
            "SDKs read it, `flat` in data, or in `both` places.",
        ),
    ] = None,
    retention: Annotated[
        list[str] | None,
        typer.Option(
            "--retention",
            help="How long a kind of data is kept after a session's end: `samples=30d`, "
            "`chat=forever`, or `reports=default` as the settings say; for several kinds several "
            "times.",
        ),
    ] = None,
    account_id: AccountId = None,
    app_id: AppId = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Change an app; servers follow within seconds."""
    settings = settings_of(data_dir, database_url)

    if report_shape is None and not retention:
        raise typer.BadParameter("name what to change: --report-shape or --retention")
    times = _times(retention or [])

    async def work() -> App:
        async with opened(settings) as services:
            app = await services.setup.chosen_app(account_id, app_id)
            if times:
                await services.retention_policies.choose(app.id, times, keeps_others=True)
            if report_shape is not None:
                await services.setup.set_report_shape(account_id, app.id, report_shape)
            return await services.setup.chosen_app(account_id, app.id)

    app = asyncio.run(work())
    if as_json:
        print_json(app)
        return
    console = Console(stderr=True)
    if report_shape is not None:
        said = f"Reports of app {app.id} have the shape {app.report_shape.value}."
        console.print(said, highlight=False)
    for name in times:
        kept = app.retention.get(name)
        said = "as the settings say" if kept is None else format_seconds(kept)
        console.print(f"App {app.id} keeps {name}: {said}.", highlight=False)


def _times(given: Sequence[str]) -> dict[str, str | None]:
    """Times by kind, of texts such as `samples=30d`."""
    times: dict[str, str | None] = {}
    for each in given:
        name, mark, value = each.partition("=")
        if not mark:
            raise typer.BadParameter(f"{each} must name a kind and a time, as samples=30d does")
        times[name.strip()] = None if value.strip() == "default" else value
    return times


apps.command("delete")(delete_app)


@tokens.command("create")
def create_token(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    account_id: AccountId = None,
    app_id: Annotated[
        str | None,
        typer.Option("--app-id", help="The app it is for; left out: the only one there is."),
    ] = None,
    whole_account: WholeAccount = False,
    role: Annotated[
        Role, typer.Option(help="`admin` may do everything, `read` only read.")
    ] = Role.ADMIN,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Make an API token; it is printed once and kept nowhere."""
    settings = settings_of(data_dir, database_url)
    if whole_account and app_id is not None:
        raise typer.BadParameter("--whole-account and --app-id exclude each other")

    async def work() -> tuple[ApiToken, str]:
        async with opened(settings) as services:
            account = await services.setup.account_of(account_id)
            chosen = app_id
            if not whole_account and chosen is None:
                chosen = (await services.setup.only_app(account.id)).id
            return await services.access.create_token(
                account.id, name=name, app_id=chosen, role=role
            )

    made, secret = asyncio.run(work())
    if as_json:
        print_json({"id": made.id, "api_token": secret})
    else:
        sys.stdout.write(secret + "\n")


@tokens.command("list")
def list_tokens(
    account_id: AccountId = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """The tokens of an account, revoked ones too."""
    settings = settings_of(data_dir, database_url)

    async def work() -> list[ApiToken]:
        async with opened(settings) as services:
            account = await services.setup.account_of(account_id)
            return await services.access.list_tokens(account.id)

    found = asyncio.run(work())
    if as_json:
        print_json([_public(token) for token in found])
        return
    table = Table("token", "name", "role", "app", "created", "last used", "revoked")
    for token in found:
        moments = (token.created_at, token.last_used_at, token.revoked_at)
        table.add_row(
            token.id,
            token.name,
            token.role.value,
            token.app_id or "whole account",
            *(format_moment(at) for at in moments),
        )
    Console().print(table)


def _public(token: ApiToken) -> dict[str, Any]:
    members: dict[str, Any] = msgspec.to_builtins(token)
    return {name: value for name, value in members.items() if name != "hash"}


@tokens.command("revoke")
def revoke_token(
    token_id: Annotated[str, typer.Argument(help="The id that `token list` shows.")],
    account_id: AccountId = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """End a token; servers refuse it within seconds."""
    settings = settings_of(data_dir, database_url)

    async def work() -> bool:
        async with opened(settings) as services:
            account = await services.setup.account_of(account_id)
            return await services.access.revoke_token(account.id, token_id)

    was_revoked = asyncio.run(work())
    message = (
        "It is revoked." if was_revoked else "No token of this account has that id, or it ended."
    )
    Console(stderr=True).print(message, highlight=False)
    if not was_revoked:
        raise typer.Exit(1)
