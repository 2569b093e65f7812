"""Transcriptions of uploaded audio: tracks received, transcribed by a job, stored as an uploaded
transcript is.

`work.transcription` asks the model. The tracks lie in the data folder until each has been
transcribed, and what was found of them until all have; a job deletes everything when its time is
over.
"""

from typing import Final

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.audio_tracks import (
    MOST_TRACKS,
    AudioTrack,
    Transcription,
    TranscriptionFailure,
    TranscriptionState,
)
from aftercall.core.errors import Malformed, NotFound, OverBudget
from aftercall.core.ids import NewId, id_from
from aftercall.core.instants import SECOND_MS, Clock, EpochMs
from aftercall.core.records import Job
from aftercall.core.uploaded_transcript import UploadedTranscript, UploadOptions
from aftercall.service.api.transcript_uploads import TranscriptUploads
from aftercall.service.audit import Act, Actor, record_act
from aftercall.service.upload_files import UploadFolder
from aftercall.settings import Settings
from aftercall.store import apps, jobs, transcriptions
from aftercall.store.engine.database import Database
from aftercall.store.transcriptions import DELETE_TRACKS as DELETE_TRACKS
from aftercall.store.transcriptions import deletion_id

TRANSCRIBE: Final = "transcribe"

FOLDER: Final = "tracks"

MOST_KEPT: Final = 16
"""Transcriptions of an app that have audio: what they may take of the disk is bounded."""

MOST_STARTS: Final = 3
"""How often a track is begun that the server did not outlive."""

STOPPED: Final = TranscriptionFailure(
    code="server_stopped",
    message="The server stopped several times while it transcribed the same track.",
)


class Transcriptions:
    """The use cases of transcriptions."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        new_id: NewId,
        settings: Settings,
        uploads: TranscriptUploads,
    ) -> None:
        self._db = db
        self._clock = clock
        self._new_id = new_id
        self._uploads = uploads
        self._has_model = bool(settings.transcription_model_url)
        self._path = settings.data_dir / FOLDER
        self._most_bytes = settings.track_max_bytes
        self._kept_ms = settings.track_retention_s * SECOND_MS

    async def open(self, app_id: str, session_id: str, speaker: str, actor: Actor) -> Transcription:
        """The transcription of a session that takes another track.

        Raises `NotFound`, also when the time of the transcript is over; `Malformed` while the
        session goes on, for an unknown speaker, without a model, and while the tracks are being
        transcribed; `OverBudget` while too many transcriptions of the app have audio."""
        self._check_model()
        if speaker:
            await self._uploads.check_speaker(app_id, session_id, speaker)
        else:
            await self._uploads.names(app_id, session_id)
        async with self._db.write() as tx:
            found = await transcriptions.find(tx, app_id, session_id, is_locked=True)
            if found is not None and found.state is not TranscriptionState.DONE:
                _check_idle(found)
                return found
            if found is not None:
                await transcriptions.drop_of_sessions(tx, app_id, [session_id])
            return await self._begin(tx, app_id, session_id, actor)

    async def _begin(
        self, tx: AsyncConnection, app_id: str, session_id: str, actor: Actor
    ) -> Transcription:
        now = self._clock()
        if await transcriptions.count_kept(tx, app_id) >= MOST_KEPT:
            raise OverBudget(
                "Too many sessions of this app have audio that waits; try again when some is "
                "transcribed",
                budget="transcriptions",
                limit=MOST_KEPT,
                window_s=60,
                retry_after_s=60,
                now=now,
            )
        begun = Transcription(
            app_id=app_id,
            session_id=session_id,
            id=self._new_id(),
            requested_at=now,
            requested_by=actor.id,
        )
        await transcriptions.save(tx, begun)
        await jobs.add(tx, [_deletion(begun, EpochMs(now + self._kept_ms))])
        return begun

    def new_folder(self, opened: Transcription) -> tuple[str, UploadFolder]:
        """The id and the folder of another track."""
        id = self._new_id()
        return id, self.folder(opened, id)

    def folder(self, found: Transcription, track_id: str) -> UploadFolder:
        """Where a track lies, and what was found of it."""
        return UploadFolder(
            self._all(found.app_id, found.id).path / track_id, most_bytes=self._most_bytes
        )

    def _all(self, app_id: str, id: str) -> UploadFolder:
        return UploadFolder(self._path / id_from(app_id, "tracks", id), most_bytes=self._most_bytes)

    async def add(
        self, account_id: str, opened: Transcription, track: AudioTrack, actor: Actor
    ) -> Transcription:
        """Keep a track whose file is here. The same file of the same speaker at the same offset is
        kept once. Raises `NotFound` if the transcription was deleted meanwhile, `Malformed` if it
        has begun or has too many tracks."""
        async with self._db.write() as tx:
            found = await self._current(tx, opened)
            _check_idle(found)
            if any(track.is_same(each) for each in found.tracks):
                return found
            if len(found.tracks) >= MOST_TRACKS:
                raise Malformed(
                    f"A session has at most {MOST_TRACKS} tracks", code="too_many_files"
                )
            changed = replace(
                found,
                state=TranscriptionState.UPLOADING,
                tracks=[*found.tracks, track],
                failure=None,
                finished_at=None,
            )
            await transcriptions.save(tx, changed)
            act, now = Act.UPLOAD_TRACK, self._clock()
            await record_act(tx, actor, act, account_id, found.app_id, found.session_id, now)
        return changed

    async def submit(
        self,
        account_id: str,
        app_id: str,
        session_id: str,
        actor: Actor,
        *,
        language: str | None,
        replaces: bool,
    ) -> Transcription:
        """Have the tracks of a session transcribed, or again those that could not be. One under way
        is not begun twice. Raises `NotFound`, and `Malformed` without a model or tracks, and for a
        session whose transcript was recorded and must not be replaced."""
        self._check_model()
        if replaces:
            await self._uploads.names(app_id, session_id)
        else:
            await self._uploads.check_place(app_id, session_id)
        async with self._db.write() as tx:
            found = await self._find(tx, app_id, session_id, is_locked=True)
            if found.is_under_way or found.state is TranscriptionState.DONE:
                return found
            if not found.tracks:
                raise Malformed("No track has been uploaded", code="no_tracks")
            now = self._clock()
            waiting = replace(
                found,
                state=TranscriptionState.WAITING,
                language=language,
                replaces=replaces,
                requested_by=actor.id,
                starts=0,
                failure=None,
                finished_at=None,
            )
            await transcriptions.save(tx, waiting)
            await jobs.add(tx, [_transcribing(waiting, now)])
            await record_act(tx, actor, Act.TRANSCRIBE, account_id, app_id, session_id, now)
        return waiting

    async def find(self, app_id: str, session_id: str) -> Transcription:
        """Raises `NotFound`, also when the time of the session's transcript is over."""
        await self._uploads.names(app_id, session_id)
        async with self._db.read() as tx:
            return await self._find(tx, app_id, session_id)

    async def delete(
        self, account_id: str, app_id: str, session_id: str, actor: Actor
    ) -> Transcription:
        """Delete a transcription with its audio; one that is under way stops. A transcript that it
        made stays. Raises `NotFound`."""
        async with self._db.write() as tx:
            found = await self._find(tx, app_id, session_id, is_locked=True)
            await transcriptions.drop_of_sessions(tx, app_id, [session_id])
            act, now = Act.DELETE_TRACKS, self._clock()
            await record_act(tx, actor, act, account_id, app_id, session_id, now)
        await self._all(app_id, found.id).delete()
        return found

    async def start(self, app_id: str, session_id: str, id: str) -> Transcription | None:
        """Begin to transcribe; `None` if there is nothing to do. A track that stopped the server
        several times fails instead."""
        async with self._db.write() as tx:
            found = await transcriptions.find(tx, app_id, session_id, is_locked=True)
            if found is None or found.id != id or not found.is_under_way:
                return None
            started = replace(found, state=TranscriptionState.RUNNING, starts=found.starts + 1)
            await transcriptions.save(tx, started)
        if started.starts > MOST_STARTS:
            await self.fail(started, STOPPED)
            return None
        return started

    async def note_track(self, running: Transcription, track: AudioTrack) -> Transcription:
        """Write that a track has been transcribed. Raises `NotFound` if the transcription was
        deleted."""
        async with self._db.write() as tx:
            found = await self._current(tx, running)
            tracks = [track if each.id == track.id else each for each in found.tracks]
            noted = replace(found, tracks=tracks, starts=1)
            await transcriptions.save(tx, noted)
        return noted

    async def is_known(self, running: Transcription, digest: str) -> bool:
        """Whether the session's transcript is what would be made, so that nobody need be asked."""
        if running.replaces:
            return False
        return await self._uploads.is_stored(running.app_id, running.session_id, digest)

    async def finish(self, running: Transcription, transcript: UploadedTranscript | None) -> None:
        """Store the transcript, if there is one, and delete what the tracks left. Raises what
        `TranscriptUploads.store` raises, and `NotFound` if the transcription was deleted."""

        async def end(tx: AsyncConnection) -> None:
            found = await self._current(tx, running)
            done = replace(found, state=TranscriptionState.DONE, finished_at=self._clock())
            await transcriptions.save(tx, done)

        if transcript is None or not transcript.lines:
            async with self._db.write() as tx:
                await end(tx)
        else:
            async with self._db.read() as tx:
                app = await apps.find_app(tx, running.app_id)
            if app is None:
                raise NotFound.of("app", running.app_id)
            await self._uploads.store(
                app.account_id,
                running.app_id,
                running.session_id,
                transcript,
                UploadOptions(replaces=running.replaces),
                Actor(running.requested_by),
                end,
            )
        await self._all(running.app_id, running.id).delete()

    async def fail(self, running: Transcription, failure: TranscriptionFailure) -> None:
        """Keep why it failed. The tracks stay for another attempt, until their time is over."""
        async with self._db.write() as tx:
            found = await transcriptions.find(
                tx, running.app_id, running.session_id, is_locked=True
            )
            if found is None or found.id != running.id or not found.is_under_way:
                return
            failed = replace(
                found,
                state=TranscriptionState.FAILED,
                failure=failure,
                finished_at=self._clock(),
            )
            await transcriptions.save(tx, failed)

    async def expire(self, app_id: str, session_id: str, id: str) -> None:
        """Delete a transcription whose time is over, or whose session has no transcript any more,
        and its audio."""
        async with self._db.write() as tx:
            await transcriptions.remove(tx, app_id, session_id, id)
        await self._all(app_id, id).delete()

    async def _find(
        self, tx: AsyncConnection, app_id: str, session_id: str, *, is_locked: bool = False
    ) -> Transcription:
        found = await transcriptions.find(tx, app_id, session_id, is_locked=is_locked)
        if found is None:
            raise NotFound(
                f"Session {session_id} has no audio to transcribe", code="transcription_not_found"
            )
        return found

    async def _current(self, tx: AsyncConnection, known: Transcription) -> Transcription:
        """The transcription as it is, locked. Raises `NotFound` if it was deleted."""
        found = await self._find(tx, known.app_id, known.session_id, is_locked=True)
        if found.id != known.id:
            raise NotFound(
                f"The audio of session {known.session_id} was deleted",
                code="transcription_not_found",
            )
        return found

    def _check_model(self) -> None:
        if not self._has_model:
            raise Malformed(
                "No model that transcribes is set up; the operator names one with "
                "AFTERCALL_TRANSCRIPTION_MODEL_URL",
                code="no_transcription_model",
            )


def _check_idle(found: Transcription) -> None:
    if found.is_under_way:
        raise Malformed(
            f"The audio of session {found.session_id} is being transcribed",
            code="transcription_running",
        )


def _transcribing(found: Transcription, now: EpochMs) -> Job:
    """One transcription runs at a time: four jobs run in a process, and a model that is slow or
    silent must not hold all of them."""
    return _job(TRANSCRIBE, id_from(found.app_id, TRANSCRIBE, found.id, str(now)), found, now, now)


def _deletion(found: Transcription, due_at: EpochMs) -> Job:
    id = deletion_id(found.app_id, found.id)
    return _job(DELETE_TRACKS, id, found, found.requested_at, due_at)


def _job(task: str, id: str, found: Transcription, now: EpochMs, due_at: EpochMs) -> Job:
    return Job(
        id=id,
        task=task,
        lane=TRANSCRIBE if task == TRANSCRIBE else id,
        payload={"app_id": found.app_id, "session_id": found.session_id, "id": found.id},
        created_at=now,
        due_at=due_at,
    )
