"""The batches of the collector in a real browser agree with the published schema."""

import gzip
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from playwright.async_api import Request

from tests.acceptance.call_page import open_tab
from tests.acceptance.chromium import browser, find_chromium
from tests.acceptance.server import running

CHROMIUM = find_chromium()
SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "reference" / "collect.schema.json"

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.realtime,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium was found on this machine"),
]


def body_of(request: Request) -> Any:
    raw = request.post_data_buffer or b""
    return json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)


async def test_every_batch_of_a_call_is_valid_by_the_schema(tmp_path: Path) -> None:
    assert CHROMIUM is not None
    batches: list[Any] = []
    with running(tmp_path, env={"AFTERCALL_INTERVAL_MS": "1000"}) as server:
        async with browser(CHROMIUM) as chromium:
            tabs = [await open_tab(chromium, name) for name in ("Ann", "Bob")]
            for tab in tabs:
                tab.page.on(
                    "request",
                    lambda request: (
                        batches.append(body_of(request))
                        if request.url.endswith("/v1/collect") and request.method == "POST"
                        else None
                    ),
                )
                await tab.join(server.url, "schema")
            await tabs[0].wait_until_connected(1)
            await tabs[0].chat("Hello")
            await tabs[1].caption("Hello to you")
            await tabs[0].page.wait_for_timeout(3_000)
            for tab in tabs:
                await tab.leave()
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()))
    for batch in batches:
        validator.validate(batch)
    kinds = {entry["type"] for batch in batches for entry in batch["entries"]}
    expected = {"join", "describe", "event", "sample", "chat", "transcript", "leave"}
    assert kinds == expected
