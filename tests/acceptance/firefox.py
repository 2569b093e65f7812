"""A headless Firefox, driven by WebDriver BiDi, which Debian's own Firefox speaks."""

import asyncio
import itertools
import json
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.acceptance.http_client import TIMEOUT_S

PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.autoplay.default": 0,
    # No requests but those of the page under test.
    "app.update.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "http://127.0.0.1:9/",
    "extensions.systemAddon.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
}


class BrowserFailed(Exception):
    """A command to Firefox failed; the message is Firefox's."""


class Firefox:
    """One tab of a running Firefox."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._context = ""

    async def open(self, *, preload: str) -> None:
        """Opens the tab; `preload` runs before every page's own scripts."""
        await self._command("session.new", capabilities={})
        made = await self._command("browsingContext.create", type="tab")
        self._context = made["context"]
        await self._command("script.addPreloadScript", functionDeclaration=preload)

    async def go(self, url: str) -> None:
        await self._command(
            "browsingContext.navigate", context=self._context, url=url, wait="complete"
        )

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression, awaited, brought over as JSON."""
        answer = await self._command(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})) ?? 'null')()",
            target={"context": self._context},
            awaitPromise=True,
        )
        if answer["type"] != "success":
            raise BrowserFailed(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    async def wait_for(self, expression: str, *, within_s: float = TIMEOUT_S) -> None:
        """Waits until an expression is true."""
        condition = f"""new Promise((done, failed) => {{
            const give_up_at = Date.now() + {within_s * 1000};
            const check = async () => {{
                if (await ({expression})) done(true);
                else if (Date.now() > give_up_at) failed(new Error("still not true"));
                else setTimeout(check, 100);
            }};
            check();
        }})"""
        await self.evaluate(condition)

    async def _command(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        await self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(await self._socket.recv())
            if answer.get("id") == number:
                break
        if answer["type"] == "error":
            raise BrowserFailed(f"{method}: {answer['error']}: {answer['message']}")
        return answer["result"]


def find_firefox() -> str | None:
    """A Firefox on this machine: the one `FIREFOX` names, else one on the path."""
    named = os.environ.get("FIREFOX")
    return named or shutil.which("firefox-esr") or shutil.which("firefox")


@asynccontextmanager
async def firefox(executable: str, *, preload: str = "() => {}") -> AsyncIterator[Firefox]:
    """A Firefox with a profile of its own, a fake camera and microphone, and one tab."""
    profile = Path(tempfile.mkdtemp(prefix="aftercall-firefox-"))
    lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))
    process = await asyncio.create_subprocess_exec(
        *(executable, "--headless", "--no-remote", "--profile", str(profile)),
        "--remote-debugging-port=0",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HOME": str(profile)},
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            url = await _listening_at(process)
        async with connect(f"{url}/session", max_size=None) as socket:
            tab = Firefox(socket)
            await tab.open(preload=preload)
            yield tab
    finally:
        process.kill()
        await process.communicate()
        shutil.rmtree(profile, ignore_errors=True)


async def _listening_at(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        found = re.search(rb"WebDriver BiDi listening on (ws://\S+)", line)
        if found:
            return found[1].decode()
    raise BrowserFailed("Firefox ended before it could be driven")
