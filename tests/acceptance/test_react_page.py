"""The how-to's hook for React, as it stands there, in a page in a real browser."""

import asyncio
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Response

from tests.acceptance import http_client
from tests.acceptance.chromium import browser, find_chromium
from tests.acceptance.http_client import TIMEOUT_S
from tests.acceptance.sdks import node_sdks
from tests.acceptance.server import Server, running

CHROMIUM = find_chromium()
ROOT = Path(__file__).resolve().parents[2]
HOW_TO = ROOT / "docs" / "how-to" / "collect-from-react.md"
ADDRESS = "https://calls.example.com"
COLLECTOR = ROOT / "src" / "aftercall" / "_static" / "collector" / "aftercall-collector.js"

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.realtime,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium was found on this machine"),
    pytest.mark.skipif(not COLLECTOR.exists(), reason="the collector is not built: make pages"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("react")) as started:
        yield started


@pytest.fixture(scope="module")
def page_script(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of a page that uses the hook, which is given this server's address."""
    folder = tmp_path_factory.mktemp("bundle")
    (code,) = re.findall(r"```jsx\n(.*?)```", HOW_TO.read_text(), re.DOTALL)
    hook, bundle = folder / "hook.jsx", folder / "page.js"
    assert ADDRESS in code
    hook.write_text(code.replace(ADDRESS, server.url))
    sdks = node_sdks()
    subprocess.run(
        [str(sdks / "node_modules/.bin/rolldown"), "-c", "react-page.config.mjs"],
        cwd=sdks,
        env={"HOOK": str(hook), "COLLECTOR": str(COLLECTOR), "BUNDLE": str(bundle)}
        | {"PATH": os.environ["PATH"]},
        check=True,
        capture_output=True,
        timeout=TIMEOUT_S,
    )
    return bundle


def admit(server: Server) -> tuple[str, str]:
    """A new meeting, and a token for a participant of it."""
    with http_client.Client(headers=server.headers) as client:
        meeting = client.post(server.kit("meetings"), json={"title": "React"})
        meeting_id: str = meeting.raise_for_status().json()["data"]["id"]
        person = {"name": "Ann", "preset_name": "group_call_host", "custom_participant_id": "ann"}
        added = client.post(server.kit(f"meetings/{meeting_id}/participants"), json=person)
        return meeting_id, added.raise_for_status().json()["data"]["token"]


def record_of(server: Server, meeting_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The meeting's only session and who was in it."""
    with http_client.Client(headers=server.headers) as client:
        words = {"associated_id": meeting_id}
        listed = client.get(server.kit("sessions"), params=words).raise_for_status().json()
        (session,) = listed["data"]["sessions"]
        people = client.get(server.kit(f"sessions/{session['id']}/participants"))
        return session, people.raise_for_status().json()["data"]["participants"]


@pytest.mark.parametrize("is_strict", [False, True])
async def test_a_component_that_mounts_and_unmounts_is_one_stay(
    server: Server, page_script: Path, is_strict: bool
) -> None:
    assert CHROMIUM is not None
    meeting_id, token = await asyncio.to_thread(admit, server)
    errors: list[str] = []
    async with browser(CHROMIUM) as chromium:
        context = await chromium.new_context(bypass_csp=True)
        await context.add_init_script(path=page_script)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(f"{server.url}/healthz")
        async with page.expect_response("**/v1/collect"):
            await page.evaluate(
                "(asked) => render(asked.token, asked.isStrict)",
                {
                    "token": token,
                    "isStrict": is_strict,
                },
            )
        async with page.expect_response(is_about("chat")):
            await page.click("#say")
        async with page.expect_response(is_about("leave")):
            await page.click("#leave")
    session, people = await asyncio.to_thread(record_of, server, meeting_id)
    assert errors == []
    assert session["live_participants"] == 0
    (ann,) = people
    assert ann["display_name"] == "Ann"
    assert not ann["left_at_inferred"]
    assert 0 < ann["duration"] < 10 / 60


def is_about(kind: str) -> Callable[[Response], bool]:
    """Whether a response is the answer to a batch with an entry of this kind."""
    return lambda response: f'"type":"{kind}"' in (response.request.post_data or "")
