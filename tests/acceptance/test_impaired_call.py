"""Two browsers hold a call, and the way out of one of them turns bad: the record says whose it
was, and blames nobody else."""

import asyncio
import time
import wave
from array import array
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from math import pi, sin
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.acceptance.calls import Tab, browser, find_chromium, open_tab
from tests.acceptance.diagnosis import blamed, close_session, report_of, sentences
from tests.acceptance.impaired_link import CLEAN, Impairment, impaired_link, why_not
from tests.acceptance.server import Server, running

CHROMIUM = find_chromium()

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium was found on this machine"),
    pytest.mark.xdist_group("browser"),
]

BAD_UPLINK = Impairment(delay_ms=40, jitter_ms=10, loss=0.15, rate_bps=600_000)
"""Three times the loss at which an issue begins, and a round trip far below where one does."""

CLEAN_S = 20
BAD_S = 40
CLEAN_AGAIN_S = 5

SLACK_S = 12
"""An issue begins and ends with reports, which come every three seconds, on the browser's clock."""

VOICE_HZ = 16_000


@dataclass(kw_only=True)
class Held:
    """The call: its session, the peers, when the uplink was bad, what the link carried."""

    session_id: str
    impaired: str
    """The id of the peer whose uplink was bad."""
    other: str
    bad_from: float
    bad_to: float
    lost_share: float


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    reason = why_not()
    if reason is not None:
        pytest.skip(f"no bad network can be made here: {reason}")
    settings = {"AFTERCALL_INTERVAL_MS": "3000"}
    with running(tmp_path_factory.mktemp("impaired"), env=settings) as started:
        yield started


@pytest.fixture(scope="module")
def held(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Held:
    """A call in which the way out of one browser is bad for a while."""
    call = asyncio.run(hold(server, tmp_path_factory.mktemp("browsers")))
    close_session(server, call.session_id)
    return call


async def hold(server: Server, folder: Path) -> Held:
    assert CHROMIUM is not None
    voice = write_voice(folder / "voice.wav")
    async with AsyncExitStack() as stack:
        link = await stack.enter_async_context(
            impaired_link(folder, CHROMIUM, server_port=server.port)
        )
        tabs: list[Tab] = []
        for name, end in (("Ann", link.near), ("Bob", link.far)):
            running_browser = await stack.enter_async_context(
                browser(end.chromium, f"--use-file-for-fake-audio-capture={voice}")
            )
            tabs.append(await open_tab(running_browser, name))
        for tab in tabs:
            await tab.join(server.url, "impaired")
        for tab in tabs:
            await tab.wait_until_connected(1)
        await asyncio.sleep(CLEAN_S)
        way = link.near.uplink
        passed, dropped = way.passed, way.dropped
        bad_from = time.time()
        way.impairment = BAD_UPLINK
        await asyncio.sleep(BAD_S)
        way.impairment = CLEAN
        bad_to = time.time()
        passed, dropped = way.passed - passed, way.dropped - dropped
        await asyncio.sleep(CLEAN_AGAIN_S)
        (session_id,) = {await tab.leave() for tab in tabs}
    return Held(
        session_id=session_id,
        impaired=tabs[0].stays[-1].peer_id,
        other=tabs[1].stays[-1].peer_id,
        bad_from=bad_from,
        bad_to=bad_to,
        lost_share=dropped / (passed + dropped),
    )


def write_voice(path: Path) -> Path:
    """Words of half a second, no two as loud: a test tone would be told as a stuck microphone."""
    random = Random(1)
    samples = array("h")
    for _ in range(40):
        loudness = random.uniform(0.05, 0.8) * 32_767
        said = [loudness * sin(2 * pi * 220 * i / VOICE_HZ) for i in range(VOICE_HZ // 2)]
        samples.extend(round(value) for value in said)
        samples.extend([0] * (VOICE_HZ // 5))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, VOICE_HZ, 0, "NONE", "not compressed"))
        file.writeframes(samples.tobytes())
    return path


def at(moment: str) -> float:
    """Seconds since the epoch."""
    return datetime.fromisoformat(moment).timestamp()


def blamed_for(report: dict[str, Any]) -> list[str]:
    """What a participant is blamed for. That the machine was slow may well be true of one on
    which other tests run."""
    return [cause for cause in blamed(report) if cause != "cpu"]


def test_the_one_whose_uplink_was_bad_is_named_and_nothing_else(server: Server, held: Held) -> None:
    assert 0.10 < held.lost_share < 0.30
    report = report_of(server, held.impaired)
    assert blamed_for(report) == ["uplink"], sentences(report)
    (finding,) = [each for each in report["diagnosis"] if each["cause"] == "uplink"]
    assert "% of what they sent was lost from " in finding["sentence"]
    assert finding["peer_ids"] == [held.other]
    assert abs(at(finding["first_at"]) - held.bad_from) < SLACK_S
    assert abs(at(finding["last_at"]) - held.bad_to) < SLACK_S
    network = [issue for issue in report["issues"] if "network" in issue["name"]]
    assert {issue["name"] for issue in network} <= {"poor_network_uplink", "severe_network_uplink"}
    audio = [i for i in network if i["stream"]["family"] == "audio_producer"]
    assert 10 < max(issue["worst"]["loss_percent"] for issue in audio) < 40


def test_the_one_who_only_heard_badly_is_not_blamed(server: Server, held: Held) -> None:
    report = report_of(server, held.other)
    assert blamed_for(report) == [], sentences(report)
    (finding,) = [each for each in report["diagnosis"] if each["cause"] == "sender"]
    assert finding["peer_ids"] == [held.impaired]
    assert finding["sentence"].startswith("Ann came through badly from ")
    assert finding["sentence"].endswith("; the cause was Ann's uplink.")
    network = [issue for issue in report["issues"] if "network" in issue["name"]]
    assert network
    assert {issue["origin"] for issue in network} == {"remote"}
