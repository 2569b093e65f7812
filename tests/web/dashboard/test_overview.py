"""Two periods over HTTP: each number leads to its list, and what cannot be answered is refused."""

import csv
import io
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from tests.web.dashboard.conftest import OpenDashboard

DAY = "from=2026-11-20&to=2026-11-21"


async def test_each_number_of_the_overview_leads_to_its_list(
    open_dashboard: OpenDashboard,
) -> None:
    client = await open_dashboard()
    found = await client.get(f"/overview?{DAY}&tz=Asia/Kolkata")
    assert (found["zone"], found["span"]) == ("Asia/Kolkata", "day")
    this, other = found["this"], found["other"]
    assert (this["from"], this["to"], this["days"]) == ("2026-11-20", "2026-11-21", 2)
    assert (other["from"], other["to"]) == ("2026-11-18", "2026-11-19")
    assert [span["from"] for span in this["spans"]] == ["2026-11-20", "2026-11-21"]
    assert (this["sessions"], this["people"], other["sessions"]) == (1, 3, 0)
    assert this["calls"]["measured_participants"] == 3
    assert this["calls"]["share"] is None and found["difference"] is None
    assert this["filter"]["from"] == "2026-11-19T18:30:00.000Z"
    for each in (this, other, *this["spans"], *other["spans"]):
        assert (await _listed(client, each["filter"]))[0] == each["sessions"]
        await _check_calls(client, each)


async def test_each_number_of_a_breakdown_leads_to_exactly_its_calls(
    open_dashboard: OpenDashboard,
) -> None:
    client = await open_dashboard()
    found = await client.get(f"/overview/breakdowns?{DAY}&tz=Europe/Berlin")
    rows = {each["by"]: each["rows"] for each in found["breakdowns"]}
    assert list(rows)[:2] == ["browser", "browser_version"]
    for by in ("relay", "issue", "meeting", "hour"):
        assert rows[by]
    assert rows["meeting"][0]["title"] == "Standup"
    for each in (row for of_dimension in rows.values() for row in of_dimension):
        await _check_calls(client, each)
    only = await client.get(f"/overview/breakdowns?{DAY}&by=hour,browser")
    assert [each["by"] for each in only["breakdowns"]] == ["browser", "hour"]


@pytest.mark.parametrize(
    "only", ["participants=3", "hour=9", "relay=none&participants=:5", "browser=Nonesuch"]
)
async def test_each_number_of_a_filtered_overview_leads_to_exactly_its_calls(
    open_dashboard: OpenDashboard, only: str
) -> None:
    client = await open_dashboard()
    asked = dict(parse_qsl(only))
    found = await client.get(f"/overview?{DAY}&tz=Asia/Kolkata&{only}")
    assert found["this"]["people"] is None and found["this"]["minutes"] is None
    for each in (found["this"], found["other"], *found["this"]["spans"]):
        assert asked.items() <= each["filter"].items()
        assert (await _listed(client, each["filter"] | {"measured": "true"}))[0] == each["sessions"]
        bad = each["filter"] | {"bad": "true", "status": "ENDED"}
        assert (await _listed(client, bad))[0] == each["bad_sessions"]
        await _check_calls(client, each)
    broken_down = await client.get(f"/overview/breakdowns?{DAY}&tz=Asia/Kolkata&{only}")
    rows = [row for each in broken_down["breakdowns"] for row in each["rows"]]
    assert bool(rows) == bool(found["this"]["calls"]["measured_participants"])
    for row in rows:
        assert asked.keys() <= row["filter"].keys()
        await _check_calls(client, row)


async def test_the_file_of_breakdowns_has_a_line_for_each_row(
    open_dashboard: OpenDashboard,
) -> None:
    client = await open_dashboard()
    path = f"/overview/breakdowns?{DAY}&tz=Europe/Berlin&by=relay,meeting"
    found = await client.get(path)
    url = f"/v1/apps/{client.caller.app_id}{path}&format=csv"
    answer = await client.caller.request_url("GET", url)
    assert answer.headers["content-type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    rows = [(each["by"], row) for each in found["breakdowns"] for row in each["rows"]]
    assert [(line["by"], line["value"], line["title"]) for line in lines] == [
        (by, row["value"], row["title"] or "") for by, row in rows
    ]
    for line, (_, row) in zip(lines, rows, strict=True):
        assert int(line["calls"]) == row["calls"]["measured_participants"]
        assert int(line["bad_calls"]) == row["calls"]["bad_participants"]


async def _check_calls(client: Any, one: dict[str, Any]) -> None:
    calls = one["calls"]
    measured = await _listed(client, one["filter"] | {"measured": "true"})
    assert measured[1] == calls["measured_participants"]
    assert (await _listed(client, one["filter"] | {"bad": "true"}))[1] == calls["bad_participants"]


async def _listed(client: Any, filter: dict[str, str]) -> tuple[int, int | None]:
    page = await client.get(f"/calls?{urlencode(filter)}")
    return page["total"], page["calls"]


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("from=2026-11-22&to=2026-11-21", (400, "bad_range", "from")),
        ("from=2024-01-01&to=2026-01-01", (400, "bad_range", "from")),
        ("against_from=2026-01-02&against_to=2026-01-01", (400, "bad_range", "against_from")),
        ("from=2026-11-22T10:00:00Z", (400, "bad_time", "from")),
        ("against_to=yesterday", (400, "bad_time", "against_to")),
        ("tz=Nowhere", (400, "bad_zone", "tz")),
        ("asn=1", (400, "unknown_parameter", "asn")),
        ("issue=weather", (400, "bad_choice", "issue")),
        ("participants=many", (400, "bad_range", "participants")),
    ],
)
async def test_what_cannot_be_compared_is_refused_by_name(
    open_dashboard: OpenDashboard, query: str, refusal: tuple[int, str, str]
) -> None:
    client = await open_dashboard()
    assert await client.refused(f"/overview?{query}") == refusal
    assert await client.refused(f"/overview/breakdowns?{query}") == refusal


async def test_a_breakdown_by_what_is_not_known_is_refused(open_dashboard: OpenDashboard) -> None:
    client = await open_dashboard()
    assert await client.refused("/overview/breakdowns?by=weather") == (400, "bad_choice", "by")
    for query in ("hour=24", "hour=x"):
        assert await client.refused(f"/calls?{query}") == (400, "bad_choice", "hour")
    assert await client.refused("/calls?tz=Nowhere") == (400, "bad_zone", "tz")


async def test_another_app_has_numbers_of_its_own(open_dashboard: OpenDashboard) -> None:
    client = await open_dashboard()
    stranger = await client.server.new_client()
    for path in ("/overview", "/overview/breakdowns"):
        url = f"/v1/apps/{client.caller.app_id}{path}?{DAY}"
        assert (await stranger.request_url("GET", url)).status_code == 403
        own = f"/v1/apps/{stranger.app_id}{path}?{DAY}"
        data = (await stranger.request_url("GET", own)).json()["data"]
        if path == "/overview":
            assert data["this"]["sessions"] == data["this"]["people"] == 0
        else:
            assert not any(each["rows"] for each in data["breakdowns"])
