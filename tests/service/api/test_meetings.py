from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from uuid import UUID

import pytest

from aftercall.core.errors import NotFound
from aftercall.core.events import Identity, PeerJoined
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.core.list_queries import MeetingQuery
from aftercall.core.records import LeaveReason, Meeting, MeetingStatus, Member, Peer, Phase, Session
from aftercall.service.api.meetings import Meetings
from aftercall.service.erased_people import ErasedPeople
from aftercall.service.recording.recorder import Recorder
from aftercall.store import meetings, peers
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows
from tests.manual_clock import ManualClock
from tests.recorder_harness import NOON

APP = "14a396e7-ca44-4937-bf1f-050a69118543"


def _ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: str(UUID(int=next(numbers)))


@dataclass
class MeetingHarness:
    rooms: Meetings
    recorder: Recorder
    clock: ManualClock
    db: Database
    meeting: Meeting

    async def add(self, custom_id: str) -> Member:
        return await self.rooms.add_member(
            APP,
            self.meeting.id,
            name=custom_id.title(),
            picture=None,
            custom_participant_id=custom_id,
            preset_name="group_call_participant",
        )

    async def join(self, member: Member, peer_id: str) -> str:
        identity = Identity(
            user_id=member.id,
            custom_participant_id=member.custom_participant_id,
            display_name=member.name,
        )
        joined = PeerJoined(
            id=f"{peer_id}-joined",
            at=self.clock(),
            meeting_id=self.meeting.id,
            peer_id=peer_id,
            identity=identity,
        )
        await self.recorder.record(APP, [joined], source="events")
        return peer_id

    async def peer(self, peer_id: str) -> Peer:
        async with self.db.read() as tx:
            found = await peers.find_peer(tx, APP, peer_id)
        assert found is not None
        return found

    async def session(self, session_id: str) -> Session:
        async with self.db.read() as tx:
            found = await session_rows.find_session(tx, APP, session_id)
        assert found is not None
        return found


@pytest.fixture
async def harness(db: Database) -> MeetingHarness:
    clock, new_id = ManualClock(), _ids()
    recorder = Recorder(db, clock=clock, new_id=new_id, policy=Policy())
    rooms = Meetings(
        db=db, clock=clock, new_id=new_id, recorder=recorder, erased_people=ErasedPeople()
    )
    meeting = await rooms.create_meeting(
        APP, title="Standup", keep_alive_s=60, settings={"persist_chat": True}
    )
    return MeetingHarness(rooms, recorder, clock, db, meeting)


async def test_a_meeting_is_found_as_created(harness: MeetingHarness) -> None:
    assert await harness.rooms.find_meeting(APP, harness.meeting.id) == harness.meeting
    assert harness.meeting.status is MeetingStatus.ACTIVE


async def test_a_change_does_not_alter_other_members(harness: MeetingHarness) -> None:
    harness.clock.move(1_000)
    changed = await harness.rooms.change_meeting(
        APP, harness.meeting.id, settings={"record_on_start": True}, status=MeetingStatus.INACTIVE
    )
    assert changed.settings == {"persist_chat": True, "record_on_start": True}
    assert (changed.title, changed.status) == ("Standup", MeetingStatus.INACTIVE)
    assert changed.updated_at == NOON + 1_000
    assert await harness.rooms.find_meeting(APP, harness.meeting.id) == changed


async def test_a_replacement_resets_all_but_the_status(harness: MeetingHarness) -> None:
    await harness.rooms.change_meeting(
        APP, harness.meeting.id, settings={}, status=MeetingStatus.INACTIVE
    )
    replaced = await harness.rooms.replace_meeting(
        APP, harness.meeting.id, title="", keep_alive_s=120, settings={}
    )
    assert (replaced.title, replaced.keep_alive_s, replaced.settings) == ("", 120, {})
    assert replaced.status is MeetingStatus.INACTIVE
    assert replaced.created_at == NOON


async def test_meetings_of_another_app_do_not_exist(harness: MeetingHarness) -> None:
    with pytest.raises(NotFound, match=f"No meeting found with id {harness.meeting.id}"):
        await harness.rooms.find_meeting("other", harness.meeting.id)
    assert (await harness.rooms.list_meetings(MeetingQuery(app_id="other"))).total == 0
    with pytest.raises(NotFound):
        await harness.rooms.change_meeting("other", harness.meeting.id, settings={}, title="x")
    with pytest.raises(NotFound):
        await harness.rooms.list_members("other", harness.meeting.id, offset=0, limit=5)


async def test_a_removed_member_and_its_tokens_are_invalid(harness: MeetingHarness) -> None:
    ada, bob = await harness.add("ada"), await harness.add("bob")
    harness.clock.move(5_000)
    removed = await harness.rooms.remove_member(APP, harness.meeting.id, ada.id)
    assert removed.token_generation == ada.token_generation + 1
    with pytest.raises(NotFound, match=f"No participant found with id {ada.id}"):
        await harness.rooms.find_member(APP, harness.meeting.id, ada.id)
    page = await harness.rooms.list_members(APP, harness.meeting.id, offset=0, limit=5)
    assert [member.id for member in page.items] == [bob.id]
    async with harness.db.read() as tx:
        kept = await meetings.find_member(tx, APP, harness.meeting.id, ada.id)
    assert kept == removed


async def test_removing_a_member_kicks_only_its_own_peers(harness: MeetingHarness) -> None:
    ada, bob = await harness.add("ada"), await harness.add("bob")
    phone, laptop = await harness.join(ada, "phone"), await harness.join(ada, "laptop")
    other = await harness.join(bob, "other")
    harness.clock.move(5_000)
    await harness.rooms.remove_member(APP, harness.meeting.id, ada.id)
    for peer_id in (phone, laptop):
        peer = await harness.peer(peer_id)
        assert (peer.left_at, peer.left_reason) == (NOON + 5_000, LeaveReason.KICKED)
    assert (await harness.peer(other)).left_at is None


async def test_a_meeting_without_a_session_is_refused_with_the_reason(
    harness: MeetingHarness,
) -> None:
    expected = f"No active session found for meeting_id {harness.meeting.id}"
    with pytest.raises(NotFound, match=expected):
        await harness.rooms.find_active_session(APP, harness.meeting.id)
    with pytest.raises(NotFound, match=expected):
        await harness.rooms.kick_all(APP, harness.meeting.id)


@pytest.mark.parametrize("by", ["member", "peer", "custom"])
async def test_a_kicked_participant_has_left_and_the_others_stay(
    harness: MeetingHarness, by: str
) -> None:
    ada, bob = await harness.add("ada"), await harness.add("bob")
    await harness.join(ada, "phone")
    await harness.join(bob, "other")
    harness.clock.move(7_000)
    ids = {"member": [ada.id], "peer": ["phone"], "custom": []}[by]
    removed = await harness.rooms.kick(
        APP,
        harness.meeting.id,
        ids=[*ids, "nobody"],
        custom_participant_ids=["ada"] if by == "custom" else [],
    )
    assert [row.user_id for row in removed] == [ada.id]
    assert (await harness.peer("phone")).kicked_at == NOON + 7_000
    assert (await harness.peer("other")).left_at is None
    session = await harness.rooms.find_active_session(APP, harness.meeting.id)
    assert session.live_participants == 1


async def test_kicking_all_participants_ends_the_session(harness: MeetingHarness) -> None:
    for name in ("ada", "bob"):
        await harness.join(await harness.add(name), name)
    session = await harness.rooms.find_active_session(APP, harness.meeting.id)
    harness.clock.move(9_000)
    assert await harness.rooms.kick_all(APP, harness.meeting.id) == 2
    ended = await harness.session(session.id)
    assert (ended.phase, ended.ended_at) == (Phase.ENDED, NOON + 9_000)
    for name in ("ada", "bob"):
        assert (await harness.peer(name)).left_at == NOON + 9_000
    with pytest.raises(NotFound):
        await harness.rooms.find_active_session(APP, harness.meeting.id)
