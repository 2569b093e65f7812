import csv
import io
from typing import Any

import pytest

from tests.core.quality.synthetic_call import CALL_START, Call
from tests.web.dashboard.conftest import HOSTILE

OpenDashboard = Any


async def test_an_ended_session_is_listed_with_its_quality(open_dashboard: OpenDashboard) -> None:
    page = await (await open_dashboard()).get("/calls")
    (row,) = page["items"]
    assert (page["live"], page["total"], page["next_cursor"]) == ([], 1, None)
    assert (row["id"], row["status"], row["title"], row["minutes"]) == (
        "session",
        "ENDED",
        "Standup",
        15.0,
    )
    assert [seen["name"] for seen in row["participants"]] == ["Ada", HOSTILE, "Cyd"]
    assert [seen["is_bad"] for seen in row["participants"]] == [True, False, False]
    quality = row["quality"]
    assert quality["is_final"]
    assert quality["is_bad"]
    assert quality["measured_participants"] == 3
    assert quality["level"] == 1
    assert quality["affected_participants"] == quality["bad_participants"] == 1
    assert sum(quality["letters"]) == 3
    bad, _, _, good = map(sum, zip(*quality["shares"], strict=True))
    assert 0 < bad < good
    assert row["worst_issue"]["participant_name"] == "Ada"
    assert "%" in row["worst_issue"]["sentence"]


async def test_a_live_session_is_listed_first_with_its_quality(
    open_dashboard: OpenDashboard,
) -> None:
    page = await (await open_dashboard(is_live=True)).get("/calls")
    (row,) = page["live"]
    assert (page["items"], page["total"]) == ([], 1)
    assert (row["status"], row["ended_at"], row["live_participants"]) == ("LIVE", None, 3)
    assert row["minutes"] == 15.0
    assert not row["quality"]["is_final"]
    assert row["quality"]["measured_participants"] == 3


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=ada", 1),
        ("search=stand%20cyd", 1),
        ("search=custom-ada", 1),
        ("search=sess", 1),
        ("search=mallory", 0),
        ("status=ENDED", 1),
        ("status=LIVE", 0),
        ("meeting_id=meeting", 1),
        ("meeting_id=other", 0),
        ("bad=true", 1),
        ("issue=poor_network_uplink", 1),
        ("issue=ice_failed", 0),
        ("relay=none", 1),
        ("relay=tls", 0),
        ("from=2026-11-21&to=2026-11-21", 1),
        ("to=2026-11-20", 0),
        ("participants=3", 1),
        ("participants=4:", 0),
        ("sort=quality&order=asc", 1),
        ("sort=minutes", 1),
    ],
)
async def test_sessions_are_filtered_by_quality_and_environment(
    open_dashboard: OpenDashboard, query: str, found: int
) -> None:
    page = await (await open_dashboard()).get(f"/calls?{query}")
    assert (len(page["items"]), page["total"]) == (found, found)


@pytest.mark.parametrize(
    ("query", "found"),
    [("search=ada", 1), ("search=mallory", 0), ("status=LIVE", 1), ("status=ENDED", 0)],
)
async def test_live_sessions_are_filtered_too(
    open_dashboard: OpenDashboard, query: str, found: int
) -> None:
    page = await (await open_dashboard(is_live=True)).get(f"/calls?{query}")
    assert len(page["items"] + page["live"]) == page["total"] == found


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("cursor=nonsense", (400, "bad_cursor", "cursor")),
        ("cursor=WzFd", (400, "bad_cursor", "cursor")),
        ("sort=colour", (400, "bad_choice", "sort")),
        ("from=soon", (400, "bad_time", "from")),
        ("bad=perhaps", (400, "bad_flag", "bad")),
        ("limit=-1", (400, "bad_number", "limit")),
    ],
)
async def test_an_invalid_parameter_is_refused_by_name(
    open_dashboard: OpenDashboard, query: str, refusal: Any
) -> None:
    assert await (await open_dashboard()).refused(f"/calls?{query}") == refusal


async def test_the_list_is_available_as_csv(open_dashboard: OpenDashboard) -> None:
    client = await open_dashboard(title="=1+1")
    answer = await client.caller.request_url(
        "GET", f"/v1/apps/{client.caller.app_id}/calls?format=csv"
    )
    assert answer.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["title"], row["session_id"], row["status"]) == ("'=1+1", "session", "ENDED")
    assert row["names"] == f"Ada, {HOSTILE}, Cyd"
    assert row["started_at"] == "2026-11-21T10:00:00.000Z"


async def test_the_page_of_a_session_has_participants_findings_and_timeline(
    open_dashboard: OpenDashboard, call: Call
) -> None:
    page = await (await open_dashboard()).get("/calls/session")
    assert (page["from_at"], page["bucket_ms"]) == (CALL_START, 10_000)
    assert page["to_at"] >= call.end_at
    ada, bob, _ = page["lanes"]
    assert bob["name"] == HOSTILE
    for lane in page["lanes"]:
        assert len(lane["levels"]) == len(lane["mos_audio"]) == page["buckets"]
        assert lane["is_measured"]
        assert lane["peers"][0]["left_reason"] == "said"
    assert ada["is_bad"]
    assert min(level for level in ada["levels"][6:18] if level) < 3
    assert page["diagnosis"][0]["participant_name"] == "Ada"
    assert page["diagnosis"][0]["cause"] == "uplink"
    found = page["diagnosis"][0]
    assert found["subject"] == found["participant_id"]
    assert found["figures"][0].keys() == {"name", "unit", "typical", "worst"}
    assert found["spans"][0] == [found["first_at"], found["last_at"]]
    assert found["evidence"]["listeners_affected"] == 2 and found["advice_key"]
    assert page["verdict"]["cause"] == page["causes"][0]["key"] == f"uplink.{ada['participant_id']}"
    said = "".join(part["text"] for part in page["verdict"]["who"])
    assert said == "Ada's uplink"
    assert page["causes"][0]["levels"][ada["participant_id"]] == page["verdict"]["level"] == 1
    assert page["personal"].keys() == {lane["participant_id"] for lane in page["lanes"]}
    assert [page["personal"][lane["participant_id"]]["level"] for lane in page["lanes"]] == [
        lane["level"] for lane in page["lanes"]
    ]
    assert (page["is_final"], page["settles_at"]) == (True, None)
    assert [event["name"] for event in page["events"]].count("joined") == 3
    assert page["call"]["worst_issue"]["sentence"] == page["diagnosis"][0]["sentence"]
    assert (page["summary"], page["artefacts"], page["breakout_rooms"]) == (None, [], [])


async def test_the_page_of_a_live_session_extends_to_the_current_time(
    open_dashboard: OpenDashboard, call: Call
) -> None:
    page = await (await open_dashboard(is_live=True)).get("/calls/session")
    assert page["call"]["status"] == "LIVE"
    assert page["call"]["minutes"] == 15.0
    assert all(lane["left_at"] is None and lane["is_measured"] for lane in page["lanes"])
    assert page["diagnosis"]


async def test_the_charts_of_a_participant_match_the_report(open_dashboard: OpenDashboard) -> None:
    client = await open_dashboard()
    series = await client.get("/calls/session/peers/ada/series")
    report = await client.caller.request("GET", "/sessions/peer-report/ada")
    rows = report.json()["data"]["participant"]["peer_report"]["quality"]["audio_producer"]
    audio = next(each for each in series["streams"] if each["family"] == "audio_producer")
    assert audio["mos"] == [row.get("mos") for row in rows]
    assert audio["loss_percent"] == [row.get("loss_percent") for row in rows]
    assert sorted(other["name"] for other in audio["others"]) == [HOSTILE, "Cyd"]
    heard = next(each for each in series["streams"] if each["family"] == "audio_consumer")
    assert len(heard["others"]) == 1
    assert series["candidate_pairs"][0]["sentence"].startswith("UDP")
    assert len(series["connection"]["t"]) == audio["points"] + 1


async def test_fewer_points_keep_the_worst_values(open_dashboard: OpenDashboard) -> None:
    client = await open_dashboard()
    every = await client.get("/calls/session/peers/ada/series?points=5000")
    some = await client.get("/calls/session/peers/ada/series?points=50")
    for whole, thin in zip(every["streams"], some["streams"], strict=True):
        assert thin["key"] == whole["key"]
        if any(value is not None for value in whole["loss_percent"]):
            assert max(v for v in thin["loss_percent"] if v is not None) == max(
                v for v in whole["loss_percent"] if v is not None
            )


async def test_unknown_sessions_and_participants_are_not_found(
    open_dashboard: OpenDashboard,
) -> None:
    client = await open_dashboard()
    for path in ("/calls/other", "/calls/other/chat", "/calls/other/peers/ada/series"):
        assert await client.refused(path) == (404, "session_not_found", None)
    assert (await client.refused("/calls/session/peers/eve/series"))[:2] == (404, "peer_not_found")
    assert (await client.refused("/people/nobody"))[:2] == (404, "person_not_found")


async def test_another_app_sees_no_part_of_a_session(open_dashboard: OpenDashboard) -> None:
    client = await open_dashboard()
    stranger = await client.server.new_client()
    for path in ("", "/session", "/session/chat", "/session/peers/ada/series"):
        url = f"/v1/apps/{client.caller.app_id}/calls{path}"
        assert (await stranger.request_url("GET", url)).status_code == 403
        own = f"/v1/apps/{stranger.app_id}/calls{path}"
        answer = await stranger.request_url("GET", own)
        if path:
            assert answer.status_code == 404
        else:
            assert answer.json()["data"]["total"] == 0
    account = await client.server.new_client(is_of_account=True)
    answer = await account.request_url("GET", f"/v1/apps/{client.caller.app_id}/calls")
    assert answer.json()["error"]["reason"] == "app_not_found"


async def test_people_are_recognised_across_sessions(open_dashboard: OpenDashboard) -> None:
    client = await open_dashboard()
    page = await client.get("/people")
    assert page["total"] == 3
    assert {row["name"] for row in page["items"]} == {"Ada", HOSTILE, "Cyd"}
    (ada,) = (await client.get("/people?search=ad"))["items"]
    assert (ada["calls"], ada["bad_calls"]) == (1, 1)
    assert (await client.get("/people?search=custom-ada"))["items"] == [ada]
    assert (await client.get("/people?search=eve"))["items"] == []
    found = await client.get(f"/people/{ada['person']}")
    assert found["person"] == ada
    assert [call["session_id"] for call in found["calls"]] == ["session"]
    assert found["usual"]["relay"] == [{"value": "none", "calls": 1}]
    calls = await client.get(f"/calls?person={ada['person']}")
    assert [row["id"] for row in calls["items"]] == ["session"]


async def test_people_are_listed_in_pages(open_dashboard: OpenDashboard) -> None:
    client = await open_dashboard()
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        page = await client.get(f"/people?limit=1&cursor={cursor}")
        seen += [row["name"] for row in page["items"]]
        cursor = page["next_cursor"]
    assert sorted(seen) == sorted(["Ada", HOSTILE, "Cyd"])
    assert cursor is None


async def test_realtimekits_daywise_analytics_are_answered(open_dashboard: OpenDashboard) -> None:
    client = await open_dashboard()
    answer = await client.caller.request(
        "GET", "/analytics/daywise?start_date=2026-11-20&end_date=2026-11-21"
    )
    stats = answer.json()["data"]["session_stats"]
    assert (stats["sessions_count"], stats["sessions_minutes_consumed"]) == (1, 15.0)
    assert stats["day_stats"] == [
        {"day": "2026-11-20", "total_sessions": 0, "total_session_minutes": 0.0},
        {"day": "2026-11-21", "total_sessions": 1, "total_session_minutes": 15.0},
    ]
