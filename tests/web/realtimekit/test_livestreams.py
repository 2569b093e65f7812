"""Livestreams over HTTP."""

from base64 import b64encode
from typing import Any

from aftercall.core.egresses import EgressKind, EgressStatus
from aftercall.core.events import EgressReported
from aftercall.core.instants import SECOND_MS, format_iso
from tests.web.realtimekit.whole_sdk import furnish

RestServer = Any


async def _end(server: RestServer, owner: Any) -> None:
    over = EgressReported(
        id="over",
        at=server.clock(),
        kind=EgressKind.LIVESTREAM,
        egress_id="livestream-1",
        status=EgressStatus.COMPLETE,
        stopped_at=server.clock(),
        viewer_ms=45_000,
        texts={"name": "Town hall", "playback_url": "https://cdn.test/live.m3u8"},
    )
    await server.recorder.record(owner.app_id, [over], source="events")


async def test_a_livestream_is_what_its_reports_state(server: RestServer) -> None:
    owner = await server.new_client()
    ids = await furnish(server, owner)
    meeting = ids["meeting_id"]
    active = await owner.request("GET", f"/meetings/{meeting}/active-livestream")
    assert active.json()["data"]["status"] == "LIVE"
    going_on = await owner.request("GET", "/livestreams/livestream-1/active-livestream-session")
    assert going_on.json()["data"]["session"]["ingest_seconds"] is None
    server.clock.move(30_000)
    await _end(server, owner)
    for path in ("/livestreams/livestream-1", f"/meetings/{meeting}/livestream"):
        found = (await owner.request("GET", path)).json()["data"]
        assert found["livestream"]["playback_url"] == "https://cdn.test/live.m3u8"
        assert found["livestream"]["stream_key"] is None
        assert found["sessions"] == [found["session"]]
        assert found["session"]["stopped_time"] == format_iso(server.clock())
        assert found["session"]["ingest_seconds"] == 30
        assert found["session"]["viewer_seconds"] == 45
    session = (await owner.request("GET", "/livestreams/sessions/livestream-1")).json()["data"]
    assert (session["livestream_id"], session["session_id"]) == ("livestream-1", ids["session_id"])
    of_call = await owner.request("GET", f"/sessions/{ids['session_id']}/livestream-sessions")
    assert of_call.json()["data"]["sessions"] == [session]
    for path in (
        f"/meetings/{meeting}/active-livestream",
        "/livestreams/livestream-1/active-livestream-session",
    ):
        answer = await owner.request("GET", path)
        assert (answer.status_code, answer.json()["error"]["reason"]) == (
            404,
            "no_active_livestream",
        )


async def test_livestreams_are_listed(server: RestServer) -> None:
    owner = await server.new_client()
    await furnish(server, owner)

    async def listed(**parameters: Any) -> list[str]:
        answer = (await owner.request("GET", "/livestreams", params=parameters)).json()
        assert answer["paging"] == answer["data"]["paging"]
        return [each["id"] for each in answer["data"]["livestreams"]]

    assert await listed() == ["livestream-1"]
    assert await listed(status="LIVE") == ["livestream-1"]
    assert await listed(status="IDLE") == []
    assert await listed(exclude_meetings="true") == []


async def test_the_forerunners_list_is_the_data_itself(server: RestServer) -> None:
    owner = await server.new_client()
    await furnish(server, owner)
    basic = b64encode(f"{owner.app_id}:{owner.token}".encode()).decode()
    answer = await server.client.get("/v2/livestreams", headers={"authorization": f"Basic {basic}"})
    assert [each["id"] for each in answer.json()["data"]] == ["livestream-1"]
    assert answer.json()["paging"]["total_count"] == 1


async def test_livestreams_are_counted(server: RestServer) -> None:
    owner = await server.new_client()
    await furnish(server, owner)
    at = server.clock() // SECOND_MS

    async def asked(path: str, **parameters: Any) -> Any:
        answer = await owner.request("GET", f"/analytics/livestreams/{path}", params=parameters)
        return answer.json()["data"] if answer.status_code == 200 else answer.json()["error"]

    nothing = {"count": 1, "total_ingest_seconds": 0, "total_viewer_seconds": None}
    assert await asked("overall") == nothing
    server.clock.move(30_000)
    await _end(server, owner)
    sums = {"count": 1, "total_ingest_seconds": 30, "total_viewer_seconds": 45}
    assert await asked("overall") == sums
    assert await asked("overall", start_time=at, end_time=at + 60) == sums
    assert (await asked("overall", start_time=at + 1))["count"] == 0
    assert (await asked("overall", start_time=0, end_time=0))["count"] == 0
    assert await asked("daywise") == [{"date": format_iso(server.clock())[:10], **sums}]
    assert (await asked("daywise", start_time=at + 9, end_time=at))["reason"] == "bad_range"
    assert (await asked("daywise", start_time="yesterday"))["reason"] == "bad_time"
    assert (await asked("daywise", start_time="1e999"))["reason"] == "bad_time"
