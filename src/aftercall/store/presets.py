"""The presets of an app."""

from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.list_queries import Page
from aftercall.core.presets import Preset
from aftercall.store.engine.record_mapping import Shape, insert_into, upsert
from aftercall.store.tables import schema

_PRESET = Shape(Preset, schema.presets)


async def save_preset(tx: AsyncConnection, preset: Preset) -> None:
    """Write a preset, new or changed."""
    await upsert(tx, _PRESET, [preset])


async def add_preset(tx: AsyncConnection, preset: Preset) -> None:
    """Write a preset unless the app has one of its name or id."""
    insert = insert_into(tx.dialect.name, schema.presets).on_conflict_do_nothing()
    await tx.execute(insert.values(_PRESET.to_row(preset)))


async def find_preset(tx: AsyncConnection, app_id: str, preset_id: str) -> Preset | None:
    return await _first(tx, schema.presets.c.id == preset_id, app_id=app_id)


async def find_preset_of_name(tx: AsyncConnection, app_id: str, name: str) -> Preset | None:
    return await _first(tx, schema.presets.c.name == name, app_id=app_id)


async def lock_preset(tx: AsyncConnection, app_id: str, preset_id: str) -> Preset | None:
    """A preset that nobody else can change until this transaction ends."""
    return await _first(tx, schema.presets.c.id == preset_id, app_id=app_id, is_locked=True)


async def list_presets(
    tx: AsyncConnection, app_id: str, *, search: str | None, offset: int, limit: int
) -> Page[Preset]:
    """The presets whose name contains `search` in any case, oldest first."""
    c = schema.presets.c
    where: list[Any] = [c.app_id == app_id]
    if search:
        where.append(func.lower(c.name).contains(search.lower(), autoescape=True))
    total = (await tx.execute(select(func.count()).where(*where))).scalar_one()
    rows = await tx.execute(
        _PRESET.select.where(*where).order_by(c.created_at, c.id).offset(offset).limit(limit)
    )
    return Page(items=[_PRESET.from_row(row) for row in rows], offset=offset, total=total)


async def delete_preset(tx: AsyncConnection, app_id: str, preset_id: str) -> None:
    c = schema.presets.c
    await tx.execute(delete(schema.presets).where(c.app_id == app_id, c.id == preset_id))


async def _first(
    tx: AsyncConnection, condition: Any, *, app_id: str, is_locked: bool = False
) -> Preset | None:
    statement = _PRESET.select.where(schema.presets.c.app_id == app_id, condition)
    if is_locked:
        statement = statement.with_for_update()
    row = (await tx.execute(statement)).first()
    return None if row is None else _PRESET.from_row(row)
