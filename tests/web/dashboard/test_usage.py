"""Months and weeks of an app, and a person's month: equal to what the sessions themselves say."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aftercall.core.events import AnyEvent, Identity, PeerJoined, SessionClosed
from aftercall.core.instants import EpochMs
from aftercall.service.audit import NOBODY
from tests.web.rest_server import ApiClient, RestServer

ZONES = ("UTC", "Asia/Kolkata", "America/Los_Angeles")
PEOPLE = ("ada", "ben", "cem", "dee")


def moment(text: str) -> EpochMs:
    return EpochMs(round(datetime.fromisoformat(text).timestamp() * 1_000))


BEGINS = {
    "s1": "2026-09-30T06:00:00+00:00",
    "s2": "2026-09-30T23:30:00+00:00",
    "s3": "2026-10-01T02:00:00+00:00",
    "s4": "2026-10-14T12:00:00+00:00",
    "s5": "2026-10-31T19:00:00+00:00",
    "s6": "2026-11-01T03:00:00+00:00",
    "s7": "2026-11-20T10:00:00+00:00",
}


def people_of(number: int) -> tuple[str, ...]:
    return PEOPLE[number % 3 : number % 3 + 2]


class UsedApp:
    """An app with seven sessions around the ends of months, each of two people for its number of
    minutes and one more."""

    def __init__(self, server: RestServer, caller: ApiClient) -> None:
        self.server = server
        self.caller = caller

    async def fill(self) -> None:
        for number, (id, text) in enumerate(BEGINS.items()):
            begin = moment(text)
            events: list[AnyEvent] = [
                PeerJoined(
                    id=f"{id} {name}",
                    at=begin,
                    session_id=id,
                    meeting_id=f"m-{id}",
                    peer_id=f"{id}-{name}",
                    identity=Identity(
                        user_id=f"{id}-{name}",
                        custom_participant_id=name,
                        display_name=name.title(),
                    ),
                )
                for name in people_of(number)
            ]
            end = EpochMs(begin + (number + 1) * 60_000)
            events.append(SessionClosed(id=f"{id} closed", at=end, session_id=id))
            self.server.clock.now = end
            await self.server.recorder.record(self.caller.app_id, events, source="events")
            await self.server.services.finaliser.finalise(self.caller.app_id, id)

    async def get(self, path: str, status: int = 200) -> Any:
        answer = await self.caller.request_url("GET", f"/v1/apps/{self.caller.app_id}{path}")
        assert answer.status_code == status, answer.text
        return answer

    async def data(self, path: str) -> Any:
        return (await self.get(path)).json()["data"]

    async def file(self, path: str) -> list[dict[str, str]]:
        text = (await self.get(path)).text
        return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
async def app(server: RestServer) -> UsedApp:
    found = UsedApp(server, await server.new_client())
    await found.fill()
    return found


def expected(month: str, zone: str) -> dict[str, Any]:
    """The sums of a month by a plain count."""
    numbers = [
        number
        for number, text in enumerate(BEGINS.values())
        if datetime.fromisoformat(text).astimezone(ZoneInfo(zone)).strftime("%Y-%m") == month
    ]
    return {
        "sessions": len(numbers),
        "people": len({name for number in numbers for name in people_of(number)}),
        "minutes": float(sum(2 * (number + 1) for number in numbers)),
    }


def only(members: Iterable[str], row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in members}


@pytest.mark.parametrize("zone", ZONES)
async def test_months_are_those_of_the_zone(app: UsedApp, zone: str) -> None:
    found = await app.data(f"/usage?count=3&tz={zone}")
    assert [row["name"] for row in found["items"]] == ["2026-11", "2026-10", "2026-09"]
    for row in found["items"]:
        sums = expected(row["name"], zone)
        assert only(sums, row) == sums
    rows = await app.file(f"/usage?count=3&tz={zone}&format=csv")
    assert [(row["period"], float(row["person_minutes"])) for row in rows] == [
        (row["name"], row["minutes"]) for row in found["items"]
    ]
    assert {row["zone"] for row in rows} == {zone}
    assert [row["is_over"] for row in rows] == ["false", "true", "true"]


@pytest.mark.parametrize("zone", ZONES)
async def test_weeks_add_up_to_all_sessions(app: UsedApp, zone: str) -> None:
    found = await app.data(f"/usage?by=week&count=20&tz={zone}")
    assert sum(row["sessions"] for row in found["items"]) == len(BEGINS)
    assert sum(row["minutes"] for row in found["items"]) == 56.0
    earlier = await app.data(f"/usage?by=week&count=2&to=2026-10-14&tz={zone}")
    assert [row["sessions"] for row in earlier["items"]] == [1, 0]


@pytest.mark.parametrize("zone", ZONES)
async def test_the_people_of_a_month_add_up_to_its_sums(app: UsedApp, zone: str) -> None:
    for month in ("2026-09", "2026-10", "2026-11"):
        items: list[dict[str, Any]] = []
        cursor = ""
        while True:
            path = f"/attendance?month={month}&tz={zone}&limit=1&cursor={cursor}"
            page = await app.data(path)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        sums = expected(month, zone)
        assert only(sums, page["month"]) == sums
        assert len(items) == sums["people"] == len({item["person"] for item in items})
        assert sum(item["minutes"] for item in items) == sums["minutes"]
        assert sum(item["sessions"] for item in items) == 2 * sums["sessions"]
        *rows, total = await app.file(f"/attendance?month={month}&tz={zone}&format=csv")
        assert [(row["person"], float(row["minutes"])) for row in rows] == [
            (item["person"], item["minutes"]) for item in items
        ]
        assert (total["person"], float(total["minutes"])) == ("Sum", sums["minutes"])


async def test_a_person_has_a_row_for_each_session_of_the_month(app: UsedApp) -> None:
    page = await app.data("/attendance?month=2026-10")
    for item in page["items"]:
        path = f"/people/{item['person']}/attendance?month=2026-10"
        found = await app.data(path)
        assert (found["name"], found["total"]["minutes"]) == (item["name"], item["minutes"])
        assert len(found["items"]) == item["sessions"]
        *rows, total = await app.file(path + "&format=csv")
        assert [row["session_id"] for row in rows] == [row["session_id"] for row in found["items"]]
        assert float(total["minutes"]) == item["minutes"]


async def test_a_deleted_session_counts_no_more(app: UsedApp) -> None:
    caller = app.caller
    await app.server.services.deletions.delete_session(
        caller.account_id, caller.app_id, "s4", NOBODY
    )
    found = await app.data("/usage?count=2")
    sums = expected("2026-10", "UTC")
    assert found["items"][1]["minutes"] == sums["minutes"] - 8.0


async def test_what_is_wrong_with_a_request_is_named(app: UsedApp) -> None:
    for path, field in (
        ("/usage?by=day", "by"),
        ("/usage?count=61", "count"),
        ("/usage?tz=Mars/Base", "tz"),
        ("/attendance?month=2026-13", "month"),
        ("/attendance?limit=1000", "limit"),
        ("/attendance?since=1", "since"),
        ("/people/x/attendance?month=x", "month"),
    ):
        assert (await app.get(path, status=400)).json()["error"]["field"] == field
    await app.get("/people/nobody/attendance", status=404)


async def test_an_app_sees_its_own_people_only(app: UsedApp) -> None:
    stranger = UsedApp(app.server, await app.server.new_client())
    item = (await app.data("/attendance?month=2026-10"))["items"][0]
    await stranger.get(f"/people/{item['person']}/attendance?month=2026-10", status=404)
    assert (await stranger.data("/attendance?month=2026-10"))["items"] == []
    assert {row["sessions"] for row in (await stranger.data("/usage"))["items"]} == {0}
    for path in ("/attendance", "/usage", f"/people/{item['person']}/attendance"):
        url = f"/v1/apps/{app.caller.app_id}{path}"
        assert (await stranger.caller.request_url("GET", url)).status_code == 403
