"""Who is in a call, and for how long: only a join adds a participant."""

import random
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from tests.recorder_harness import NOON
from tests.sample_cases import case
from tests.web.intake_harness import IntakeHarness, open_intake
from tests.web.rest_server import RestServer


@pytest.fixture
async def intake(server: RestServer) -> AsyncIterator[IntakeHarness]:
    async with open_intake(server) as found:
        yield found


def entry(kind: str, seq: int, at: int, **members: Any) -> dict[str, Any]:
    return {"type": kind, "seq": seq, "at": at, **members}


async def the_session(intake: IntakeHarness) -> dict[str, Any]:
    [session] = await intake.sessions()
    return session


async def ended(intake: IntakeHarness) -> None:
    """A day passes, and every session that is over ends."""
    intake.pass_time(24 * 3600)
    for _ in range(3):
        for app_id, session_id in await intake.server.recorder.overdue():
            await intake.server.recorder.apply_rules(app_id, session_id)
        intake.pass_time(3600)


async def test_a_leave_without_a_join_counts_no_participant(intake: IntakeHarness) -> None:
    await intake.events(*case("16")["events"])
    session = await the_session(intake)
    assert (session["total_participants"], session["max_concurrent_participants"]) == (1, 1)


@pytest.mark.parametrize("seed", range(4))
async def test_an_old_leave_after_a_new_join_ends_its_own_stay(
    intake: IntakeHarness, seed: int
) -> None:
    events = case("17")["events"]
    random.Random(seed).shuffle(events)
    for event in events:
        await intake.events(event)
    session = await the_session(intake)
    assert session["live_participants"] == 1
    assert session["total_participants"] == session["max_concurrent_participants"] == 1
    [person] = await intake.people(session["id"])
    assert person["left_at"] is None


async def test_two_tabs_of_one_user_are_one_participant(intake: IntakeHarness) -> None:
    await intake.events(*case("18")["events"])
    await ended(intake)
    session = await the_session(intake)
    assert session["max_concurrent_participants"] == 1
    assert round(session["minutes_consumed"], 1) == 5.0


@pytest.mark.parametrize(
    "stray",
    [
        {"type": "peer_left", "at": 5_000, "peer_id": "ghost"},
        {"type": "peer_kicked", "at": 5_000, "peer_id": "ghost"},
        {"type": "peer_noted", "at": 5_000, "peer_id": "ghost", "name": "audio_on"},
        {"type": "sample_taken", "at": 5_000, "peer_id": "ghost", "sequence": 1, "sample": {}},
        {"type": "session_closed", "at": 5_000},
    ],
    ids=lambda stray: stray["type"],
)
async def test_a_stray_fact_creates_no_session(
    intake: IntakeHarness, stray: dict[str, Any]
) -> None:
    await intake.events(stray)
    assert await intake.sessions() == []
    await intake.events(
        {"type": "peer_joined", "at": 0, "peer_id": "p"},
        {"type": "peer_left", "at": 1_000, "peer_id": "p"},
    )
    intake.pass_time(100)
    await intake.events({**stray, "at": 90_000})
    assert (await the_session(intake))["total_participants"] == 1


async def test_facts_received_before_a_join_are_in_its_record(intake: IntakeHarness) -> None:
    await intake.events({"type": "peer_left", "at": 60_000, "peer_id": "p"})
    await intake.events(
        {"type": "peer_noted", "at": 5_000, "peer_id": "p", "name": "audio_on"},
        {"type": "sample_taken", "at": 7_000, "peer_id": "p", "sequence": 1, "sample": {}},
    )
    await intake.events({"type": "peer_joined", "at": 0, "peer_id": "p"})
    session = await the_session(intake)
    [person] = await intake.people(session["id"])
    assert person["duration"] == 1
    assert person["left_at"] == "2026-11-21T12:01:00.000Z"


@pytest.mark.parametrize("kind", ["leave", "event", "describe"])
async def test_a_client_that_sends_only_a_leave_is_no_participant(
    intake: IntakeHarness, kind: str
) -> None:
    await intake.collect(entry(kind, 3, NOON, **({"name": "audio_on"} if kind == "event" else {})))
    assert await intake.sessions() == []


async def test_a_sample_may_arrive_before_its_join(intake: IntakeHarness) -> None:
    peer = str(uuid4())
    await intake.collect(entry("sample", 1, NOON + 7_000, connections=[]), peer_id=peer)
    assert (await the_session(intake))["live_participants"] == 1
    await intake.collect(entry("join", 0, NOON), peer_id=peer)
    session = await the_session(intake)
    assert (session["total_participants"], session["started_at"]) == (1, "2026-11-21T12:00:00.000Z")


async def test_a_client_cannot_join_before_its_token_was_issued(intake: IntakeHarness) -> None:
    long_ago = NOON - 3 * 365 * 86_400_000
    peer = str(uuid4())
    data = await intake.collect(
        entry("join", 0, long_ago),
        entry("sample", 1, long_ago, connections=[]),
        entry("leave", 2, long_ago),
        peer_id=peer,
    )
    session = await the_session(intake)
    assert session["started_at"] >= "2026-11-21T11:59:00"
    assert [each["code"] for each in data["rejected"]] == ["bad_time", "bad_time"]
    backend = [{"type": "peer_joined", "at": long_ago - NOON, "peer_id": "old"}]
    assert await intake.events(*backend) == [{"status": "accepted"}]


async def test_a_clock_set_back_refuses_no_present_peer(intake: IntakeHarness) -> None:
    intake.pass_time(-600)
    now = NOON - 600_000
    data = await intake.collect(
        entry("join", 0, now), entry("sample", 1, now + 1_000, connections=[]), sent_at=now
    )
    assert data["rejected"] == []
    assert (await the_session(intake))["live_participants"] == 1


def _janus(t: float, name: str, plugin: str = "videoroom", **more: Any) -> dict[str, Any]:
    session = more.pop("session", 5)
    place = {"session_id": session, "handle_id": session + 1} if session else {}
    data = {"event": name, "room": 0, "id": 77, **more}
    event = {"plugin": f"janus.plugin.{plugin}", "data": data}
    return {"t": t, "type": 64, **place, "event": event}


async def test_a_leaving_event_without_a_janus_session_ends_the_stay(intake: IntakeHarness) -> None:
    await intake.janus(case("20")["events"])
    session = await the_session(intake)
    people = {person["display_name"]: person for person in await intake.people(session["id"])}
    assert people["Ann"]["duration"] == 1
    assert people["Bob"]["left_at"] is None


async def test_an_audiobridge_room_has_participants(intake: IntakeHarness) -> None:
    await intake.janus(case("21")["events"], room=1234)
    session = await the_session(intake)
    [person] = await intake.people(session["id"])
    assert (person["display_name"], person["duration"]) == ("Dee", 1)
    assert (session["meeting_display_name"], session["associated_id"]) == ("1234", "1234")


async def test_the_end_of_a_janus_session_does_not_override_a_leave(intake: IntakeHarness) -> None:
    gone = {"type": 1, "session_id": 5, "event": {"name": "destroyed"}}
    await intake.janus([_janus(-120, "joined", display="Ann"), _janus(-60, "leaving", session=0)])
    await intake.janus([{**gone, "t": -30}])
    [person] = await intake.people((await the_session(intake))["id"])
    assert person["left_at"] == "2026-11-21T11:59:00.000Z"


@pytest.mark.parametrize("plugin", ["videoroom", "audiobridge"])
async def test_each_join_in_a_janus_session_is_a_separate_stay(
    intake: IntakeHarness, plugin: str
) -> None:
    leaving = "leaving" if plugin == "videoroom" else "left"
    story = [
        _janus(-300, "joined", plugin, display="Ann"),
        _janus(-240, leaving, plugin, session=0),
        _janus(-210, "joined", plugin, display="Ann"),
        _janus(-150, leaving, plugin, session=0),
    ]
    for events in (story, story, story[2:]):
        await intake.janus(events)
    [person] = await intake.people((await the_session(intake))["id"])
    assert person["duration"] == 2
    assert person["left_at"] == "2026-11-21T11:57:30.000Z"


async def test_a_rejoin_a_day_later_is_in_another_session(intake: IntakeHarness) -> None:
    await intake.janus([_janus(-9, "joined", display="Ann"), _janus(-8, "leaving", session=0)])
    await ended(intake)
    later = (intake.server.clock.now - NOON) / 1000
    await intake.janus([_janus(later, "joined", display="Ann")])
    assert len(await intake.sessions()) == 2


async def test_a_client_that_froze_left_when_its_media_stopped(intake: IntakeHarness) -> None:
    media = {"media": "video", "mid": "0", "receiving": False, "seconds": 1}
    story: list[dict[str, Any]] = [
        _janus(-120, "joined", display="Ann"),
        {"t": -60, "type": 32, "subtype": 1, "session_id": 5, "handle_id": 6, "event": media},
        {"t": -5, "type": 1, "session_id": 5, "event": {"name": "timeout"}},
        _janus(-4.9, "leaving", session=0),
    ]
    await intake.janus(story)
    [person] = await intake.people((await the_session(intake))["id"])
    assert person["left_at"] == "2026-11-21T11:58:59.000Z"


def _audio_statistics(t: float, packets: int) -> dict[str, Any]:
    medium = {"mid": "0", "media": "audio", "codec": "opus", "base": 48000}
    event = [medium | {"packets-received": packets, "bytes-received": 80 * packets, "lost": 0}]
    return {"t": t, "type": 32, "subtype": 3, "session_id": 5, "handle_id": 6, "event": event}


@pytest.mark.parametrize(
    ("last_packets", "left_at"),
    [
        # Of the fifty packets of a second, thirty arrived in the last one.
        (180, "2026-11-21T11:58:58.100Z"),
        # Janus reports to the second when packets stopped.
        (100, "2026-11-21T11:58:57.000Z"),
    ],
)
async def test_statistics_give_the_time_of_a_freeze_within_a_second(
    intake: IntakeHarness, last_packets: int, left_at: str
) -> None:
    media = {"media": "audio", "mid": "0", "receiving": False}
    story: list[dict[str, Any]] = [
        _janus(-120, "joined", display="Ann"),
        *[_audio_statistics(-65.5 + n, 50 * n) for n in (1, 2)],
        _audio_statistics(-62.5, min(150, last_packets)),
        *[_audio_statistics(-61.5 + n, last_packets) for n in (0, 1)],
        {"t": -60, "type": 32, "subtype": 1, "session_id": 5, "handle_id": 6, "event": media},
        {"t": -5, "type": 1, "session_id": 5, "event": {"name": "timeout"}},
    ]
    await intake.janus(story)
    [person] = await intake.people((await the_session(intake))["id"])
    assert person["left_at"] == left_at


async def test_loss_in_upper_simulcast_layers_of_janus_is_accepted(intake: IntakeHarness) -> None:
    answer = await intake.janus(case("19")["events"])
    assert answer["rejected"] == []
    [person] = await intake.people((await the_session(intake))["id"])
    report = await intake.report(person["id"])
    assert report["quality"]["video_producer"]


@pytest.mark.parametrize("unit", ["us", "iso"])
async def test_timestamps_in_microseconds_or_as_text_are_accepted(
    intake: IntakeHarness, unit: str
) -> None:
    peer = str(uuid4())
    samples = case("12")["samples"]
    entries = [entry("join", 0, NOON)]
    for seq, (offset, stats) in enumerate(samples, 1):
        moment = (NOON + offset) * 1000 if unit == "us" else _iso(offset)
        connections = [{"id": "pc", "stats": [{**each, "timestamp": moment} for each in stats]}]
        entries.append(entry("sample", seq, NOON + offset, connections=connections))
    intake.pass_time(samples[-1][0] / 1000)
    data = await intake.collect(*entries, peer_id=peer, sent_at=NOON + samples[-1][0])
    assert data["rejected"] == []
    report = await intake.report(peer)
    assert len(report["quality"]["audio_consumer"]) == len(samples) - 1
    assert report["completeness"]["unreadable_samples"] == 0


def _iso(offset_ms: int) -> str:
    return f"2026-11-21T12:00:{offset_ms / 1000:06.3f}"
