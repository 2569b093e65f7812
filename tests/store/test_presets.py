"""Presets."""

from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.core.presets import Preset, preset_of_name
from aftercall.core.records import ViewType
from aftercall.store import presets
from aftercall.store.engine.database import Database

T0 = 1_795_000_000_000


def preset(id: str, name: str, at: int = 0, **rest: Any) -> Preset:
    return Preset(
        app_id=rest.pop("app_id", "a"),
        id=id,
        name=name,
        view_type=ViewType.WEBINAR,
        created_at=EpochMs(T0 + at),
        updated_at=EpochMs(T0 + at),
        **rest,
    )


async def _listed(db: Database, search: str | None = None, **window: int) -> list[str]:
    async with db.read() as tx:
        page = await presets.list_presets(
            tx, "a", search=search, **{"offset": 0, "limit": 25} | window
        )
    return [each.name for each in page.items]


async def test_a_preset_is_read_as_it_was_written(db: Database) -> None:
    saved = preset("p", "host", config={"a": [1, {"b": None}]}, ui={"c": "d"})
    async with db.write() as tx:
        await presets.save_preset(tx, saved)
    async with db.read() as tx:
        assert await presets.find_preset(tx, "a", "p") == saved
        assert await presets.find_preset_of_name(tx, "a", "host") == saved
        assert await presets.find_preset(tx, "b", "p") is None
        assert await presets.find_preset_of_name(tx, "b", "host") is None


async def test_a_name_that_is_known_changes_nothing(db: Database) -> None:
    saved = preset("p", "host", config={"view_type": "WEBINAR"})
    async with db.write() as tx:
        await presets.save_preset(tx, saved)
        for _ in range(2):
            await presets.add_preset(tx, preset_of_name("a", "host", now=EpochMs(T0 + 9)))
            await presets.add_preset(tx, preset_of_name("a", "guest", now=EpochMs(T0 + 9)))
    assert await _listed(db) == ["host", "guest"]
    async with db.read() as tx:
        assert await presets.find_preset_of_name(tx, "a", "host") == saved


async def test_presets_are_listed_oldest_first_and_searched_in_any_case(db: Database) -> None:
    async with db.write() as tx:
        for number, name in enumerate(("Zoo", "zoom_host", "guest", "100%")):
            await presets.save_preset(tx, preset(str(number), name, at=number))
        await presets.save_preset(tx, preset("0", "zoo", app_id="b"))
    assert await _listed(db) == ["Zoo", "zoom_host", "guest", "100%"]
    assert await _listed(db, offset=1, limit=2) == ["zoom_host", "guest"]
    assert await _listed(db, "ZOO") == ["Zoo", "zoom_host"]
    assert await _listed(db, "%") == ["100%"]
    async with db.write() as tx:
        await presets.delete_preset(tx, "a", "0")
        await presets.delete_preset(tx, "b", "1")
    assert await _listed(db) == ["zoom_host", "guest", "100%"]
