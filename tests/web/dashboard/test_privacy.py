"""Erasures, deletions and the audit log over HTTP: who may, and what becomes of it."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from aftercall.core.records import Role
from aftercall.store.engine.database import Database
from aftercall.store.tables import schema
from tests.service.privacy.erasure_harness import broken, places_of_seeds, run_jobs
from tests.service.privacy.personal_call import CUSTOM, record_call
from tests.web.rest_server import ApiClient, BuildServer, RestServer

PERSON = {"custom_participant_id": CUSTOM}


@pytest.fixture
def server(build_server: BuildServer, tmp_path: Path) -> RestServer:
    return build_server(data_dir=tmp_path, privacy="full")


async def send(
    caller: ApiClient, method: str, path: str, status: int = 200, *, app_id: str = "", **rest: Any
) -> Any:
    url = f"/v1/apps/{app_id or caller.app_id}{path}"
    answer = await caller.request_url(method, url, **rest)
    assert answer.status_code == status, answer.text
    body = answer.json()
    return body["data"] if body["success"] else body["error"]["reason"]


async def test_an_erasure_is_requested_followed_and_listed(
    db: Database, server: RestServer
) -> None:
    owner = await server.new_client()
    await record_call(server, owner)
    await run_jobs(server)
    made = await send(owner, "POST", "/erasures", 201, json=PERSON)
    assert (made["state"], made["finished_at"]) == ("running", None)
    await run_jobs(server)
    done = await send(owner, "GET", f"/erasures/{made['id']}")
    assert done["state"] == "done" and done["counts"]["participants"] == 1
    assert CUSTOM not in str(done)
    assert (await send(owner, "GET", "/erasures"))["erasures"] == [done]
    assert await send(owner, "GET", "/erasures/none", 404) == "erasure_not_found"
    assert await places_of_seeds(db) == set()


async def test_a_member_that_was_erased_is_refused(server: RestServer) -> None:
    owner = await server.new_client()
    await send(owner, "POST", "/erasures", 201, json=PERSON)
    meeting = (await owner.request("POST", "/meetings", json={"title": "Standup"})).json()["data"]
    answer = await owner.request(
        "POST",
        f"/meetings/{meeting['id']}/participants",
        json={**PERSON, "preset_name": "p"},
    )
    assert answer.status_code == 403
    assert answer.json()["error"]["reason"] == "person_erased"


async def test_a_person_who_was_erased_is_recorded_again(server: RestServer) -> None:
    owner = await server.new_client()
    assert await send(owner, "POST", "/readmissions", 404, json=PERSON) == "erasure_not_found"
    made = await send(owner, "POST", "/erasures", 201, json=PERSON)
    assert await send(owner, "POST", "/readmissions", 400, json=PERSON) == "erasure_running"
    await run_jobs(server)
    (lifted,) = (await send(owner, "POST", "/readmissions", 201, json=PERSON))["erasures"]
    assert (lifted["id"], lifted["readmitted_at"]) == (made["id"], server.clock.now)
    await record_call(server, owner)


async def test_mentions_elsewhere_are_counted_by_place(server: RestServer) -> None:
    owner = await server.new_client()
    await record_call(server, owner)
    await run_jobs(server)
    counted = await send(owner, "POST", "/erasures/mentions", 200, json=PERSON)
    assert counted["names"] == ["Zebulon Quux"] and counted["sessions"] == 0
    assert set(counted["counts"]) >= {"messages", "transcript_lines", "summaries", "meetings"}
    made = await send(owner, "POST", "/erasures", 201, json={**PERSON, "mentions": True})
    assert made["with_mentions"] is True
    await send(owner, "POST", "/erasures", 422, json={**PERSON, "mentions": "yes"})


@pytest.mark.parametrize("body", [{}, {"custom_participant_id": ""}, {"name": "Ada"}, []])
async def test_a_request_that_names_nobody_is_refused(server: RestServer, body: Any) -> None:
    owner = await server.new_client()
    answer = await owner.request_url("POST", f"/v1/apps/{owner.app_id}/erasures", json=body)
    assert answer.status_code in (400, 422)


ENDPOINTS = [
    ("POST", "/erasures"),
    ("GET", "/erasures"),
    ("GET", "/erasures/any"),
    ("POST", "/erasures/mentions"),
    ("POST", "/readmissions"),
    ("GET", "/audit"),
    ("DELETE", "/sessions/call"),
    ("DELETE", "/meetings/weekly"),
    ("DELETE", ""),
]


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
async def test_only_admins_of_the_app_may(server: RestServer, method: str, path: str) -> None:
    owner = await server.new_client()
    await record_call(server, owner)
    await run_jobs(server)
    reader = await server.new_client(of=owner, role=Role.READ)
    body: dict[str, Any] = {"json": PERSON} if method == "POST" else {}
    assert await send(reader, method, path, 403, **body) == "read_only_token"
    stranger = await server.new_client()
    assert await send(stranger, method, path, 403, app_id=owner.app_id, **body) == "foreign_app"
    other = await server.new_client(is_of_account=True)
    assert await send(other, method, path, 404, app_id=owner.app_id, **body) == "app_not_found"
    other_app = await server.new_client()
    if method == "DELETE" and path:
        reason = f"{path.split('/')[1][:-1]}_not_found"
        assert await send(other_app, method, path, 404) == reason
    nobody = await server.client.request(method, f"/v1/apps/{owner.app_id}{path}", **body)
    assert nobody.status_code == 401
    assert (await owner.request("GET", "/sessions/call")).status_code == 200


async def test_a_deleted_session_is_gone_at_every_door(db: Database, server: RestServer) -> None:
    owner = await server.new_client()
    await record_call(server, owner)
    await run_jobs(server)
    assert await send(owner, "DELETE", "/sessions/call") == {"id": "call", "deleted": True}
    assert await send(owner, "DELETE", "/sessions/call", 404) == "session_not_found"
    for path in ("/calls/call", "/calls/call/chat"):
        assert await send(owner, "GET", path, 404) == "session_not_found"
    assert (await send(owner, "GET", "/calls"))["total"] == 0
    places = {place for place, _ in await places_of_seeds(db)}
    assert places == {"meetings.title"}
    assert await broken(db) == []


async def test_a_session_that_goes_on_is_not_deleted(server: RestServer) -> None:
    owner = await server.new_client()
    await record_call(server, owner, is_over=False)
    for path in ("/sessions/call", "/meetings/weekly", ""):
        assert await send(owner, "DELETE", path, 400) == "session_live"


async def test_a_deleted_meeting_takes_its_sessions_and_members_along(
    db: Database, server: RestServer
) -> None:
    owner = await server.new_client()
    for number in range(3):
        await record_call(server, owner, session_id=f"call-{number}")
        await run_jobs(server)
    await record_call(server, owner, session_id="stays", meeting_id="other", custom="custom dan")
    await run_jobs(server)
    await send(owner, "DELETE", "/meetings/weekly")
    await run_jobs(server)
    found = await send(owner, "GET", "/calls")
    assert [each["id"] for each in found["items"]] == ["stays"]
    assert (await owner.request("GET", "/meetings/weekly")).status_code == 404
    assert await broken(db) == []


async def test_a_deleted_app_leaves_receipts_and_the_audit_log_alone(
    db: Database, server: RestServer, tmp_path: Path
) -> None:
    owner, stranger = await server.new_client(), await server.new_client()
    await record_call(server, owner)
    await record_call(server, stranger, session_id="theirs")
    await run_jobs(server)
    await send(owner, "POST", "/exports", 201, json=PERSON)
    await run_jobs(server)
    assert len(list((tmp_path / "exports").iterdir())) == 1
    await send(owner, "DELETE", "")
    assert (await owner.request("GET", "/sessions")).status_code in (401, 404)
    await run_jobs(server)
    async with db.read() as tx:
        kept = {
            table.name
            for table in schema.metadata.tables.values()
            if "app_id" in table.c
            and (
                await tx.execute(select(func.count()).where(table.c.app_id == owner.app_id))
            ).scalar_one()
        }
    assert kept == {"audit_log"}
    assert list((tmp_path / "exports").iterdir()) == []
    assert (await send(stranger, "GET", "/calls"))["total"] == 1
    assert await broken(db) == []


async def acts(caller: ApiClient) -> list[tuple[str, str]]:
    entries = (await send(caller, "GET", "/audit"))["entries"]
    return [(each["action"], each["object"]) for each in entries]


async def test_the_audit_log_says_who_read_talk_and_holds_no_talk(server: RestServer) -> None:
    owner = await server.new_client()
    await record_call(server, owner)
    await run_jobs(server)
    await send(owner, "GET", "/calls/call/chat")
    await send(owner, "GET", "/calls/call/transcript")
    link = (await owner.request("GET", "/sessions/call/chat")).json()["data"]
    [url] = [value for name, value in link.items() if name.endswith("url")]
    assert (await server.client.get(url.removeprefix("http://aftercall.test"))).status_code == 200
    await send(owner, "GET", "/calls/call")
    found = await acts(owner)
    for act in ("read_chat", "read_transcript", "read_summary", "download_chat"):
        assert (act, "call") in found
    entries = (await send(owner, "GET", "/audit"))["entries"]
    assert "Zebulon" not in str(entries) and "quokkas" not in str(entries)
    assert {each["actor"] for each in entries if each["action"] == "read_chat"} != {""}


async def test_the_audit_log_says_who_made_and_revoked_tokens_and_erased(
    server: RestServer,
) -> None:
    owner = await server.new_client(is_of_account=True)
    made = (
        await owner.request_url(
            "POST", "/v1/tokens", json={"name": "Secret name", "app_id": owner.app_id}
        )
    ).json()["data"]
    id = made["token"]["id"]
    await owner.request_url("DELETE", f"/v1/tokens/{id}")
    erasure = await send(owner, "POST", "/erasures", 201, json=PERSON)
    found = await acts(owner)
    assert {
        ("create_token", id),
        ("revoke_token", id),
        ("erase_person", erasure["id"]),
    } <= set(found)
    everything = str((await send(owner, "GET", "/audit"))["entries"])
    assert made["secret"] not in everything and "Secret name" not in everything
    assert CUSTOM not in everything


async def test_pages_of_the_audit_log_follow_one_another(server: RestServer) -> None:
    owner = await server.new_client()
    for _ in range(5):
        await send(owner, "POST", "/erasures", 201, json=PERSON)
    seen: list[str] = []
    query = "?limit=2"
    while True:
        page = await send(owner, "GET", f"/audit{query}")
        seen += [each["id"] for each in page["entries"]]
        if page["next_cursor"] is None:
            break
        query = f"?limit=2&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) >= 6


async def test_the_audit_log_says_who_changed_what_is_kept(server: RestServer) -> None:
    owner = await server.new_client()
    await send(owner, "PUT", "/retention", json={"samples": "30d"})
    assert ("change_retention", owner.app_id) in await acts(owner)
