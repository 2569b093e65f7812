"""Dumps become sessions, once, in the app that they are imported into."""

from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pytest

from aftercall.core.errors import Malformed
from aftercall.core.import_records import MOST_FILES, ImportOptions, ImportReport
from aftercall.work.dump_import import CANCELLED, NOTHING, DumpImporter, ImportCancelled
from aftercall.work.export_import import DumpFile
from tests.sample_dumps import LATER, path_of
from tests.web.rest_server import ApiClient, RestServer

CHROMIUM = "webrtc-internals-chromium156.gz"


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


@pytest.fixture(autouse=True)
def _evening(server: RestServer) -> None:
    server.clock.now = LATER


async def import_files(
    server: RestServer, owner: ApiClient, *paths: Path, **options: Any
) -> ImportReport:
    files = [DumpFile(path.name, path.stat().st_size, partial(_open, path)) for path in paths]
    importer = DumpImporter(server.services, owner.app_id)
    shares: list[float] = []
    report = await importer.run(files, ImportOptions(**options), shares.append)
    assert shares == sorted(shares)
    return report


async def peer_report(owner: ApiClient, peer_id: str) -> dict[str, Any]:
    answer = await owner.request("GET", f"/sessions/peer-report/{peer_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


async def test_a_dump_of_both_ends_is_a_session_of_two(server: RestServer) -> None:
    owner = await server.new_client()
    report = await import_files(server, owner, path_of(CHROMIUM))
    (call,) = report.calls
    answer = await owner.request("GET", f"/sessions/{call.session_id}")
    session = answer.json()["data"]["session"]
    assert (session["status"], session["total_participants"]) == ("ENDED", 2)
    assert session["started_at"] == "2026-11-26T06:29:13.265Z"
    answer = await owner.request("GET", f"/sessions/{call.session_id}/participants")
    assert [each["display_name"] for each in answer.json()["data"]["participants"]]
    for each in call.participants:
        assert await peer_report(owner, each.peer_id)


async def test_the_same_file_is_imported_once(server: RestServer) -> None:
    owner = await server.new_client()
    first = await import_files(server, owner, path_of(CHROMIUM))
    again = await import_files(server, owner, path_of(CHROMIUM))
    assert again.calls[0].session_id == first.calls[0].session_id
    assert (again.calls[0].accepted, again.calls[0].rejected) == (0, {})
    assert not any(each.is_new for each in again.calls[0].participants)
    answer = await owner.request("GET", "/sessions")
    assert len(answer.json()["data"]["sessions"]) == 1


async def test_two_ends_from_two_files_are_one_call(server: RestServer) -> None:
    owner = await server.new_client()
    report = await import_files(
        server,
        owner,
        path_of("about-webrtc-firefox153-history-answerer.json.gz"),
        path_of("about-webrtc-firefox153-offerer.json"),
        names=["Ada", "Ben"],
    )
    (call,) = report.calls
    assert sorted(str(each.name) for each in call.participants) == ["Ada", "Ben"]


async def test_the_other_end_joins_the_session_when_it_comes_later(server: RestServer) -> None:
    owner = await server.new_client()
    later = path_of("about-webrtc-firefox153-offerer.json")
    earlier = path_of("about-webrtc-firefox153-history-answerer.json.gz")
    first = await import_files(server, owner, later, meeting_id="weekly")
    second = await import_files(server, owner, earlier, meeting_id="weekly")
    assert first.calls[0].session_id == second.calls[0].session_id
    both = await import_files(server, owner, earlier, later)
    assert both.calls[0].session_id == first.calls[0].session_id
    assert both.calls[0].accepted == 0


async def test_apps_do_not_see_each_others_imports(server: RestServer) -> None:
    owner, other = await server.new_client(), await server.new_client()
    mine = await import_files(server, owner, path_of(CHROMIUM))
    theirs = await import_files(server, other, path_of(CHROMIUM))
    assert theirs.calls[0].accepted == mine.calls[0].accepted
    assert theirs.calls[0].session_id != mine.calls[0].session_id
    answer = await other.request(
        "GET", f"{other.kit}/sessions/peer-report/{mine.calls[0].participants[0].peer_id}"
    )
    assert answer.status_code == 404


async def test_a_bad_file_does_not_keep_a_good_one_out(server: RestServer, tmp_path: Path) -> None:
    owner = await server.new_client()
    bad = tmp_path / "page.html"
    bad.write_text("<!doctype html><html></html>")
    report = await import_files(server, owner, bad, path_of(CHROMIUM), path_of(CHROMIUM))
    assert "Copy Report" in str(report.files[0].error)
    assert "twice" in str(report.files[2].error)
    assert len(report.calls) == 1


@pytest.mark.parametrize(
    "name", ["webrtc-internals-chromium156-closed.gz", "rtcstats-v4-gumonly.jsonl"]
)
async def test_a_file_without_connections_has_nothing_to_import(
    server: RestServer, name: str
) -> None:
    owner = await server.new_client()
    report = await import_files(server, owner, path_of(name))
    assert (report.files[0].error, report.calls) == (NOTHING, [])


async def test_too_many_files_are_refused(server: RestServer) -> None:
    owner = await server.new_client()
    with pytest.raises(Malformed, match="at most"):
        await import_files(server, owner, *[path_of(CHROMIUM)] * (MOST_FILES + 1))


async def test_a_cancelled_import_leaves_what_was_read_in_sessions_that_are_over(
    server: RestServer,
) -> None:
    owner = await server.new_client()
    dump = path_of(CHROMIUM)
    file = DumpFile(dump.name, dump.stat().st_size, partial(_open, dump))

    def stop(share: float) -> None:
        if share > 0.5:
            raise ImportCancelled

    importer = DumpImporter(server.services, owner.app_id)
    report = await importer.run([file, file], ImportOptions(), stop)
    assert [each.error for each in report.files] == [
        None,
        "The same dump is there twice; it counts once.",
    ]
    [call] = report.calls
    listed = (await owner.request("GET", "/sessions")).json()["data"]["sessions"]
    assert [(each["id"], each["status"]) for each in listed] == [(call.session_id, "ENDED")]
    never = await importer.run([file], ImportOptions(), lambda share: stop(1))
    assert never.calls == [] and never.files[0].error == CANCELLED
    again = await importer.run([file], ImportOptions(), lambda share: None)
    assert again.calls[0].session_id == call.session_id
    whole = (await owner.request("GET", "/sessions")).json()["data"]["sessions"]
    assert [each["status"] for each in whole] == ["ENDED"]
    assert again.calls[0].accepted > 0


def _rtcstats(*lines: list[Any]) -> bytes:
    """An rtcstats file in which a second passes from line to line."""
    written = [
        [*line, 1_795_674_600_000 if place == 0 else 1_000] for place, line in enumerate(lines)
    ]
    return b"RTCStatsDump\n" + b"\n".join(
        msgspec.json.encode(line) for line in ({"fileFormat": 3}, *written)
    )


GUM = "navigator.mediaDevices.getUserMedia"
CREATED = ["create", "1-1", {"iceServers": [{"urls": "stun:stun.example.org"}]}]
OFFER = ["setLocalDescription", "1-1", {"type": "offer", "sdp": "v=0"}]
ANSWER = ["setRemoteDescription", "1-1", {"type": "answer", "sdp": "v=0"}]
HOST = ["onicecandidate", "1-1", {"candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host"}]
WAIT = [[":note", None, None]] * 20


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            [[GUM, None, {"audio": True}], [f"{GUM}OnFailure", None, "NotAllowedError: no"]],
            "gave no camera or microphone",
        ),
        ([CREATED, OFFER, *WAIT, ["close", "1-1", None]], "was not answered"),
        (
            [
                CREATED,
                OFFER,
                ANSWER,
                HOST,
                ["oniceconnectionstatechange", "1-1", "checking"],
                *WAIT,
                ["oniceconnectionstatechange", "1-1", "failed"],
            ],
            "got no address from a TURN server",
        ),
    ],
)
async def test_a_dump_answers_why_a_call_did_not_connect(
    server: RestServer, tmp_path: Path, lines: list[list[Any]], sentence: str
) -> None:
    owner = await server.new_client()
    path = tmp_path / "failed.txt"
    path.write_bytes(_rtcstats(*lines))
    report = await import_files(server, owner, path, names=["Ada"])
    peer_id = report.calls[0].participants[0].peer_id
    answer = await owner.request("GET", f"/sessions/peer-report/{peer_id}")
    assert f"{sentence}" in answer.text
