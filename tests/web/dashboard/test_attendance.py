"""Attendance of sessions and meetings: the page's figures, the file's, and those of the record."""

import csv
import io
from typing import Any

import msgspec
import pytest

from aftercall.core.events import (
    AnyEvent,
    Identity,
    LineSpoken,
    PeerJoined,
    PeerLeft,
    SessionClosed,
)
from aftercall.core.instants import EpochMs
from tests.web.rest_server import ApiClient, RestServer


class Meetings:
    """An app in which events of meetings are recorded."""

    def __init__(self, server: RestServer, caller: ApiClient) -> None:
        self.server = server
        self.caller = caller
        self.begin = server.clock()

    def at(self, minutes: float) -> EpochMs:
        return EpochMs(self.begin + round(minutes * 60_000))

    def joined(self, session: str, peer: str, minutes: float, **identity: Any) -> PeerJoined:
        return PeerJoined(
            id=f"{session} {peer} joined",
            at=self.at(minutes),
            session_id=session,
            meeting_id="weekly",
            peer_id=f"{session}-{peer}",
            meeting_title="Weekly",
            identity=Identity(
                **({"user_id": f"u-{peer}", "display_name": peer.title()} | identity)
            ),
        )

    def left(self, session: str, peer: str, minutes: float) -> PeerLeft:
        return PeerLeft(
            id=f"{session} {peer} left", at=self.at(minutes), peer_id=f"{session}-{peer}"
        )

    def spoke(self, session: str, peer: str, start: float, end: float) -> LineSpoken:
        return LineSpoken(
            id=f"{session} {peer} {start}",
            at=self.at(start),
            end_at=self.at(end),
            session_id=session,
            peer_id=f"{session}-{peer}",
            text="Well.",
        )

    def closed(self, session: str, minutes: float) -> SessionClosed:
        return SessionClosed(id=f"{session} closed", at=self.at(minutes), session_id=session)

    async def record(self, *events: AnyEvent) -> None:
        self.server.clock.now = max(self.server.clock.now, *(each.at for each in events))
        await self.server.recorder.record(self.caller.app_id, events, source="events")

    async def record_two_sessions(self) -> None:
        """Ada in two tabs, Ben who comes back, a guest twice; then Ada alone."""
        await self.record(
            self.joined("one", "ada", 0),
            self.joined("one", "ada-tab", 2, user_id="u-ada", display_name="Ada"),
            self.joined("one", "ben", 1),
            self.joined("one", "g1", 1, display_name="=Guest"),
            self.joined("one", "g2", 2, display_name="=Guest"),
            self.left("one", "ada", 5),
            self.left("one", "ben", 3),
            self.spoke("one", "ada", 1, 2),
            self.spoke("one", "ada-tab", 1.5, 3),
        )
        await self.record(
            self.joined("one", "ben2", 6, user_id="u-ben", display_name="Ben"),
            self.closed("one", 10),
        )
        await self.record(self.joined("two", "ada", 60, user_id="u-ada"), self.closed("two", 63))

    def reporting(self, joined: PeerJoined) -> PeerJoined:
        """The join of a peer whose silence is noticed."""
        return msgspec.structs.replace(joined, interval_ms=7_000)

    async def get(self, path: str, status: int = 200) -> Any:
        answer = await self.caller.request_url("GET", f"/v1/apps/{self.caller.app_id}{path}")
        assert answer.status_code == status, answer.text
        return answer

    async def data(self, path: str) -> Any:
        return (await self.get(path)).json()["data"]

    async def file(self, path: str) -> list[dict[str, str]]:
        answer = await self.get(path)
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.headers["content-disposition"].startswith("attachment")
        return list(csv.DictReader(io.StringIO(answer.text, newline="")))


@pytest.fixture
async def meetings(server: RestServer) -> Meetings:
    return Meetings(server, await server.new_client())


async def test_a_session_has_one_row_a_person_and_their_sum(meetings: Meetings) -> None:
    await meetings.record_two_sessions()
    page = await meetings.data("/calls/one/attendance")
    rows = {(row["name"], row["user_id"]): row for row in page["items"]}
    assert [row["name"] for row in page["items"]] == ["Ada", "Ben", "=Guest", "=Guest"]
    ada, ben = rows["Ada", "u-ada"], rows["Ben", "u-ben"]
    assert (ada["stays"], ada["minutes"], ada["talk_minutes"]) == (1, 10.0, 2.0)
    assert (ben["stays"], ben["minutes"], ben["talk_minutes"]) == (2, 6.0, 0.0)
    assert (ben["joined_at"], ben["left_at"]) == (meetings.at(1), meetings.at(10))
    assert {rows["=Guest", user]["minutes"] for user in ("u-g1", "u-g2")} == {9.0, 8.0}
    assert {row["namesakes"] for row in page["items"]} == {1, 2}
    assert page["total"] == {"people": 4, "stays": 5, "minutes": 33.0, "talk_minutes": 2.0}
    assert page["at_once"]["most"] == 4
    call = (await meetings.data("/calls/one"))["call"]
    assert call["minutes"] == page["total"]["minutes"]


async def test_the_file_has_the_rows_and_the_sum_of_the_page(meetings: Meetings) -> None:
    await meetings.record_two_sessions()
    for path in ("/calls/one/attendance", "/meetings/weekly/attendance"):
        page = await meetings.data(path)
        *rows, total = await meetings.file(f"{path}?format=csv&tz=Asia/Kolkata")
        assert [row["person"] for row in rows] == [row["person"] for row in page["items"]]
        for row, shown in zip(rows, page["items"], strict=True):
            assert float(row["minutes"]) == shown["minutes"]
            assert int(row["stays"]) == shown["stays"]
            assert int(row["sessions"]) == shown["sessions"]
            assert row["talk_minutes"] == str(shown["talk_minutes"])
            assert row["zone"] == "Asia/Kolkata"
            assert row["left_is_inferred"] == str(shown["left_is_inferred"]).lower()
            assert row["name"].lstrip("'") == shown["name"]
            assert row["name"][0] != "="
        assert (total["person"], float(total["minutes"])) == ("Sum", page["total"]["minutes"])
        assert total["name"] == f"{page['total']['people']} people"


async def test_times_in_the_file_are_those_of_the_zone(meetings: Meetings) -> None:
    await meetings.record_two_sessions()
    [utc, *_] = await meetings.file("/calls/one/attendance?format=csv")
    [local, *_] = await meetings.file("/calls/one/attendance?format=csv&tz=Asia/Kolkata")
    assert utc["joined_at"] == "2026-11-21 12:00:00"
    assert local["joined_at"] == "2026-11-21 17:30:00"


async def test_a_meeting_adds_up_its_sessions(meetings: Meetings) -> None:
    await meetings.record_two_sessions()
    page = await meetings.data("/meetings/weekly/attendance")
    assert (page["title"], page["sessions"], page["all_sessions"]) == ("Weekly", 2, 2)
    rows = {row["name"]: row for row in page["items"]}
    assert list(rows) == ["=Guest", "Ada", "Ben"]
    assert (rows["Ada"]["sessions"], rows["Ada"]["minutes"]) == (2, 13.0)
    assert (rows["=Guest"]["sessions"], rows["=Guest"]["namesakes"]) == (1, 2)
    assert page["total"]["minutes"] == 36.0
    later = await meetings.data("/meetings/weekly/attendance?from=2026-11-21T12:30:00Z")
    assert [(row["name"], row["minutes"]) for row in later["items"]] == [("Ada", 3.0)]
    earlier = await meetings.data("/meetings/weekly/attendance?to=2026-11-21T12:30:00Z")
    assert earlier["total"]["minutes"] == 33.0


async def test_people_of_a_live_session_are_counted_up_to_the_present(meetings: Meetings) -> None:
    await meetings.record(meetings.joined("one", "ada", 0), meetings.joined("one", "ben", 1))
    meetings.server.clock.now = meetings.at(4)
    page = await meetings.data("/calls/one/attendance")
    assert (page["status"], page["ended_at"], page["now"]) == ("LIVE", None, meetings.at(4))
    [ada, ben] = page["items"]
    assert (ada["left_at"], ada["is_present"], ada["minutes"]) == (None, True, 4.0)
    assert ben["minutes"] == 3.0
    [row, _, _] = await meetings.file("/calls/one/attendance?format=csv")
    assert (row["left_at"], row["is_present"]) == ("", "true")


async def test_an_inferred_end_is_marked(meetings: Meetings) -> None:
    await meetings.record(
        meetings.reporting(meetings.joined("one", "ada", 0)), meetings.joined("one", "ben", 1)
    )
    await meetings.record(meetings.left("one", "ben", 2))
    await meetings.record(meetings.closed("one", 30))
    page = await meetings.data("/calls/one/attendance")
    assert {row["name"]: row["left_is_inferred"] for row in page["items"]} == {
        "Ada": True,
        "Ben": False,
    }
    rows = await meetings.file("/calls/one/attendance?format=csv")
    assert [row["left_is_inferred"] for row in rows] == ["true", "false", ""]


async def test_what_is_wrong_with_a_request_is_named(meetings: Meetings) -> None:
    await meetings.record_two_sessions()
    for path, field in (
        ("/calls/one/attendance?tz=Nowhere/City", "tz"),
        ("/calls/one/attendance?tz=../../etc/passwd", "tz"),
        ("/calls/one/attendance?limit=3", "limit"),
        ("/meetings/weekly/attendance?from=x", "from"),
        ("/meetings/weekly/attendance?from=2026-11-22&to=2026-11-21", "from"),
        ("/meetings/weekly/attendance?format=xml", "format"),
    ):
        answer = await meetings.get(path, status=400)
        assert answer.json()["error"]["field"] == field


async def test_sessions_and_meetings_of_others_are_not_found(meetings: Meetings) -> None:
    await meetings.record_two_sessions()
    stranger = Meetings(meetings.server, await meetings.server.new_client())
    for path in ("/calls/one/attendance", "/meetings/weekly/attendance"):
        for form in ("", "?format=csv"):
            await stranger.get(path + form, status=404)
            url = f"/v1/apps/{meetings.caller.app_id}{path}{form}"
            answer = await stranger.caller.request_url("GET", url)
            assert answer.status_code == 403


async def test_the_list_of_calls_as_a_file_names_everybody(meetings: Meetings) -> None:
    people = [f"p{number:02}" for number in range(12)]
    await meetings.record(
        *(meetings.joined("one", peer, number) for number, peer in enumerate(people)),
        meetings.joined("one", "unseen", 12, display_name="\u200b"),
        meetings.joined("one", "recorder", 12, is_hidden=True),
        meetings.closed("one", 20),
    )
    [row] = await meetings.file("/calls?format=csv")
    assert row["names"].split(", ") == [*(each.title() for each in people), "one-unseen"]
    assert row["participants"] == "13"


@pytest.mark.parametrize("is_live", [True, False])
async def test_names_are_found_without_their_marks(meetings: Meetings, is_live: bool) -> None:
    await meetings.record(
        meetings.joined("one", "ada", 0, display_name="Siobhán O\u2019Brien"),
        meetings.joined("one", "ben", 1, display_name="Jürgen Müller-Lüdenscheidt"),
    )
    if not is_live:
        await meetings.record(meetings.closed("one", 5))
        await meetings.server.services.finaliser.finalise(meetings.caller.app_id, "one")
    for search in ("obrien", "o'brien", "siobhan o’b", "muller", "mullerludenscheidt", "brien"):
        found = await meetings.data(f"/calls?search={search}")
        assert [row["id"] for row in [*found["live"], *found["items"]]] == ["one"], search
        if not is_live:
            people = await meetings.data(f"/people?search={search}")
            assert len(people["items"]) == 1, search
    for search in ("rien", "obriens", "brien muellers"):
        found = await meetings.data(f"/calls?search={search}")
        assert [*found["live"], *found["items"]] == [], search
