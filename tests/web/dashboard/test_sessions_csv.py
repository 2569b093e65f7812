"""The list as a CSV file: one row per session, no formulas, empty unknown values."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.overview.session_facts import ExportedSession, ListedSession
from aftercall.core.overview.session_summary import ParticipantBrief, SessionSummary
from aftercall.web.dashboard.sessions_csv import COLUMNS, write_csv
from tests.core.quality.synthetic_call import Call
from tests.stored_calls import session_of


def listed(title: str = "Standup", **members: Any) -> ExportedSession:
    session = session_of(Call(["ada"], minutes=1), "app", title=title)
    people = [
        ParticipantBrief(id="p1", name="Ann", person="x"),
        ParticipantBrief(id="p2", name=None, person="y"),
    ]
    summary = SessionSummary(participants=people, browsers=["Firefox", "Safari"])
    return ExportedSession(ListedSession(replace(session, **members), summary, 4.5), ["Ann", "p2"])


async def rows_of(*pages: list[ExportedSession]) -> list[dict[str, str]]:
    async def read() -> AsyncIterator[list[ExportedSession]]:
        for page in pages:
            yield page

    text = b"".join([piece async for piece in write_csv(read())]).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def test_a_row_has_the_session_with_empty_unknown_values() -> None:
    [row] = await rows_of([listed()])
    assert list(row) == list(COLUMNS)
    assert (row["session_id"], row["title"], row["status"]) == ("session", "Standup", "ENDED")
    assert (row["names"], row["browsers"], row["minutes"]) == ("Ann, p2", "Firefox, Safari", "4.5")
    assert row["started_at"].endswith("Z")
    assert (row["verdict"], row["mos_audio"], row["worst_issue"], row["countries"]) == ("",) * 4


async def test_the_end_of_a_live_session_is_empty() -> None:
    [row] = await rows_of([listed(ended_at=None)])
    assert row["ended_at"] == ""
    [row] = await rows_of([listed(ended_at=EpochMs(1_795_255_500_000))])
    assert row["ended_at"].startswith("2026-11-21T10:05:00")


async def test_a_title_is_no_formula_and_breaks_no_row() -> None:
    titles = ["=1+1", "+1", "-1", "@x", 'a,"b"\nc']
    rows = await rows_of([listed(title) for title in titles])
    assert [row["title"][-1] for row in rows] == [title[-1] for title in titles]
    assert not any(row["title"][0] in "=+-@" for row in rows)
    assert rows[-1]["title"] == titles[-1]


async def test_all_pages_are_below_one_header() -> None:
    assert await rows_of() == []
    assert len(await rows_of([listed()], [], [listed(), listed()])) == 3


async def test_text_that_is_no_unicode_does_not_fail_a_row() -> None:
    [row] = await rows_of([listed("a\ud800b")])
    assert row["title"] == "a?b"


async def test_everybody_is_in_the_row_and_an_untitled_meeting_is_named_by_them() -> None:
    one = listed(title="\u200b")
    names = [f"Person {number}" for number in range(200)]
    [row] = await rows_of([one._replace(names=names)])
    assert row["names"].split(", ") == names
    assert row["title"] == "Ann and 199 others"
