"""Jobs of transcription that are killed, deleted while they run, or find no audio."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from aftercall.core.audio_tracks import Transcription, TranscriptionState
from aftercall.core.records import App
from aftercall.service.audit import CLI
from aftercall.service.services import Services
from aftercall.service.track_files import TrackFile, TrackPlace, receive_track
from aftercall.service.transcriptions import FOLDER, MOST_STARTS
from aftercall.store import apps, chat_transcript, transcriptions
from aftercall.store.engine.database import Database
from aftercall.work.transcription import transcribe_session
from tests.model_server import ModelServer, Reply, open_model_server, transcription
from tests.recorder_harness import APP, RecorderHarness
from tests.web.rest_server import BuildServer

WHERE = (APP, "call")


class Killed(BaseException):
    """Ends a job as the end of its process does."""


@pytest.fixture(scope="module")
def started() -> Iterator[ModelServer]:
    with open_model_server() as server:
        yield server


class Jobs:
    """A session of Ana and Ben that has ended, and the jobs that transcribe it."""

    def __init__(self, services: Services, db: Database, folder: Path) -> None:
        self.services = services
        self.db = db
        self.folder = folder / FOLDER
        self.waits: list[float] = []

    async def upload(self, *speakers: str) -> Transcription:
        known = self.services.transcriptions
        for speaker in speakers:
            opened = await known.open(*WHERE, speaker, CLI)

            async def fill(file: TrackFile, speaker: str = speaker) -> None:
                await file.begin_file("track")
                await file.write(b"OggS" + speaker.encode() * 50)
                await file.end_file()

            await receive_track(known, "account", opened, TrackPlace(speaker, 0), CLI, fill)
        return await known.submit("account", *WHERE, CLI, language=None, replaces=False)

    async def run(
        self, submitted: Transcription, *, is_killed_while_it_waits: bool = False
    ) -> None:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)
            if is_killed_while_it_waits:
                raise Killed

        await transcribe_session(self.services, *WHERE, submitted.id, sleep=sleep)

    async def find(self) -> Transcription | None:
        async with self.db.read() as tx:
            return await transcriptions.find(tx, *WHERE)

    async def texts(self) -> list[str]:
        async with self.db.read() as tx:
            return [each.text for each in await chat_transcript.lines_of_session(tx, *WHERE)]


@pytest.fixture
async def jobs(
    db: Database, build_server: BuildServer, started: ModelServer, tmp_path: Path
) -> AsyncIterator[Jobs]:
    started.replies, started.tracks = [], []
    harness = RecorderHarness(db)
    await harness.record_call()
    server = build_server(
        data_dir=tmp_path,
        transcription_model_url=started.url,
        transcription_model="whisper",
        outbound_allow="127.0.0.0/8",
    )
    server.clock.now = harness.now
    async with db.write() as tx:
        await apps.save_app(tx, App(account_id="account", id=APP, name="", created_at=harness.now))
    yield Jobs(server.services, db, tmp_path)
    await server.services.sender.close()


async def test_a_killed_job_goes_on_with_the_track_that_was_begun(
    jobs: Jobs, started: ModelServer
) -> None:
    submitted = await jobs.upload("Ana", "Ben")
    started.replies = [transcription((0, 1, "From Ana.")), Reply(503)]
    with pytest.raises(Killed):
        await jobs.run(submitted, is_killed_while_it_waits=True)
    assert await jobs.texts() == []
    await jobs.run(submitted)
    assert await jobs.texts() == ["From Ana.", "Hello everybody."]
    speakers = [track.content[4:7] for track in started.tracks]
    assert speakers == [b"Ana", b"Ben", b"Ben"]
    await jobs.run(submitted)
    assert len(started.tracks) == 3


async def test_a_track_that_ends_the_server_each_time_is_given_up(
    jobs: Jobs, started: ModelServer
) -> None:
    submitted = await jobs.upload("Ana")
    for _ in range(MOST_STARTS):
        started.replies = [Reply(503)]
        with pytest.raises(Killed):
            await jobs.run(submitted, is_killed_while_it_waits=True)
    await jobs.run(submitted)
    found = await jobs.find()
    assert found is not None and found.failure is not None
    assert (found.state, found.failure.code) == (TranscriptionState.FAILED, "server_stopped")


async def test_a_model_that_is_away_is_asked_four_times(jobs: Jobs, started: ModelServer) -> None:
    submitted = await jobs.upload("Ana")
    started.replies = [Reply(503)] * 4
    await jobs.run(submitted)
    found = await jobs.find()
    assert found is not None and found.failure is not None
    assert (found.failure.code, jobs.waits) == ("http_503", [2.0, 6.0, 18.0])


async def test_what_is_deleted_while_it_runs_is_not_stored(
    jobs: Jobs, started: ModelServer
) -> None:
    submitted = await jobs.upload("Ana", "Ben")
    known = jobs.services.transcriptions
    running = await known.start(*WHERE, submitted.id)
    assert running is not None
    await known.delete("account", *WHERE, CLI)
    assert not any(jobs.folder.iterdir())
    await jobs.run(submitted)
    assert (await jobs.texts(), await jobs.find(), started.tracks) == ([], None, [])


async def test_audio_that_is_not_there_is_a_stated_failure(jobs: Jobs) -> None:
    submitted = await jobs.upload("Ana")
    shutil.rmtree(jobs.folder)
    await jobs.run(submitted)
    found = await jobs.find()
    assert found is not None and found.failure is not None
    assert found.failure.code == "audio_missing"


async def test_a_line_far_from_the_call_is_a_stated_failure(
    jobs: Jobs, started: ModelServer
) -> None:
    submitted = await jobs.upload("Ana")
    started.replies = [transcription((90_000, 90_001, "Of another call."))]
    await jobs.run(submitted)
    found = await jobs.find()
    assert found is not None and found.failure is not None
    assert found.failure.code == "line_outside_call"
