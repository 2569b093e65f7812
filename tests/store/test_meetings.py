"""Meetings and members."""

from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.core.list_queries import MeetingQuery
from aftercall.core.records import Meeting, MeetingStatus, Member
from aftercall.store import meetings
from aftercall.store.engine.database import Database

T0 = 1_795_000_000_000


def meeting(id: str, title: str = "", at: int = 0, app_id: str = "a", **rest: Any) -> Meeting:
    return Meeting(
        app_id=app_id,
        id=id,
        title=title,
        status=rest.pop("status", MeetingStatus.ACTIVE),
        keep_alive_s=60,
        created_at=EpochMs(T0 + at),
        updated_at=EpochMs(T0 + at),
        **rest,
    )


def member(id: str, custom_id: str = "", at: int = 0, **rest: Any) -> Member:
    return Member(
        app_id=rest.pop("app_id", "a"),
        meeting_id=rest.pop("meeting_id", "m"),
        id=id,
        name="Ann",
        custom_participant_id=custom_id,
        preset_name="host",
        created_at=EpochMs(T0 + at),
        updated_at=EpochMs(T0 + at),
        **rest,
    )


async def test_a_meeting_is_loaded_as_last_saved(db: Database) -> None:
    first = meeting("m", "Weekly", settings={"ai": {"on": True}, "list": [1, 2.5, None]})
    last = meeting("m", "Weekly 2", parent_meeting_id="hall", status=MeetingStatus.INACTIVE)
    async with db.write() as tx:
        await meetings.save_meeting(tx, first)
        assert await meetings.find_meeting(tx, "a", "m") == first
        await meetings.save_meeting(tx, last)
        assert await meetings.find_meeting(tx, "a", "m") == last
        assert await meetings.find_meeting(tx, "b", "m") is None


async def test_meetings_are_listed_by_creation_with_every_filter(db: Database) -> None:
    async with db.write() as tx:
        for number in range(6):
            status = MeetingStatus.ACTIVE if number % 2 else MeetingStatus.INACTIVE
            await meetings.save_meeting(
                tx, meeting(f"m{number}", f"No {number}", number, status=status)
            )
        await meetings.save_meeting(tx, meeting("m9", "No 9", 9, app_id="b"))

    async def ids(**query: Any) -> tuple[list[str], int]:
        async with db.read() as tx:
            page = await meetings.list_meetings(tx, MeetingQuery(app_id="a", **query))
        return [found.id for found in page.items], page.total

    assert await ids(limit=2, offset=1) == (["m4", "m3"], 6)
    assert await ids(is_descending=False, limit=1) == (["m0"], 6)
    assert await ids(created_from=T0 + 2, created_to=T0 + 3) == (["m3", "m2"], 2)
    assert await ids(status=MeetingStatus.ACTIVE) == (["m5", "m3", "m1"], 3)
    assert await ids(search="nO 4") == (["m4"], 1)
    assert await ids(search="m2") == (["m2"], 1)
    assert await ids(search="_") == ([], 0)


async def test_removed_members_are_found_but_not_listed(db: Database) -> None:
    async with db.write() as tx:
        await meetings.save_member(tx, member("u1", "c1", 1))
        await meetings.save_member(tx, member("u2", "c2", 2))
        await meetings.save_member(tx, member("u3", "c3", 3, removed_at=EpochMs(T0)))
        await meetings.save_member(tx, member("u4", "c4", 4, meeting_id="other"))
        await meetings.save_member(tx, member("u5", "c5", 5, app_id="b"))
    async with db.read() as tx:
        page = await meetings.list_members(tx, "a", "m", offset=1, limit=5)
        assert ([found.id for found in page.items], page.total) == (["u2"], 2)
        assert await meetings.find_member(tx, "a", "m", "u3") is not None
        assert await meetings.find_member(tx, "b", "m", "u3") is None
        found = await meetings.find_members(tx, "a", "m", ["u1", "u4"], ["c3", "c5"])
        assert [one.id for one in found] == ["u1", "u3"]
        assert await meetings.find_members(tx, "a", "m") == []
