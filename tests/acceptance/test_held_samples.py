"""A real browser holds samples while nobody looks at its call, and none is lost."""

import gzip
import json
from pathlib import Path

import pytest
from playwright.async_api import Page, Request

from aftercall.core.records import StoredSample
from aftercall.store import samples
from tests.acceptance.call_page import open_tab
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

    async def wait_for(self, size: int) -> None:
        """Waits until a request has so many samples."""
        begun = len(self.samples)
        while not any(len(found) == size for found in self.samples[begun:]):
            await self.page.wait_for_event(
                "request", lambda request: request.url.endswith("/v1/collect")
            )


async def stored(server: Server, peer_id: str) -> list[StoredSample]:
    url = f"sqlite:///{server.data_dir / 'aftercall.db'}"
    async with read_transaction(url) as tx:
        return await samples.of_peer(tx, server.app_id, peer_id)


async def test_samples_are_held_until_somebody_looks_and_none_is_lost(tmp_path: Path) -> None:
    assert CHROMIUM is not None
    env = {
        "AFTERCALL_INTERVAL_MS": str(INTERVAL_MS),
        "AFTERCALL_SAMPLES_PER_REQUEST": str(HELD),
    }
    with running(tmp_path, env=env) as server:
        async with browser(CHROMIUM) as chromium:
            ann, bob = [await open_tab(chromium, name) for name in ("Ann", "Bob")]
            of_ann, of_bob = Requests(ann.page), Requests(bob.page)
            for tab in (ann, bob):
                await tab.join(server.url, "held")
            await ann.wait_until_connected(1)
            await of_ann.wait_for(HELD)
            await ann.page.wait_for_timeout(2.5 * INTERVAL_MS)
            left_at = await ann.page.evaluate("Date.now()")
            await ann.page.goto("about:blank")

            await of_bob.wait_for(HELD)
            report = server.kit(f"sessions/peer-report/{bob.stays[-1].peer_id}")
            assert (await ann.page.request.get(report, headers=server.headers)).ok
            await of_bob.wait_for(1)
            await of_bob.wait_for(1)
            await bob.leave()
        anns = await stored(server, ann.stays[-1].peer_id)
        bobs = await stored(server, bob.stays[-1].peer_id)
    # The end of the page sent what waited.
    assert left_at - anns[-1].at < 2 * INTERVAL_MS
    for requests, kept in ((of_ann, anns), (of_bob, bobs)):
        sent = {sequence for found in requests.samples for sequence in found}
        assert sent <= {sample.sequence for sample in kept}
