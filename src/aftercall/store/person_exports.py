"""Exports of people: who asked, how far they are, and where the file is."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.privacy_records import ExportState, PersonExport
from aftercall.store.engine.record_mapping import insert_into
from aftercall.store.tables import schema

_encode: Final = msgspec.json.Encoder().encode
_hashes: Final = msgspec.json.Decoder(list[str])


async def save(tx: AsyncConnection, export: PersonExport) -> None:
    """Write an export, new or changed."""
    row = {
        **msgspec.structs.asdict(export),
        "state": export.state.value,
        "hashes": _encode(export.hashes).decode(),
    }
    statement = insert_into(tx.dialect.name, schema.person_exports).values(row)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["app_id", "id"],
            set_={name: statement.excluded[name] for name in row if name not in ("app_id", "id")},
        )
    )


async def find(tx: AsyncConnection, app_id: str, export_id: str) -> PersonExport | None:
    c = schema.person_exports.c
    row = (
        await tx.execute(select(schema.person_exports).where(c.app_id == app_id, c.id == export_id))
    ).first()
    return None if row is None else _export(row._mapping)


async def change(tx: AsyncConnection, app_id: str, export_id: str, **values: Any) -> bool:
    """Change some columns; returns whether there is such an export."""
    c = schema.person_exports.c
    done = await tx.execute(
        update(schema.person_exports).where(c.app_id == app_id, c.id == export_id).values(values)
    )
    return done.rowcount == 1


async def remove(tx: AsyncConnection, app_id: str, export_id: str) -> None:
    c = schema.person_exports.c
    await tx.execute(delete(schema.person_exports).where(c.app_id == app_id, c.id == export_id))


async def of_app(tx: AsyncConnection, app_id: str) -> list[str]:
    """The ids of an app's exports."""
    c = schema.person_exports.c
    return list((await tx.execute(select(c.id).where(c.app_id == app_id))).scalars())


async def of_person(
    tx: AsyncConnection, app_id: str, hashes: Collection[str]
) -> list[PersonExport]:
    """The exports of whoever has one of the hashes."""
    c = schema.person_exports.c
    rows = await tx.execute(select(schema.person_exports).where(c.app_id == app_id))
    found = [_export(row._mapping) for row in rows]
    return [export for export in found if not set(hashes).isdisjoint(export.hashes)]


def _export(row: Mapping[Any, Any]) -> PersonExport:
    members = dict(row)
    return PersonExport(
        **{
            **members,
            "state": ExportState(members["state"]),
            "hashes": _hashes.decode(members["hashes"]),
        }
    )
