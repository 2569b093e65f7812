"""Polls on a session's page."""

from aftercall.core.events import PeerEvent
from tests.service.privacy.erasure_harness import run_jobs
from tests.service.privacy.personal_call import record_call
from tests.web.dashboard.test_read_links import SESSION, make, open_link
from tests.web.rest_server import RestServer


async def test_polls_are_counted_and_shown_with_talk_alone(server: RestServer) -> None:
    owner = await server.new_client()
    await record_call(server, owner, session_id=SESSION)
    await run_jobs(server)
    url = f"/v1/apps/{owner.app_id}/calls/{SESSION}"
    page = (await owner.request_url("GET", url)).json()["data"]
    peer_id = page["lanes"][0]["peers"][0]["id"]
    answered = PeerEvent(
        id="answered",
        at=page["lanes"][0]["peers"][0]["joined_at"],
        session_id=SESSION,
        peer_id=peer_id,
        name="poll_answered",
        data={"poll": "p", "question": "Lunch now?", "options": ["yes", "no"], "option": "no"},
    )
    outcomes = await server.recorder.record(owner.app_id, [answered], source="events")
    assert outcomes[0].code is None
    (poll,) = (await owner.request_url("GET", url)).json()["data"]["polls"]
    assert poll == {
        "id": "p",
        "question": "Lunch now?",
        "at": answered.at,
        "options": [{"text": "yes", "votes": 0}, {"text": "no", "votes": 1}],
        "answers": 1,
    }
    without = await open_link(server, owner, (await make(owner))["url"])
    assert "Lunch now?" not in (await without.get()).text
    with_talk = await open_link(server, owner, (await make(owner, with_talk=True))["url"])
    assert (await with_talk.get()).json()["data"]["polls"] == [poll]
