"""A session that is exported and imported elsewhere is the same record."""

import io
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aftercall.core.egresses import EgressKind, EgressStatus
from aftercall.core.errors import NotFound
from aftercall.core.events import EgressReported
from aftercall.core.import_records import ImportOptions
from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.web.session_export import write_session_export
from aftercall.work.dump_import import DumpImporter
from aftercall.work.export_import import DumpFile
from tests.sample_dumps import LATER, path_of, survey_of
from tests.web.rest_server import ApiClient, RestServer


@pytest.fixture(autouse=True)
def _evening(server: RestServer) -> None:
    server.clock.now = LATER


async def import_bytes(server: RestServer, owner: ApiClient, raw: bytes) -> Any:
    file = DumpFile("file", len(raw), lambda: io.BytesIO(raw))
    importer = DumpImporter(server.services, owner.app_id)
    return await importer.run([file], ImportOptions(names=["Ada"]), lambda share: None)


async def exported(server: RestServer, tmp_path: Path, owner: ApiClient) -> tuple[str, bytes]:
    raw = path_of("webrtc-internals-chromium156.gz").read_bytes()
    report = await import_bytes(server, owner, raw)
    session_id: str = report.calls[0].session_id
    path = tmp_path / "session.zip"
    await write_session_export(server.services, owner.app_id, session_id, path)
    return session_id, path.read_bytes()


async def answers(server: RestServer, owner: ApiClient, session_id: str) -> list[str]:
    """What the API answers about a session and its people, without the ids of its app."""
    people = await owner.request("GET", f"/sessions/{session_id}/participants")
    paths = [f"/sessions/{session_id}", f"/sessions/{session_id}/participants"]
    for each in people.json()["data"]["participants"]:
        paths.append(f"/sessions/peer-report/{each['id']}")
    found = [(await owner.request("GET", path)).text for path in paths]
    return [text.replace(owner.app_id, "APP") for text in found]


async def test_an_import_of_an_export_is_the_same_record(
    server: RestServer, tmp_path: Path
) -> None:
    owner, other = await server.new_client(), await server.new_client()
    session_id, raw = await exported(server, tmp_path, owner)
    report = await import_bytes(server, other, raw)
    assert report.files[0].error is None
    assert report.calls[0].rejected == {}
    assert not report.files[0].left_out
    mine = await answers(server, owner, session_id)
    assert len(mine) == 4
    assert await answers(server, other, session_id) == mine


async def test_recordings_and_livestreams_are_in_an_export(
    server: RestServer, tmp_path: Path
) -> None:
    owner, other = await server.new_client(), await server.new_client()
    session_id, _ = await exported(server, tmp_path, owner)
    session = (await server.services.session_facts.overview(owner.app_id, session_id)).session
    reports = [
        EgressReported(
            id=f"{kind} {at}",
            at=EpochMs(session.started_at + at),
            session_id=session_id,
            kind=kind,
            egress_id=kind.value,
            status=status,
            texts=texts,
        )
        for kind, at, status, texts in (
            (EgressKind.RECORDING, 0, EgressStatus.INVOKED, {"file_name": "call.mp4"}),
            (EgressKind.RECORDING, 9, EgressStatus.COMPLETE, {"download_url": "https://f.test/1"}),
            (EgressKind.LIVESTREAM, 5, EgressStatus.FAILED, {"error": "ingest lost"}),
        )
    ]
    for outcome in await server.recorder.record(owner.app_id, reports, source="events"):
        assert outcome.code is None
    path = tmp_path / "with.zip"
    await write_session_export(server.services, owner.app_id, session_id, path)
    report = await import_bytes(server, other, path.read_bytes())
    assert (report.files[0].error, report.calls[0].rejected) == (None, {})
    assert not report.files[0].left_out
    with zipfile.ZipFile(path) as archive:
        found = msgspec.json.decode(archive.read("session.json"))
    assert [each["file_name"] for each in found["recordings"]] == ["call.mp4"]
    assert [each["status"] for each in found["livestreams"]] == ["failed"]
    for one in (
        "recordings/recording",
        f"sessions/{session_id}",
        "livestreams/sessions/livestream",
    ):
        mine = (await owner.request("GET", f"/{one}")).json()["data"]
        theirs = (await other.request("GET", f"/{one}")).json()["data"]
        for times in ("created_at", "updated_at"):
            mine.pop(times, None), theirs.pop(times, None)
        assert str(theirs).replace(other.app_id, "") == str(mine).replace(owner.app_id, ""), one


async def test_an_export_changes_nothing_where_it_came_from(
    server: RestServer, tmp_path: Path
) -> None:
    owner = await server.new_client()
    session_id, raw = await exported(server, tmp_path, owner)
    before = await answers(server, owner, session_id)
    await import_bytes(server, owner, raw)
    assert await answers(server, owner, session_id) == before


async def test_the_dumps_in_an_export_have_the_figures_of_the_original(
    server: RestServer, tmp_path: Path
) -> None:
    owner = await server.new_client()
    _, raw = await exported(server, tmp_path, owner)
    original = survey_of(path_of("webrtc-internals-chromium156.gz").read_bytes())
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        dumps = [archive.read(name) for name in archive.namelist() if name.startswith("dumps/")]
    assert len(dumps) == 2
    for dump in dumps:
        (connection,) = survey_of(dump).connections.values()
        expected = original.connections["", connection.id]
        assert expected.reports / 5 <= connection.reports <= expected.reports / 4
        assert (connection.sent, connection.received) == (expected.sent, expected.received)


async def test_a_session_of_another_app_is_not_exported(server: RestServer, tmp_path: Path) -> None:
    owner, other = await server.new_client(), await server.new_client()
    session_id, _ = await exported(server, tmp_path, owner)
    with pytest.raises(NotFound):
        await server.services.session_facts.overview(other.app_id, session_id)


async def test_what_is_past_its_time_is_not_in_an_export(
    server: RestServer, tmp_path: Path
) -> None:
    owner = await server.new_client()
    session_id, raw = await exported(server, tmp_path, owner)
    policies = server.services.retention_policies
    await policies.choose(owner.app_id, {"samples": "1d"})
    server.clock.now = EpochMs(server.clock.now + 2 * DAY_MS)
    path = tmp_path / "later.zip"
    await write_session_export(server.services, owner.app_id, session_id, path)
    with zipfile.ZipFile(io.BytesIO(raw)) as before, zipfile.ZipFile(path) as after:
        assert b"SampleTaken" in before.read("facts.jsonl")
        assert b"SampleTaken" not in after.read("facts.jsonl")
    await policies.choose(owner.app_id, {"sessions": "1d"})
    with pytest.raises(NotFound):
        await write_session_export(server.services, owner.app_id, session_id, path)


def _zip(**members: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return written.getvalue()


HEADER = b'{"aftercall_facts":1,"session_id":"00000000-0000-5000-8000-000000000001",' + (
    b'"meeting_id":"m","title":"t"}\n'
)


@pytest.mark.parametrize(
    "raw",
    [
        b"PK\x03\x04",
        _zip(other_txt=b"x"),
        _zip(facts_jsonl=b"x"),
        _zip(facts_jsonl=b'{"aftercall_facts":1}'),
        _zip(facts_jsonl=HEADER + b'{"a": "b"}\n' * 12_000_000),
    ],
)
async def test_a_zip_that_is_no_export_is_refused(server: RestServer, raw: bytes) -> None:
    owner = await server.new_client()
    report = await import_bytes(server, owner, raw)
    assert report.files[0].error
    assert report.calls == []


@pytest.mark.parametrize(
    "line",
    [
        b"[]",
        b'["PeerJoined","x",{}]',
        msgspec.json.encode(
            ["PeerLeft", "x", {"id": "1", "at": 1, "session_id": "s", "peer_id": "p"}]
        ),
        b'["Unknown","x",{"id":"1","at":1795674600000}]',
        b"not json",
    ],
)
async def test_lines_that_are_no_facts_are_counted_and_left_out(
    server: RestServer, line: bytes
) -> None:
    owner = await server.new_client()
    report = await import_bytes(server, owner, _zip(facts_jsonl=HEADER + line + b"\n"))
    assert sum(report.files[0].left_out.values()) == 1
