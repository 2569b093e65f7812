"""Imports of uploaded files: who asked, how far they are, and what they found."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.import_records import DumpImport, ImportState
from aftercall.store.engine.record_mapping import insert_into
from aftercall.store.tables import schema

_C: Final = schema.dump_imports.c
_JSON: Final = ("options", "files", "report")
_encode: Final = msgspec.json.Encoder().encode
_OPEN: Final = [each.value for each in (ImportState.UPLOADING, ImportState.WAITING)]
_OPEN.append(ImportState.RUNNING.value)


async def save(tx: AsyncConnection, found: DumpImport) -> None:
    """Write an import, new or changed."""
    row = {**msgspec.structs.asdict(found), "state": found.state.value}
    for name in _JSON:
        row[name] = None if row[name] is None else _encode(row[name]).decode()
    statement = insert_into(tx.dialect.name, schema.dump_imports).values(row)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["app_id", "id"],
            set_={name: statement.excluded[name] for name in row if name not in ("app_id", "id")},
        )
    )


async def find(tx: AsyncConnection, app_id: str, import_id: str) -> DumpImport | None:
    row = (
        await tx.execute(select(schema.dump_imports).where(_C.app_id == app_id, _C.id == import_id))
    ).first()
    return None if row is None else _import(row._mapping)


async def note_percent(tx: AsyncConnection, app_id: str, import_id: str, percent: int) -> bool:
    """Write how much of the work is done, unless it is over; whether it goes on."""
    changed = await tx.execute(
        update(schema.dump_imports)
        .where(_C.app_id == app_id, _C.id == import_id, _C.state == ImportState.RUNNING.value)
        .values(percent=percent)
    )
    return changed.rowcount > 0


async def count_open(tx: AsyncConnection, app_id: str) -> int:
    """How many imports of an app are not over."""
    where = (_C.app_id == app_id, _C.state.in_(_OPEN))
    found = await tx.execute(select(func.count()).select_from(schema.dump_imports).where(*where))
    return int(found.scalar_one())


async def latest(tx: AsyncConnection, app_id: str, limit: int) -> list[DumpImport]:
    """The latest imports of an app, the newest first."""
    rows = await tx.execute(
        select(schema.dump_imports)
        .where(_C.app_id == app_id)
        .order_by(_C.requested_at.desc(), _C.id)
        .limit(limit)
    )
    return [_import(row._mapping) for row in rows]


async def of_app(tx: AsyncConnection, app_id: str) -> list[str]:
    """The ids of an app's imports."""
    return list((await tx.execute(select(_C.id).where(_C.app_id == app_id))).scalars())


async def remove(tx: AsyncConnection, app_id: str, import_id: str) -> None:
    await tx.execute(delete(schema.dump_imports).where(_C.app_id == app_id, _C.id == import_id))


def _import(row: Mapping[Any, Any]) -> DumpImport:
    members = {str(name): value for name, value in row.items()}
    for name in _JSON:
        if members[name] is not None:
            members[name] = msgspec.json.decode(members[name])
    return msgspec.convert(members, DumpImport)
