"""Deletes the rows that are noted for removal, a few at a time.

Each call deletes what fits into a number of rows, in a transaction of the caller's: what has been
committed need not be done again, and what has not is still noted.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Table, delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.retention import DataKind
from aftercall.store.engine.record_mapping import insert_into
from aftercall.store.retention.waiting import PARTITIONED
from aftercall.store.tables import schema

OF_THE_SESSION: Final = ""
"""The peer id of what belongs to a session and to no peer."""


class Removal(NamedTuple):
    """Rows to delete: of a peer, or those of a session that are no peer's (`OF_THE_SESSION`)."""

    app_id: str
    session_id: str
    peer_id: str
    kinds: int
    """The sum of the bits of the kinds of data."""
    recorded_day: int
    """That of the session."""
    waiting_kinds: int
    """The kinds of which rows in partitions stay until the partition is dropped."""

    def has(self, kind: DataKind) -> bool:
        return bool(self.kinds & kind.bit)


class Deleted(NamedTuple):
    """How many rows of a table were deleted, by the kind of data that they held."""

    kind: DataKind
    rows: int


_OF_A_PEER: Final[Sequence[tuple[DataKind, Table]]] = (
    (DataKind.SAMPLES, schema.samples),
    (DataKind.SAMPLES, schema.segments),
    (DataKind.REPORTS, schema.reports),
    (DataKind.SESSIONS, schema.notes),
)
_OF_A_SESSION: Final[Sequence[tuple[DataKind, Table]]] = (
    (DataKind.CHAT, schema.chat_messages),
    (DataKind.TRANSCRIPTS, schema.transcript_lines),
    (DataKind.SUMMARIES, schema.summaries),
    (DataKind.SESSIONS, schema.talk_sizes),
    (DataKind.SESSIONS, schema.webhook_deliveries),
)


async def note_removals(tx: AsyncConnection, removals: Iterable[Removal]) -> None:
    """Note rows that are to be deleted, beside those that are noted already."""
    rows = [each._asdict() for each in removals]
    if not rows:
        return
    table = schema.data_removals
    statement = insert_into(tx.dialect.name, table)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["app_id", "session_id", "peer_id"],
            set_={
                "kinds": table.c.kinds.bitwise_or(statement.excluded.kinds),
                "waiting_kinds": table.c.waiting_kinds.bitwise_and(
                    statement.excluded.waiting_kinds
                ),
            },
        ),
        rows,
    )


async def find_removals(tx: AsyncConnection, limit: int) -> list[Removal]:
    """Up to `limit` removals of any app. What another process has locked is left to it."""
    table = schema.data_removals
    rows = await tx.execute(
        select(*(table.c[name] for name in Removal._fields))
        .order_by(table.c.app_id, table.c.session_id, table.c.peer_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [Removal(*row) for row in rows]


async def remove_rows(tx: AsyncConnection, removal: Removal, limit: int) -> list[Deleted]:
    """Delete up to `limit` rows of a removal, and with the last of them the note of it. Returns how
    many were deleted, by kind."""
    left, deleted = limit, list[Deleted]()
    is_of_session = removal.peer_id == OF_THE_SESSION
    for kind, table in _OF_A_SESSION if is_of_session else _OF_A_PEER:
        if not removal.has(kind) or (
            table.name in PARTITIONED and removal.waiting_kinds & kind.bit
        ):
            continue
        rows = await _delete_some(tx, table, removal, left)
        deleted.append(Deleted(kind, rows))
        left -= rows
        if left <= 0:
            return deleted
    if removal.has(DataKind.SAMPLES) and not is_of_session:
        await _forget_counts(tx, removal)
    c = schema.data_removals.c
    await tx.execute(
        delete(schema.data_removals).where(
            c.app_id == removal.app_id,
            c.session_id == removal.session_id,
            c.peer_id == removal.peer_id,
        )
    )
    return deleted


async def _delete_some(tx: AsyncConnection, table: Table, removal: Removal, limit: int) -> int:
    mine: list[Any] = [
        table.c.app_id == removal.app_id,
        table.c.session_id == removal.session_id,
    ]
    if removal.peer_id != OF_THE_SESSION:
        mine.append(table.c.peer_id == removal.peer_id)
    if table.name in PARTITIONED:
        mine.append(table.c.recorded_day == removal.recorded_day)
    key = [column for column in table.primary_key.columns if column.name != "app_id"]
    chosen = select(*key).where(*mine).limit(limit)
    done = await tx.execute(delete(table).where(*mine, tuple_(*key).in_(chosen)))
    return done.rowcount


async def _forget_counts(tx: AsyncConnection, removal: Removal) -> None:
    """A peer without samples has none that are counted."""
    c = schema.pulses.c
    await tx.execute(
        update(schema.pulses)
        .where(c.app_id == removal.app_id, c.peer_id == removal.peer_id)
        .values(samples=0)
    )
