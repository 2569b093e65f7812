"""Reading sessions and participants, on both engines."""

import pytest
from msgspec.structs import replace

from aftercall.core.errors import NotFound
from aftercall.core.events import Identity, SessionOpened
from aftercall.core.list_queries import ParticipantOrder, ParticipantQuery, SessionQuery
from aftercall.service.api.sessions import SessionReads
from aftercall.settings import Settings
from aftercall.store.engine.database import Database
from tests.recorder_harness import APP, RecorderHarness, at, join_session, leave


@pytest.fixture
def harness(db: Database) -> RecorderHarness:
    return RecorderHarness(db)


def _reads(harness: RecorderHarness, *, live_minutes: bool = False) -> SessionReads:
    return SessionReads(
        db=harness.db, clock=harness.clock, settings=Settings(live_minutes=live_minutes)
    )


QUERY = ParticipantQuery(app_id=APP, session_id="call")


async def test_a_session_is_found_only_in_its_own_app(harness: RecorderHarness) -> None:
    await harness.record_call()
    reads = _reads(harness)
    assert (await reads.find_session(APP, "call")).title == "Weekly review"
    with pytest.raises(NotFound) as refusal:
        await reads.find_session("another app", "call")
    assert refusal.value.code == "session_not_found"


async def test_a_list_contains_the_sessions_that_match(harness: RecorderHarness) -> None:
    await harness.record_call(session_id="one")
    await harness.record_call(session_id="two")
    page = await _reads(harness).list_sessions(SessionQuery(app_id=APP, meeting_id="m-two"))
    assert ([session.id for session in page.items], page.total) == (["two"], 1)


async def test_the_minutes_of_a_live_session_count_participants_that_left(
    harness: RecorderHarness,
) -> None:
    await harness.record_accepted(
        join_session("call-ana", 0, user="ana"), join_session("call-ben", 0, user="ben")
    )
    harness.now = at(120)
    await harness.record_accepted(leave("call-ben", 60))
    assert (await _reads(harness).find_session(APP, "call")).minutes_consumed == 1.0


async def test_the_minutes_of_present_participants_count_if_configured(
    harness: RecorderHarness,
) -> None:
    webinar = Identity(user_id="u-eve", view_type="WEBINAR")  # type: ignore[arg-type]  # its text
    hidden = Identity(user_id="bot", is_hidden=True)
    await harness.record_accepted(
        join_session("call-ana", 0, user="ana"),
        join_session("call-eve", 30, user="eve", identity=webinar),
        join_session("call-bot", 0, user="bot", identity=hidden),
    )
    harness.now = at(120)
    reads = _reads(harness, live_minutes=True)
    session = await reads.find_session(APP, "call")
    assert session.minutes_consumed == 3.5
    assert session.minutes_by_view == {"GROUP_CALL": 2.0, "WEBINAR": 1.5}
    page = await reads.list_sessions(SessionQuery(app_id=APP))
    assert page.items == [session]


async def test_participants_have_their_minutes(harness: RecorderHarness) -> None:
    await harness.record_call()
    attendance = await _reads(harness).list_participants(QUERY)
    assert [(row.display_name, row.duration_minutes) for row in attendance.page.items] == [
        ("Ben", 5.0),
        ("Ana", 10.0),
    ]
    assert attendance.page.total == 2


async def test_a_present_participant_has_minutes_up_to_the_current_time(
    harness: RecorderHarness,
) -> None:
    await harness.record_accepted(join_session("call-ana", 0, user="ana"))
    harness.now = at(90)
    attendance = await _reads(harness).list_participants(QUERY)
    [row] = attendance.page.items
    assert (row.left_at, row.duration_minutes) == (None, 1.5)
    found = await _reads(harness).find_participant(APP, "call", "u-ana")
    assert found.participant.duration_minutes == 1.5


async def test_peers_are_included_on_request(harness: RecorderHarness) -> None:
    await harness.record_call()
    without = await _reads(harness).list_participants(QUERY)
    assert without.peers == {}
    with_them = await _reads(harness).list_participants(QUERY, with_peers=True)
    assert {
        id: [peer.id for peer in participant_peers]
        for id, participant_peers in with_them.peers.items()
    } == {
        "call-ana": ["call-ana"],
        "call-ben": ["call-ben"],
    }


async def test_a_list_sorted_by_duration_includes_present_participants(
    harness: RecorderHarness,
) -> None:
    await harness.record_accepted(
        join_session("call-ana", 0, user="ana"),
        join_session("call-ben", 0, user="ben"),
        join_session("call-eve", 50, user="eve"),
        leave("call-ben", 30),
    )
    harness.now = at(60)
    query = replace(QUERY, order=ParticipantOrder.DURATION, is_descending=True, limit=2)
    reads = _reads(harness)
    first = await reads.list_participants(query)
    assert [row.display_name for row in first.page.items] == ["Ana", "Ben"]
    assert first.page.total == 3
    second = await reads.list_participants(replace(query, offset=2))
    assert [row.display_name for row in second.page.items] == ["Eve"]
    upwards = await reads.list_participants(replace(query, is_descending=False))
    assert [row.display_name for row in upwards.page.items] == ["Eve", "Ben"]


async def _with_breakout_room(harness: RecorderHarness) -> None:
    harness.now = at(400)
    await harness.record_accepted(
        SessionOpened(
            id="room opened",
            at=at(60),
            session_id="room",
            meeting_id="m-room",
            parent_session_id="call",
        ),
        join_session("call-ana", 0, user="ana"),
        join_session("call-ben", 0, user="ben"),
        join_session("room-ben", 100, user="ben", session_id="room", meeting_id="m-room"),
        leave("call-ben", 100),
        leave("room-ben", 340),
        leave("call-ana", 240),
    )


async def test_a_session_lists_its_breakout_rooms(harness: RecorderHarness) -> None:
    await _with_breakout_room(harness)
    rooms = await _reads(harness).breakout_rooms(APP, "call")
    assert [(room.id, room.parent_session_id) for room in rooms] == [("room", "call")]
    assert await _reads(harness).breakout_rooms(APP, "room") == []


@pytest.mark.parametrize("order", list(ParticipantOrder))
async def test_consolidated_durations_count_the_breakout_rooms(
    harness: RecorderHarness, order: ParticipantOrder
) -> None:
    await _with_breakout_room(harness)
    reads = _reads(harness)
    query = replace(QUERY, order=order, is_descending=True)
    raw = await reads.list_participants(query)
    assert {row.display_name: row.duration_minutes for row in raw.page.items} == {
        "Ana": 4.0,
        "Ben": 1.6667,
    }
    consolidated = await reads.list_participants(query, is_consolidated=True)
    minutes = {row.display_name: row.duration_minutes for row in consolidated.page.items}
    assert minutes == {"Ana": 4.0, "Ben": 5.6667}
    if order is ParticipantOrder.DURATION:
        assert list(minutes) == ["Ben", "Ana"]


async def test_a_consolidated_list_is_paged_after_consolidation(harness: RecorderHarness) -> None:
    await _with_breakout_room(harness)
    query = replace(QUERY, order=ParticipantOrder.DURATION, limit=1)
    page = (await _reads(harness).list_participants(query, is_consolidated=True)).page
    assert [row.display_name for row in page.items] == ["Ben"]


async def test_a_participant_is_found_by_any_of_its_ids(harness: RecorderHarness) -> None:
    await harness.record_accepted(
        join_session("call-ana", 0, user="ana"),
        join_session("call-ana-2", 30, user="ana", previous_peer_id="call-ana"),
    )
    reads = _reads(harness)
    for any_id in ("call-ana", "call-ana-2", "u-ana"):
        found = await reads.find_participant(APP, "call", any_id)
        assert found.participant.id == "call-ana"
        assert [peer.id for peer in found.peers] == ["call-ana", "call-ana-2"]
    for peer_id in ("call-ana", "call-ana-2"):
        assert (await reads.find_peer(APP, peer_id)).participant.id == "call-ana"


async def test_an_unknown_participant_is_not_found(harness: RecorderHarness) -> None:
    await harness.record_call()
    reads = _reads(harness)
    with pytest.raises(NotFound, match="No participant found"):
        await reads.find_participant(APP, "call", "nobody")
    with pytest.raises(NotFound, match="No session found"):
        await reads.find_participant(APP, "nothing", "call-ana")
    with pytest.raises(NotFound, match="No session found"):
        await reads.list_participants(replace(QUERY, session_id="nothing"))
    with pytest.raises(NotFound, match="No peer found"):
        await reads.find_peer(APP, "nobody")
    with pytest.raises(NotFound, match="No peer found"):
        await reads.find_peer("another app", "call-ana")
