"""Imports of uploaded dumps are cancelled."""

from collections.abc import AsyncIterator
from pathlib import Path

from aftercall.core.import_records import FileRead, ImportReport
from aftercall.core.instants import EpochMs
from aftercall.service.dump_uploads import KEPT_MS
from tests.sample_dumps import path_of
from tests.web.dashboard.test_imports import CHROMIUM, ask, files_left, read, run_jobs, upload
from tests.web.dashboard.test_imports import server as server
from tests.web.rest_server import RestServer


async def test_an_import_that_waits_is_cancelled_and_leaves_no_file(
    server: RestServer, tmp_path: Path
) -> None:
    owner = await server.new_client()
    id = (await upload(owner, CHROMIUM)).json()["data"]["id"]
    for _ in range(2):
        answer = await ask(owner, "POST", f"/{id}/cancel")
        assert (answer.status_code, answer.json()["data"]["state"]) == (200, "cancelled")
    assert files_left(tmp_path) == []
    await run_jobs(server)
    found = (await ask(owner, "GET", f"/{id}")).json()["data"]
    assert (found["state"], found["sessions"]) == ("cancelled", [])
    assert (await ask(owner, "POST", "/unknown/cancel")).status_code == 404
    server.clock.now = EpochMs(server.clock.now + KEPT_MS)
    await run_jobs(server)
    assert (await ask(owner, "GET", f"/{id}")).status_code == 404


async def test_an_import_that_is_over_is_not_cancelled(server: RestServer) -> None:
    owner = await server.new_client()
    done = await read(server, owner, await upload(owner, CHROMIUM))
    answer = await ask(owner, "POST", f"/{done['id']}/cancel")
    assert answer.json()["data"] == done


async def test_whoever_reads_a_cancelled_import_stops_and_keeps_what_was_found(
    server: RestServer, tmp_path: Path
) -> None:
    owner, uploads = await server.new_client(), server.services.dump_uploads
    id = (await upload(owner, CHROMIUM)).json()["data"]["id"]
    running = await uploads.start(owner.app_id, id)
    assert running is not None and await uploads.note_percent(running, 10)
    await ask(owner, "POST", f"/{id}/cancel")
    assert not await uploads.note_percent(running, 20)
    report = ImportReport(files=[FileRead(name=CHROMIUM, format="webrtc-internals")], calls=[])
    await uploads.finish(running, report)
    found = (await ask(owner, "GET", f"/{id}")).json()["data"]
    assert (found["state"], found["files"][0]["format"]) == ("cancelled", "webrtc-internals")
    assert files_left(tmp_path) == []


async def test_an_upload_that_is_cancelled_before_its_end_is_not_read(
    server: RestServer, tmp_path: Path
) -> None:
    owner = await server.new_client()

    async def body() -> AsyncIterator[bytes]:
        [begun] = (await ask(owner, "GET")).json()["data"]["imports"]
        await ask(owner, "POST", f"/{begun['id']}/cancel")
        yield path_of(CHROMIUM).read_bytes()

    assert (await ask(owner, "POST", content=body())).status_code == 404
    assert files_left(tmp_path) == []
    assert (await ask(owner, "GET")).json()["data"]["imports"] == []
