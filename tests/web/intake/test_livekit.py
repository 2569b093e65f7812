"""The intake for LiveKit's webhooks: who may post, and the record that comes of it."""

import json
from datetime import datetime
from typing import Any

import pytest

from aftercall.core.instants import EpochMs
from tests.web.intake.livekit_server import LivekitIntake, read_sample, sign

STORY_END = EpochMs(1_790_010_600_000)


@pytest.mark.parametrize("case", read_sample("livekit-webhooks-auth"), ids=lambda c: c["name"])
async def test_only_what_a_key_of_the_app_signs_is_taken(
    livekit: LivekitIntake, case: dict[str, object]
) -> None:
    livekit.server.clock.now = EpochMs(int(str(case["clock"])) * 1_000)
    headers, body = case["headers"], str(case["body"]).encode()
    assert isinstance(headers, dict)
    answer = await livekit.send(body, headers.get("Authorization"))
    is_good = str(case["name"]).startswith(("good", "Bearer"))
    assert answer.status_code == (202 if is_good else 401), answer.text
    assert len(await livekit.sessions()) == int(is_good)


async def test_every_webhook_is_taken_and_those_of_no_use_are_counted(
    livekit: LivekitIntake,
) -> None:
    ignored = []
    livekit.server.clock.now = EpochMs(1_790_000_320_000)
    for delivery in read_sample("livekit-webhooks"):
        answer = await livekit.send(delivery["body"].encode(), delivery["headers"]["Authorization"])
        assert answer.status_code == 202, delivery["name"]
        ignored += [delivery["name"]] * answer.json()["data"]["ignored"]
    assert ignored == ["room_started"]
    [session] = await livekit.sessions()
    people = await livekit.participants(session["id"])
    counted = {each["display_name"]: each["custom_participant_id"] for each in people}
    assert session["total_participants"] == 2
    assert {"Ada L.": "ada", "Phone": "sip_+49xxx"}.items() <= counted.items()
    assert "bob" not in counted.values()
    assert session["status"] == "ENDED"


async def test_an_egress_is_a_recording_or_a_livestream_of_its_session(
    livekit: LivekitIntake,
) -> None:
    now_s = livekit.server.clock.now // 1_000
    info = {"egressId": "EG_1", "roomId": "RM_1", "roomName": "daily", "roomComposite": {}}
    started = {**info, "status": "EGRESS_ACTIVE", "startedAt": f"{(now_s - 60) * 10**9}"}
    file = {
        "filename": "daily.mp4",
        "location": "https://files.test/daily.mp4",
        "size": "4096",
        "duration": f"{55 * 10**9}",
    }
    stream = {"url": "rtmp://live.test/secret-key", "startedAt": started["startedAt"]}
    bodies = [
        {
            "event": "egress_ended",
            "egressInfo": {
                **started,
                "status": "EGRESS_COMPLETE",
                "endedAt": f"{now_s * 10**9}",
                "fileResults": [file],
                "streamResults": [stream],
            },
        },
        {"event": "egress_started", "egressInfo": {**started, "file": {"filename": "daily.mp4"}}},
    ]
    for number, body in enumerate(bodies):
        counts = await livekit.post(
            json.dumps({**body, "id": f"EV_{number}", "createdAt": f"{now_s}"})
        )
        assert counts["accepted"] > 0, counts
    recording = (await livekit.owner.request("GET", "/recordings/EG_1")).json()["data"]
    assert (recording["status"], recording["recording_duration"]) == ("UPLOADED", 55)
    assert recording["download_url"] == "https://files.test/daily.mp4"
    assert recording["file_size"] == 4_096
    found = (await livekit.owner.request("GET", "/livestreams/EG_1")).json()["data"]
    assert (found["livestream"]["status"], found["session"]["ingest_seconds"]) == ("IDLE", 60)
    assert "secret-key" not in json.dumps(found)
    [session] = await livekit.sessions()
    assert (session["id"], session["recording_status"]) == (recording["session_id"], "UPLOADED")


async def test_a_story_told_out_of_order_is_two_sessions(livekit: LivekitIntake) -> None:
    livekit.server.clock.now = STORY_END
    counts = [await livekit.post(each["body"]) for each in read_sample("livekit-story")]
    assert sum(count["duplicates"] for count in counts) == 1
    livekit.server.clock.now = EpochMs(STORY_END + 86_400_000)
    await livekit.sweep()
    first, second = await livekit.sessions()
    assert (first["status"], second["status"]) == ("ENDED", "ENDED")
    assert first["meeting_display_name"] == second["meeting_display_name"] == "daily"
    assert _seconds(first["ended_at"]) == 1_790_010_300
    assert _seconds(second["ended_at"]) == 1_790_010_521
    assert (first["max_concurrent_participants"], second["max_concurrent_participants"]) == (2, 2)
    ada, bob = sorted(
        await livekit.participants(first["id"]), key=lambda each: str(each["display_name"])
    )
    assert (ada["display_name"], bob["display_name"]) == ("Ada", "Bob")
    assert ada["duration"] == pytest.approx(298.544 / 60, abs=0.001)
    assert _seconds(bob["left_at"]) == 1_790_010_300
    assert {each["display_name"] for each in await livekit.participants(second["id"])} == {
        "Ada",
        "Dee",
    }


async def test_a_signature_is_of_one_app_alone(livekit: LivekitIntake) -> None:
    other = await livekit.server.new_client()
    body = read_sample("livekit-story")[0]["body"].encode()
    token = sign(body, livekit.server.clock.now)
    assert (await livekit.send(body, token, app_id=other.app_id)).status_code == 401
    assert (await livekit.send(body, token, app_id="no-such-app")).status_code == 401


async def test_an_old_signature_is_refused_however_long_it_says_it_lives(
    livekit: LivekitIntake,
) -> None:
    body = read_sample("livekit-story")[0]["body"].encode()
    livekit.server.clock.now = STORY_END
    old = EpochMs(STORY_END - 400_000)
    token = sign(body, old, exp=STORY_END // 1_000 + 21_600)
    assert (await livekit.send(body, token)).status_code == 401
    assert (await livekit.send(body, sign(body, STORY_END, nbf=0))).status_code == 202


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


HOUR_MS = 3_600_000


def _event(livekit: LivekitIntake, name: str, **members: Any) -> dict[str, Any]:
    """A webhook of the room `daily` at the server's time; `who` is the participant's sid."""
    now_s = livekit.server.clock.now // 1_000
    sid = members.pop("who", None)
    event: dict[str, Any] = {
        "event": name,
        "id": f"EV_{name}_{sid}_{now_s}",
        "createdAt": str(now_s),
    }
    event["room"] = {"sid": members.pop("room", "RM_1"), "name": "daily"}
    if sid is not None:
        event["participant"] = {"sid": sid, "identity": sid.lower()} | members.pop("of", {})
    return event | members


def _advance(livekit: LivekitIntake, ms: int) -> None:
    livekit.server.clock.now = EpochMs(livekit.server.clock.now + ms)


async def test_a_quiet_listener_is_there_for_as_long_as_anything_is_heard_of_the_room(
    livekit: LivekitIntake,
) -> None:
    begun_at = livekit.server.clock.now
    await livekit.post(_event(livekit, "participant_joined", who="PA_1"))
    for hour in range(1, 8):
        _advance(livekit, HOUR_MS)
        await livekit.post(_event(livekit, "participant_joined", who=f"PA_x{hour}"))
        await livekit.post(_event(livekit, "participant_left", who=f"PA_x{hour}"))
        await livekit.sweep()
        [session] = await livekit.sessions()
        assert (session["status"], session["live_participants"]) == ("LIVE", 1)
    assert await livekit.server.recorder.overdue() == set()
    last_sign = livekit.server.clock.now
    _advance(livekit, 5 * HOUR_MS)
    await livekit.sweep()
    [session] = await livekit.sessions()
    assert session["status"] != "LIVE" and session["live_participants"] == 0
    _advance(livekit, HOUR_MS)
    await livekit.sweep()
    [session] = await livekit.sessions()
    assert session["status"] == "ENDED"
    assert _seconds(session["ended_at"]) == last_sign // 1_000
    people = {
        each["custom_participant_id"]: each for each in await livekit.participants(session["id"])
    }
    quiet = people["pa_1"]
    assert quiet["left_at_inferred"] is True
    assert quiet["duration"] == pytest.approx((last_sign - begun_at) / 60_000, abs=0.02)


async def test_a_room_opened_again_under_the_same_id_keeps_who_comes_then(
    livekit: LivekitIntake,
) -> None:
    await livekit.post(_event(livekit, "participant_joined", who="PA_1"))
    _advance(livekit, 60_000)
    await livekit.post(_event(livekit, "participant_left", who="PA_1"))
    await livekit.post(_event(livekit, "room_finished"))
    _advance(livekit, 5_000)
    await livekit.post(_event(livekit, "participant_joined", who="PA_2"))
    _advance(livekit, 120_000)
    await livekit.post(_event(livekit, "participant_left", who="PA_2"))
    [session] = await livekit.sessions()
    people = {
        each["custom_participant_id"]: each for each in await livekit.participants(session["id"])
    }
    assert people["pa_1"]["duration"] == pytest.approx(1.0, abs=0.02)
    assert people["pa_2"]["duration"] == pytest.approx(2.0, abs=0.02)
    assert _seconds(session["ended_at"]) == livekit.server.clock.now // 1_000


async def test_an_abort_ends_the_stay_of_who_had_joined_and_is_nothing_of_who_had_not(
    livekit: LivekitIntake,
) -> None:
    aborted = "participant_connection_aborted"
    await livekit.post(_event(livekit, "participant_joined", who="PA_1"))
    _advance(livekit, 30_000)
    await livekit.post(_event(livekit, aborted, who="PA_1"))
    await livekit.post(_event(livekit, aborted, who="PA_2", of={"disconnectReason": 7}))
    [session] = await livekit.sessions()
    [person] = await livekit.participants(session["id"])
    assert person["custom_participant_id"] == "pa_1"
    assert person["duration"] == pytest.approx(0.5, abs=0.02)


async def test_an_old_leave_does_not_end_the_next_connection_of_the_same_identity(
    livekit: LivekitIntake,
) -> None:
    ada = {"identity": "ada"}
    await livekit.post(_event(livekit, "participant_joined", who="PA_1", of=ada))
    left = _event(livekit, "participant_left", who="PA_1", of=ada | {"disconnectReason": 2})
    _advance(livekit, 10_000)
    await livekit.post(_event(livekit, "participant_joined", who="PA_2", of=ada))
    left["createdAt"] = str(livekit.server.clock.now // 1_000 + 1)
    _advance(livekit, 2_000)
    await livekit.post(left)
    [session] = await livekit.sessions()
    [person] = await livekit.participants(session["id"])
    assert (session["live_participants"], session["total_participants"]) == (1, 1)
    assert person["left_at"] is None


async def test_who_publishes_is_there_although_the_join_was_lost(livekit: LivekitIntake) -> None:
    track = {"sid": "TR_1", "source": 2}
    await livekit.post(_event(livekit, "track_published", who="PA_1", track=track))
    [session] = await livekit.sessions()
    assert session["live_participants"] == 1
    _advance(livekit, 30_000)
    published = {"tracks": [track], "joinedAt": livekit.server.clock.now // 1_000 - 40}
    await livekit.post(_event(livekit, "participant_left", who="PA_1", of=published))
    await livekit.post(_event(livekit, "participant_left", who="PA_3", of=published))
    [session] = await livekit.sessions()
    people = await livekit.participants(session["id"])
    assert sorted(each["duration"] for each in people) == pytest.approx([40 / 60] * 2, abs=0.02)


async def test_programs_and_the_hidden_count_for_nothing(livekit: LivekitIntake) -> None:
    await livekit.post(_event(livekit, "participant_joined", who="PA_1"))
    for number, kind in enumerate(("AGENT", 2, "INGRESS")):
        await livekit.post(
            _event(livekit, "participant_joined", who=f"PA_k{number}", of={"kind": kind})
        )
    hidden = {"permission": {"hidden": True}}
    await livekit.post(_event(livekit, "participant_joined", who="PA_h", of=hidden))
    await livekit.post(_event(livekit, "participant_joined", who="PA_s", of={"kind": "SIP"}))
    [session] = await livekit.sessions()
    assert (session["total_participants"], session["max_concurrent_participants"]) == (2, 2)


async def test_what_is_unknown_is_counted_and_noted(livekit: LivekitIntake) -> None:
    await livekit.post(_event(livekit, "participant_joined", who="PA_1"))
    counts = await livekit.post(_event(livekit, "participant_waved", who="PA_1"))
    assert (counts["accepted"], counts["ignored"]) == (1, 0)
    counts = await livekit.post(_event(livekit, "galaxy_ended"))
    assert (counts["accepted"], counts["ignored"]) == (0, 1)
    again = await livekit.post(_event(livekit, "participant_waved", who="PA_1"))
    assert again["duplicates"] == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"\xff",
        b'{"event": 7}',
        b'{"event": "participant_joined", "participant": "ada", "room": ["x"]}',
        b'{"event": "participant_joined", "participant": {"sid": {}}, "room": {"sid": 7}}',
        b'{"event": "egress_ended", "egressInfo": {"egressId": "E", "fileResults": [7, null]}}',
        b'{"event": "track_published", "participant": {"sid": "PA_1"}, "track": [1]}',
        b'{"event": "participant_joined", "createdAt": "9999999999999999999999"}',
        b'{"event": "participant_joined", "createdAt": "4102444799", "participant": {"sid": "P"}}',
    ],
)
async def test_a_signed_body_that_makes_no_sense_is_refused_or_ignored(
    livekit: LivekitIntake, body: bytes
) -> None:
    answer = await livekit.send(body, sign(body, livekit.server.clock.now))
    assert answer.status_code in (202, 400), answer.text
    assert await livekit.sessions() == []


async def test_ids_of_two_sources_that_are_alike_are_two_peers(livekit: LivekitIntake) -> None:
    owner, now = livekit.owner, livekit.server.clock.now
    same = {"type": "peer_joined", "at": now, "meeting_id": "daily", "peer_id": "PA_1"}
    posted = await livekit.client.post(
        f"/v1/apps/{owner.app_id}/events",
        json={"events": [same | {"id": "EV_1"}]},
        headers={"authorization": f"Bearer {owner.token}"},
    )
    assert posted.status_code == 202
    await livekit.post(_event(livekit, "participant_joined", who="PA_1") | {"id": "EV_1"})
    sessions = await livekit.sessions()
    people = [p for each in sessions for p in await livekit.participants(each["id"])]
    assert len(people) == 2
