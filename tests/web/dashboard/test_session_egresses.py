"""Recordings on a session's page, and what of them a read link shows."""

from aftercall.core.egresses import EgressKind, EgressStatus
from aftercall.core.events import EgressReported
from tests.service.privacy.erasure_harness import run_jobs
from tests.service.privacy.personal_call import record_call
from tests.web.dashboard.test_read_links import SESSION, make, open_link
from tests.web.rest_server import RestServer


async def test_a_recording_is_listed_without_where_it_is(server: RestServer) -> None:
    owner = await server.new_client()
    await record_call(server, owner, session_id=SESSION)
    await run_jobs(server)
    report = EgressReported(
        id="recorded",
        at=server.clock.now,
        session_id=SESSION,
        kind=EgressKind.RECORDING,
        egress_id="recording",
        status=EgressStatus.COMPLETE,
        duration_ms=60_000,
        texts={"file_name": "ada.mp4", "download_url": "https://files.test/ada.mp4?key=1"},
    )
    outcomes = await server.recorder.record(owner.app_id, [report], source="events")
    assert outcomes[0].code is None
    page = await owner.request_url("GET", f"/v1/apps/{owner.app_id}/calls/{SESSION}")
    (whole,) = (each for each in page.json()["data"]["egresses"] if each["id"] == "recording")
    assert whole["url"] == "https://files.test/ada.mp4?key=1"
    reader = await open_link(server, owner, (await make(owner, with_talk=True))["url"])
    by_link = await reader.get()
    listed = by_link.json()["data"]["egresses"]
    assert len(listed) == len(page.json()["data"]["egresses"])
    assert {**whole, "url": None, "name": None} in listed
    assert "files.test" not in by_link.text and "ada.mp4" not in by_link.text
