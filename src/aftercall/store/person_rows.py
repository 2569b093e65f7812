"""Rows that name people: read a page at a time to find one person, and rewritten under a
pseudonym."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Table, delete, func, null, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.pseudonyms import name_of_pseudonym
from aftercall.core.records import Phase
from aftercall.store.engine.database import Database
from aftercall.store.tables import schema

PAGE: Final = 2_000


class NamedRow(NamedTuple):
    """A row that may be about a person: its key after the app, and the ids in it."""

    key: tuple[str, ...]
    session_id: str | None
    custom_participant_id: str | None
    user_id: str | None


class KnownIds(NamedTuple):
    """Ids of a person."""

    custom_ids: set[str]
    user_ids: set[str]


class _Source(NamedTuple):
    table: Table
    session: str | None
    custom: str | None
    user: str | None


PEERS: Final = _Source(schema.peers, "session_id", "custom_participant_id", "user_id")
MESSAGES: Final = _Source(schema.chat_messages, "session_id", None, "user_id")
LINES: Final = _Source(schema.transcript_lines, "session_id", "custom_participant_id", "user_id")
MEMBERS: Final = _Source(schema.members, None, "custom_participant_id", "id")
PEOPLE: Final = _Source(schema.people, None, "custom_participant_id", "user_id")


_TALK: Final = (schema.chat_messages, schema.transcript_lines)


async def pages(
    db: Database, app_id: str, source: _Source, only: KnownIds | None = None
) -> AsyncIterator[list[NamedRow]]:
    """The rows of a table in an app, `only` those with one of these ids. Each page is a transaction
    of its own."""
    table = source.table
    key = list(table.primary_key.columns)[1:]
    names = (source.session, source.custom, source.user)
    columns: list[Any] = [null() if name is None else table.c[name] for name in names]
    rows_of: Any = table
    if table in _TALK:
        # Who a peer is says more than the user id of what it said.
        peer = schema.peers.alias("peer")
        same = (peer.c.app_id == table.c.app_id) & (peer.c.id == table.c.peer_id)
        rows_of = table.outerjoin(peer, same)
        columns[1] = func.coalesce(peer.c.custom_participant_id, columns[1])
    last: tuple[Any, ...] | None = None
    while True:
        statement = (
            select(*key, *columns)
            .select_from(rows_of)
            .where(table.c.app_id == app_id)
            .order_by(*key)
            .limit(PAGE)
        )
        if last is not None:
            statement = statement.where(tuple_(*key) > last)
        if only is not None:
            custom, user = columns[1:3]
            statement = statement.where(
                or_(custom.in_(sorted(only.custom_ids)), user.in_(sorted(only.user_ids)))
            )
        async with db.read() as tx:
            rows = (await tx.execute(statement)).all()
        if rows:
            last = tuple(rows[-1][: len(key)])
            yield [NamedRow(tuple(row[: len(key)]), *row[len(key) :]) for row in rows]
        if len(rows) < PAGE:
            return


async def live_peers(tx: AsyncConnection, app_id: str) -> list[NamedRow]:
    """The peers of an app's sessions that have not ended."""
    peer, session = schema.peers.c, schema.sessions.c
    rows = await tx.execute(
        select(peer.id, peer.session_id, peer.custom_participant_id, peer.user_id)
        .join(
            schema.sessions,
            (session.app_id == peer.app_id) & (session.id == peer.session_id),
        )
        .where(session.app_id == app_id, session.phase != Phase.ENDED.value)
    )
    return [NamedRow((row.id,), *row[1:]) for row in rows]


async def put_under_pseudonym(
    tx: AsyncConnection,
    app_id: str,
    session_id: str,
    *,
    participant_ids: Sequence[str],
    peer_ids: Sequence[str],
    pseudonym: str,
) -> None:
    """Replace who the participants and their peers are."""
    values = {
        "user_id": pseudonym,
        "custom_participant_id": None,
        "display_name": name_of_pseudonym(pseudonym),
        "picture": None,
    }
    for table, ids in ((schema.participants, participant_ids), (schema.peers, peer_ids)):
        await tx.execute(
            update(table)
            .where(
                table.c.app_id == app_id,
                table.c.session_id == session_id,
                table.c.id.in_(list(ids)),
            )
            .values(values)
        )
    # A fold that some process keeps is of peers as they were; so it is not used any more.
    c = schema.peers.c
    await tx.execute(
        update(schema.peers)
        .where(c.app_id == app_id, c.session_id == session_id)
        .values(updated_at=c.updated_at + 1)
    )


async def delete_member(tx: AsyncConnection, app_id: str, meeting_id: str, member_id: str) -> None:
    c = schema.members.c
    await tx.execute(
        delete(schema.members).where(
            c.app_id == app_id, c.meeting_id == meeting_id, c.id == member_id
        )
    )


async def sessions_of_meeting_titled(
    tx: AsyncConnection, app_id: str, meeting_id: str, title: str
) -> list[str]:
    """The ended sessions of a meeting that have exactly this title."""
    c = schema.sessions.c
    rows = await tx.execute(
        select(c.id).where(
            c.app_id == app_id,
            c.meeting_id == meeting_id,
            c.title == title,
            c.phase == Phase.ENDED.value,
        )
    )
    return list(rows.scalars())


async def delete_early_facts_about(tx: AsyncConnection, app_id: str, texts: Iterable[str]) -> int:
    """Delete the held facts in which any of the texts is."""
    c = schema.early_facts.c
    any_text = or_(*(c.fact.contains(text, autoescape=True) for text in texts))
    done = await tx.execute(delete(schema.early_facts).where(c.app_id == app_id, any_text))
    return done.rowcount


async def drop_job_errors_about(tx: AsyncConnection, texts: Iterable[str]) -> None:
    """Drop the errors of jobs in which any of the texts is."""
    c = schema.jobs.c
    any_text = or_(*(c.last_error.contains(text, autoescape=True) for text in texts))
    await tx.execute(update(schema.jobs).where(any_text).values(last_error=None))


async def has_removals(tx: AsyncConnection, app_id: str) -> bool:
    """Whether rows of deleted sessions of an app have yet to be removed."""
    c = schema.data_removals.c
    found = await tx.execute(select(c.session_id).where(c.app_id == app_id).limit(1))
    return found.first() is not None
