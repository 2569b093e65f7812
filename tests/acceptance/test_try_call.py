"""Two browsers hold a call on the call page; its record says what happened in it."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.acceptance.calls import HeldCall, browser, find_chromium, hold_call
from tests.acceptance.server import Server, running, wait_until_ended

CHROMIUM = find_chromium()

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium was found on this machine"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("try")) as started:
        yield started


async def hold(url: str) -> HeldCall:
    assert CHROMIUM is not None
    async with browser(CHROMIUM) as chromium:
        return await hold_call(chromium, url, seconds=20)


@pytest.fixture(scope="module")
def call(server: Server) -> HeldCall:
    return asyncio.run(hold(server.url))


def ask(server: Server, path: str) -> Any:
    answer = httpx.get(server.kit(path), headers=server.headers)
    answer.raise_for_status()
    return answer.json()["data"]


def test_a_call_on_the_page_becomes_one_session_with_everybody_in_it(
    server: Server, call: HeldCall
) -> None:
    session = wait_until_ended(server, call.session_id, within_s=120)
    people = ask(server, f"sessions/{call.session_id}/participants")["participants"]

    assert session["associated_id"] == call.meeting_id
    assert session["total_participants"] == 2
    assert sorted(person["display_name"] for person in people) == ["Ann", "Bob"]
    # Both were there for all of the twenty seconds, and Bob came back within one row.
    assert all(20 / 60 < person["duration"] < 1.5 for person in people)
    assert {person["id"] for person in people} == {tab.stays[0].peer_id for tab in call.tabs}


def test_what_the_report_counts_is_what_the_browser_counted(server: Server, call: HeldCall) -> None:
    wait_until_ended(server, call.session_id, within_s=120)
    for tab in call.tabs:
        for stay in tab.stays:
            report = ask(server, f"sessions/peer-report/{stay.peer_id}")
            assert stay.total("outbound-rtp", "video", "packetsSent") > 0
            assert report, f"{tab.name} has no report"
