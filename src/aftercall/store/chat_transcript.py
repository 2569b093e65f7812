"""Talk: chat, transcript and summary."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace
from sqlalchemy import case, delete, func, insert, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.records import ChatMessage, Summary, TranscriptLine
from aftercall.store.engine.column_types import pack
from aftercall.store.engine.record_mapping import Shape, insert_into, insert_new, upsert
from aftercall.store.tables import schema

_MESSAGE = Shape(ChatMessage, schema.chat_messages)
_LINE = Shape(TranscriptLine, schema.transcript_lines)
_SUMMARY = Shape(Summary, schema.summaries)

After = tuple[EpochMs, str]
"""The time and the id of the last item of a page; the next page begins after it."""

_LAST: Final = "\U0010ffff"
"""Follows every continuation of a prefix."""

_CONTENT = (
    "peer_id",
    "user_id",
    "display_name",
    "kind",
    "payload",
    "is_pinned",
    "is_edited",
    "revised_at",
)


def _rank(message: ChatMessage) -> tuple[EpochMs, bool, bool, bytes]:
    """The sort key of revisions. The time decides; the rest only makes the
    outcome the same in every order, if two revisions have the same time. Payloads are compared as
    they are stored."""
    return message.revised_at, message.is_edited, message.is_pinned, pack(message.payload)


async def save_messages(tx: AsyncConnection, messages: Iterable[ChatMessage]) -> set[str]:
    """Store messages and their revisions, in any order: the earliest time and the latest
    revision's content stay. The ids of those that were new or changed."""
    rows: dict[tuple[str, str, str], ChatMessage] = {}
    for message in messages:
        key = (message.app_id, message.session_id, message.id)
        known = rows.get(key)
        rows[key] = message if known is None else _merged(known, message)
    if not rows:
        return set()
    table = schema.chat_messages
    statement = insert_into(tx.dialect.name, table)
    c, new = table.c, statement.excluded
    order = ("revised_at", "is_edited", "is_pinned", "payload")
    is_later = tuple_(*(new[name] for name in order)) > tuple_(*(c[name] for name in order))
    values = {name: case((is_later, new[name]), else_=c[name]) for name in _CONTENT}
    values["at"] = case((new.at < c.at, new.at), else_=c.at)
    changed = await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["app_id", "session_id", "id"],
            set_=values,
            where=or_(is_later, new.at < c.at),
        ).returning(c.id),
        [_MESSAGE.to_row(rows[key]) for key in sorted(rows)],
    )
    return set(changed.scalars())


def _merged(one: ChatMessage, other: ChatMessage) -> ChatMessage:
    last = max(one, other, key=_rank)
    return replace(last, at=min(one.at, other.at))


async def messages_of_session(
    tx: AsyncConnection,
    app_id: str,
    session_id: str,
    *,
    after: After | None = None,
    limit: int | None = None,
) -> list[ChatMessage]:
    """A session's chat in the order of time; `after` the `(at, id)` of the last one seen."""
    c = schema.chat_messages.c
    statement = (
        _MESSAGE.select.where(c.app_id == app_id, c.session_id == session_id)
        .order_by(c.at, c.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(tuple_(c.at, c.id) > after)
    return [_MESSAGE.from_row(row) for row in await tx.execute(statement)]


async def count_messages(tx: AsyncConnection, app_id: str, session_id: str) -> int:
    c = schema.chat_messages.c
    found = await tx.execute(
        select(func.count()).where(c.app_id == app_id, c.session_id == session_id)
    )
    return found.scalar_one()


async def save_lines(tx: AsyncConnection, lines: Iterable[TranscriptLine]) -> set[str]:
    """Store lines of a transcript; returns the ids of the new ones."""
    return await insert_new(tx, _LINE, lines)


async def lines_of_session(
    tx: AsyncConnection,
    app_id: str,
    session_id: str,
    *,
    after: After | None = None,
    limit: int | None = None,
) -> list[TranscriptLine]:
    """A session's transcript in the order of time; `after` the `(start_at, id)` of the last
    one seen."""
    c = schema.transcript_lines.c
    statement = (
        _LINE.select.where(c.app_id == app_id, c.session_id == session_id)
        .order_by(c.start_at, c.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(tuple_(c.start_at, c.id) > after)
    return [_LINE.from_row(row) for row in await tx.execute(statement)]


async def count_lines(
    tx: AsyncConnection, app_id: str, session_id: str, *, id_prefix: str = ""
) -> int:
    """How many lines a session's transcript has, or of those whose ids begin so."""
    c = schema.transcript_lines.c
    wanted = select(func.count()).where(c.app_id == app_id, c.session_id == session_id)
    if id_prefix:
        wanted = wanted.where(c.id >= id_prefix, c.id < id_prefix + _LAST)
    return (await tx.execute(wanted)).scalar_one()


async def characters_of_lines(tx: AsyncConnection, app_id: str, session_id: str) -> int:
    """How many characters the lines of a session's transcript have."""
    c = schema.transcript_lines.c
    texts = await tx.execute(select(c.text).where(c.app_id == app_id, c.session_id == session_id))
    return sum(map(len, texts.scalars()))


async def replace_transcript(
    tx: AsyncConnection, app_id: str, session_id: str, lines: Iterable[TranscriptLine]
) -> None:
    """Put lines in the place of all lines of a session."""
    table = schema.transcript_lines
    await tx.execute(
        delete(table).where(table.c.app_id == app_id, table.c.session_id == session_id)
    )
    rows = [_LINE.to_row(line) for line in lines]
    if rows:
        await tx.execute(insert(table), rows)


async def characters_of(tx: AsyncConnection, app_id: str, session_id: str) -> int:
    """How many characters of chat and transcript were written of a session."""
    c = schema.talk_sizes.c
    found = await tx.execute(
        select(c.characters).where(c.app_id == app_id, c.session_id == session_id)
    )
    return found.scalar_one_or_none() or 0


async def add_characters(tx: AsyncConnection, added: Mapping[tuple[str, str], int]) -> None:
    """Add to the numbers of characters stored of sessions, by `(app_id, session_id)`."""
    table = schema.talk_sizes
    statement = insert_into(tx.dialect.name, table)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["app_id", "session_id"],
            set_={"characters": table.c.characters + statement.excluded.characters},
        ),
        [
            {"app_id": app_id, "session_id": session_id, "characters": characters}
            for (app_id, session_id), characters in sorted(added.items())
        ],
    )


async def save_summary(tx: AsyncConnection, summary: Summary) -> None:
    """Write a summary, new or changed."""
    await upsert(tx, _SUMMARY, [summary])


async def delete_summary(tx: AsyncConnection, app_id: str, session_id: str) -> None:
    c = schema.summaries.c
    await tx.execute(delete(schema.summaries).where(c.app_id == app_id, c.session_id == session_id))


async def delete_messages(
    tx: AsyncConnection, app_id: str, session_id: str, ids: Sequence[str]
) -> None:
    c = schema.chat_messages.c
    await tx.execute(
        delete(schema.chat_messages).where(
            c.app_id == app_id, c.session_id == session_id, c.id.in_(list(ids))
        )
    )


async def delete_lines(
    tx: AsyncConnection, app_id: str, session_id: str, ids: Sequence[str]
) -> None:
    c = schema.transcript_lines.c
    await tx.execute(
        delete(schema.transcript_lines).where(
            c.app_id == app_id, c.session_id == session_id, c.id.in_(list(ids))
        )
    )


async def replace_messages(tx: AsyncConnection, messages: Iterable[ChatMessage]) -> None:
    """Write messages over those of the same ids, whatever their revisions."""
    await upsert(tx, _MESSAGE, messages)


async def replace_lines(tx: AsyncConnection, lines: Iterable[TranscriptLine]) -> None:
    """Write lines over those of the same ids."""
    await upsert(tx, _LINE, lines)


async def find_summary(tx: AsyncConnection, app_id: str, session_id: str) -> Summary | None:
    c = schema.summaries.c
    row = (
        await tx.execute(_SUMMARY.select.where(c.app_id == app_id, c.session_id == session_id))
    ).first()
    return None if row is None else _SUMMARY.from_row(row)
