"""The keys with which sources sign what they post."""

from typing import Final

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.records import Record
from aftercall.store.engine.record_mapping import Shape, insert_into
from aftercall.store.tables import schema


class SourceKey(Record, frozen=True, kw_only=True):
    """A key of a source in one app; its secret is encrypted."""

    app_id: str
    source: str
    key_id: str
    """The public part: which secret signs, as the source names it."""
    sealed_secret: str
    created_at: EpochMs
    created_by: str
    """The id of a token or of a sign-in, or `cli`."""


_KEY: Final = Shape(SourceKey, schema.source_keys)
_C: Final = schema.source_keys.c


async def save(tx: AsyncConnection, key: SourceKey) -> None:
    """Store a key, in place of one with the same id."""
    row = _KEY.to_row(key)
    statement = insert_into(tx.dialect.name, schema.source_keys).values(row)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["app_id", "source", "key_id"],
            set_={name: row[name] for name in ("sealed_secret", "created_at", "created_by")},
        )
    )


async def of_app(tx: AsyncConnection, app_id: str) -> list[SourceKey]:
    """The keys of an app, by source and id."""
    rows = await tx.execute(
        _KEY.select.where(_C.app_id == app_id).order_by(_C.source, _C.key_id).limit(1_000)
    )
    return [_KEY.from_row(row) for row in rows]


async def with_id(tx: AsyncConnection, source: str, key_id: str) -> list[SourceKey]:
    """The keys of every app that have this id."""
    rows = await tx.execute(
        _KEY.select.where(_C.source == source, _C.key_id == key_id).order_by(_C.app_id).limit(100)
    )
    return [_KEY.from_row(row) for row in rows]


async def remove(tx: AsyncConnection, app_id: str, source: str, key_id: str) -> bool:
    """Delete a key; `False` if there is none."""
    done = await tx.execute(
        delete(schema.source_keys).where(
            _C.app_id == app_id, _C.source == source, _C.key_id == key_id
        )
    )
    return bool(done.rowcount)
