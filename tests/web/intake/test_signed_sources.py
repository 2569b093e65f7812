"""BigBlueButton, Jitsi's Prosody and RealtimeKit post to the intake."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from aftercall.core.errors import Unauthenticated
from aftercall.core.instants import EpochMs
from aftercall.ingest.bigbluebutton.signature import CHECKSUM, check
from aftercall.web.intake.app import IntakeApp
from tests.web.conftest import build_server as build_server
from tests.web.intake.livekit_server import LivekitIntake

SAMPLES = Path(__file__).parents[2] / "samples"
CALLBACKS = json.loads((SAMPLES / "bigbluebutton/bbb-analytics-callbacks.json").read_text())
HOOKS = json.loads((SAMPLES / "bigbluebutton/bbb-webhooks.json").read_text())
PROSODY = json.loads((SAMPLES / "jitsi/jitsi-event-sync.json").read_text())
ENDED = EpochMs(1_790_001_900_000)
"""Shortly after the calls of the samples."""


@pytest.fixture
async def intake(livekit: LivekitIntake) -> AsyncIterator[LivekitIntake]:
    """An app that knows the secret of the samples' BigBlueButton, at their time."""
    owner, keys = livekit.owner, livekit.server.services.source_keys
    await keys.add(owner.account_id, owner.app_id, "bigbluebutton", "other", "x" * 40)
    await keys.add(owner.account_id, owner.app_id, "bigbluebutton", "main", HOOKS["secret"])
    livekit.server.clock.now = ENDED
    yield livekit


async def _post(intake: LivekitIntake, source: str, body: str | bytes, **more: Any) -> Any:
    url = f"/v1/apps/{intake.owner.app_id}/sources/{source}"
    return await intake.client.post(url, content=body, **more)


async def _callback(intake: LivekitIntake, delivery: dict[str, Any]) -> httpx.Response:
    answer: httpx.Response = await _post(
        intake, "bigbluebutton", delivery["body"], headers=delivery["headers"]
    )
    return answer


async def _hook(intake: LivekitIntake, body: str, *, secret: str = HOOKS["secret"]) -> Any:
    path = f"/v1/apps/{intake.owner.app_id}/sources/bigbluebutton"
    url = str(intake.client.base_url).rstrip("/") + path
    text = f"{url}{unquote_plus(body)}{secret}"
    checksum = hashlib.sha1(text.encode()).hexdigest()
    return await _post(intake, f"bigbluebutton?checksum={checksum}", body)


async def test_a_meeting_of_bigbluebutton_is_a_session_with_its_visits(
    intake: LivekitIntake,
) -> None:
    now = CALLBACKS["deliveries"][0]
    for _ in range(2):
        assert (await _callback(intake, now)).status_code == 202
    (session,) = await intake.sessions()
    assert (session["meeting_display_name"], session["status"]) == ("Algebra 7", "ENDED")
    assert session["started_at"] == "2026-09-21T14:13:30.000Z"
    assert session["ended_at"] == "2026-09-21T14:43:20.000Z"
    rows = await intake.participants(session["id"])
    minutes = sorted((row["custom_participant_id"], row["duration"]) for row in rows)
    assert minutes == [("pupil-2", 5), ("pupil-2", pytest.approx(1100 / 60, abs=1e-3)),
                       ("teacher-1", pytest.approx(1790 / 60, abs=1e-3))]  # fmt: skip


async def test_every_sample_of_a_callback_is_accepted_or_refused_as_it_says(
    intake: LivekitIntake,
) -> None:
    codes = []
    for delivery in sorted(CALLBACKS["deliveries"], key=lambda each: int(each["clock"])):
        intake.server.clock.now = EpochMs(delivery["clock"] * 1_000)
        codes.append((await _callback(intake, delivery)).status_code)
    assert sorted(codes) == [202, 202, 401, 401]


@pytest.mark.parametrize("hook", HOOKS["hooks"], ids=lambda hook: hook["url"][-6:])
def test_the_checksums_of_the_samples_are_right(hook: dict[str, str]) -> None:
    address, _, checksum = hook["url"].partition("?checksum=")
    signed = f"{CHECKSUM}{checksum} {address}"
    check(signed, hook["body"].encode(), HOOKS["secret"], ENDED)
    for body, secret in ((hook["body"] + "x", HOOKS["secret"]), (hook["body"], "other")):
        with pytest.raises(Unauthenticated):
            check(signed, body.encode(), secret, ENDED)


async def test_webhooks_and_the_callback_are_one_record(intake: LivekitIntake) -> None:
    for hook in HOOKS["hooks"]:
        assert (await _hook(intake, hook["body"])).status_code == 202
    (before,) = await intake.sessions()
    assert before["status"] == "ENDED"
    assert (await _callback(intake, CALLBACKS["deliveries"][0])).status_code == 202
    (after,) = await intake.sessions()
    assert after["id"] == before["id"]
    assert after["total_participants"] == before["total_participants"] == 3
    chat = await intake.owner.request("GET", f"/sessions/{after['id']}/chat")
    assert chat.status_code == 200


async def test_a_webhook_without_a_checksum_of_this_app_is_refused(intake: LivekitIntake) -> None:
    body = HOOKS["hooks"][0]["body"]
    assert (await _hook(intake, body, secret="foreign")).status_code == 401
    assert (await _post(intake, "bigbluebutton", body)).status_code == 401
    assert (await _post(intake, "bigbluebutton?checksum=", body)).status_code == 401
    assert await intake.sessions() == []


async def test_a_token_for_longer_than_a_day_is_refused(intake: LivekitIntake) -> None:
    for seconds in (-3600, 3 * 86_400):
        claims = {"exp": ENDED // 1_000 + seconds}
        token = jwt.encode(claims, HOOKS["secret"], algorithm="HS512")
        headers = {"Authorization": f"Bearer {token}"}
        body = CALLBACKS["deliveries"][0]["body"]
        answer = await _post(intake, "bigbluebutton", body, headers=headers)
        assert answer.status_code == 401


async def _end(
    intake: LivekitIntake, key: str, query: str = "?recordingmarks=false&meetingID=algebra-7"
) -> httpx.Response:
    url = f"/v1/apps/{intake.owner.app_id}/sources/bigbluebutton/ended/{key}{query}"
    return await intake.client.get(url)


async def test_the_end_callback_ends_the_session_of_its_meeting(intake: LivekitIntake) -> None:
    owner, keys = intake.owner, intake.server.services.source_keys
    await keys.add(owner.account_id, owner.app_id, "bigbluebutton-end", "greenlight", "end-key-1")
    for hook in HOOKS["hooks"]:
        if "meeting-ended" not in hook["body"] and "user-left" not in hook["body"]:
            assert (await _hook(intake, hook["body"])).status_code == 202
    (live,) = await intake.sessions()
    assert live["status"] == "LIVE"
    meeting = live["associated_id"]
    for key in ("another-key", "main-key", HOOKS["secret"]):
        assert (await _end(intake, key)).status_code == 401
    assert (await _end(intake, "end-key-1", "?recordingmarks=true")).status_code == 400
    assert (await _end(intake, "end-key-1", "?meetingID=unheard-of")).status_code == 202
    assert (await intake.sessions())[0]["status"] == "LIVE"
    other = await intake.server.new_client()
    foreign = f"/v1/apps/{other.app_id}/sources/bigbluebutton/ended/end-key-1?meetingID={meeting}"
    assert (await intake.client.get(foreign)).status_code == 401
    posted = await _post(intake, f"bigbluebutton/ended/end-key-1?meetingID={meeting}", "")
    assert posted.status_code == 405
    query = f"?recordingmarks=true&meetingID={meeting}"
    for _ in range(2):
        assert (await _end(intake, "end-key-1", query)).status_code == 202
    (ended,) = await intake.sessions()
    assert (ended["id"], ended["status"]) == (live["id"], "ENDED")


async def test_the_log_names_the_end_callback_without_its_key(intake: LivekitIntake) -> None:
    application, routes = IntakeApp(intake.server.services), []

    async def noted(scope: Any, receive: Any, send: Any) -> None:
        await application(scope, receive, send)
        routes.append(scope.get("path_template"))

    transport = httpx.ASGITransport(app=noted)
    async with httpx.AsyncClient(transport=transport, base_url="http://a.test") as client:
        path = f"/v1/apps/{intake.owner.app_id}/sources/bigbluebutton/ended/a-secret-key"
        assert (await client.get(path, params={"meetingID": "m"})).status_code == 401
    assert routes == ["/v1/apps/{app_id}/sources/bigbluebutton/ended/{key}"]


async def _prosody(intake: LivekitIntake, request: dict[str, Any]) -> httpx.Response:
    answer: httpx.Response = await _post(
        intake,
        f"jitsi{request['path']}",
        request["body"],
        headers={"authorization": intake.client.headers["authorization"]}
        if "authorization" in intake.client.headers
        else {"authorization": f"Bearer {intake.owner.token}"},
    )
    return answer


@pytest.mark.parametrize("is_reversed", [False, True])
async def test_prosodys_events_are_a_meeting_and_its_breakout_room(
    intake: LivekitIntake, is_reversed: bool
) -> None:
    for request in PROSODY["requests"][:: -1 if is_reversed else 1]:
        answer = await _prosody(intake, request)
        assert answer.status_code == 202, answer.text
        assert answer.json()["data"]["rejected"] == []
    minutes: dict[tuple[str, str], float] = {}
    for session in await intake.sessions():
        for row in await intake.participants(session["id"]):
            key = (session["associated_id"], row["display_name"])
            minutes[key] = round(minutes.get(key, 0) + row["duration"] * 60)
    assert minutes == {
        ("catchup", "Ada"): 329,
        ("catchup", "Bob"): 300,
        ("br-1", "Ada"): 170,
    }


async def test_the_last_event_of_a_room_repairs_what_was_lost(intake: LivekitIntake) -> None:
    last = [each for each in PROSODY["requests"] if each["path"].endswith("room/destroyed")]
    for request in last:
        assert (await _prosody(intake, request)).status_code == 202
    found = [row for s in await intake.sessions() for row in await intake.participants(s["id"])]
    assert sorted(row["display_name"] for row in found) == ["Ada", "Ada", "Bob"]


def _rtk(event: str, **more: Any) -> bytes:
    meeting = {"id": "m-1", "sessionId": "s-1", "title": "Weekly", "status": "LIVE"}
    times = {"startedAt": "2026-09-21T14:00:00.000Z", "endedAt": "2026-09-21T14:10:00.000Z"}
    return json.dumps({"event": event, "meeting": meeting | times, **more}).encode()


async def test_realtimekits_webhooks_keep_its_ids(intake: LivekitIntake) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    owner, keys = intake.owner, intake.server.services.source_keys
    await keys.add(owner.account_id, owner.app_id, "realtimekit", "vendor", pem.decode())

    async def post(body: bytes, signed: bytes | None = None) -> httpx.Response:
        signature = key.sign(signed or body, padding.PKCS1v15(), hashes.SHA256())
        headers = {"rtk-signature": base64.b64encode(signature).decode()}
        answer: httpx.Response = await _post(intake, "realtimekit", body, headers=headers)
        return answer

    who = {
        "peerId": "peer-1",
        "userDisplayName": "Ada",
        "customParticipantId": "ada",
        "joinedAt": "2026-09-21T14:00:00.000Z",
    }
    left = {**who, "leftAt": "2026-09-21T14:09:00.000Z"}
    bodies = [
        _rtk("meeting.participantLeft", participant=left),
        _rtk("meeting.ended", reason="ALL_PARTICIPANTS_LEFT"),
        _rtk("meeting.participantJoined", participant=who),
        _rtk("meeting.started"),
    ]
    for body in bodies * 2:
        assert (await post(body)).status_code == 202
    (session,) = await intake.sessions()
    assert (session["id"], session["associated_id"]) == ("s-1", "m-1")
    (row,) = await intake.participants("s-1")
    assert (row["id"], row["duration"], row["custom_participant_id"]) == ("peer-1", 9, "ada")
    recording = {
        "recordingId": "rec-1",
        "roomUUID": "s-1",
        "outputFileName": "weekly.mp4",
        "downloadUrl": "https://files.test/weekly.mp4",
        "downloadUrlExpiry": "2026-09-28T14:10:00.000Z",
        "startedTime": "2026-09-21T14:01:00.000Z",
        "stoppedTime": "2026-09-21T14:09:00.000Z",
        "fileSize": "4096",
        "recordingDuration": 480,
    }
    for status in ("UPLOADED", "RECORDING", "UPLOADED"):
        body = _rtk("recording.statusUpdate", recording={**recording, "status": status})
        assert (await post(body)).status_code == 202
    stream = {"streamId": "str-1", "streamKey": "sk_1", "playbackUrl": "https://cdn.test/1.m3u8"}
    for status in ("OFFLINE", "LIVE"):
        body = _rtk("livestreaming.statusUpdate", status=status, **stream)
        assert (await post(body)).status_code == 202
    found = (await intake.owner.request("GET", "/recordings/rec-1")).json()["data"]
    assert (found["session_id"], found["status"], found["recording_duration"]) == (
        "s-1",
        "UPLOADED",
        480,
    )
    assert (found["file_size"], found["download_url"]) == (4_096, recording["downloadUrl"])
    assert found["download_url_expiry"] == recording["downloadUrlExpiry"]
    live = (await intake.owner.request("GET", "/livestreams/str-1")).json()["data"]["livestream"]
    assert (live["status"], live["playback_url"]) == ("IDLE", stream["playbackUrl"])
    for lost in (
        _rtk("recording.statusUpdate", recording={**recording, "status": "LOST"}),
        _rtk("recording.statusUpdate", recording={"status": "UPLOADED"}),
        _rtk("livestreaming.statusUpdate", status=7, **stream),
    ):
        assert (await post(lost)).status_code == 400
    assert (await post(_rtk("meeting.summary"))).json()["data"]["ignored"] == 1
    assert (await post(bodies[0], signed=bodies[1])).status_code == 401
    assert (await _post(intake, "realtimekit", bodies[0])).status_code == 401
    garbage = {"rtk-signature": "%%%"}
    assert (await _post(intake, "realtimekit", bodies[0], headers=garbage)).status_code == 401
