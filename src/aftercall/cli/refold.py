"""`aftercall refold`: verdicts renewed from the facts."""

import asyncio

from rich.console import Console

from aftercall.cli.open_services import DatabaseUrl, DataDir, opened, settings_of
from aftercall.service.reports.session_reports import Refolded


def refold(data_dir: DataDir = None, database_url: DatabaseUrl = None) -> None:
    """Fold the reports again that an older model made. May run beside a server."""
    settings = settings_of(data_dir, database_url)
    console = Console(stderr=True)

    async def work() -> Refolded:
        done = Refolded(0, 0)
        async with opened(settings) as services:
            with console.status("Looking for reports of an older fold") as status:
                async for done in services.session_reports.refold():
                    status.update(f"{done.reports} reports of {done.sessions} sessions")
        return done

    done = asyncio.run(work())
    console.print(
        f"{done.reports} reports of {done.sessions} sessions folded again.", highlight=False
    )
