"""`aftercall webhook …`: who is called when something happens, and what was posted."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from aftercall.cli.open_services import DatabaseUrl, DataDir, opened, settings_of
from aftercall.cli.printing import AsJson, format_moment, print_json
from aftercall.core.errors import Malformed
from aftercall.core.instants import EpochMs
from aftercall.core.webhooks import DeliveryState, Webhook, WebhookDelivery, WebhookEvent
from aftercall.logs import configure_logs
from aftercall.service.services import Services
from aftercall.service.webhooks.signing_keys import DEFAULT_LEAD_MS, SigningKey
from aftercall.service.webhooks.subscriptions import Subscription
from aftercall.wire.dashboard.webhooks import encode_delivery, encode_webhook_status
from aftercall.wire.times import encode_time, parse_time
from aftercall.wire.webhooks import EVENT_NAMES, encode_events, read_events
from aftercall.work.webhooks import Dispatcher

TEST_WITHIN_S: Final = 15.0
LOOK_EVERY_S: Final = 0.1

webhooks = typer.Typer(
    help="Who is called when something happens, and what was posted.", no_args_is_help=True
)
webhook_keys = typer.Typer(help="The keys that sign what is posted.", no_args_is_help=True)

AppId = Annotated[
    str | None, typer.Option("--app", "--app-id", help="The app; left out: the only one there is.")
]
WebhookId = Annotated[str, typer.Argument(help="The webhook's id, as `webhook list` shows it.")]

_USUAL = [EVENT_NAMES[event] for event in WebhookEvent if event is not WebhookEvent.TEST]


class EndedState(StrEnum):
    """How a delivery can have ended."""

    SENT = "sent"
    REFUSED = "refused"
    DEAD = "dead"
    DROPPED = "dropped"


@webhooks.command("add")
def add_webhook(
    url: Annotated[str, typer.Argument(help="Where to post: an http or https address.")],
    name: Annotated[str, typer.Option("--name", help="What it is called.")] = "Webhook",
    events: Annotated[
        list[str] | None,
        typer.Option("--event", help=f"What to post: {', '.join(_USUAL)}. Left out: all."),
    ] = None,
    meetings: Annotated[
        list[str] | None,
        typer.Option("--meeting", help="Post what happens in this meeting only."),
    ] = None,
    app_id: AppId = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Create a webhook; prints its id and the secret that signs what is posted to it."""
    wanted = Subscription(name, url, read_events(events or _USUAL), meeting_ids=meetings or [])

    async def work() -> tuple[Webhook, str]:
        async with opened(settings_of(data_dir, database_url)) as services:
            app = await services.setup.chosen_app(None, app_id)
            webhook = await services.webhooks.create(app.account_id, app.id, wanted)
            return webhook, services.webhooks.secrets_of(webhook)[0]

    webhook, secret = asyncio.run(work())
    print_json({"id": webhook.id, "secret": secret})


@webhooks.command("list")
def list_webhooks(
    app_id: AppId = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """The webhooks of an app, and how their receivers answer."""

    async def work() -> list[Webhook]:
        async with opened(settings_of(data_dir, database_url)) as services:
            app = await services.setup.chosen_app(None, app_id)
            return await services.webhooks.list_webhooks(app.id)

    found = asyncio.run(work())
    if as_json:
        print_json([encode_webhook_status(webhook) for webhook in found])
        return
    table = Table("id", "name", "address", "events", "state")
    for webhook in found:
        names = ", ".join(encode_events(webhook.events))
        table.add_row(webhook.id, webhook.name, webhook.url, names, _state_of(webhook))
    Console().print(table)


@webhooks.command("remove")
def remove_webhook(
    webhook_id: WebhookId,
    app_id: AppId = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Delete a webhook: nothing more is posted to it, and the log of what was posted goes."""

    async def work() -> None:
        async with opened(settings_of(data_dir, database_url)) as services:
            app = await services.setup.chosen_app(None, app_id)
            await services.webhooks.delete(app.account_id, app.id, webhook_id)

    asyncio.run(work())
    Console(stderr=True).print("The webhook is deleted.", highlight=False)


@webhooks.command("secret")
def show_secret(
    webhook_id: WebhookId,
    is_renewed: Annotated[
        bool, typer.Option("--renew", help="Make a new one; the old one signs for a day more.")
    ] = False,
    app_id: AppId = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Print the secret with which a receiver checks `webhook-signature`."""

    async def work() -> str:
        async with opened(settings_of(data_dir, database_url)) as services:
            app = await services.setup.chosen_app(None, app_id)
            if is_renewed:
                return await services.webhooks.renew_secret(app.account_id, app.id, webhook_id)
            return await services.webhooks.secret_of(app.id, webhook_id)

    Console().print(asyncio.run(work()), highlight=False, soft_wrap=True)


@webhooks.command("test")
def try_webhook(
    webhook_id: WebhookId,
    app_id: AppId = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Post a test delivery and print what was answered. Exit code 1 if it was not accepted."""
    settings = settings_of(data_dir, database_url)
    configure_logs(replace(settings, log_level="error"))

    async def work() -> WebhookDelivery:
        async with opened(settings) as services:
            app = await services.setup.chosen_app(None, app_id)
            return await _tried(services, app.id, webhook_id)

    delivery = asyncio.run(work())
    if not delivery.log:
        raise Malformed("It was not posted in time; see `aftercall webhook deliveries`.")
    last = delivery.log[-1]
    answer = last.error if last.status is None else f"{last.status}"
    sentence = f"{delivery.state.value}: {answer}, after {last.took_ms} ms"
    Console().print(sentence, highlight=False, markup=False)
    if delivery.state is not DeliveryState.SENT:
        raise typer.Exit(1)


async def _tried(services: Services, app_id: str, webhook_id: str) -> WebhookDelivery:
    """A test delivery after its first attempt. A server that runs may post it as well."""
    delivery = await services.delivery_log.test(app_id, webhook_id, key=services.new_id())
    dispatcher = Dispatcher(services, services.sender, only=(app_id, webhook_id))
    with suppress(TimeoutError):
        async with asyncio.timeout(TEST_WITHIN_S):
            while not delivery.log:
                await dispatcher.run_due()
                delivery = await services.delivery_log.find(app_id, webhook_id, delivery.id)
                await asyncio.sleep(LOOK_EVERY_S)
    return delivery


@webhooks.command("deliveries")
def list_deliveries(
    webhook_id: WebhookId,
    state: Annotated[
        DeliveryState | None, typer.Option("--state", help="Only those in this state.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1_000, help="How many.")] = 50,
    app_id: AppId = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """What a webhook is owed and what was posted, the latest first."""

    async def work() -> list[WebhookDelivery]:
        async with opened(settings_of(data_dir, database_url)) as services:
            app = await services.setup.chosen_app(None, app_id)
            return await services.delivery_log.list_deliveries(
                app.id, webhook_id, state=state, limit=limit
            )

    found = asyncio.run(work())
    if as_json:
        print_json([encode_delivery(each) for each in found])
        return
    table = Table("id", "event", "created", "state", "attempts", "last answer")
    for each in found:
        last = each.log[-1] if each.log else None
        answer = "–" if last is None else str(last.status or last.error)
        state_name, name = each.state.value, EVENT_NAMES[each.event]
        created = format_moment(each.created_at)
        table.add_row(each.id, name, created, state_name, str(each.attempts), answer)
    Console().print(table)


@webhooks.command("replay")
def replay(
    webhook_id: WebhookId,
    delivery_id: Annotated[
        str | None, typer.Argument(help="One delivery; left out: those of a time.")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="Created from then on (ISO 8601).")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Created before; left out: until now.")
    ] = None,
    states: Annotated[
        list[EndedState] | None, typer.Option("--state", help="How they ended; left out: dead.")
    ] = None,
    app_id: AppId = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Let deliveries be posted again by the server, with the same ids."""
    if (delivery_id is None) == (from_ is None):
        raise typer.BadParameter("name one delivery, or a time with --from")
    wanted = [DeliveryState(each.value) for each in states or [EndedState.DEAD]]

    async def work() -> int:
        async with opened(settings_of(data_dir, database_url)) as services:
            app = await services.setup.chosen_app(None, app_id)
            if delivery_id is not None:
                await services.delivery_log.replay(app.id, webhook_id, delivery_id)
                return 1
            end = services.clock() if until is None else parse_time(until, field="until")
            return await services.delivery_log.replay_range(
                app.id,
                webhook_id,
                states=wanted,
                from_at=parse_time(from_ or "", field="from"),
                until=EpochMs(end),
            )

    print_json({"replayed": asyncio.run(work())})


@webhook_keys.command("rotate")
def rotate_key(
    is_now: Annotated[
        bool,
        typer.Option("--now", help="It signs at once, not after having been published for a day."),
    ] = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Make a new key. It is published at once at /.well-known/webhooks.json and signs a day later,
    when receivers know it; the old one stays published for a month."""

    async def work() -> EpochMs:
        async with opened(settings_of(data_dir, database_url)) as services:
            made = await services.signing_keys.rotate(lead_ms=0 if is_now else DEFAULT_LEAD_MS)
            return made.signs_from

    sentence = f"The new key signs from {format_moment(asyncio.run(work()))} on."
    Console(stderr=True).print(sentence, highlight=False)


@webhook_keys.command("list")
def list_keys(
    as_json: AsJson = False, data_dir: DataDir = None, database_url: DatabaseUrl = None
) -> None:
    """The published keys, the one that signs now first."""

    async def work() -> list[SigningKey]:
        async with opened(settings_of(data_dir, database_url)) as services:
            return await services.signing_keys.published()

    found = asyncio.run(work())
    if as_json:
        print_json(
            [
                {
                    "id": key.id,
                    "publicKey": key.public_pem,
                    "signsFrom": encode_time(key.signs_from),
                }
                for key in found
            ]
        )
        return
    table = Table("id", "signs from")
    for key in found:
        table.add_row(key.id, format_moment(key.signs_from))
    Console().print(table)


def _state_of(webhook: Webhook) -> str:
    if webhook.unsubscribed_at is not None:
        return f"gone since {format_moment(webhook.unsubscribed_at)}"
    if not webhook.is_enabled:
        return "disabled"
    return f"failing ({webhook.failures})" if webhook.failures else "enabled"
