"""`aftercall person …`, `aftercall session …`, `aftercall meeting …`, `aftercall audit`: one
person's data, deletion, and who did what."""

import asyncio
import shutil
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from aftercall.cli.open_services import DatabaseUrl, DataDir, settings_of, with_app
from aftercall.cli.printing import AsJson, format_moment, print_json
from aftercall.core.records import App
from aftercall.service.audit import CLI
from aftercall.service.erased_people import PersonIds
from aftercall.service.privacy.deletions import DELETE_ALL
from aftercall.service.privacy.erasures import ERASE_PERSON
from aftercall.service.privacy.person_exports import EXPORT_PERSON
from aftercall.service.services import Services
from aftercall.work.run_until import run_until_done

person = typer.Typer(help="One person's data.", no_args_is_help=True)
session = typer.Typer(help="Recorded sessions.", no_args_is_help=True)
meeting = typer.Typer(help="Meetings with their sessions.", no_args_is_help=True)

T = TypeVar("T")

AppId = Annotated[
    str | None, typer.Option("--app", "--app-id", help="The app; left out: the only one there is.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for the id again.")]
UserId = Annotated[
    str | None, typer.Option("--user-id", help="The person's user id, alone or besides.")
]


def _confirm(id: str, yes: bool, what: str) -> None:
    """Have the id typed again, unless the caller is a program. Exits with 1 if it differs."""
    if yes:
        return
    typed = typer.prompt(f"{what} Type {id} to go on", default="", show_default=False, err=True)
    if typed != id:
        Console(stderr=True).print("That is not the id: nothing was done.")
        raise typer.Exit(1)


@person.command("erase")
def erase_person(
    custom_participant_id: Annotated[
        str, typer.Argument(help="The person's custom participant id; empty with --user-id alone.")
    ] = "",
    user_id: UserId = None,
    mentions: Annotated[
        bool,
        typer.Option(
            help="Also replace the person's names in sessions the person did not take part in."
        ),
    ] = False,
    app_id: AppId = None,
    yes: Yes = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Erase a person from every session of an app, and wait until that is done.

    A running server does the same work; this command does it as well, so none is needed. While a
    call of the person goes on, the erasure waits and the command says so and ends.
    """
    settings = settings_of(data_dir, database_url)
    ids = PersonIds(custom_participant_id or None, user_id)
    _confirm(custom_participant_id or user_id or "", yes, "This cannot be undone.")

    async def work(services: Services, app: App) -> Any:
        erasure = await services.erasures.request(
            app.account_id, app.id, ids, CLI, with_mentions=mentions
        )
        payload = {"app_id": app.id, "erasure_id": erasure.id}

        async def is_over() -> bool:
            state = (await services.erasures.find(app.id, erasure.id)).state
            return state.value != "running"

        await run_until_done(services, ERASE_PERSON, payload, is_over)
        return await services.erasures.find(app.id, erasure.id)

    receipt = with_app(settings, app_id, work)
    if as_json:
        print_json(receipt)
        return
    out = Console(stderr=True, highlight=False, soft_wrap=True)
    if receipt.live_sessions:
        out.print(
            f"Erasure {receipt.id} waits for the end of {receipt.live_sessions} calls; a server "
            "goes on with it."
        )
    else:
        found = ", ".join(f"{number} {kind}" for kind, number in receipt.counts.items())
        out.print(f"Erasure {receipt.id} is done: {found or 'nothing was found'}.")


@person.command("mentions")
def count_mentions(
    custom_participant_id: Annotated[
        str, typer.Argument(help="The person's custom participant id; empty with --user-id alone.")
    ] = "",
    user_id: UserId = None,
    app_id: AppId = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Count where others mention a person in sessions in which the person did not take part: what
    `person erase --mentions` would replace. Nothing is changed."""
    ids = PersonIds(custom_participant_id or None, user_id)

    async def work(services: Services, app: App) -> Any:
        return await services.erasures.count_mentions(app.id, ids)

    found = with_app(settings_of(data_dir, database_url), app_id, work)
    counts = {place.value: number for place, number in found.counts.items()}
    if as_json:
        print_json({"names": found.names, "sessions": len(found.sessions), "counts": counts})
        return
    out = Console(highlight=False, soft_wrap=True, markup=False)
    out.print(f"Names: {', '.join(found.names) or 'none is known'}")
    out.print(f"Sessions: {len(found.sessions)}")
    for place, number in counts.items():
        out.print(f"{place.replace('_', ' ')}: {number}")


@person.command("readmit")
def readmit_person(
    custom_participant_id: Annotated[
        str, typer.Argument(help="The person's custom participant id; empty with --user-id alone.")
    ] = "",
    user_id: UserId = None,
    app_id: AppId = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Record a person again who was erased, and comes back with consent. What was erased stays
    erased."""
    ids = PersonIds(custom_participant_id or None, user_id)

    async def work(services: Services, app: App) -> Any:
        return await services.readmissions.readmit(app.account_id, app.id, ids, CLI)

    receipts = with_app(settings_of(data_dir, database_url), app_id, work)
    if as_json:
        print_json(receipts)
        return
    out = Console(stderr=True, highlight=False, soft_wrap=True)
    out.print(f"The person is recorded again; {len(receipts)} erasures keep nobody out any more.")


@person.command("export")
def export_person(
    file: Annotated[Path, typer.Argument(help="The archive to write; it must not exist.")],
    custom_participant_id: Annotated[
        str, typer.Argument(help="The person's custom participant id; empty with --user-id alone.")
    ] = "",
    user_id: UserId = None,
    app_id: AppId = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Write everything that is known of a person to an archive of JSON and CSV files."""
    settings = settings_of(data_dir, database_url)
    if file.exists():
        raise typer.BadParameter(f"{file} exists")
    ids = PersonIds(custom_participant_id or None, user_id)

    async def work(services: Services, app: App) -> int:
        exports = services.person_exports
        export = await exports.request(app.account_id, app.id, ids, CLI)

        async def is_over() -> bool:
            return (await exports.find(app.id, export.id)).state.value == "done"

        payload = {"app_id": app.id, "export_id": export.id}
        await run_until_done(services, EXPORT_PERSON, payload, is_over)
        await asyncio.to_thread(shutil.copy, exports.path_of(app.id, export.id), file)
        found = (await exports.find(app.id, export.id)).sessions_found
        await exports.delete(app.id, export.id)
        return found

    found = with_app(settings, app_id, work)
    Console(stderr=True, soft_wrap=True).print(
        f"{found} sessions are in {file}.", highlight=False, markup=False
    )


@person.command("receipts")
def list_receipts(
    app_id: AppId = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """The receipts of erasures, the latest first."""

    async def work(services: Services, app: App) -> Any:
        return await services.erasures.list_receipts(app.id, limit=1_000)

    found = with_app(settings_of(data_dir, database_url), app_id, work)
    if as_json:
        print_json(found)
        return
    table = Table("erasure", "requested", "by", "state", "finished", "erased")
    for each in found:
        counts = ", ".join(f"{number} {kind}" for kind, number in each.counts.items())
        moments = (format_moment(each.requested_at), format_moment(each.finished_at))
        table.add_row(each.id, moments[0], each.requested_by, each.state, moments[1], counts)
    Console().print(table)


@session.command("delete")
def delete_session(
    session_id: Annotated[str, typer.Argument(help="The id of an ended session.")],
    app_id: AppId = None,
    yes: Yes = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Delete a session with all that is kept of it."""
    settings = settings_of(data_dir, database_url)
    _confirm(session_id, yes, "This cannot be undone.")

    async def work(services: Services, app: App) -> None:
        await services.deletions.delete_session(app.account_id, app.id, session_id, CLI)

    with_app(settings, app_id, work)
    Console(stderr=True).print(f"Session {session_id} is deleted.", highlight=False)


@meeting.command("delete")
def delete_meeting(
    meeting_id: Annotated[str, typer.Argument(help="The id of a meeting nobody is in.")],
    app_id: AppId = None,
    yes: Yes = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Delete a meeting with its members and all its sessions."""
    settings = settings_of(data_dir, database_url)
    _confirm(meeting_id, yes, "This cannot be undone.")

    async def work(services: Services, app: App) -> None:
        await services.deletions.delete_meeting(app.account_id, app.id, meeting_id, CLI)
        await run_until_done(services, DELETE_ALL, {"app_id": app.id, "meeting_id": meeting_id})

    with_app(settings, app_id, work)
    Console(stderr=True).print(f"Meeting {meeting_id} is deleted.", highlight=False)


def delete_app(
    app_id: Annotated[str, typer.Argument(help="The id of the app.")],
    yes: Yes = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Delete an app with everything in it. Receipts of erasures and the audit log stay."""
    settings = settings_of(data_dir, database_url)
    _confirm(app_id, yes, "This cannot be undone.")

    async def work(services: Services, app: App) -> None:
        await services.deletions.delete_app(app.account_id, app.id, CLI)
        await run_until_done(services, DELETE_ALL, {"app_id": app.id})

    with_app(settings, app_id, work)
    Console(stderr=True).print(f"App {app_id} is deleted.", highlight=False)


def audit(
    app_id: AppId = None,
    limit: Annotated[int, typer.Option(help="How many entries, the latest first.")] = 200,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Who read talk, exported or erased a person, deleted something, made or revoked tokens."""

    async def work(services: Services, app: App) -> Any:
        return await services.audit_log.list_entries(
            app.account_id, app.id, before=None, limit=limit, with_account=True
        )

    found = with_app(settings_of(data_dir, database_url), app_id, work)
    if as_json:
        print_json(found)
        return
    table = Table("when", "who", "what", "object")
    for each in found:
        table.add_row(format_moment(each.at), each.actor, each.action, each.object)
    Console().print(table)
