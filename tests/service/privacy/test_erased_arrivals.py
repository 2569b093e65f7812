"""An erasure waits for calls that go on; whoever was erased is refused at every arrival."""

from typing import Any

import pytest

from aftercall.core.errors import Refused
from aftercall.core.events import (
    ChatSent,
    Identity,
    LineSpoken,
    PeerEvent,
    PeerJoined,
    PeerLeft,
    SampleTaken,
    SessionClosed,
)
from aftercall.core.ids import id_from
from aftercall.core.instants import EpochMs
from aftercall.core.privacy_records import ErasureState
from aftercall.service.recording.delivery import Status
from aftercall.store import peers
from aftercall.store.engine.database import Database
from aftercall.work.runner import run_due
from aftercall.work.tasks import tasks_of
from tests.service.privacy.erasure_harness import (
    broken,
    erase,
    places_of_seeds,
    record,
    request,
    run_jobs,
)
from tests.service.privacy.personal_call import CUSTOM, NAME, USER, peer_id, record_call
from tests.web.rest_server import RestServer


async def test_an_erasure_waits_for_the_end_of_a_call_and_says_so(
    db: Database, private_server: RestServer
) -> None:
    owner = await private_server.new_client()
    await record_call(private_server, owner)
    await run_jobs(private_server)
    call = await record_call(
        private_server, owner, session_id="live", meeting_id="daily", is_over=False
    )
    requested = await request(private_server, owner)
    while await run_due(private_server.services.jobs, tasks_of(private_server.services)):
        pass
    waiting = await private_server.services.erasures.find(owner.app_id, requested.id)
    assert (waiting.state, waiting.live_sessions) == (ErasureState.WAITING, 1)
    assert waiting.counts["sessions"] == 1
    async with db.read() as tx:
        [live] = [
            p for p in await peers.peers_of_session(tx, owner.app_id, "live") if p.user_id == USER
        ]
    assert live.display_name == NAME
    later = EpochMs(call.end_at + 500)
    still_there = PeerEvent(
        id="muted", at=later, peer_id=live.id, name="audio_off", data={"source": "microphone"}
    )
    assert await record(private_server, owner, still_there) == [Status.ACCEPTED]
    closed = SessionClosed(id="over", at=later, meeting_id="daily", session_id="live")
    assert await record(private_server, owner, closed) == [Status.ACCEPTED]
    await run_jobs(private_server)
    done = await private_server.services.erasures.find(owner.app_id, requested.id)
    assert (done.state, done.live_sessions, done.counts["sessions"]) == (ErasureState.DONE, 0, 2)
    assert await places_of_seeds(db) == set()
    assert await broken(db) == []


async def test_later_arrivals_of_an_erased_person_are_refused(
    db: Database, private_server: RestServer
) -> None:
    owner = await private_server.new_client()
    await record_call(private_server, owner)
    await run_jobs(private_server)
    await erase(private_server, owner)
    at = private_server.clock.now
    place: dict[str, Any] = {"meeting_id": "weekly", "session_id": "again"}
    peer = peer_id("call", "ada")

    def joined(**identity: Any) -> PeerJoined:
        id = id_from(owner.app_id, *identity.values())
        return PeerJoined(id=id, at=at, peer_id=id, identity=Identity(**identity), **place)

    refused = [
        joined(custom_participant_id=CUSTOM),
        joined(user_id=USER),
        joined(user_id="another", custom_participant_id=CUSTOM, display_name="Anon"),
        SampleTaken(id="s", at=at, peer_id=peer, sequence=9_999, body=b"{}"),
        PeerEvent(id="e", at=at, peer_id=peer, name="feedback", data={"comment": NAME}),
        PeerLeft(id="l", at=at, peer_id=peer),
        ChatSent(id="c", at=at, user_id=USER, payload="hello", revised_at=at, session_id="call"),
        ChatSent(id="d", at=at, peer_id=peer, payload="hello", revised_at=at, session_id="call"),
        LineSpoken(
            id="t", at=at, custom_participant_id=CUSTOM, text="hello", end_at=at, session_id="call"
        ),
    ]
    for event in refused:
        assert await record(private_server, owner, event) == [Status.REJECTED], event
    admitted = [
        joined(user_id="user bea", custom_participant_id="custom bea"),
        joined(user_id=USER, custom_participant_id="custom dan"),
    ]
    assert await record(private_server, owner, *admitted) == [Status.ACCEPTED] * 2
    with pytest.raises(Refused) as refusal:
        await private_server.services.meetings.add_member(
            owner.app_id,
            "weekly",
            name=NAME,
            picture=None,
            custom_participant_id=CUSTOM,
            preset_name="p",
        )
    assert refusal.value.code == "person_erased"
    places = {place for place, _ in await places_of_seeds(db)}
    assert places == {"peers.user_id", "participants.user_id"}


async def test_members_are_deleted_and_their_tokens_are_good_no_more(
    db: Database, private_server: RestServer
) -> None:
    owner = await private_server.new_client()
    services = private_server.services
    meeting = await services.meetings.create_meeting(
        owner.app_id, title="Standup", keep_alive_s=60, settings={}
    )
    member = await services.meetings.add_member(
        owner.app_id,
        meeting.id,
        name=NAME,
        picture=None,
        custom_participant_id=CUSTOM,
        preset_name="p",
    )
    token, _ = await services.access.issue_participant_token(member)
    assert (await erase(private_server, owner)).counts == {"members": 1}
    assert await places_of_seeds(db) == set()
    with pytest.raises(Refused):
        await services.access.admit_participant(token)
