"""A headless Chromium with a fake camera and microphone."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

from tests.acceptance.http_client import TIMEOUT_MS

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    # Without it a machine with no interface but loopback finds no candidates.
    "--allow-loopback-in-peer-connection",
    "--auto-select-desktop-capture-source=Entire screen",
    "--mute-audio",
)


def find_chromium() -> str | None:
    """A Chromium on this machine: the one `CHROMIUM` names, else one on the path."""
    named = os.environ.get("CHROMIUM")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return named or next((path for name in names if (path := shutil.which(name))), None)


@asynccontextmanager
async def browser(executable: str, *flags: str) -> AsyncIterator[Browser]:
    """A headless Chromium with a fake camera and microphone."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=executable,
            headless=True,
            timeout=TIMEOUT_MS,
            args=[*CHROMIUM_FLAGS, *flags],
        )
        try:
            yield running
        finally:
            await running.close()
