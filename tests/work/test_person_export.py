"""The archive of a person holds what is the person's, and nobody else."""

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from aftercall.core.errors import NotFound, Refused
from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.privacy_records import PersonExport
from aftercall.service.audit import CLI
from aftercall.service.erased_people import PersonIds
from aftercall.service.privacy.person_exports import KEPT_MS
from aftercall.store.engine.database import Database
from tests.service.privacy.erasure_harness import erase, places_of_seeds, run_jobs
from tests.service.privacy.personal_call import (
    ADDRESS,
    CUSTOM,
    DEVICE,
    NAME,
    OTHERS,
    PICTURE,
    TEXTS,
    USER,
    record_call,
)
from tests.web.rest_server import ApiClient, BuildServer, RestServer

STRANGERS = (*OTHERS.values(), "Mertens", "custom bea", "user bea", "call-bea", "call-cyd")


@pytest.fixture
def server(build_server: BuildServer, tmp_path: Path) -> RestServer:
    return build_server(data_dir=tmp_path, privacy="full")


async def exported(server: RestServer, owner: ApiClient) -> PersonExport:
    exports = server.services.person_exports
    requested = await exports.request(owner.account_id, owner.app_id, PersonIds(CUSTOM), CLI)
    await run_jobs(server)
    return await exports.find(owner.app_id, requested.id)


async def files_of(server: RestServer, export: PersonExport) -> dict[str, str]:
    link = await server.services.person_exports.link(export)
    assert link is not None
    answer = await server.client.get(link)
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


async def test_everything_known_of_a_person_is_in_the_archive(server: RestServer) -> None:
    owner = await server.new_client()
    await record_call(server, owner)
    await record_call(server, owner, session_id="second")
    await record_call(server, owner, session_id="not mine", meeting_id="m2", custom="custom dan")
    await run_jobs(server)
    export = await exported(server, owner)
    assert (export.sessions_done, export.sessions_found) == (2, 2)
    files = await files_of(server, export)
    assert set(files) == {
        "README.txt",
        "person.json",
        "attendance.csv",
        "quality.csv",
        "sessions/call.json",
        "sessions/second.json",
        "talk/call.json",
        "talk/second.json",
    }
    person = json.loads(files["person.json"])
    assert person["display_names"] == [NAME] and person["custom_participant_ids"] == [CUSTOM]
    assert person["user_ids"] == [USER] and person["pictures"] == [PICTURE]
    session = files["sessions/call.json"]
    for known in (NAME, ADDRESS, DEVICE, "Quuxville", "here: bad"):
        assert known in session
    assert json.loads(session)["reports"]["call-ada"]["cumulative"]
    assert all(text in files["talk/call.json"] for text in TEXTS)
    attendance = list(csv.DictReader(io.StringIO(files["attendance.csv"])))
    assert [row["session_id"] for row in attendance] == ["call", "second"]
    quality = list(csv.DictReader(io.StringIO(files["quality.csv"])))
    assert all(float(row["packet_loss_percent"]) > 0 for row in quality)


async def test_nothing_of_others_is_in_the_archive(server: RestServer) -> None:
    owner = await server.new_client()
    await record_call(server, owner)
    await run_jobs(server)
    files = await files_of(server, await exported(server, owner))
    everything = "\n".join(files.values())
    assert [each for each in STRANGERS if each in everything] == []
    assert "198.51.100.9" not in json.dumps(json.loads(files["sessions/call.json"])["reports"])
    for said in ("thank you", "the budget is fine", "will be cut", "on Monday"):
        assert said not in everything
    assert "Participant 1" in everything or "participant-1" in everything


async def test_a_link_expires_with_the_file_and_cannot_be_forged(
    server: RestServer, tmp_path: Path
) -> None:
    owner = await server.new_client()
    await record_call(server, owner)
    await run_jobs(server)
    export = await exported(server, owner)
    link = await server.services.person_exports.link(export)
    assert link is not None
    app_id, export_id, expires_at, signature, _ = link.split("/")[3:]
    forged = [
        (app_id, export_id, str(int(expires_at) + 1), signature),
        (app_id, "another", expires_at, signature),
        (app_id, export_id, expires_at, "é" + signature),
    ]
    for parts in forged:
        with pytest.raises(Refused):
            await server.services.person_exports.open_link(*parts)
    server.clock.now = EpochMs(server.clock.now + KEPT_MS)
    with pytest.raises(Refused):
        await server.services.person_exports.open_link(app_id, export_id, expires_at, signature)
    await run_jobs(server)
    assert list((tmp_path / "exports").iterdir()) == []
    with pytest.raises(NotFound):
        await server.services.person_exports.find(owner.app_id, export_id)


async def test_exports_go_with_the_person(db: Database, server: RestServer, tmp_path: Path) -> None:
    owner = await server.new_client()
    await record_call(server, owner)
    await run_jobs(server)
    await exported(server, owner)
    assert len(list((tmp_path / "exports").iterdir())) == 1
    await erase(server, owner)
    assert list((tmp_path / "exports").iterdir()) == []
    assert await server.services.jobs.list_waiting() == []
    assert await places_of_seeds(db) == set()


async def test_a_person_of_whom_nothing_is_known_has_an_empty_archive(server: RestServer) -> None:
    owner = await server.new_client()
    files = await files_of(server, await exported(server, owner))
    assert json.loads(files["person.json"]) == {"memberships": []}
    assert len(files["attendance.csv"].splitlines()) == 1


async def test_an_export_is_requested_over_http(server: RestServer) -> None:
    owner, stranger = await server.new_client(), await server.new_client()
    await record_call(server, owner)
    await run_jobs(server)
    url = f"/v1/apps/{owner.app_id}/exports"

    async def data(caller: Any, method: str, url: str, **request: Any) -> Any:
        return (await caller.request_url(method, url, **request)).json()

    made = (await data(owner, "POST", url, json={"custom_participant_id": CUSTOM}))["data"]
    assert (made["state"], made["url"]) == ("running", None)
    await run_jobs(server)
    done = (await data(owner, "GET", f"{url}/{made['id']}"))["data"]
    assert done["state"] == "done" and CUSTOM not in done["url"]
    answer = await server.client.get(done["url"].removeprefix("http://aftercall.test"))
    assert answer.headers["content-type"] == "application/zip"
    acts = (await data(owner, "GET", f"/v1/apps/{owner.app_id}/audit"))["data"]["entries"]
    assert {"export_person", "download_person"} <= {act["action"] for act in acts}
    refused = await data(stranger, "GET", f"{url}/{made['id']}")
    assert refused["error"]["reason"] == "foreign_app"
    own = f"/v1/apps/{stranger.app_id}/exports/{made['id']}"
    assert (await data(stranger, "GET", own))["error"]["reason"] == "export_not_found"


async def test_what_is_past_its_time_is_not_in_the_archive(server: RestServer) -> None:
    owner = await server.new_client()
    await record_call(server, owner)
    await run_jobs(server)
    policies, clock = server.services.retention_policies, server.clock
    day = {"chat": "1d", "transcripts": "1d", "addresses": "1d"}
    await policies.choose(owner.app_id, day)
    whole = "".join((await files_of(server, await exported(server, owner))).values())
    clock.now = EpochMs(clock.now + 2 * DAY_MS)
    left = "".join((await files_of(server, await exported(server, owner))).values())
    gone = [*TEXTS, ADDRESS]
    assert [each for each in gone if each in whole]
    assert [each for each in gone if each in left] == []
    assert NAME in left
    await policies.choose(owner.app_id, {"sessions": "1d"})
    files = await files_of(server, await exported(server, owner))
    assert not [name for name in files if name.startswith("sessions/")]
