"""Transcriptions of uploaded tracks. The audio lies in files; a job deletes them with the row."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.audio_tracks import Transcription, TranscriptionState
from aftercall.core.ids import id_from
from aftercall.store.engine.record_mapping import insert_into
from aftercall.store.tables import schema

DELETE_TRACKS: Final = "delete_tracks"
"""The job that deletes a transcription and its audio when its time is over, or at once."""

_C: Final = schema.transcriptions.c
_JSON: Final = ("tracks", "failure")
_KEY: Final = ("app_id", "session_id")


async def save(tx: AsyncConnection, found: Transcription) -> None:
    """Write a transcription, new or changed."""
    row = {**msgspec.structs.asdict(found), "state": found.state.value}
    for name in _JSON:
        row[name] = None if row[name] is None else msgspec.json.encode(row[name]).decode()
    statement = insert_into(tx.dialect.name, schema.transcriptions).values(row)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=list(_KEY),
            set_={name: statement.excluded[name] for name in row if name not in _KEY},
        )
    )


async def find(
    tx: AsyncConnection, app_id: str, session_id: str, *, is_locked: bool = False
) -> Transcription | None:
    """The transcription of a session. `is_locked`: until the transaction ends."""
    statement = select(schema.transcriptions).where(
        _C.app_id == app_id, _C.session_id == session_id
    )
    row = (await tx.execute(statement.with_for_update() if is_locked else statement)).first()
    return None if row is None else _transcription(row._mapping)


async def count_kept(tx: AsyncConnection, app_id: str) -> int:
    """How many transcriptions of an app have audio."""
    where = (_C.app_id == app_id, _C.state != TranscriptionState.DONE.value)
    found = await tx.execute(select(func.count()).select_from(schema.transcriptions).where(*where))
    return int(found.scalar_one())


async def remove(tx: AsyncConnection, app_id: str, session_id: str, id: str) -> None:
    await tx.execute(
        delete(schema.transcriptions).where(
            _C.app_id == app_id, _C.session_id == session_id, _C.id == id
        )
    )


async def drop_of_sessions(tx: AsyncConnection, app_id: str, session_ids: Sequence[str]) -> None:
    """Delete the transcriptions of sessions; the jobs that delete their audio are due at once."""
    if not session_ids:
        return
    found = await tx.execute(
        delete(schema.transcriptions)
        .where(_C.app_id == app_id, _C.session_id.in_(session_ids))
        .returning(_C.id)
    )
    j = schema.jobs.c
    ids = [deletion_id(app_id, row.id) for row in found]
    if ids:
        await tx.execute(update(schema.jobs).where(j.id.in_(ids)).values(due_at=0))


def deletion_id(app_id: str, transcription_id: str) -> str:
    """The id of the job that deletes a transcription's audio."""
    return id_from(app_id, DELETE_TRACKS, transcription_id)


def _transcription(row: Mapping[Any, Any]) -> Transcription:
    members = {str(name): value for name, value in row.items()}
    for name in _JSON:
        if members[name] is not None:
            members[name] = msgspec.json.decode(members[name])
    return msgspec.convert(members, Transcription)
