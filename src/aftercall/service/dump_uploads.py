"""Imports of uploaded files: received, read by a job, reported.

`work.uploaded_dumps` reads the files. They lie in the data folder until they have been read; the
report is kept for a week. It names no participants, so that an erasure need not look through it.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import NotFound, OverBudget
from aftercall.core.ids import NewId, id_from
from aftercall.core.import_records import (
    CallImported,
    DumpImport,
    FileRead,
    ImportOptions,
    ImportReport,
    ImportState,
    UploadedFile,
)
from aftercall.core.instants import DAY_MS, Clock, EpochMs
from aftercall.core.records import Job, Session
from aftercall.service.audit import Act, Actor, record_act
from aftercall.service.retention_rule import RetentionRule
from aftercall.service.upload_files import UploadFolder
from aftercall.settings import Settings
from aftercall.store import dump_imports, jobs
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows

IMPORT_DUMPS: Final = "import_dumps"
DELETE_IMPORT: Final = "delete_dump_import"

FOLDER: Final = "imports"
KEPT_MS: Final = 7 * DAY_MS
"""How long the report of an import is kept."""

UPLOAD_MS: Final = DAY_MS
"""How long an upload may take; what is there of it is deleted then."""

MOST_OPEN: Final = 4
"""Imports of an app that are not over: what they may take of the disk is bounded."""

MOST_STARTS: Final = 3
"""How often an import is begun that the server did not outlive."""

LATEST: Final = 20
"""Imports that are listed."""

MOST_CONNECTIONS: Final = 200
"""Connections of a file that its report lists."""

OPEN: Final = frozenset({ImportState.UPLOADING, ImportState.WAITING, ImportState.RUNNING})
"""The states of an import that is not over."""

STOPPED: Final = "The server stopped while it read these files, several times."


class FoundImport(NamedTuple):
    """An import, and those of its sessions that may be read."""

    dump_import: DumpImport
    sessions: dict[str, Session]


class FoundImports(NamedTuple):
    """Imports, and those of their sessions that may be read."""

    dump_imports: list[DumpImport]
    sessions: dict[str, Session]


class DumpUploads:
    """The use cases of uploaded dumps."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        new_id: NewId,
        settings: Settings,
        retention: RetentionRule,
    ) -> None:
        self._db = db
        self._retention = retention
        self._clock = clock
        self._new_id = new_id
        self._folder = settings.data_dir / FOLDER
        self._most_bytes = settings.import_max_bytes

    async def begin(
        self, account_id: str, app_id: str, options: ImportOptions, actor: Actor
    ) -> DumpImport:
        """Begin an upload. Raises `OverBudget` while too many imports of the app are not over."""
        now = self._clock()
        begun = DumpImport(
            app_id=app_id,
            id=self._new_id(),
            requested_at=now,
            requested_by=actor.id,
            options=options,
        )
        async with self._db.write() as tx:
            if await dump_imports.count_open(tx, app_id) >= MOST_OPEN:
                raise OverBudget(
                    "Too many imports of this app wait; try again when one is done",
                    budget="imports",
                    limit=MOST_OPEN,
                    window_s=60,
                    retry_after_s=10,
                    now=now,
                )
            await dump_imports.save(tx, begun)
            await jobs.add(tx, [_deletion(begun, now, EpochMs(now + UPLOAD_MS))])
            await record_act(tx, actor, Act.IMPORT_DUMPS, account_id, app_id, begun.id, now)
        return begun

    def folder(self, app_id: str, import_id: str) -> UploadFolder:
        """Where the files of an import lie."""
        name = id_from(app_id, "dump import", import_id)
        return UploadFolder(self._folder / name, most_bytes=self._most_bytes)

    async def submit(self, begun: DumpImport, files: Sequence[UploadedFile]) -> DumpImport:
        """Have the files of an upload read, which are all here. Raises `NotFound` if it was
        cancelled meanwhile."""
        now = self._clock()
        waiting = replace(begun, state=ImportState.WAITING, files=list(files))
        async with self._db.write() as tx:
            known = await dump_imports.find(tx, begun.app_id, begun.id)
            if known is None or known.state is not ImportState.UPLOADING:
                raise NotFound.of("import", begun.id)
            await dump_imports.save(tx, waiting)
            await jobs.drop(tx, _id_of(DELETE_IMPORT, begun))
            await jobs.add(tx, [_reading(waiting, now)])
        return waiting

    async def find(self, app_id: str, import_id: str) -> FoundImport:
        """Raises `NotFound`."""
        async with self._db.read() as tx:
            found = await dump_imports.find(tx, app_id, import_id)
            if found is None:
                raise NotFound.of("import", import_id)
            return FoundImport(found, await self._sessions(tx, app_id, [found]))

    async def list_latest(self, app_id: str) -> FoundImports:
        """The latest imports, the newest first."""
        async with self._db.read() as tx:
            found = await dump_imports.latest(tx, app_id, LATEST)
            return FoundImports(found, await self._sessions(tx, app_id, found))

    async def _sessions(
        self, tx: AsyncConnection, app_id: str, found: Sequence[DumpImport]
    ) -> dict[str, Session]:
        ids = {call.session_id for each in found if each.report for call in each.report.calls}
        known = await session_rows.find_sessions(tx, app_id, sorted(ids))
        kept = await self._retention.only_kept(app_id, list(known.values()), tx)
        return {each.id: each for each in kept}

    async def cancel(
        self, account_id: str, app_id: str, import_id: str, actor: Actor
    ) -> FoundImport:
        """Cancel an import that is not over. What it has recorded remains; whoever reads its files
        ends its sessions, and deletes the files. Raises `NotFound`."""
        now = self._clock()
        async with self._db.write() as tx:
            found = await dump_imports.find(tx, app_id, import_id)
            if found is None:
                raise NotFound.of("import", import_id)
            was = found.state
            if was in OPEN:
                cancelled = replace(
                    found,
                    state=ImportState.CANCELLED,
                    options=ImportOptions(),
                    finished_at=now,
                )
                await dump_imports.save(tx, cancelled)
                if was is not ImportState.RUNNING:
                    await jobs.drop(tx, _id_of(IMPORT_DUMPS, found))
                await jobs.add(tx, [_deletion(found, now, EpochMs(now + KEPT_MS))])
                await record_act(tx, actor, Act.CANCEL_IMPORT, account_id, app_id, import_id, now)
        if was is ImportState.WAITING:
            await self.folder(app_id, import_id).delete()
        return await self.find(app_id, import_id)

    async def start(self, app_id: str, import_id: str) -> DumpImport | None:
        """Begin to read; `None` if there is nothing to do. An import that stopped the server
        several times fails instead."""
        async with self._db.write() as tx:
            found = await dump_imports.find(tx, app_id, import_id)
            if found is None or found.state not in (ImportState.WAITING, ImportState.RUNNING):
                # One that was cancelled while it was read, by a process that has stopped since.
                await self.folder(app_id, import_id).delete()
                return None
            started = replace(found, state=ImportState.RUNNING, starts=found.starts + 1, percent=0)
            await dump_imports.save(tx, started)
        if started.starts > MOST_STARTS:
            await self.fail(started, STOPPED)
            return None
        return started

    async def note_percent(self, running: DumpImport, percent: int) -> bool:
        """Write how much of the work is done; whether it goes on, or was cancelled."""
        async with self._db.write() as tx:
            return await dump_imports.note_percent(tx, running.app_id, running.id, percent)

    async def finish(self, running: DumpImport, report: ImportReport) -> None:
        """Keep what an import found, and delete its files."""
        kept = ImportReport(
            files=[_bounded(each) for each in report.files],
            calls=[_nameless(each) for each in report.calls],
        )
        await self._end(replace(running, state=ImportState.DONE, percent=100, report=kept))

    async def fail(self, running: DumpImport, error: str) -> None:
        """Keep why an import failed, and delete its files."""
        await self._end(replace(running, state=ImportState.FAILED, error=error))

    async def _end(self, ended: DumpImport) -> None:
        now = self._clock()
        ended = replace(ended, options=ImportOptions(), finished_at=now)
        async with self._db.write() as tx:
            known = await dump_imports.find(tx, ended.app_id, ended.id)
            if known is not None:
                if known.state is ImportState.CANCELLED:
                    ended = replace(known, report=ended.report)
                await dump_imports.save(tx, ended)
                await jobs.add(tx, [_deletion(ended, now, EpochMs(now + KEPT_MS))])
        await self.folder(ended.app_id, ended.id).delete()

    async def delete(self, app_id: str, import_id: str) -> None:
        """Delete an import and its files; the sessions that it made stay."""
        async with self._db.write() as tx:
            await dump_imports.remove(tx, app_id, import_id)
            for task in (IMPORT_DUMPS, DELETE_IMPORT):
                await jobs.drop(tx, id_from(app_id, task, import_id))
        await self.folder(app_id, import_id).delete()

    async def delete_of_app(self, app_id: str) -> None:
        """Delete the imports of an app."""
        async with self._db.read() as tx:
            found = await dump_imports.of_app(tx, app_id)
        await asyncio.gather(*(self.delete(app_id, each) for each in found))


def _bounded(file: FileRead) -> FileRead:
    """What is kept of the report on a file: a hostile one could name a thousand connections."""
    return replace(file, connections=file.connections[:MOST_CONNECTIONS])


def _nameless(call: CallImported) -> CallImported:
    return replace(
        call,
        title="",
        participants=[replace(each, name=None) for each in call.participants],
    )


def _id_of(task: str, dump_import: DumpImport) -> str:
    return id_from(dump_import.app_id, task, dump_import.id)


def _reading(dump_import: DumpImport, now: EpochMs) -> Job:
    """One import is read at a time: the memory that dumps take is bounded, and jobs of other
    kinds keep their slots."""
    return _job(IMPORT_DUMPS, IMPORT_DUMPS, dump_import, now, now)


def _deletion(dump_import: DumpImport, now: EpochMs, due_at: EpochMs) -> Job:
    return _job(DELETE_IMPORT, _id_of(DELETE_IMPORT, dump_import), dump_import, now, due_at)


def _job(task: str, lane: str, dump_import: DumpImport, now: EpochMs, due_at: EpochMs) -> Job:
    return Job(
        id=_id_of(task, dump_import),
        task=task,
        lane=lane,
        payload={"app_id": dump_import.app_id, "import_id": dump_import.id},
        created_at=now,
        due_at=due_at,
    )
