"""The dump that Chromium's own page saves, and its import into another app."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, Page

from tests.acceptance.final_reports import report_of
from tests.acceptance.server import Server, command, make_app

SAVE: Final = "#dump-click-target"
"""The button of chrome://webrtc-internals that downloads its dump; it is in a closed section."""


@asynccontextmanager
async def internals(running: Browser) -> AsyncIterator[Page]:
    """chrome://webrtc-internals of a browser, which collects from when it is opened."""
    context = await running.new_context(accept_downloads=True)
    page = await context.new_page()
    await page.goto("chrome://webrtc-internals")
    yield page
    await context.close()


async def save_dump(page: Page, path: Path) -> Path:
    """Press the button of the page."""
    await page.evaluate("document.querySelectorAll('details').forEach((each) => each.open = true)")
    async with page.expect_download() as download:
        await page.click(SAVE)
    await (await download.value).save_as(path)
    return path


def reports_of_dumps(server: Server, dumps: Mapping[str, Path]) -> dict[str, Any]:
    """Imports the dumps of one call into another app; the final reports and the ids of the
    participants, by name."""
    app = make_app(server.data_dir)
    names = [word for name in dumps for word in ("--name", name)]
    done = command(
        "import",
        "dumps",
        *map(str, dumps.values()),
        *names,
        "--json",
        "--account-id",
        app["account_id"],
        "--app-id",
        app["app_id"],
        "--data-dir",
        str(server.data_dir),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (call,) = json.loads(done.stdout)["calls"]
    other = replace(server, **app)
    ids = {each["name"]: each["peer_id"] for each in call["participants"]}
    return {"peer_ids": ids, "reports": {name: report_of(other, id) for name, id in ids.items()}}
