"""Recording deliveries of participants' own clients: who may join, and who may report for which
peer."""

from typing import Any

import pytest

from aftercall.core.events import AnyEvent, Identity, PeerEvent, PeerKicked, SessionClosed
from aftercall.core.records import Meeting, MeetingStatus, Member
from aftercall.service.recording.delivery import Credentials, Delivery, Next, Status
from aftercall.store import meetings, peers
from aftercall.store.engine.database import Database
from tests.recorder_harness import APP, RecorderHarness, at, join, leave, sample


@pytest.fixture
def harness(db: Database) -> RecorderHarness:
    return RecorderHarness(db)


def credentials(member: str = "member", generation: int = 0) -> Credentials:
    return Credentials(
        meeting_id="weekly",
        member_id=member,
        identity=Identity(user_id=member),
        generation=generation,
    )


async def add_member(db: Database, member: str = "member", **meeting: Any) -> None:
    values: dict[str, Any] = {"status": MeetingStatus.ACTIVE} | meeting
    async with db.write() as tx:
        await meetings.save_meeting(
            tx,
            Meeting(
                app_id=APP,
                id="weekly",
                title="Weekly",
                keep_alive_s=60,
                created_at=at(0),
                updated_at=at(0),
                **values,
            ),
        )
        await meetings.save_member(
            tx,
            Member(
                app_id=APP,
                meeting_id="weekly",
                id=member,
                name="M",
                custom_participant_id="m",
                preset_name="group_call_participant",
                created_at=at(0),
                updated_at=at(0),
            ),
        )


def delivery(peer: str, *events: AnyEvent, who: Credentials) -> Delivery:
    return Delivery(
        app_id=APP,
        source="collector",
        received_at=at(10),
        events=events,
        credentials=who,
        peer_id=peer,
        heard_at=at(10),
    )


async def test_a_revoked_token_cannot_join(harness: RecorderHarness) -> None:
    await add_member(harness.db)
    stale = delivery("p", join("p", 1), who=credentials(generation=7))
    [receipt] = await harness.recorder.record_deliveries([stale])
    assert receipt.outcomes[0].code == "token_revoked"
    assert receipt.session_id is None


async def test_every_fact_of_a_refused_participant_is_refused(harness: RecorderHarness) -> None:
    await add_member(harness.db)
    stale = credentials(generation=7)
    note = PeerEvent(id="n", at=at(2), peer_id="p", name="audio_on", data={})
    tellings: list[list[AnyEvent]] = [
        [join("p", 1), sample("p", 1, 2), leave("p", 3)],
        [sample("p", 1, 2), note],
    ]
    for stated in tellings:
        [receipt] = await harness.recorder.record_deliveries([delivery("p", *stated, who=stale)])
        assert {outcome.code for outcome in receipt.outcomes} == {"token_revoked"}
    async with harness.db.read() as tx:
        assert await peers.find_peer(tx, APP, "p") is None


async def test_a_reconnect_never_enters_the_session_of_another_meeting(
    harness: RecorderHarness,
) -> None:
    await add_member(harness.db)
    await harness.record(join("red", 0, meeting_id="red room", identity=Identity(user_id="member")))
    sly = join("p", 1, previous_peer_id="red", identity=Identity(user_id="member"))
    [receipt] = await harness.recorder.record_deliveries([delivery("p", sly, who=credentials())])
    assert receipt.session_id == "session-1"
    assert (await harness.session("session-1")).meeting_id == "weekly"
    assert (await harness.session("session-0")).total_participants == 1


async def test_an_inactive_meeting_refuses_joins(harness: RecorderHarness) -> None:
    await add_member(harness.db, status=MeetingStatus.INACTIVE)
    [receipt] = await harness.recorder.record_deliveries(
        [delivery("p", join("p", 1), who=credentials())]
    )
    assert receipt.outcomes[0].code == "meeting_inactive"


async def test_a_participant_cannot_report_for_the_peer_of_another(
    harness: RecorderHarness,
) -> None:
    await add_member(harness.db)
    await add_member(harness.db, "thief")
    mine = join("p", 1, identity=Identity(user_id="member"))
    await harness.recorder.record_deliveries([delivery("p", mine, who=credentials())])
    [receipt] = await harness.recorder.record_deliveries(
        [delivery("p", leave("p", 2), who=credentials("thief"))]
    )
    assert receipt.outcomes[0].code == "foreign_peer"
    assert (await harness.session()).live_participants == 1


async def test_a_receipt_states_a_kick_and_an_ended_session(harness: RecorderHarness) -> None:
    await add_member(harness.db)
    mine = join("p", 1, identity=Identity(user_id="member"))
    [receipt] = await harness.recorder.record_deliveries([delivery("p", mine, who=credentials())])
    assert receipt.next is Next.CONTINUE
    await harness.record(PeerKicked(id="k", at=at(12), peer_id="p"))
    [receipt] = await harness.recorder.record_deliveries([delivery("p", who=credentials())])
    assert receipt.next is Next.KICKED
    other = join("q", 13, identity=Identity(user_id="member"))
    await harness.recorder.record_deliveries([delivery("q", other, who=credentials())])
    await harness.record(SessionClosed(id="c", at=at(14), meeting_id="weekly"))
    [receipt] = await harness.recorder.record_deliveries([delivery("q", who=credentials())])
    assert receipt.next is Next.ENDED


async def test_a_client_whose_join_was_lost_joins_by_its_token(harness: RecorderHarness) -> None:
    await add_member(harness.db)
    [receipt] = await harness.recorder.record_deliveries(
        [delivery("p", sample("p", 3, 9), who=credentials())]
    )
    assert receipt.outcomes[0].status is Status.ACCEPTED
    async with harness.db.read() as tx:
        peer = await peers.find_peer(tx, APP, "p")
    assert peer is not None
    assert (peer.user_id, peer.joined_at) == ("member", at(9))
