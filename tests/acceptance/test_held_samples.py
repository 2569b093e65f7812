"""A real browser holds samples while nobody looks at its call, and none is lost."""

import gzip
import json
from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, Request

from aftercall.core.records import StoredSample
from aftercall.store import samples
from tests.acceptance.call_page import Tab, open_tab
from tests.acceptance.chromium import browser, find_chromium
from tests.acceptance.database_reads import read_transaction
from tests.acceptance.server import Server, running

CHROMIUM = find_chromium()
INTERVAL_MS = 1_000
HELD = 4

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.realtime,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium was found on this machine"),
]


class Requests:
    """The samples of each request of a page to the intake."""

    def __init__(self, page: Page) -> None:
        self.samples: list[list[int]] = []
        self.page = page
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.url.endswith("/v1/collect") and request.method == "POST":
            raw = request.post_data_buffer or b""
            body = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
            found = [e["seq"] for e in body["entries"] if e["type"] == "sample"]
            if found:
                self.samples.append(found)

    async def wait_for(self, sizes: Container[int]) -> None:
        """Waits until a request has one of these numbers of samples."""
        begun = len(self.samples)
        while not any(len(found) in sizes for found in self.samples[begun:]):
            await self.page.wait_for_event(
                "request", lambda request: request.url.endswith("/v1/collect")
            )


async def stored(server: Server, peer_id: str) -> list[StoredSample]:
    url = f"sqlite:///{server.data_dir / 'aftercall.db'}"
    async with read_transaction(url) as tx:
        return await samples.of_peer(tx, server.app_id, peer_id)


@asynccontextmanager
async def call(data_dir: Path) -> AsyncIterator[tuple[Server, Tab, Tab]]:
    """A server that asks for four samples together, and a call of two."""
    assert CHROMIUM is not None
    env = {
        "AFTERCALL_INTERVAL_MS": str(INTERVAL_MS),
        "AFTERCALL_SAMPLES_PER_REQUEST": str(HELD),
    }
    with running(data_dir, env=env) as server:
        async with browser(CHROMIUM) as chromium:
            ann, bob = [await open_tab(chromium, name) for name in ("Ann", "Bob")]
            for tab in (ann, bob):
                # The call page shows everybody's quality: a look at the session.
                await tab.page.route("**/try/quality*", lambda route: route.abort())
                await tab.join(server.url, "held")
            await ann.wait_until_connected(1)
            yield server, ann, bob


def assert_stored(requests: Requests, kept: list[StoredSample]) -> None:
    sent = {sequence for found in requests.samples for sequence in found}
    assert sent <= {sample.sequence for sample in kept}


async def test_the_end_of_a_page_sends_the_samples_it_holds(tmp_path: Path) -> None:
    async with call(tmp_path) as (server, ann, _):
        requests = Requests(ann.page)
        await requests.wait_for(range(HELD, 9))
        await ann.page.wait_for_timeout(2.5 * INTERVAL_MS)
        left_at = await ann.page.evaluate("Date.now()")
        await ann.page.goto("about:blank")
        kept = await stored(server, ann.stays[-1].peer_id)
        while not kept or left_at - kept[-1].at > 2 * INTERVAL_MS:
            await ann.page.wait_for_timeout(100)
            kept = await stored(server, ann.stays[-1].peer_id)
    assert_stored(requests, kept)


async def test_a_look_at_a_report_brings_back_single_samples(tmp_path: Path) -> None:
    async with call(tmp_path) as (server, ann, bob):
        requests = Requests(bob.page)
        await requests.wait_for(range(HELD, 9))
        report = server.kit(f"sessions/peer-report/{ann.stays[-1].peer_id}")
        assert (await ann.page.request.get(report, headers=server.headers)).ok
        await requests.wait_for([1])
        await requests.wait_for([1])
        await bob.leave()
        kept = await stored(server, bob.stays[-1].peer_id)
    assert_stored(requests, kept)
