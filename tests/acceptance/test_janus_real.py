"""Rooms of a real Janus with participants in Chromium, who leave in every possible way: joins and
leaves are recorded at their times."""

import asyncio
import logging
import signal
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import http_client
from tests.acceptance.chromium import browser, find_chromium
from tests.acceptance.final_reports import report_of
from tests.acceptance.http_client import TIMEOUT_S
from tests.acceptance.janus_participants import Guest, Span, open_guest, own_browser
from tests.acceptance.janus_server import (
    AUDIO_ROOM,
    STATS_PERIOD_S,
    VIDEO_ROOM,
    Janus,
    running_janus,
)
from tests.acceptance.machine_lateness import Machine, moment, watched
from tests.acceptance.required_programs import needs
from tests.acceptance.server import Server, running

CHROMIUM = find_chromium()
_LOG = logging.getLogger(__name__)

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.realtime,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium was found on this machine"),
    needs("janus"),
]

PEOPLE = ("Polly", "Rae", "Abe", "Stan", "Kit", "Fred")
"""Polly leaves, Rae leaves and comes back in the same Janus session, Abe leaves the audio room,
Stan is there when Janus is killed, Kit's browser is killed and Fred's is frozen."""

TOLERANCE_S = 0.5
STAY_S = 5
AWAY_S = 2


@dataclass(kw_only=True)
class Held:
    """What was done in the rooms, by name, and what is on record."""

    guests: dict[str, Guest]
    video: dict[str, Any]
    audio: dict[str, Any]
    rows: dict[str, dict[str, Any]]
    """Participants, by name."""
    reports: dict[str, dict[str, Any]]
    machine: Machine

    def stays(self, name: str) -> list[tuple[float, float]]:
        """When each stay of somebody began and ended, as recorded_call."""
        events = self.rows[name]["peer_events"]
        times = {
            event_name: [moment(e["created_at"]) for e in events if e["event_name"] == event_name]
            for event_name in ("PEER_JOINING", "PEER_LEAVING")
        }
        return list(zip(times["PEER_JOINING"], times["PEER_LEAVING"], strict=True))

    def deviation_s(self, recorded: float, truth: Span) -> float:
        """By how much a recorded moment is before (negative) or after the truth."""
        before, after = truth
        return min(0.0, recorded - before) + max(0.0, recorded - after)

    def tolerance_s(self, truth: Span) -> float:
        """Half a second, and what the machine made its programs wait about then."""
        return TOLERANCE_S + self.machine.waited_s(truth[0] - 1, truth[1] + STATS_PERIOD_S + 1)


async def hold_rooms(server: Server, janus: Janus, folder: Path) -> Held:
    assert CHROMIUM is not None
    async with AsyncExitStack() as stack:
        machine = stack.enter_context(watched())
        shared = await stack.enter_async_context(browser(CHROMIUM))
        killed, kits = await stack.enter_async_context(own_browser(CHROMIUM, folder / "killed"))
        frozen, freds = await stack.enter_async_context(own_browser(CHROMIUM, folder / "frozen"))
        homes = {"Kit": kits, "Fred": freds}
        guests = {
            name: await open_guest(homes.get(name, shared), server, janus.url, name)
            for name in PEOPLE
        }
        abe, stan, kit, fred = (guests[name] for name in ("Abe", "Stan", "Kit", "Fred"))
        async with asyncio.TaskGroup() as group:
            group.create_task(abe.enter_audio())
            for name in ("Polly", "Rae", "Stan", "Kit", "Fred"):
                group.create_task(guests[name].enter_video())
        for guest in (kit, fred):
            await guest.subscribe(stan)
        await asyncio.sleep(STAY_S)
        kit.leaves.append(killed.signal(signal.SIGKILL))
        fred.leaves.append(frozen.signal(signal.SIGSTOP))
        await guests["Polly"].leave()
        await abe.leave()
        await guests["Rae"].leave()
        await asyncio.sleep(AWAY_S)
        await guests["Rae"].enter_video()
        await asyncio.sleep(AWAY_S)
        await guests["Rae"].leave()
        await asyncio.to_thread(wait_until_gone, server, {"Fred"})
        before = time.time()
        janus.kill()
        stan.leaves.append((before, time.time()))
        rows = await asyncio.to_thread(wait_until_gone, server, set(guests))
    sessions = sessions_by_room(server)
    return Held(
        guests=guests,
        video=sessions[str(VIDEO_ROOM)],
        audio=sessions[str(AUDIO_ROOM)],
        rows=rows,
        reports={name: report_of(server, row["id"]) for name, row in rows.items()},
        machine=machine,
    )


def sessions_by_room(server: Server) -> dict[str, dict[str, Any]]:
    answer = http_client.get(server.kit("sessions"), headers=server.headers).raise_for_status()
    return {each["associated_id"]: each for each in answer.json()["data"]["sessions"]}


def read_rows(server: Server) -> dict[str, dict[str, Any]]:
    """The participants of all sessions by name, with when each connection came and went."""
    rows: dict[str, dict[str, Any]] = {}
    for session in sessions_by_room(server).values():
        answer = http_client.get(
            server.kit(f"sessions/{session['id']}/participants"),
            headers=server.headers,
            params={"include_peer_events": "true"},
        )
        for row in answer.raise_for_status().json()["data"]["participants"]:
            assert row["display_name"] not in rows, rows
            rows[row["display_name"]] = row
    return rows


def wait_until_gone(server: Server, names: set[str]) -> dict[str, dict[str, Any]]:
    """The participants once all of those named have left."""
    give_up_at = time.monotonic() + TIMEOUT_S
    rows: dict[str, dict[str, Any]] = {}
    while time.monotonic() < give_up_at:
        rows = read_rows(server)
        if names <= {name for name, row in rows.items() if row["left_at"] is not None}:
            return rows
        time.sleep(0.3)
    raise AssertionError(f"not all of {names} have left: {rows}")


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    folder = tmp_path_factory.mktemp("janus")
    with (
        running(tmp_path_factory.mktemp("server")) as server,
        running_janus(folder, server) as janus,
    ):
        yield asyncio.run(hold_rooms(server, janus, folder))


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_joins_are_recorded_at_their_times(held: Held, name: str) -> None:
    stays, guest = held.stays(name), held.guests[name]
    assert len(stays) == len(guest.joins), stays
    for (joined_at, _), truth in zip(stays, guest.joins, strict=True):
        assert abs(held.deviation_s(joined_at, truth)) <= held.tolerance_s(truth)


@pytest.mark.parametrize("name", ["Polly", "Rae", "Abe", "Kit", "Fred"])
def test_leaves_are_recorded_at_their_times(held: Held, name: str) -> None:
    """Kit's connections to Janus end with the browser. Janus detects the frozen Fred by the media
    that stopped, at the last packet of the microphone."""
    stays, guest = held.stays(name), held.guests[name]
    assert len(stays) == len(guest.leaves), stays
    for (_, left_at), truth in zip(stays, guest.leaves, strict=True):
        deviation_s = held.deviation_s(left_at, truth)
        _LOG.info("%s left %+.3f s off the truth", name, deviation_s)
        assert abs(deviation_s) <= held.tolerance_s(truth), held.machine.described()


def test_participants_of_a_killed_janus_left_with_its_last_statistics(held: Held) -> None:
    """A killed server sends nothing more, so its last statistics are the last known time: at most
    one period before."""
    [(_, left_at)], [truth] = held.stays("Stan"), held.guests["Stan"].leaves
    deviation_s = held.deviation_s(left_at, truth)
    _LOG.info("Stan left %+.3f s off the truth", deviation_s)
    assert -STATS_PERIOD_S - held.tolerance_s(truth) <= deviation_s <= 0, held.machine.described()
    assert held.rows["Stan"]["left_at_inferred"]


def test_a_leave_that_was_sent_is_not_inferred(held: Held) -> None:
    for name in ("Polly", "Rae", "Abe"):
        assert not held.rows[name]["left_at_inferred"], name


def test_a_session_is_titled_by_its_room_and_counts_its_people(held: Held) -> None:
    for session, room, people in ((held.video, VIDEO_ROOM, 5), (held.audio, AUDIO_ROOM, 1)):
        assert session["meeting_display_name"] == str(room)
        assert session["total_participants"] == people
        assert session["max_concurrent_participants"] == people


def test_time_spent_away_between_two_stays_in_one_janus_session_is_not_counted(
    held: Held,
) -> None:
    (first, second), row = held.stays("Rae"), held.rows["Rae"]
    assert second[0] - first[1] >= AWAY_S
    spent_s = sum(left_at - joined_at for joined_at, left_at in (first, second))
    assert row["duration"] * 60 == pytest.approx(spent_s, abs=0.02)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Polly", "audio_producer"),
        ("Polly", "video_producer"),
        ("Abe", "audio_producer"),
        ("Abe", "audio_consumer"),
        ("Kit", "audio_consumer"),
    ],
)
def test_media_sent_and_received_is_recorded(held: Held, name: str, family: str) -> None:
    rows = held.reports[name]["quality"][family]
    packets = "packets_sent" if family.endswith("producer") else "packets_received"
    assert sum(row[packets] for row in rows) > 20
