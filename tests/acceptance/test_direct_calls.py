"""Calls of several kinds between real browsers, held at the same time, and their reports."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.acceptance import aiortc_peer
from tests.acceptance.chromium import browser, find_chromium
from tests.acceptance.direct_call import (
    FLAGS,
    Person,
    admit,
    connect,
    make_meeting,
    open_person,
    session_of,
)
from tests.acceptance.final_reports import close_session, report_of, sentences
from tests.acceptance.machine_lateness import Machine, moment, unexplained, watched
from tests.acceptance.server import Server, running
from tests.acceptance.voice_file import write_voice

CHROMIUM = find_chromium()
ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.realtime,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium was found on this machine"),
]

SHORT_S = 40
LONG_S = 2 * SHORT_S
SLIDE_S = 20
SLACK_S = 12


@dataclass(kw_only=True)
class Reported:
    """The reports of a call, and how late the machine was."""

    reports: dict[str, dict[str, Any]]
    peer_ids: dict[str, str]
    facts: Sequence[float]
    """Figures of this call that its test needs."""
    machine: Machine

    def unexplained(self, name: str) -> list[dict[str, Any]]:
        return unexplained(self.reports[name], self.machine)

    def about(self, name: str) -> tuple[list[str], str]:
        return sentences(self.reports[name]), self.machine.described()


@dataclass(kw_only=True)
class Place:
    """Where the calls are held."""

    chromium: Browser
    server: Server
    voice: Path
    machine: Machine

    async def enter(self, meeting_id: str, sources: dict[str, Sequence[str]]) -> list[Person]:
        """The people, by what each opens, once they are all on record."""
        people = [await open_person(self.chromium, self.server, name) for name in sources]
        for person in people:
            await person.join(self.server, meeting_id, *sources[person.name])
        return people

    async def end(self, meeting_id: str, people: Sequence[Person], *facts: float) -> Reported:
        """Everybody leaves; what is then on record."""
        await self.leave(people)
        peer_ids = {person.name: person.peer_id for person in people}
        return await self.read(meeting_id, peer_ids, *facts)

    async def leave(self, people: Sequence[Person]) -> None:
        for person in people:
            await person.leave(self.machine)
        for person in people:
            await person.page.context.close()

    async def read(self, meeting_id: str, peer_ids: dict[str, str], *facts: float) -> Reported:
        """What is on record of a call that is over."""
        session_id = await asyncio.to_thread(session_of, self.server, meeting_id)
        await asyncio.to_thread(close_session, self.server, session_id)
        reports = {
            name: await asyncio.to_thread(report_of, self.server, peer_id)
            for name, peer_id in peer_ids.items()
        }
        return Reported(reports=reports, peer_ids=peer_ids, facts=facts, machine=self.machine)


async def hold_deck(place: Place) -> Reported:
    """Ann shows slides to Bob, a new one every twenty seconds."""
    meeting_id = await asyncio.to_thread(make_meeting, place.server, "Deck")
    ann, bob = await place.enter(meeting_id, {"Ann": ["microphone"], "Bob": ["microphone"]})
    await ann.show_slide(0)
    await ann.open("screen")
    await connect(ann, bob)
    for number in range(1, LONG_S // SLIDE_S + 1):
        await asyncio.sleep(SLIDE_S)
        await ann.show_slide(number)
    return await place.end(meeting_id, [ann, bob])


async def hold_one_way(place: Place) -> Reported:
    """Three people of whom each hears each, but Dee never hears Eve."""
    meeting_id = await asyncio.to_thread(make_meeting, place.server, "One way")
    sources: dict[str, Sequence[str]] = {name: ["microphone"] for name in ("Dee", "Eve", "Fay")}
    dee, eve, fay = await place.enter(meeting_id, sources)
    await connect(dee, eve, withheld=["microphone"])
    await connect(dee, fay)
    await connect(eve, fay)
    began_at = await fay.now()
    await asyncio.sleep(SHORT_S)
    return await place.end(meeting_id, [dee, eve, fay], began_at)


async def hold_moving(place: Place) -> Reported:
    """Gil and Hal go on over a second connection in the middle of the call."""
    meeting_id = await asyncio.to_thread(make_meeting, place.server, "Moving")
    sources: dict[str, Sequence[str]] = {name: ["microphone", "camera"] for name in ("Gil", "Hal")}
    gil, hal = await place.enter(meeting_id, sources)
    first = await connect(gil, hal, name="first")
    await asyncio.sleep(SHORT_S)
    await connect(gil, hal, name="second")
    await asyncio.sleep(1)
    for person in (gil, hal):
        await person.hang_up(first)
    await asyncio.sleep(SHORT_S)
    return await place.end(meeting_id, [gil, hal])


async def hold_left(place: Place) -> Reported:
    """Kim closes the page in the middle of the call; Lou stays, alone."""
    meeting_id = await asyncio.to_thread(make_meeting, place.server, "Left")
    kim, lou = await place.enter(meeting_id, {"Kim": ["microphone"], "Lou": ["microphone"]})
    await connect(kim, lou)
    await asyncio.sleep(SHORT_S)
    left_at = await kim.now()
    await place.leave([kim])
    await asyncio.sleep(SHORT_S)
    await place.leave([lou])
    return await place.read(meeting_id, {"Kim": kim.peer_id, "Lou": lou.peer_id}, left_at)


async def hold_without_browser(place: Place) -> Reported:
    """Ian is in a browser, Jan is a program."""
    meeting_id = await asyncio.to_thread(make_meeting, place.server, "Program")
    (ian,) = await place.enter(meeting_id, {"Ian": ["microphone", "camera"]})
    token = await asyncio.to_thread(admit, place.server, meeting_id, "Jan")
    async with program(place.voice) as jan:
        assert jan.stdin is not None and jan.stdout is not None
        offer = await ian.offer("program")
        sdp = {"type": offer["type"], "sdp": offer["sdp"]}
        asked = {"url": place.server.url, "token": token, "offer": sdp}
        jan.stdin.write(json.dumps(asked).encode() + b"\n")
        answered = json.loads(await jan.stdout.readline())
        sources = {"0": "microphone", "1": "camera"}
        await ian.accept("program", answered["answer"] | {"sources": sources}, answered["peer_id"])
        await ian.wait_until_connected("program")
        await asyncio.sleep(SHORT_S)
        await place.leave([ian])
        jan.stdin.write(b"\n")
        samples = json.loads(await jan.stdout.readline())["samples"]
        await jan.wait()
    peer_ids = {"Ian": ian.peer_id, "Jan": answered["peer_id"]}
    return await place.read(meeting_id, peer_ids, samples)


@asynccontextmanager
async def program(voice: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", aiortc_peer.__name__, str(voice)),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def hold_all(server: Server, folder: Path) -> dict[str, Reported]:
    assert CHROMIUM is not None
    voice = write_voice(folder / "voice.wav")
    flags = (*FLAGS, f"--use-file-for-fake-audio-capture={voice}")
    async with AsyncExitStack() as stack:
        machine = stack.enter_context(watched())
        chromium = await stack.enter_async_context(browser(CHROMIUM, *flags))
        place = Place(chromium=chromium, server=server, voice=voice, machine=machine)
        async with asyncio.TaskGroup() as group:
            held = {
                hold.__name__.removeprefix("hold_"): group.create_task(hold(place))
                for hold in (hold_deck, hold_one_way, hold_moving, hold_left, hold_without_browser)
            }
    return {name: task.result() for name, task in held.items()}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"AFTERCALL_INTERVAL_MS": "3000"}
    with running(tmp_path_factory.mktemp("direct"), env=settings) as started:
        yield started


@pytest.fixture(scope="module")
def calls(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reported]:
    return asyncio.run(hold_all(server, tmp_path_factory.mktemp("browsers")))


def test_slides_that_stand_still_are_no_issue(calls: dict[str, Reported]) -> None:
    deck = calls["deck"]
    for name in ("Ann", "Bob"):
        assert deck.unexplained(name) == [], deck.about(name)
    sent = deck.reports["Ann"]["quality"]["screenshare_video_producer"]
    received = deck.reports["Bob"]["quality"]["screenshare_video_consumer"]
    # Three quarters of the reports, which come every three seconds.
    assert len(sent) > LONG_S / 4
    assert len(received) > LONG_S / 4
    frozen = [issue for issue in deck.reports["Bob"]["issues"] if issue["name"] == "video_frozen"]
    assert [issue for issue in frozen if not deck.machine.explains(issue)] == []


def test_one_way_audio_is_reported_from_the_first_second(calls: dict[str, Reported]) -> None:
    call = calls["one_way"]
    (finding,) = call.unexplained("Dee")
    assert finding["cause"] == "one_way_audio", call.about("Dee")
    assert finding["peer_ids"] == [call.peer_ids["Eve"]]
    assert finding["severity"] == "severe"
    (began_at,) = call.facts
    assert abs(moment(finding["first_at"]) - began_at) < SLACK_S
    assert moment(finding["last_at"]) - began_at > SHORT_S - SLACK_S
    for name in ("Eve", "Fay"):
        assert call.unexplained(name) == [], call.about(name)


def test_a_call_that_moves_to_another_connection_has_no_issue(
    calls: dict[str, Reported],
) -> None:
    call = calls["moving"]
    for name, report in call.reports.items():
        assert call.unexplained(name) == [], call.about(name)
        quality = report["quality"]
        for family in ("audio_producer", "video_producer", "audio_consumer", "video_consumer"):
            assert len({row["ssrc"] for row in quality[family]}) == 2, family
            lost = [
                row.get("packets_lost") for row in quality[family] if family.endswith("consumer")
            ]
            assert sum(each or 0 for each in lost) == 0
        assert report["completeness"]["gaps"] == []


def test_a_leave_is_no_lost_connection_of_those_who_stay(
    calls: dict[str, Reported],
) -> None:
    call = calls["left"]
    for name in ("Kim", "Lou"):
        assert call.unexplained(name) == [], call.about(name)
    (left_at,) = call.facts
    after = [i for i in call.reports["Lou"]["issues"] if moment(i["last_at"]) > left_at]
    lost = {"ice_reconnecting", "ice_failed", "connection_failed"}
    assert lost.isdisjoint(issue["name"] for issue in after), after
    # Every 3 s, as the server asks, not every 7 s as the collector names when it joins.
    whole = call.reports["Kim"]["completeness"]
    assert whole["expected_samples"] >= SHORT_S // 3 and whole["share"] > 0.9


def test_a_participant_on_aiortc_is_recorded_with_its_own_statistics(
    calls: dict[str, Reported],
) -> None:
    call = calls["without_browser"]
    for name in ("Ian", "Jan"):
        assert call.unexplained(name) == [], call.about(name)
    jans, (samples,) = call.reports["Jan"], call.facts
    for family in ("audio_producer", "audio_consumer", "video_producer", "video_consumer"):
        rows = jans["quality"][family]
        # The first sample is what the later ones are compared with.
        assert samples - 2 <= len(rows) <= samples, family
        assert all((row.get("jitter") or 0) < 1 for row in rows), family
    packets = sum(row["packets_received"] for row in jans["quality"]["audio_consumer"])
    assert 0.7 * 50 * SHORT_S < packets < 1.2 * 50 * SHORT_S
    heard = call.reports["Ian"]["quality"]["audio_consumer"]
    assert {row["peer_id"] for row in heard} == {call.peer_ids["Jan"]}
    assert 0.7 * 50 * SHORT_S < sum(row["packets_received"] for row in heard) < 60 * SHORT_S
