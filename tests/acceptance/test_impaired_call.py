"""Two browsers hold a call, and the way out of one of them turns bad: the record says whose it
was, and blames nobody else."""

import asyncio
import time
import wave
from array import array
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from math import pi, sin
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.acceptance.calls import Tab, browser, find_chromium, open_tab
from tests.acceptance.diagnosis import close_session, report_of, sentences
from tests.acceptance.impaired_link import impaired_link, why_not
from tests.acceptance.machine import Machine, moment, unexplained, watched
from tests.acceptance.relay import CLEAN, Impairment
from tests.acceptance.server import Server, running

CHROMIUM = find_chromium()

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.realtime,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium was found on this machine"),
]

BAD_UPLINK = Impairment(delay_ms=40, jitter_ms=10, loss=0.15, rate_bps=600_000)
"""Three times the loss at which an issue begins, and a round trip far below where one does."""

CLEAN_S = 20
BAD_S = 40
CLEAN_AGAIN_S = 5

SLACK_S = 12
"""An issue begins and ends with reports, which come every three seconds, on the browser's clock."""

LOSS_PERCENT = 5
"""At which an issue of loss begins."""

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
    machine: Machine


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
        machine = stack.enter_context(watched())
        tabs: list[Tab] = []
        for name, end in zip(("Ann", "Bob"), link.ends, strict=True):
            running_browser = await stack.enter_async_context(
                browser(end.chromium, f"--use-file-for-fake-audio-capture={voice}")
            )
            tabs.append(await open_tab(running_browser, name))
        for tab in tabs:
            await tab.join(server.url, "impaired")
        for tab in tabs:
            await tab.wait_until_connected(1)
        await asyncio.sleep(CLEAN_S)
        uplink = link.ends[0].uplink
        before, bad_from = uplink.impair(BAD_UPLINK), time.time()
        await asyncio.sleep(BAD_S)
        after, bad_to = uplink.impair(CLEAN), time.time()
        await asyncio.sleep(CLEAN_AGAIN_S)
        for tab in tabs:
            machine.timers += await tab.late_timers()
        (session_id,) = {await tab.leave() for tab in tabs}
        machine.deliveries = link.relay.late()
    return Held(
        session_id=session_id,
        impaired=tabs[0].stays[-1].peer_id,
        other=tabs[1].stays[-1].peer_id,
        bad_from=bad_from,
        bad_to=bad_to,
        lost_share=after.since(before).lost_share,
        machine=machine,
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


def losses(report: dict[str, Any], way: str) -> list[dict[str, Any]]:
    """The issues of packets lost on the way out or in."""
    return [
        issue
        for issue in report["issues"]
        if issue["name"].endswith(f"_network_{way}")
        and issue["worst"].get("loss_percent", 0) >= LOSS_PERCENT
    ]


def test_the_one_whose_uplink_was_bad_is_named_and_nothing_else(server: Server, held: Held) -> None:
    assert 0.10 < held.lost_share < 0.30
    report = report_of(server, held.impaired)
    blamed = unexplained(report, held.machine)
    assert [each["cause"] for each in blamed] == ["uplink"], about(report, held)
    assert " was lost on Ann's uplink from " in blamed[0]["sentence"]
    assert blamed[0]["peer_ids"] == [held.other]
    lost = losses(report, "uplink")
    assert abs(min(moment(issue["first_at"]) for issue in lost) - held.bad_from) < SLACK_S
    assert abs(max(moment(issue["last_at"]) for issue in lost) - held.bad_to) < SLACK_S
    assert losses(report, "downlink") == []
    audio = [i for i in lost if i["stream"]["family"] == "audio_producer"]
    assert 10 < max(issue["worst"]["loss_percent"] for issue in audio) < 40


def test_the_one_who_only_heard_badly_is_not_blamed(server: Server, held: Held) -> None:
    report = report_of(server, held.other)
    assert unexplained(report, held.machine) == [], about(report, held)
    (finding,) = [each for each in report["diagnosis"] if each["cause"] == "sender"]
    assert finding["peer_ids"] == [held.impaired]
    assert finding["sentence"].startswith("Ann's ")
    assert " came through badly to " in finding["sentence"]
    assert finding["sentence"].endswith("; the cause was Ann's uplink.")
    assert losses(report, "uplink") == []
    lost = losses(report, "downlink")
    assert lost
    assert {issue["origin"] for issue in lost} == {"remote"}


def about(report: dict[str, Any], held: Held) -> tuple[list[str], str]:
    """What was said, and what the machine did."""
    return sentences(report), held.machine.told()
