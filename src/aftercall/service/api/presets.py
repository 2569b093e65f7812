"""The presets of an app."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import InvalidBody, NotFound
from aftercall.core.ids import NewId
from aftercall.core.instants import Clock
from aftercall.core.list_queries import Page
from aftercall.core.presets import Preset, preset_id
from aftercall.core.records import ViewType
from aftercall.store import presets
from aftercall.store.engine.database import Database


class Presets:
    """The use cases of presets."""

    def __init__(self, *, db: Database, clock: Clock, new_id: NewId) -> None:
        self._db = db
        self._clock = clock
        self._new_id = new_id

    async def create_preset(
        self, app_id: str, *, name: str, view_type: ViewType, parts: Mapping[str, dict[str, Any]]
    ) -> Preset:
        """`parts` are `config`, `permissions` and `ui`. Raises `InvalidBody` for a name in use."""
        now = self._clock()
        async with self._db.write() as tx:
            await _refuse_used(tx, app_id, name)
            # The id of the name, by which participants of that preset know it, unless a preset
            # that was renamed has it.
            own = preset_id(app_id, name)
            is_free = await presets.find_preset(tx, app_id, own) is None
            preset = Preset(
                app_id=app_id,
                id=own if is_free else self._new_id(),
                name=name,
                view_type=view_type,
                created_at=now,
                updated_at=now,
                **parts,
            )
            await presets.save_preset(tx, preset)
        return preset

    async def list_presets(
        self, app_id: str, *, search: str | None, offset: int, limit: int
    ) -> Page[Preset]:
        async with self._db.read() as tx:
            return await presets.list_presets(tx, app_id, search=search, offset=offset, limit=limit)

    async def find_preset(self, app_id: str, preset_id: str) -> Preset:
        """Raises `NotFound`."""
        async with self._db.read() as tx:
            return _existing(await presets.find_preset(tx, app_id, preset_id), preset_id)

    async def replace_preset(
        self,
        known: Preset,
        *,
        name: str,
        view_type: ViewType,
        parts: Mapping[str, dict[str, Any]],
    ) -> Preset:
        """Replace all of a preset but its id.

        Raises `NotFound`, and `InvalidBody` for a name that another preset has.
        """
        async with self._db.write() as tx:
            found = await presets.lock_preset(tx, known.app_id, known.id)
            preset = _existing(found, known.id)
            if name != preset.name:
                await _refuse_used(tx, known.app_id, name)
            preset = msgspec.structs.replace(
                preset, name=name, view_type=view_type, updated_at=self._clock(), **parts
            )
            await presets.save_preset(tx, preset)
        return preset

    async def delete_preset(self, app_id: str, preset_id: str) -> Preset:
        """Deletes a preset; participants keep its name. Raises `NotFound`."""
        async with self._db.write() as tx:
            preset = _existing(await presets.lock_preset(tx, app_id, preset_id), preset_id)
            await presets.delete_preset(tx, app_id, preset_id)
        return preset


async def _refuse_used(tx: AsyncConnection, app_id: str, name: str) -> None:
    if await presets.find_preset_of_name(tx, app_id, name) is not None:
        # Not a conflict by HTTP: the SDKs would send it again.
        raise InvalidBody(
            '"name" is the name of another preset of this app', code="preset_exists", field="name"
        )


def _existing(preset: Preset | None, preset_id: str) -> Preset:
    if preset is None:
        raise NotFound.of("preset", preset_id)
    return preset
