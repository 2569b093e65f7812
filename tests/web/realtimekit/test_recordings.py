"""Recordings over HTTP."""

from typing import Any

from aftercall.core.egresses import EgressKind, EgressStatus
from aftercall.core.events import EgressReported
from aftercall.core.instants import DAY_MS, format_iso
from tests.web.realtimekit.whole_sdk import furnish

RestServer = Any


async def _report(server: RestServer, owner: Any, ids: dict[str, Any], **members: Any) -> None:
    values: dict[str, Any] = {
        "id": f"{members}",
        "at": server.clock(),
        "session_id": ids["session_id"],
        "meeting_id": ids["meeting_id"],
        "kind": EgressKind.RECORDING,
        "status": EgressStatus.COMPLETE,
    }
    outcomes = await server.recorder.record(
        owner.app_id, [EgressReported(**(values | members))], source="events"
    )
    assert outcomes[0].code is None, outcomes


async def test_a_recording_is_what_its_reports_state(server: RestServer) -> None:
    owner = await server.new_client()
    ids = await furnish(server, owner)
    started = server.clock()
    active = await owner.request("GET", f"/recordings/active-recording/{ids['meeting_id']}")
    assert active.json()["data"]["status"] == "RECORDING"
    server.clock.move(90_000)
    await _report(
        server,
        owner,
        ids,
        egress_id="recording-1",
        stopped_at=server.clock(),
        size_bytes=1_000,
        texts={"file_name": "call.mp4", "download_url": "https://files.test/call.mp4"},
    )
    found = (await owner.request("GET", "/recordings/recording-1")).json()["data"]
    assert found == {
        "id": "recording-1",
        "status": "UPLOADED",
        "session_id": ids["session_id"],
        "meeting_id": ids["meeting_id"],
        "output_file_name": "call.mp4",
        "invoked_time": format_iso(started),
        "started_time": format_iso(started),
        "stopped_time": format_iso(server.clock()),
        "recording_duration": 90,
        "file_size": 1_000,
        "download_url": "https://files.test/call.mp4",
        "audio_download_url": None,
        "download_url_expiry": None,
        "err_message": None,
    }
    active = await owner.request("GET", f"/recordings/active-recording/{ids['meeting_id']}")
    assert active.status_code == 404
    assert active.json()["error"]["reason"] == "no_active_recording"
    session = (await owner.request("GET", f"/sessions/{ids['session_id']}")).json()["data"]
    assert session["recording_status"] == session["session"]["recording_status"] == "UPLOADED"
    assert session["recording_minutes_consumed"] == 1.5
    assert session["livestream_status"] == "LIVE"
    stats = (await owner.request("GET", "/analytics/daywise")).json()["data"]["recording_stats"]
    assert (stats["recording_count"], stats["recording_minutes_consumed"]) == (1, 1.5)
    assert stats["day_stats"][-1]["total_recordings"] == 1


async def test_recordings_are_listed_with_their_meeting(server: RestServer) -> None:
    owner, stranger = await server.new_client(), await server.new_client()
    ids = await furnish(server, owner)
    await furnish(server, stranger)
    server.clock.move(10_000)
    await _report(server, owner, ids, egress_id="second", status=EgressStatus.FAILED)

    async def listed(**parameters: Any) -> list[str]:
        answer = await owner.request("GET", "/recordings", params=parameters)
        assert answer.json()["paging"]["total_count"] >= len(answer.json()["data"])
        return [each["id"] for each in answer.json()["data"]]

    assert await listed() == ["second", "recording-1"]
    assert await listed(sort_order="ASC", per_page=1) == ["recording-1"]
    assert await listed(status="ERRORED") == ["second"]
    assert await listed(status=["RECORDING", "ERRORED"]) == ["second", "recording-1"]
    assert await listed(meeting_id="other") == []
    assert await listed(search="heir") == ["second", "recording-1"]
    assert await listed(search=ids["meeting_id"]) == ["second", "recording-1"]
    assert await listed(start_time=format_iso(server.clock())) == ["second"]
    assert await listed(end_time=format_iso(server.clock() - DAY_MS)) == []
    first = (await owner.request("GET", "/recordings")).json()["data"][0]
    assert first["meeting"]["title"] == "Theirs"
    refused = await owner.request("GET", "/recordings", params={"status": "LOST"})
    assert (refused.status_code, refused.json()["error"]["field"]) == (400, "status")


async def test_a_recording_of_another_app_is_not_found(server: RestServer) -> None:
    owner, stranger = await server.new_client(), await server.new_client()
    await furnish(server, owner)
    answer = await stranger.request("GET", "/recordings/recording-1")
    assert (answer.status_code, answer.json()["error"]["reason"]) == (404, "recording_not_found")
    assert (await stranger.request("GET", "/recordings")).json()["data"] == []


async def test_recordings_of_a_session_past_its_retention_are_not_found(
    build_server: Any,
) -> None:
    server = build_server(retention_sessions_s=3_600)
    owner = await server.new_client()
    ids = await furnish(server, owner)
    await owner.request("POST", f"/meetings/{ids['meeting_id']}/active-session/kick-all")
    server.clock.move(4_000_000)
    assert (await owner.request("GET", "/recordings/recording-1")).status_code == 404
    assert (await owner.request("GET", "/recordings")).json()["data"] == []
    stats = (await owner.request("GET", "/analytics/daywise")).json()["data"]["recording_stats"]
    assert stats["recording_count"] == 0
