"""Deletes meetings and apps: what makes them known at once, all else a few rows at a time."""

from typing import Any, Final

from sqlalchemy import Table, delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.records import Phase
from aftercall.store.tables import schema

ROWS: Final = 500
"""Rows that are deleted in one transaction."""

_REST: Final[tuple[Table, ...]] = (
    schema.members,
    schema.presets,
    schema.egresses,
    schema.meetings,
    schema.people_terms,
    schema.people,
    schema.early_facts,
    schema.facet_tallies,
    schema.quarter_tallies,
    schema.session_quarters,
    schema.people_tallies,
    schema.session_postings,
    schema.session_days,
    schema.session_tallies,
    schema.minute_tallies,
    schema.session_watches,
    schema.person_exports,
    schema.dump_imports,
    schema.read_links,
    schema.source_keys,
    schema.polled_servers,
    schema.session_aliases,
    schema.webhook_lanes,
    schema.webhook_deliveries,
    schema.webhooks,
    schema.alerts,
    schema.alert_rules,
    schema.alert_channels,
)
"""What belongs to an app and to no session. Receipts of erasures and the audit log stay."""


async def delete_meeting(tx: AsyncConnection, app_id: str, meeting_id: str) -> None:
    """Delete a meeting and its members; its breakout rooms become meetings of their own."""
    m, c = schema.members.c, schema.meetings.c
    await tx.execute(delete(schema.members).where(m.app_id == app_id, m.meeting_id == meeting_id))
    await tx.execute(
        update(schema.meetings)
        .where(c.app_id == app_id, c.parent_meeting_id == meeting_id)
        .values(parent_meeting_id=None)
    )
    await tx.execute(delete(schema.meetings).where(c.app_id == app_id, c.id == meeting_id))


async def delete_app(tx: AsyncConnection, app_id: str) -> None:
    """Delete an app with its tokens and whoever is signed in to it."""
    of_app = (
        schema.tokens,
        schema.sign_ins,
        schema.sign_in_links,
        schema.read_links,
        schema.source_keys,
        schema.polled_servers,
        schema.session_aliases,
        schema.webhooks,
        schema.alert_rules,
        schema.alert_channels,
    )
    for table in of_app:
        await tx.execute(delete(table).where(table.c.app_id == app_id))
    await tx.execute(delete(schema.apps).where(schema.apps.c.id == app_id))


async def has_live_session(tx: AsyncConnection, app_id: str, meeting_id: str | None = None) -> bool:
    """Whether a session of an app, or of a meeting, has not ended."""
    c = schema.sessions.c
    where = [c.app_id == app_id, c.phase != Phase.ENDED.value]
    if meeting_id is not None:
        where.append(c.meeting_id == meeting_id)
    return (await tx.execute(select(c.id).where(*where).limit(1))).first() is not None


async def ended_sessions(
    tx: AsyncConnection, app_id: str, meeting_id: str | None, limit: int
) -> list[str]:
    """Some ended sessions of an app, or of a meeting."""
    c = schema.sessions.c
    where = [c.app_id == app_id, c.phase == Phase.ENDED.value]
    if meeting_id is not None:
        where.append(c.meeting_id == meeting_id)
    rows = await tx.execute(select(c.id).where(*where).limit(limit))
    return list(rows.scalars())


async def delete_some_of_app(tx: AsyncConnection, app_id: str) -> bool:
    """Delete some rows that belong to an app and to no session; returns whether more are left."""
    for table in _REST:
        key: list[Any] = list(table.primary_key.columns)
        some = select(*key).where(table.c.app_id == app_id).limit(ROWS)
        done = await tx.execute(
            delete(table).where(table.c.app_id == app_id, tuple_(*key).in_(some))
        )
        if done.rowcount:
            return True
    return False
