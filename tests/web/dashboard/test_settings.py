from collections import defaultdict
from typing import Any

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.records import Job, Role
from aftercall.store import jobs
from aftercall.store.engine.database import Database

RestServer = Any


async def _data(caller: Any, method: str, url: str, status: int = 200, **request: Any) -> Any:
    answer = await caller.request_url(method, url, **request)
    assert answer.status_code == status, answer.text
    body = answer.json()
    return body["data"] if body["success"] else body["error"]["reason"]


async def test_a_new_token_is_shown_once_and_works(server: RestServer) -> None:
    caller = await server.new_client(is_of_account=True)
    made = await _data(caller, "POST", "/v1/tokens", 201, json={"name": "Reader", "role": "read"})
    assert made["token"]["role"] == "read"
    listed = (await _data(caller, "GET", "/v1/tokens"))["tokens"]
    assert made["token"] in listed
    assert all("hash" not in token and "secret" not in token for token in listed)
    caller.token = made["secret"]
    assert (await _data(caller, "GET", "/v1/me"))["role"] == "read"
    assert await _data(caller, "POST", "/v1/tokens", 403, json={"name": "x"}) == "read_only_token"
    assert await _data(caller, "GET", "/v1/tokens", 403) == "read_only_token"
    assert await _data(caller, "GET", "/v1/jobs", 403) == "read_only_token"


async def test_a_token_of_one_app_manages_only_that_app(server: RestServer) -> None:
    of_account = await server.new_client(is_of_account=True)
    of_app = await server.new_client(of=of_account)
    theirs = (await _data(of_account, "GET", "/v1/tokens"))["tokens"]
    own = (await _data(of_app, "GET", "/v1/tokens"))["tokens"]
    assert {token["app_id"] for token in own} == {of_app.app_id}
    assert len(theirs) > len(own)
    of_all = next(token["id"] for token in theirs if token["app_id"] is None)
    assert await _data(of_app, "DELETE", f"/v1/tokens/{of_all}", 404) == "token_not_found"
    assert await _data(of_app, "POST", "/v1/tokens", 403, json={"name": "x"}) == "foreign_app"
    assert await _data(of_app, "POST", "/v1/apps", 403, json={"name": "x"}) == "foreign_app"
    made = {"name": "x", "app_id": of_app.app_id}
    assert (await _data(of_app, "POST", "/v1/tokens", 201, json=made))["secret"]


async def test_a_token_of_another_account_cannot_be_revoked(server: RestServer) -> None:
    caller, stranger = await server.new_client(), await server.new_client(is_of_account=True)
    token = (await _data(caller, "GET", "/v1/tokens"))["tokens"][0]
    assert await _data(stranger, "DELETE", f"/v1/tokens/{token['id']}", 404) == "token_not_found"
    made = {"name": "x", "app_id": caller.app_id}
    assert await _data(stranger, "POST", "/v1/tokens", 404, json=made) == "app_not_found"


async def test_a_new_app_is_listed(server: RestServer) -> None:
    caller = await server.new_client(is_of_account=True)
    made = await _data(caller, "POST", "/v1/apps", 201, json={"name": "Second"})
    assert made in (await _data(caller, "GET", "/v1/apps"))["apps"]
    assert await _data(caller, "POST", "/v1/apps", 422, json={"name": ""}) == "bad_body"


async def test_a_sample_day_is_loaded_by_who_may_write_in_the_account(server: RestServer) -> None:
    owner = await server.new_client(is_of_account=True)
    of_app = await server.new_client(of=owner)
    reader = await server.new_client(of=owner, is_of_account=True, role=Role.READ)
    url = "/v1/sample-day"
    assert await _data(of_app, "POST", url, 403) == "foreign_app"
    assert await _data(of_app, "GET", url, 403) == "foreign_app"
    assert await _data(reader, "POST", url, 403) == "read_only_token"
    assert (await _data(reader, "GET", url))["state"] == "none"

    begun = await _data(owner, "POST", url, 201)
    assert (begun["state"], begun["calls_played"], begun["problem"]) == ("running", 0, None)
    assert await _data(reader, "GET", url) == begun
    names = {app["id"]: app["name"] for app in (await _data(owner, "GET", "/v1/apps"))["apps"]}
    assert names[begun["app_id"]] == "Sample day"
    assert await _data(owner, "POST", url, 400) == "sample_day_running"


async def test_a_sample_day_of_another_account_is_neither_seen_nor_in_the_way(
    server: RestServer,
) -> None:
    owner = await server.new_client(is_of_account=True)
    stranger = await server.new_client(is_of_account=True)
    theirs = await _data(owner, "POST", "/v1/sample-day", 201)
    assert (await _data(stranger, "GET", "/v1/sample-day"))["state"] == "none"
    own = await _data(stranger, "POST", "/v1/sample-day", 201)
    assert own["app_id"] != theirs["app_id"]


async def _fail_finally(db: Database, app_id: str) -> None:
    job = Job(
        id=f"job-{app_id}",
        task="finalise",
        lane=f"session:{app_id}:s",
        payload={"app_id": app_id, "session_id": "s"},
        created_at=EpochMs(1),
        due_at=EpochMs(1),
    )
    async with db.write() as tx:
        await jobs.add(tx, [job])
        (held,) = await jobs.claim(tx, EpochMs(1), 1_000, 1)
        await jobs.bury(tx, held, EpochMs(2), "It would not do.")


async def test_a_dead_job_is_listed_for_its_owner_and_revived(
    server: RestServer, db: Database
) -> None:
    caller, stranger = await server.new_client(), await server.new_client(is_of_account=True)
    await _fail_finally(db, caller.app_id)
    (dead,) = (await _data(caller, "GET", "/v1/jobs"))["dead"]
    assert (dead["session_id"], dead["last_error"]) == ("s", "It would not do.")
    assert (await _data(stranger, "GET", "/v1/jobs"))["dead"] == []
    url = f"/v1/jobs/{dead['id']}/revive"
    assert await _data(stranger, "POST", url, 404) == "job_not_found"
    assert await _data(caller, "POST", url) == {"revived": True}
    lists = await _data(caller, "GET", "/v1/jobs")
    assert (len(lists["waiting"]), lists["dead"]) == (1, [])
    assert await _data(caller, "POST", url, 404) == "job_not_found"


async def test_the_settings_are_listed_without_secrets(server: RestServer) -> None:
    caller = await server.new_client(role=Role.READ)
    found = await _data(caller, "GET", "/v1/settings")
    names = {row["name"] for row in found["settings"]}
    assert {"privacy", "link_life_s"} <= names
    assert not {"database_url", "data_dir"} & names
    assert all(row["about"] for row in found["settings"])


async def test_only_the_owner_of_the_first_app_is_shown_that_the_call_page_records_into_it(
    server: RestServer,
) -> None:
    owner = await server.new_client()
    server.clock.move(1)
    stranger = await server.new_client(is_of_account=True)
    other = await server.new_client(of=owner, is_of_account=True)
    await _data(other, "POST", "/v1/apps", 201, json={"name": "Second"})
    for caller, expected in ((owner, owner.app_id), (other, owner.app_id), (stranger, None)):
        assert (await _data(caller, "GET", "/v1/settings"))["try_app_id"] == expected


async def test_without_the_call_page_no_app_is_named(build_server: Any) -> None:
    server = build_server(try_page=False)
    owner = await server.new_client()
    assert (await _data(owner, "GET", "/v1/settings"))["try_app_id"] is None


@pytest.mark.parametrize(
    "url",
    [
        "/v1/me",
        "/v1/apps",
        "/v1/tokens",
        "/v1/jobs",
        "/v1/settings",
        "/v1/sample-day",
        "/v1/calls/x",
    ],
)
async def test_requests_without_credentials_are_refused(server: RestServer, url: str) -> None:
    answer = await server.client.get(url)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (401, "token_missing")


async def test_every_endpoint_of_an_app_requires_credentials(server: RestServer) -> None:
    caller, stranger = await server.new_client(), await server.new_client(is_of_account=True)
    paths = (await server.client.get("/docs/openapi.json")).json()["paths"]
    own = [path for path in paths if path.startswith("/v1/apps/{app_id}/") and "get" in paths[path]]
    assert len(own) >= 9
    ids = defaultdict(lambda: "x", app_id=caller.app_id)
    for path in own:
        assert (await server.client.get(path.format_map(ids))).status_code == 401, path
        foreign = await stranger.request_url("GET", path.format_map(ids))
        assert foreign.json()["error"]["reason"] == "app_not_found", path
