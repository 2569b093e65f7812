"""The recordings and livestreams that sources reported."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.egresses import Egress, EgressKind, Stated
from aftercall.core.instants import EpochMs
from aftercall.core.list_queries import EgressQuery, Page
from aftercall.store.engine.record_mapping import Shape, upsert
from aftercall.store.tables import schema

_EGRESS: Final = Shape(Egress, schema.egresses)
_KEYS: Final = 500
"""Keys that one statement names."""


async def save_egress(tx: AsyncConnection, egress: Egress) -> None:
    """Write an egress, new or changed."""
    await upsert(tx, _EGRESS, [egress])


async def replace_egresses(tx: AsyncConnection, changed: Iterable[Egress]) -> None:
    """Write egresses over themselves."""
    await upsert(tx, _EGRESS, changed)


async def lock_egress(tx: AsyncConnection, app_id: str, kind: EgressKind, id: str) -> Egress | None:
    """An egress that nobody else can change until this transaction ends."""
    statement = _EGRESS.select.where(*_is(app_id, kind, id)).with_for_update()
    row = (await tx.execute(statement)).first()
    return None if row is None else _from_row(row)


async def find_egress(tx: AsyncConnection, app_id: str, kind: EgressKind, id: str) -> Egress | None:
    row = (await tx.execute(_EGRESS.select.where(*_is(app_id, kind, id)))).first()
    return None if row is None else _from_row(row)


async def egresses_of_sessions(
    tx: AsyncConnection, app_id: str, session_ids: Sequence[str]
) -> list[Egress]:
    """Every egress of these sessions, the first to be invoked first."""
    c = schema.egresses.c
    found: list[Egress] = []
    for start in range(0, len(session_ids), _KEYS):
        some = session_ids[start : start + _KEYS]
        rows = await tx.execute(_EGRESS.select.where(c.app_id == app_id, c.session_id.in_(some)))
        found += map(_from_row, rows)
    return sorted(found, key=lambda egress: (egress.invoked_at, egress.id))


async def list_egresses(tx: AsyncConnection, query: EgressQuery) -> Page[Egress]:
    """Those that match, in order of the time at which they were invoked."""
    c = schema.egresses.c
    where = _matches(query)
    total = (await tx.execute(select(func.count()).where(*where))).scalar_one()
    keys = (c.invoked_at, c.id)
    order = [key.desc() for key in keys] if query.is_descending else [key.asc() for key in keys]
    rows = await tx.execute(
        _EGRESS.select.where(*where).order_by(*order).offset(query.offset).limit(query.limit)
    )
    return Page(items=[_from_row(row) for row in rows], offset=query.offset, total=total)


async def invoked_between(
    tx: AsyncConnection, app_id: str, kind: EgressKind, first: EpochMs, last: EpochMs
) -> list[Egress]:
    """Those that were invoked from `first` to `last`, both included."""
    c = schema.egresses.c
    rows = await tx.execute(
        _EGRESS.select.where(
            c.app_id == app_id, c.kind == kind.value, c.invoked_at.between(first, last)
        ).order_by(c.invoked_at, c.id)
    )
    return [_from_row(row) for row in rows]


def _is(app_id: str, kind: EgressKind, id: str) -> tuple[Any, ...]:
    c = schema.egresses.c
    return c.app_id == app_id, c.kind == kind.value, c.id == id


def _matches(query: EgressQuery) -> list[Any]:
    c, m = schema.egresses.c, schema.meetings.c
    where = [c.app_id == query.app_id, c.kind == query.kind.value]
    if query.session_ids is not None:
        where.append(c.session_id.in_(query.session_ids))
    if query.meeting_id is not None:
        where.append(c.meeting_id == query.meeting_id)
    if query.statuses:
        where.append(c.status.in_([status.value for status in query.statuses]))
    if query.invoked_from is not None:
        where.append(c.invoked_at >= query.invoked_from)
    if query.invoked_to is not None:
        where.append(c.invoked_at <= query.invoked_to)
    if query.search:
        titled = select(m.id).where(
            m.app_id == query.app_id,
            func.lower(m.title).contains(query.search.lower(), autoescape=True),
        )
        where.append((c.meeting_id == query.search) | c.meeting_id.in_(titled))
    return where


def _from_row(row: Row[Any]) -> Egress:
    egress = _EGRESS.from_row(row)
    return replace(egress, texts=msgspec.convert(egress.texts, dict[str, Stated]))
