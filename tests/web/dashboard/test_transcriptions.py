"""Audio comes in over HTTP, is transcribed by a job, and leaves nothing but its transcript."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aftercall.core.instants import DAY_MS
from aftercall.core.records import Role
from aftercall.settings import BadSetting
from aftercall.work.runner import run_due
from aftercall.work.tasks import tasks_of
from tests.model_server import ModelServer, Reply, open_model_server, transcription
from tests.web.ended_and_live_calls import record_calls
from tests.web.intake_harness import IntakeHarness, open_intake
from tests.web.rest_server import ApiClient, BuildServer

LARGEST = 20_000
FLAC = b"fLaC" + b"\x01" * 100
OGG = b"OggS" + b"\x02" * 100


@pytest.fixture(scope="module")
def started() -> Iterator[ModelServer]:
    with open_model_server() as server:
        yield server


@pytest.fixture
def model(started: ModelServer) -> ModelServer:
    started.replies, started.tracks, started.keys = [], [], []
    return started


@dataclass
class EndedCall:
    """A call with a recorded transcript of one line, and a summary."""

    intake: IntakeHarness
    id: str
    data_dir: Path

    async def ask(
        self, method: str, rest: str = "", *, by: ApiClient | None = None, **request: Any
    ) -> Any:
        client = by or self.intake.owner
        url = f"/v1/apps/{client.app_id}/calls/{self.id}/transcription{rest}"
        return await client.request_url(method, url, **request)

    async def done(self, method: str, rest: str = "", status: int = 200, **request: Any) -> Any:
        answer = await self.ask(method, rest, **request)
        assert answer.status_code == status, answer.text
        return answer.json()["data"]

    async def refused(self, method: str, rest: str = "", **request: Any) -> tuple[int, str]:
        answer = await self.ask(method, rest, **request)
        return answer.status_code, answer.json()["error"]["reason"]

    async def upload(self, content: bytes = FLAC, query: str = "?speaker=guest-0") -> Any:
        return await self.done("POST", f"/tracks{query}", 201, content=content)

    async def run_jobs(self) -> None:
        services = self.intake.server.services
        while await run_due(services.jobs, tasks_of(services)):
            pass

    async def page(self) -> Any:
        owner = self.intake.owner
        answer = await owner.request_url("GET", f"/v1/apps/{owner.app_id}/calls/{self.id}")
        return answer.json()["data"]

    async def lines(self) -> list[tuple[str, str]]:
        items = (await self.page())["transcript"]["items"]
        return [(each["name"], each["text"]) for each in items]

    def files(self) -> list[str]:
        return [path.name for path in (self.data_dir / "tracks").rglob("*") if path.is_file()]


@pytest.fixture
async def call(
    build_server: BuildServer, model: ModelServer, tmp_path: Path
) -> AsyncIterator[EndedCall]:
    server = build_server(
        data_dir=tmp_path,
        transcription_model_url=model.url,
        transcription_model="whisper",
        transcription_model_key="sk-secret",
        outbound_allow="127.0.0.0/8",
        track_max_bytes=LARGEST,
    )
    async with open_intake(server) as intake:
        await record_calls(intake)
        (over,) = [each for each in await intake.sessions() if each["status"] == "ENDED"]
        yield EndedCall(intake, over["id"], tmp_path)
    await server.services.sender.close()


async def test_tracks_become_the_transcript_and_their_audio_goes(
    call: EndedCall, model: ModelServer
) -> None:
    first = await call.upload()
    again = await call.upload()
    assert again == first and [each["format"] for each in first["tracks"]] == ["flac"]
    await call.upload(OGG, "?speaker=guest-1&offset_ms=2000")
    assert sorted(call.files()) == ["0", "0"]
    waiting = await call.done("POST", "?language=en&replace=true")
    assert (waiting["state"], waiting["tracks_done"], waiting["tracks_total"]) == ("waiting", 0, 2)
    assert await call.refused("POST", "/tracks", content=FLAC) == (400, "transcription_running")
    model.replies = [
        transcription((1, 2, "Shall we?"), (5, 6, "Good.")),
        transcription((0.5, 1.5, "On Monday.")),
    ]
    await call.run_jobs()
    ended = await call.done("GET")
    assert (ended["state"], ended["error"], ended["tracks_done"]) == ("done", None, 2)
    assert [each["lines"] for each in ended["tracks"]] == [2, 1]
    names = [each["display_name"] for each in await call.intake.people(call.id)]
    lines = await call.lines()
    assert [text for _, text in lines] == ["Shall we?", "On Monday.", "Good."]
    assert {name for name, _ in lines} < set(names)
    assert lines[0][0] == lines[2][0] != lines[1][0]
    assert [(track.file_name, track.fields["language"]) for track in model.tracks] == [
        ("track.flac", "en"),
        ("track.ogg", "en"),
    ]
    assert [track.content for track in model.tracks] == [FLAC, OGG]
    assert set(model.keys) == {"Bearer sk-secret"}
    assert call.files() == []
    assert "Friday" not in (await call.page())["summary"]["text"]


async def test_the_same_tracks_again_ask_nobody_and_change_nothing(
    call: EndedCall, model: ModelServer
) -> None:
    await call.upload()
    assert await call.refused("POST") == (400, "transcript_recorded")
    await call.done("POST", "?replace=true")
    await call.run_jobs()
    lines = await call.lines()
    assert [text for _, text in lines] == ["Hello everybody."]
    await call.upload()
    await call.done("POST")
    await call.run_jobs()
    assert (await call.done("GET"))["state"] == "done"
    assert (len(model.tracks), await call.lines(), call.files()) == (1, lines, [])


async def test_a_failure_is_stated_and_another_attempt_asks_for_the_rest(
    call: EndedCall, model: ModelServer
) -> None:
    await call.upload()
    await call.upload(OGG, "?speaker=guest-1")
    recorded = await call.lines()
    await call.done("POST", "?replace=true")
    model.replies = [transcription((0, 1, "First.")), Reply(413)]
    await call.run_jobs()
    failed = await call.done("GET")
    assert (failed["state"], failed["error"]["code"]) == ("failed", "http_413")
    assert failed["tracks_done"] == 1
    assert await call.lines() == recorded
    assert sorted(call.files()) == ["0", "segments.json"]
    await call.done("POST", "?replace=true")
    model.replies = [transcription((2, 3, "Second."))]
    await call.run_jobs()
    assert [text for _, text in await call.lines()] == ["First.", "Second."]
    assert len(model.tracks) == 3 and call.files() == []


async def test_tracks_without_speech_leave_the_transcript_as_it_is(
    call: EndedCall, model: ModelServer
) -> None:
    recorded = await call.lines()
    await call.upload()
    await call.done("POST", "?replace=true")
    model.replies = [transcription()]
    await call.run_jobs()
    ended = await call.done("GET")
    assert (ended["state"], ended["tracks"][0]["lines"]) == ("done", 0)
    assert await call.lines() == recorded != [] and call.files() == []


async def test_what_is_refused_leaves_no_file(call: EndedCall) -> None:
    form = [("file", ("a.flac", FLAC)), ("file", ("b.flac", FLAC))]
    for query, content, status, reason in (
        ("?speaker=guest-0", b"WEBVTT\n\n" + b"x" * 100, 400, "unknown_audio"),
        ("?speaker=guest-0", b"no", 400, "unknown_audio"),
        ("?speaker=guest-0", b"", 400, "no_file"),
        ("?speaker=guest-0", FLAC + b"x" * LARGEST, 413, "too_large"),
        ("?speaker=Nobody", FLAC, 400, "unknown_speaker"),
        ("?offset_ms=-1", FLAC, 400, "bad_number"),
    ):
        asked = await call.refused("POST", f"/tracks{query}", content=content)
        assert asked == (status, reason)
    assert await call.refused("POST", "/tracks", files=form) == (400, "too_many_files")
    assert await call.refused("POST", "?replace=true") == (400, "no_tracks")
    assert await call.refused("POST", "?language=%0d%0aX") == (400, "bad_text")
    assert call.files() == []


async def test_nobody_else_sends_sees_or_deletes_audio(call: EndedCall) -> None:
    await call.upload()
    server = call.intake.server
    reader = await server.new_client(role=Role.READ, of=call.intake.owner)
    stranger = await server.new_client()
    for method, rest in (("POST", "/tracks"), ("POST", ""), ("GET", ""), ("DELETE", "")):
        content = FLAC if rest else None
        asked = await call.refused(method, rest, by=reader, content=content)
        assert asked == (403, "read_only_token")
        asked = await call.refused(method, rest, by=stranger, content=content)
        assert asked == (404, "session_not_found" if method != "DELETE" else NO_AUDIO)
    assert call.files() == ["0"]
    assert (await call.done("DELETE"))["state"] == "uploading"
    assert call.files() == []
    assert await call.refused("GET") == (404, NO_AUDIO)


NO_AUDIO = "transcription_not_found"


async def test_audio_goes_with_its_time_its_session_and_an_erased_person(call: EndedCall) -> None:
    owner, server = call.intake.owner, call.intake.server
    app = f"/v1/apps/{owner.app_id}"
    uploaded = await call.upload()
    assert uploaded["expires_at"] - uploaded["requested_at"] == DAY_MS
    server.clock.move(DAY_MS)
    await call.run_jobs()
    assert call.files() == [] and await call.refused("GET") == (404, NO_AUDIO)
    await call.upload(query="?speaker=guest-1")
    erased = await owner.request_url("POST", f"{app}/erasures", json={"user_id": "guest-0"})
    assert erased.status_code == 201, erased.text
    await call.run_jobs()
    assert call.files() == [] and await call.refused("GET") == (404, NO_AUDIO)
    asked = await call.refused("POST", "/tracks?speaker=guest-0", content=FLAC)
    assert asked == (400, "unknown_speaker")
    await call.upload(query="?speaker=guest-1")
    deleted = await owner.request_url("DELETE", f"{app}/sessions/{call.id}")
    assert deleted.status_code in (200, 204), deleted.text
    await call.run_jobs()
    assert call.files() == [] and await call.refused("GET") == (404, "session_not_found")


async def test_audio_goes_with_the_time_of_the_transcript(call: EndedCall) -> None:
    server = call.intake.server
    await call.upload()
    server.clock.move(8 * DAY_MS)
    assert await call.refused("GET") == (404, "transcript_expired")
    assert await call.refused("POST", "/tracks", content=FLAC) == (404, "transcript_expired")
    await server.services.deletion.run()
    await call.run_jobs()
    assert call.files() == []


async def test_without_a_model_nothing_is_taken(build_server: BuildServer) -> None:
    async with open_intake(build_server()) as intake:
        await record_calls(intake)
        (over,) = [each for each in await intake.sessions() if each["status"] == "ENDED"]
        call = EndedCall(intake, over["id"], Path("none"))
        for rest in ("", "/tracks"):
            asked = await call.refused("POST", rest, content=FLAC if rest else None)
            assert asked == (400, "no_transcription_model")


def test_an_address_without_the_name_of_a_model_is_refused(build_server: BuildServer) -> None:
    with pytest.raises(BadSetting, match="transcription_model_url needs transcription_model"):
        build_server(transcription_model_url="https://models.example.com/v1")
