"""The intake for LiveKit's webhooks: who may post, and the record that comes of it."""

from datetime import datetime

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
