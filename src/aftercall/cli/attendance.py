"""`aftercall attendance`: who attended a session, the sessions of a meeting or those of a month."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from aftercall.cli.open_services import DatabaseUrl, DataDir, opened, settings_of
from aftercall.core.calendar_periods import month_named
from aftercall.core.overview.attendance import Attendance
from aftercall.logs import configure_logs
from aftercall.service.services import Services
from aftercall.web.dashboard.attendance import pages_of, write_pages

Pages = AsyncIterator[Sequence[Attendance]]


def attendance(
    session: Annotated[str | None, typer.Option(help="The id of a session.")] = None,
    meeting: Annotated[
        str | None, typer.Option(help="The id of a meeting: all its sessions together.")
    ] = None,
    month: Annotated[
        str | None, typer.Option(help="A month such as 2026-11: everybody of the app.")
    ] = None,
    zone: Annotated[
        str, typer.Option("--zone", "--tz", help="The time zone of the month and of all times.")
    ] = "UTC",
    app_id: Annotated[
        str | None,
        typer.Option("--app", "--app-id", help="The app; left out: the only one there is."),
    ] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Print who attended as CSV, one row a person, with the sum; what the dashboard downloads."""
    if [session, meeting, month].count(None) != 2:
        raise typer.BadParameter("name one of --session, --meeting and --month")
    try:
        clocks = ZoneInfo(zone)
    except (ValueError, OSError, KeyError) as error:
        raise typer.BadParameter(f"{zone} is no time zone such as Europe/Berlin") from error
    period = None if month is None else month_named(month, clocks)
    if month is not None and period is None:
        raise typer.BadParameter(f"{month} is no month such as 2026-11")
    settings = settings_of(data_dir, database_url)
    configure_logs(replace(settings, log_level="warning"))

    async def pages(services: Services, app: str) -> Pages:
        if period is not None:
            return services.attendance_periods.export_month(app, period)
        if session is not None:
            found = await services.attendance_lists.of_session(app, session)
            return pages_of(found.attendances)
        everybody = await services.attendance_lists.of_meeting(app, meeting or "", most=None)
        return pages_of(everybody.attendances)

    async def work() -> None:
        async with opened(settings) as services:
            app = await services.setup.chosen_app(None, app_id)
            async for piece in write_pages(await pages(services, app.id), clocks):
                sys.stdout.write(piece.decode())

    asyncio.run(work())
