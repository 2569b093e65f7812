"""The audit log: who did what to whose data."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import delete, insert, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.privacy_records import AuditEntry
from aftercall.store.tables import schema

WHOLE_ACCOUNT = ""
"""The `app_id` of what concerns a whole account."""


async def append(tx: AsyncConnection, entries: Iterable[AuditEntry]) -> None:
    """Write entries."""
    rows = [msgspec.structs.asdict(entry) for entry in entries]
    if rows:
        await tx.execute(insert(schema.audit_log), rows)


async def list_entries(
    tx: AsyncConnection,
    account_id: str,
    app_id: str,
    *,
    before: tuple[EpochMs, str] | None,
    limit: int,
    with_account: bool,
) -> list[AuditEntry]:
    """The entries of an app, the latest first, `with_account` those of its account too; `before`
    the `(at, id)` of the last one seen."""
    found: list[AuditEntry] = []
    c = schema.audit_log.c
    for owner in (app_id, WHOLE_ACCOUNT) if with_account else (app_id,):
        statement = select(schema.audit_log).where(c.app_id == owner, c.account_id == account_id)
        if before is not None:
            statement = statement.where(tuple_(c.at, c.id) < before)
        rows = await tx.execute(statement.order_by(c.at.desc(), c.id.desc()).limit(limit))
        found += [AuditEntry(**row._mapping) for row in rows]
    return sorted(found, key=lambda entry: (entry.at, entry.id), reverse=True)[:limit]


async def delete_before(tx: AsyncConnection, at: EpochMs, limit: int) -> int:
    """Delete up to `limit` entries that are older; returns how many."""
    c = schema.audit_log.c
    key = (c.app_id, c.account_id, c.at, c.id)
    old = select(*key).where(c.at < at).order_by(c.at).limit(limit)
    rows = (await tx.execute(old)).all()
    if rows:
        await tx.execute(
            delete(schema.audit_log).where(
                c.at <= rows[-1].at, or_(*(tuple_(*key) == tuple(row) for row in rows))
            )
        )
    return len(rows)
