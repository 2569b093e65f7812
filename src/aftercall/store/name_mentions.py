"""Texts in which somebody may be mentioned, read a page at a time; and what a person is called."""

from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, Table, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.records import Phase
from aftercall.store.engine.database import Database
from aftercall.store.person_rows import KnownIds
from aftercall.store.tables import schema

PAGE: Final = 500


class Place(StrEnum):
    """Where texts are."""

    MESSAGES = "messages"
    LINES = "transcript_lines"
    SUMMARIES = "summaries"
    EVENTS = "events"
    SESSION_TITLES = "session_titles"
    MEETINGS = "meetings"


class Text(NamedTuple):
    """A text, and the id of its session; of a meeting, the meeting's."""

    owner_id: str
    text: str


class _Source(NamedTuple):
    table: Table
    owner: str
    columns: tuple[str, ...]


_SOURCES: Final = {
    Place.MESSAGES: _Source(schema.chat_messages, "session_id", ("payload",)),
    Place.LINES: _Source(schema.transcript_lines, "session_id", ("text",)),
    Place.SUMMARIES: _Source(schema.summaries, "session_id", ("text",)),
    Place.EVENTS: _Source(schema.notes, "session_id", ("data",)),
    Place.SESSION_TITLES: _Source(schema.sessions, "id", ("title",)),
    Place.MEETINGS: _Source(schema.meetings, "id", ("title", "settings")),
}


async def pages(db: Database, app_id: str, place: Place) -> AsyncIterator[list[Text]]:
    """The texts of an app in a place. Each page is a transaction of its own."""
    table, owner, names = _SOURCES[place]
    key: list[Column[Any]] = list(table.primary_key.columns)[1:]
    last: tuple[Any, ...] | None = None
    while True:
        statement = (
            select(*key, table.c[owner].label("owner"), *(table.c[name] for name in names))
            .where(table.c.app_id == app_id)
            .order_by(*key)
            .limit(PAGE)
        )
        if last is not None:
            statement = statement.where(tuple_(*key) > last)
        async with db.read() as tx:
            rows = (await tx.execute(statement)).all()
        if rows:
            last = tuple(rows[-1][: len(key)])
            yield [
                Text(row[len(key)], text) for row in rows for text in row[len(key) + 1 :] if text
            ]
        if len(rows) < PAGE:
            return


async def names_of(tx: AsyncConnection, app_id: str, ids: KnownIds) -> list[str]:
    """What the person with these ids was called in calls and as a member of meetings."""
    found: set[str] = set()
    peer, member = schema.peers.c, schema.members.c
    for column, custom, user, table_app in (
        (peer.display_name, peer.custom_participant_id, peer.user_id, peer.app_id),
        (member.name, member.custom_participant_id, member.id, member.app_id),
    ):
        rows = await tx.execute(
            select(column)
            .distinct()
            .where(
                table_app == app_id,
                column.is_not(None),
                or_(custom.in_(sorted(ids.custom_ids)), user.in_(sorted(ids.user_ids))),
            )
        )
        found.update(rows.scalars())
    return sorted(name for name in found if name.strip())


async def ended_among(tx: AsyncConnection, app_id: str, session_ids: list[str]) -> list[str]:
    """Those of the sessions that have ended."""
    c = schema.sessions.c
    rows = await tx.execute(
        select(c.id).where(c.app_id == app_id, c.id.in_(session_ids), c.phase == Phase.ENDED.value)
    )
    return sorted(rows.scalars())
