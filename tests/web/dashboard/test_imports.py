"""Dumps are uploaded, read by a job, and reported; sessions are downloaded with all their facts."""

import gzip
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aftercall.core.errors import Unavailable
from aftercall.core.import_records import MOST_FILES, ImportOptions
from aftercall.core.instants import EpochMs
from aftercall.core.records import Role
from aftercall.ingest.dumps import dump_bytes
from aftercall.service import upload_files
from aftercall.service.audit import CLI
from aftercall.service.dump_uploads import (
    FOLDER,
    KEPT_MS,
    MOST_OPEN,
    MOST_STARTS,
    STOPPED,
    UPLOAD_MS,
)
from aftercall.work.runner import run_due
from aftercall.work.tasks import tasks_of
from aftercall.work.uploaded_dumps import MISSING
from tests.sample_dumps import LATER, path_of
from tests.web.rest_server import ApiClient, BuildServer, RestServer

CHROMIUM = "webrtc-internals-chromium156.gz"
FIREFOX = "about-webrtc-firefox153-history-answerer.json.gz"


@pytest.fixture
def server(build_server: BuildServer, tmp_path: Path) -> RestServer:
    built = build_server(data_dir=tmp_path, import_max_bytes=1_000_000)
    built.clock.now = LATER
    return built


async def ask(client: ApiClient, method: str, rest: str = "", **request: Any) -> Any:
    return await client.request_url(method, f"/v1/apps/{client.app_id}/imports{rest}", **request)


async def upload(client: ApiClient, *names: str, query: str = "") -> Any:
    files = [("file", (name, path_of(name).read_bytes())) for name in names]
    return await ask(client, "POST", query, files=files)


async def run_jobs(server: RestServer) -> None:
    tasks = tasks_of(server.services)
    while await run_due(server.services.jobs, tasks):
        pass


async def read(server: RestServer, client: ApiClient, answer: Any) -> dict[str, Any]:
    """The import of an upload, after its job has run."""
    assert answer.status_code == 201, answer.text
    await run_jobs(server)
    found = await ask(client, "GET", f"/{answer.json()['data']['id']}")
    assert found.status_code == 200, found.text
    data: dict[str, Any] = found.json()["data"]
    return data


def files_left(folder: Path) -> list[Path]:
    return [path for path in (folder / FOLDER).rglob("*") if path.is_file()]


async def test_a_file_as_the_body_becomes_a_session(server: RestServer, tmp_path: Path) -> None:
    owner = await server.new_client()
    raw = path_of(CHROMIUM).read_bytes()
    query = "?file_name=C:\\dumps\\ada.gz&name=Ada&title=With+the+support"
    answer = await ask(owner, "POST", query, content=raw)
    assert answer.json()["data"]["state"] == "waiting"
    assert answer.json()["data"]["files"][0]["name"] == "ada.gz"
    done = await read(server, owner, answer)
    assert (done["state"], done["percent"], done["error"]) == ("done", 100, None)
    [file] = done["files"]
    assert (file["name"], file["format"]) == ("ada.gz", "webrtc-internals")
    assert file["bytes"] == len(raw)
    assert [each["reports"] for each in file["connections"]] == [25, 25]
    [session] = done["sessions"]
    assert session["title"] == "With the support" and session["participants"] == 2
    found = await owner.request("GET", f"/sessions/{session['session_id']}/participants")
    people = [each["display_name"] for each in found.json()["data"]["participants"]]
    assert sorted(people) == ["Ada 1", "Ada 2"]
    assert files_left(tmp_path) == []


async def test_several_files_are_one_import(server: RestServer) -> None:
    owner = await server.new_client()
    done = await read(server, owner, await upload(owner, CHROMIUM, FIREFOX))
    assert [each["format"] for each in done["files"]] == [
        "webrtc-internals",
        "about:webrtc history",
    ]
    assert len(done["sessions"]) == 2
    listed = (await ask(owner, "GET")).json()["data"]
    assert listed["imports"] == [done]
    assert (listed["most_bytes"], listed["most_files"]) == (1_000_000, MOST_FILES)


async def test_a_file_that_is_no_dump_does_not_keep_the_others_out(server: RestServer) -> None:
    owner = await server.new_client()
    files = [
        ("file", ("letter.txt", b"Dear all,")),
        ("file", (CHROMIUM, path_of(CHROMIUM).read_bytes())),
    ]
    done = await read(server, owner, await ask(owner, "POST", files=files))
    letter, dump = done["files"]
    assert letter["error"] and letter["format"] is None
    assert dump["error"] is None and len(done["sessions"]) == 1


async def test_the_same_file_again_is_known(server: RestServer) -> None:
    owner = await server.new_client()
    first = await read(server, owner, await upload(owner, CHROMIUM))
    again = await read(server, owner, await upload(owner, CHROMIUM))
    assert [each["is_known"] for each in first["sessions"]] == [False]
    assert [each["is_known"] for each in again["sessions"]] == [True]
    assert first["sessions"][0]["session_id"] == again["sessions"][0]["session_id"]


@pytest.mark.parametrize(
    ("request_", "status", "reason"),
    [
        ({"content": b""}, 400, "no_file"),
        ({"content": b"x" * 1_000_001}, 413, "too_large"),
        ({"files": [("file", (str(n), b"x" * 600_000)) for n in range(2)]}, 413, "too_large"),
        ({"files": [("file", ("a", b"x"))] * (MOST_FILES + 1)}, 400, "too_many_files"),
        ({"data": {"title": "x"}, "files": [("file", ("a", b"x"))]}, 400, "bad_multipart"),
        (
            {
                "content": b"--x\r\nbroken",
                "headers": {"content-type": "multipart/form-data; boundary=x"},
            },
            400,
            "bad_multipart",
        ),
        (
            {"content": b"x", "headers": {"content-type": "multipart/form-data"}},
            400,
            "bad_multipart",
        ),
    ],
)
async def test_what_is_no_upload_is_refused_and_leaves_nothing(
    server: RestServer, tmp_path: Path, request_: dict[str, Any], status: int, reason: str
) -> None:
    owner = await server.new_client()
    answer = await ask(owner, "POST", **request_)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (status, reason)
    assert files_left(tmp_path) == []
    assert (await ask(owner, "GET")).json()["data"]["imports"] == []
    assert await server.services.jobs.list_waiting() == []


async def test_a_declared_size_is_refused_before_the_body_is_read(server: RestServer) -> None:
    async def body() -> AsyncIterator[bytes]:
        raise AssertionError("the body was asked for")
        yield b""

    owner = await server.new_client()
    headers = {"content-length": "2000000000"}
    answer = await ask(owner, "POST", content=body(), headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize("query", ["?meeting_id=a%20b", "?title=%00", "?titel=x"])
async def test_options_that_cannot_be_are_refused(server: RestServer, query: str) -> None:
    owner = await server.new_client()
    answer = await ask(owner, "POST", query, content=b"x")
    assert answer.status_code == 400, answer.text


async def test_a_bomb_and_hostile_json_are_reported_and_not_read(
    server: RestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dump_bytes, "FREE_BYTES", 2**20)
    owner = await server.new_client()
    bomb = gzip.compress(b'{"PeerConnections":{},"getUserMedia":[' + b'"",' * 500_000, 1)
    deep = b'{"PeerConnections":' + b"[" * 50_000
    files = [("file", ("bomb.gz", bomb)), ("file", ("deep.json", deep))]
    done = await read(server, owner, await ask(owner, "POST", files=files))
    assert done["state"] == "done" and done["sessions"] == []
    assert "bomb" in done["files"][0]["error"]
    assert done["files"][1]["error"]


async def test_an_app_has_few_imports_at_a_time(server: RestServer) -> None:
    owner, other = await server.new_client(), await server.new_client()
    for _ in range(MOST_OPEN):
        assert (await upload(owner, CHROMIUM)).status_code == 201
    refused = await upload(owner, CHROMIUM)
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) > 0
    assert (await upload(other, CHROMIUM)).status_code == 201
    await run_jobs(server)
    assert (await upload(owner, CHROMIUM)).status_code == 201


async def test_a_full_disk_takes_no_upload(
    server: RestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_files, "KEPT_FREE_BYTES", 2**60)
    owner = await server.new_client()
    answer = await upload(owner, CHROMIUM)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (503, "disk_full")
    assert (await ask(owner, "GET")).json()["data"]["imports"] == []


async def test_imports_cross_no_tenants_and_need_an_admin(server: RestServer) -> None:
    owner, stranger = await server.new_client(), await server.new_client()
    reader = await server.new_client(of=owner, role=Role.READ)
    done = await read(server, owner, await upload(owner, CHROMIUM))
    [session] = done["sessions"]
    url = f"/v1/apps/{owner.app_id}/imports"
    for client in (stranger, reader):
        one = f"/{done['id']}"
        for method, rest in (("POST", ""), ("GET", ""), ("GET", one), ("POST", f"{one}/cancel")):
            answer = await client.request_url(method, url + rest)
            assert answer.status_code in (403, 404), answer.text
    assert (await ask(stranger, "GET", f"/{done['id']}")).status_code == 404
    own = f"/v1/apps/{stranger.app_id}/sessions/{session['session_id']}/export"
    assert (await stranger.request_url("GET", own)).status_code == 404


async def test_an_import_that_the_server_did_not_outlive_begins_again(
    server: RestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await server.new_client()
    answer = await upload(owner, CHROMIUM)
    assert await server.services.jobs.claim(1)
    started = await server.services.dump_uploads.start(owner.app_id, answer.json()["data"]["id"])
    assert started is not None
    assert (await ask(owner, "GET", f"/{started.id}")).json()["data"]["state"] == "running"
    server.clock.now = EpochMs(server.clock.now + 60_000)
    done = await read(server, owner, answer)
    assert done["state"] == "done" and len(done["sessions"]) == 1


async def test_an_import_that_stops_the_server_again_and_again_fails(
    server: RestServer, tmp_path: Path
) -> None:
    owner = await server.new_client()
    answer = await upload(owner, CHROMIUM)
    for _ in range(MOST_STARTS):
        assert await server.services.dump_uploads.start(owner.app_id, answer.json()["data"]["id"])
    failed = await read(server, owner, answer)
    assert (failed["state"], failed["error"]) == ("failed", STOPPED)
    assert files_left(tmp_path) == []


async def test_an_outage_of_the_database_is_waited_for(
    server: RestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await server.new_client()
    answer = await upload(owner, CHROMIUM)

    async def away(*given: Any, **named: Any) -> Any:
        raise Unavailable("The database is away")

    with monkeypatch.context() as outage:
        outage.setattr(server.services.recorder, "record", away)
        await run_jobs(server)
    assert (await ask(owner, "GET")).json()["data"]["imports"][0]["state"] == "running"
    server.clock.now = EpochMs(server.clock.now + 60_000)
    assert (await read(server, owner, answer))["state"] == "done"


async def test_files_on_another_machine_are_said_to_be_missing(
    server: RestServer, tmp_path: Path
) -> None:
    owner = await server.new_client()
    answer = await upload(owner, CHROMIUM)
    for path in files_left(tmp_path):
        path.unlink()
    failed = await read(server, owner, answer)
    assert (failed["state"], failed["error"]) == ("failed", MISSING)


async def test_an_upload_that_never_ended_is_deleted_after_a_day(
    server: RestServer, tmp_path: Path
) -> None:
    owner = await server.new_client()
    uploads = server.services.dump_uploads
    answer = await upload(owner, CHROMIUM)
    await run_jobs(server)
    begun = await uploads.begin(owner.account_id, owner.app_id, ImportOptions(), CLI)
    folder = uploads.folder(owner.app_id, begun.id)
    await folder.check_space(None)
    await folder.begin_file("half")
    await folder.write(b"x")
    await folder.end_file()
    assert files_left(tmp_path)
    server.clock.now = EpochMs(server.clock.now + UPLOAD_MS)
    await run_jobs(server)
    assert files_left(tmp_path) == []
    left = (await ask(owner, "GET")).json()["data"]["imports"]
    assert [each["id"] for each in left] == [answer.json()["data"]["id"]]


async def test_an_import_is_forgotten_after_a_week_and_its_sessions_stay(
    server: RestServer,
) -> None:
    owner = await server.new_client()
    done = await read(server, owner, await upload(owner, CHROMIUM))
    server.clock.now = EpochMs(server.clock.now + KEPT_MS)
    await run_jobs(server)
    assert (await ask(owner, "GET")).json()["data"]["imports"] == []
    session_id = done["sessions"][0]["session_id"]
    assert (await owner.request("GET", f"/sessions/{session_id}")).status_code == 200


async def test_what_is_kept_of_an_import_names_nobody(server: RestServer) -> None:
    owner = await server.new_client()
    answer = await upload(owner, CHROMIUM, query="?name=Quentin&title=Quentin's+call")
    done = await read(server, owner, answer)
    found = await server.services.dump_uploads.find(owner.app_id, done["id"])
    assert "Quentin" not in repr(found.dump_import)
    assert found.sessions and done["sessions"][0]["title"] == "Quentin's call"


async def test_a_deleted_session_of_an_import_is_marked(server: RestServer) -> None:
    owner = await server.new_client()
    done = await read(server, owner, await upload(owner, CHROMIUM))
    url = f"/v1/apps/{owner.app_id}/sessions/{done['sessions'][0]['session_id']}"
    assert (await owner.request_url("DELETE", url)).status_code == 200
    found = (await ask(owner, "GET", f"/{done['id']}")).json()["data"]
    assert found["sessions"][0]["title"] is None


async def test_the_imports_of_a_deleted_app_go_with_their_files(
    server: RestServer, tmp_path: Path
) -> None:
    owner = await server.new_client(is_of_account=True)
    await upload(owner, CHROMIUM)
    assert files_left(tmp_path)
    assert (await owner.request_url("DELETE", f"/v1/apps/{owner.app_id}/")).status_code == 200
    await run_jobs(server)
    assert files_left(tmp_path) == []


async def test_an_exported_session_is_imported_by_another_app(server: RestServer) -> None:
    owner, other = await server.new_client(), await server.new_client()
    done = await read(server, owner, await upload(owner, CHROMIUM))
    session_id = done["sessions"][0]["session_id"]
    url = f"/v1/apps/{owner.app_id}/sessions/{session_id}/export"
    answer = await owner.request_url("GET", url)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/zip"
    assert int(answer.headers["content-length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None and "facts.jsonl" in archive.namelist()
    again = await read(server, other, await ask(other, "POST", content=answer.content))
    assert again["sessions"][0]["session_id"] == session_id
    await server.services.audit_log.flush()
    entries = (await owner.request_url("GET", f"/v1/apps/{owner.app_id}/audit")).json()["data"]
    acts = [(each["action"], each["object"]) for each in entries["entries"]]
    assert ("export_session", session_id) in acts and ("import_dumps", done["id"]) in acts
