"""`aftercall alert …`: alert rules, the channels they are sent over, and what was raised."""

import sys
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from aftercall.cli.open_services import DatabaseUrl, DataDir, settings_of, with_app
from aftercall.cli.printing import AsJson, format_moment, print_json
from aftercall.cli.read_links import read_life
from aftercall.core.alerts.channels import ChannelSpec
from aftercall.core.alerts.rules import RuleSpec
from aftercall.core.errors import Malformed
from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.records import App
from aftercall.service.alerts.alert_rules import Owner
from aftercall.service.services import Services

alerts = typer.Typer(help="Alert rules, channels, and what was raised.", no_args_is_help=True)
rules = typer.Typer(help="What the server watches by itself.", no_args_is_help=True)
channels = typer.Typer(help="Where alerts are sent.", no_args_is_help=True)
alerts.add_typer(rules, name="rule")
alerts.add_typer(channels, name="channel")

T = TypeVar("T")

AppId = Annotated[
    str | None, typer.Option("--app", "--app-id", help="The app; left out: the only one there is.")
]
Body = Annotated[
    Path,
    typer.Argument(help="A file of JSON, as over REST; -: standard input.", allow_dash=True),
]


def _read(path: Path, kind: type[T]) -> T:
    """The JSON of a file. Raises `Malformed`."""
    text = sys.stdin.read() if str(path) == "-" else path.read_text()
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Malformed(f"The JSON cannot be used: {error}", code="bad_body") from None


def _owner(app: App) -> Owner:
    return Owner(app.account_id, app.id)


@channels.command("add")
def add_channel(
    body: Body,
    app_id: AppId = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Store a channel: {"name": …, "target": {"kind": "webhook", "url": …}}. Prints its id."""
    settings, spec = settings_of(data_dir, database_url), _read(body, ChannelSpec)

    async def work(services: Services, app: App) -> str:
        use, owner = services.alert_rules, _owner(app)
        return (await use.create_channel(owner, spec)).id

    _print_id(with_app(settings, app_id, work), as_json=as_json)


@channels.command("list")
def list_channels(
    app_id: AppId = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """The channels of an app, without addresses and keys."""
    settings = settings_of(data_dir, database_url)

    async def work(services: Services, app: App) -> list[dict[str, Any]]:
        use, owner = services.alert_rules, _owner(app)
        found = await use.list_channels(owner.app_id)
        names = ("id", "name", "kind", "target")
        return [{name: getattr(each, name) for name in names} for each in found]

    _print(with_app(settings, app_id, work), as_json=as_json)


@channels.command("test")
def test_channel(
    channel_id: Annotated[str, typer.Argument(help="The id of the channel.")],
    app_id: AppId = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Send one test message. Exit code 1 if it was not delivered."""
    settings = settings_of(data_dir, database_url)

    async def work(services: Services, app: App) -> str | None:
        use, owner = services.alert_rules, _owner(app)
        return await use.test_channel(owner.app_id, channel_id)

    problem = with_app(settings, app_id, work)
    console = Console(stderr=True)
    if problem is not None:
        console.print(f"Not delivered: {problem}.", highlight=False)
        raise typer.Exit(1)
    console.print("The message was delivered.", highlight=False)


@channels.command("remove")
def remove_channel(
    channel_id: Annotated[str, typer.Argument(help="The id of the channel.")],
    app_id: AppId = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Delete a channel: what waits for it is not sent."""
    settings = settings_of(data_dir, database_url)

    async def work(services: Services, app: App) -> None:
        use, owner = services.alert_rules, _owner(app)
        await use.delete_channel(owner, channel_id)

    with_app(settings, app_id, work)
    Console(stderr=True).print("The channel is deleted.", highlight=False)


@rules.command("add")
def add_rule(
    body: Body,
    app_id: AppId = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Store a rule: {"name": …, "condition": {"kind": …}, "channels": […]}. Prints its id."""
    settings, spec = settings_of(data_dir, database_url), _read(body, RuleSpec)

    async def work(services: Services, app: App) -> str:
        use, owner = services.alert_rules, _owner(app)
        return (await use.create_rule(owner, spec)).id

    _print_id(with_app(settings, app_id, work), as_json=as_json)


@rules.command("list")
def list_rules(
    app_id: AppId = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """The rules of an app."""
    settings = settings_of(data_dir, database_url)

    async def work(services: Services, app: App) -> list[dict[str, Any]]:
        use, owner = services.alert_rules, _owner(app)
        found = await use.list_rules(owner.app_id)
        if as_json:
            return [
                {"id": each.id, "rule": each.spec, "muted_until": each.muted_until}
                for each in found
            ]
        return [
            {
                "id": each.id,
                "name": each.spec["name"],
                "kind": each.spec["condition"]["kind"],
                "muted until": _moment(each.muted_until),
            }
            for each in found
        ]

    _print(with_app(settings, app_id, work), as_json=as_json)


@rules.command("mute")
def mute_rule(
    rule_id: Annotated[str, typer.Argument(help="The id of the rule.")],
    for_text: Annotated[
        str, typer.Option("--for", help="For how long, as 8h or 2d; 0: no longer.")
    ] = "1h",
    app_id: AppId = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Send nothing new about a rule for a while."""
    settings = settings_of(data_dir, database_url)
    seconds = 0 if for_text == "0" else read_life(for_text)

    async def work(services: Services, app: App) -> None:
        use, owner = services.alert_rules, _owner(app)
        until = EpochMs(services.clock() + seconds * SECOND_MS) if seconds else None
        await use.mute_rule(owner, rule_id, until)

    with_app(settings, app_id, work)
    Console(stderr=True).print("Done.", highlight=False)


@rules.command("remove")
def remove_rule(
    rule_id: Annotated[str, typer.Argument(help="The id of the rule.")],
    app_id: AppId = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Delete a rule and resolve what it raised."""
    settings = settings_of(data_dir, database_url)

    async def work(services: Services, app: App) -> None:
        use, owner = services.alert_rules, _owner(app)
        await use.delete_rule(owner, rule_id)

    with_app(settings, app_id, work)
    Console(stderr=True).print("The rule is deleted.", highlight=False)


@alerts.command("list")
def list_alerts(
    state: Annotated[str, typer.Option("--state", help="open, resolved or all.")] = "open",
    app_id: AppId = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """What rules have raised, the latest first."""
    if state not in ("open", "resolved", "all"):
        raise typer.BadParameter("open, resolved or all", param_hint="--state")
    settings = settings_of(data_dir, database_url)

    async def work(services: Services, app: App) -> list[dict[str, Any]]:
        use, owner = services.alert_rules, _owner(app)
        found = await use.list_alerts(
            owner.app_id, state=state, rule_id=None, before=None, limit=200
        )
        if as_json:
            return [
                {"id": alert.id, "raised_at": alert.raised_at, "resolved_at": alert.resolved_at}
                | {"title": said.title, "rule": said.rule_name, "url": said.url}
                for alert, said in found
            ]
        return [
            {
                "raised": _moment(alert.raised_at),
                "resolved": _moment(alert.resolved_at),
                "severity": said.severity,
                "what": said.title,
                "rule": said.rule_name,
            }
            for alert, said in found
        ]

    _print(with_app(settings, app_id, work), as_json=as_json)


def _moment(at: EpochMs | None) -> str:
    return "" if at is None else format_moment(at)


def _print_id(id: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"id": id})
    else:
        Console().print(id, highlight=False)


def _print(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json(rows)
        return
    table = Table(*(rows[0] if rows else ("nothing",)))
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console().print(table)
