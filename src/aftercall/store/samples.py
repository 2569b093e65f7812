"""Samples: each report is kept once, whole and compressed; those of a peer that is done are
merged into one segment."""

import asyncio
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import accumulate
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.records import StoredSample
from aftercall.store.codecs.sample_row import compress_all, decompress
from aftercall.store.codecs.segment import pack, unpack
from aftercall.store.engine.array_params import PEERS, REPORTS, values_in, values_table
from aftercall.store.engine.database import Database
from aftercall.store.engine.record_mapping import insert_into
from aftercall.store.peers import Key
from aftercall.store.tables import schema

_encode: Final = msgspec.json.Encoder().encode


class SampleRow(NamedTuple):
    """A report to keep; `body` is JSON."""

    app_id: str
    peer_id: str
    session_id: str
    sequence: int
    at: EpochMs
    received_at: EpochMs
    body: bytes


APPEND: Final = {
    "sqlite": """
        INSERT INTO samples (app_id, peer_id, session_id, sequence, at, received_at, body)
        SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'),
               json_extract(value, '$[2]'), json_extract(value, '$[3]'),
               json_extract(value, '$[4]'), json_extract(value, '$[5]'),
               substr(?2, json_extract(value, '$[6]'), json_extract(value, '$[7]'))
        FROM json_each(?1) WHERE true
        ON CONFLICT DO NOTHING
    """,
    "postgresql": """
        INSERT INTO samples (app_id, peer_id, session_id, sequence, at, received_at, body)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[],
                             $6::bigint[], $7::bytea[])
        ON CONFLICT DO NOTHING RETURNING app_id, peer_id, sequence
    """,
}
"""Keeps reports, by dialect; known ones are left as they are. `append_arguments` go with it. On
PostgreSQL it returns those that were new: another process may have kept some since they were
looked up. SQLite has one writer, who has looked them up in the same transaction."""


def append_arguments(dialect: str, rows: Sequence[SampleRow]) -> tuple[Any, ...]:
    """What `APPEND` takes: columns, or, on SQLite, rows as JSON and their bodies in one blob."""
    bodies = compress_all([row.body for row in rows])
    if dialect == "postgresql":
        return (*(list(column) for column in zip(*(row[:6] for row in rows), strict=True)), bodies)
    starts = accumulate(map(len, bodies), initial=1)
    each = [
        (*row[:6], start, len(body)) for row, start, body in zip(rows, starts, bodies, strict=False)
    ]
    return _encode(each).decode(), b"".join(bodies)


async def append(tx: AsyncConnection, rows: Sequence[SampleRow]) -> set[tuple[str, str, int]]:
    """Keep reports, in one statement straight to the driver; known ones are left as they are. The
    `(app_id, peer_id, sequence)` of those that were new, as `APPEND` knows it."""
    if not rows:
        return set()
    dialect = tx.dialect.name
    done: Any = await tx.exec_driver_sql(APPEND[dialect], append_arguments(dialect, rows))
    if dialect == "postgresql":
        return {(app_id, peer_id, sequence) for app_id, peer_id, sequence in done}
    return {(row.app_id, row.peer_id, row.sequence) for row in rows}


async def known(
    tx: AsyncConnection, keys: Iterable[tuple[str, str, int]]
) -> set[tuple[str, str, int]]:
    """Those of the `(app_id, peer_id, sequence)` that are kept, merged or not."""
    wanted: dict[Key, set[int]] = {}
    for app_id, peer_id, sequence in keys:
        wanted.setdefault((app_id, peer_id), set()).add(sequence)
    if not wanted:
        return set()
    dialect = tx.dialect.name
    each = [(*peer, sequence) for peer, sequences in wanted.items() for sequence in sequences]
    loose = await tx.execute(_known_loose(dialect), values_in(dialect, REPORTS, each))
    found = {(app_id, peer_id, sequence) for app_id, peer_id, sequence in loose}
    merged = await tx.execute(_known_merged(dialect), values_in(dialect, PEERS, list(wanted)))
    for app_id, peer_id, runs in merged:
        for first, last in msgspec.json.decode(runs):
            found.update(
                (app_id, peer_id, sequence)
                for sequence in wanted[app_id, peer_id]
                if first <= sequence <= last
            )
    return found


@cache
def _known_loose(dialect: str) -> Select[Any]:
    c, wanted = schema.samples.c, values_table(dialect, REPORTS)
    return (
        select(c.app_id, c.peer_id, c.sequence)
        .select_from(wanted)
        .join(schema.samples, _same(schema.samples, wanted, *REPORTS))
    )


@cache
def _known_merged(dialect: str) -> Select[Any]:
    c, wanted = schema.segments.c, values_table(dialect, PEERS)
    return (
        select(c.app_id, c.peer_id, c.sequences)
        .select_from(wanted)
        .join(schema.segments, _same(schema.segments, wanted, *PEERS))
    )


def _same(table: FromClause, other: FromClause, *names: str) -> ColumnElement[bool]:
    return and_(*(table.c[name] == other.c[name] for name in names))


async def of_peer(tx: AsyncConnection, app_id: str, peer_id: str) -> list[StoredSample]:
    """All reports of a peer in the order of `(at, sequence)`, merged or not. A segment is unpacked
    in a thread: an hour of 20 streams takes a tenth of a second, in which nobody else would be
    answered."""
    every = {sample.sequence: sample for sample in await _loose(tx, app_id, peer_id)}
    segment = await _segment(tx, app_id, peer_id)
    if segment is not None:
        merged = await asyncio.to_thread(unpack, peer_id, segment.body)
        every |= {sample.sequence: sample for sample in merged}
    return sorted(every.values(), key=lambda sample: (sample.at, sample.sequence))


async def counts_of_session(tx: AsyncConnection, app_id: str, session_id: str) -> dict[str, int]:
    """How many reports there are of each peer of a session that has any."""
    counts: dict[str, int] = {}
    for table, count in (
        (schema.samples, func.count()),
        (schema.segments, func.sum(schema.segments.c.samples)),
    ):
        rows = await tx.execute(
            select(table.c.peer_id, count)
            .select_from(_of_session(table, app_id, session_id))
            .group_by(table.c.peer_id)
        )
        for peer_id, number in rows:
            counts[peer_id] = counts.get(peer_id, 0) + int(number)
    return counts


def _of_session(table: Table, app_id: str, session_id: str) -> FromClause:
    """The rows of a table that belong to the peers of a session, found by their peers' keys."""
    peer = schema.peers.c
    return schema.peers.join(
        table,
        and_(
            table.c.app_id == peer.app_id,
            table.c.peer_id == peer.id,
            peer.app_id == app_id,
            peer.session_id == session_id,
        ),
    )


async def peers_to_merge(tx: AsyncConnection, app_id: str, session_id: str) -> list[str]:
    """The peers of a session of whom there are reports that are not merged."""
    c, peer = schema.samples.c, schema.peers.c
    is_loose = exists().where(c.app_id == peer.app_id, c.peer_id == peer.id)
    rows = await tx.execute(
        select(peer.id)
        .where(peer.app_id == app_id, peer.session_id == session_id, is_loose)
        .order_by(peer.first_heard_at, peer.id)
    )
    return list(rows.scalars())


async def merge(db: Database, app_id: str, peer_id: str) -> int:
    """Merge a peer's reports into one segment, with those of an earlier merge; how many it
    holds, 0 when there was nothing to merge or another was quicker.

    Packing an hour takes a third of a second, so it is done in a thread and between two
    transactions: nobody waits for it. What arrives meanwhile stays for the next time.
    """
    async with db.read() as tx:
        loose = await _loose(tx, app_id, peer_id)
        old = await _segment(tx, app_id, peer_id)
        session_id = await _session_of(tx, app_id, peer_id)
    if not loose or session_id is None:
        return 0
    row = await asyncio.to_thread(_merged_row, peer_id, loose, old)
    async with db.write() as tx:
        if not await _replace(tx, {"app_id": app_id, "session_id": session_id, **row}, old):
            return 0
        await tx.execute(_DELETE_RUN, _ranges(app_id, peer_id, row["sequences"]))
    return int(row["samples"])


class _Segment(NamedTuple):
    sequences: str
    body: bytes


async def _segment(tx: AsyncConnection, app_id: str, peer_id: str) -> _Segment | None:
    c = schema.segments.c
    found = await tx.execute(
        select(c.sequences, c.body).where(c.app_id == app_id, c.peer_id == peer_id)
    )
    row = found.first()
    return None if row is None else _Segment(*row)


async def _session_of(tx: AsyncConnection, app_id: str, peer_id: str) -> str | None:
    c = schema.samples.c
    found = await tx.execute(
        select(c.session_id).where(c.app_id == app_id, c.peer_id == peer_id).limit(1)
    )
    return found.scalar()


def _merged_row(peer_id: str, loose: list[StoredSample], old: _Segment | None) -> dict[str, Any]:
    every = {sample.sequence: sample for sample in loose}
    if old is not None:
        every |= {sample.sequence: sample for sample in unpack(peer_id, old.body)}
    series = sorted(every.values(), key=lambda sample: (sample.at, sample.sequence))
    return {
        "peer_id": peer_id,
        "samples": len(series),
        "sequences": msgspec.json.encode(runs_of(sorted(every))).decode(),
        "body": pack(series),
    }


async def _replace(tx: AsyncConnection, row: dict[str, Any], old: _Segment | None) -> bool:
    """Write a segment in place of the one it was made from; False when that is there no more."""
    table = schema.segments
    c = table.c
    if old is None:
        statement = insert_into(tx.dialect.name, table).values(row).on_conflict_do_nothing()
        return (await tx.execute(statement)).rowcount == 1
    done = await tx.execute(
        update(table)
        .where(
            c.app_id == row["app_id"],
            c.peer_id == row["peer_id"],
            c.sequences == old.sequences,
        )
        .values({name: row[name] for name in ("samples", "sequences", "body")})
    )
    return done.rowcount == 1


_C: Final = schema.samples.c
_DELETE_RUN: Final = delete(schema.samples).where(
    _C.app_id == bindparam("of_app"),
    _C.peer_id == bindparam("of_peer"),
    _C.sequence.between(bindparam("first"), bindparam("last")),
)


def _ranges(app_id: str, peer_id: str, sequences: str) -> list[dict[str, Any]]:
    return [
        {"of_app": app_id, "of_peer": peer_id, "first": first, "last": last}
        for first, last in msgspec.json.decode(sequences)
    ]


def runs_of(sequences: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending numbers as first and last of each unbroken run."""
    runs: list[tuple[int, int]] = []
    for sequence in sequences:
        if runs and runs[-1][1] == sequence - 1:
            runs[-1] = (runs[-1][0], sequence)
        else:
            runs.append((sequence, sequence))
    return runs


async def _loose(tx: AsyncConnection, app_id: str, peer_id: str) -> list[StoredSample]:
    c = schema.samples.c
    rows = await tx.execute(
        select(c.sequence, c.at, c.received_at, c.body).where(
            c.app_id == app_id, c.peer_id == peer_id
        )
    )
    return [
        StoredSample(
            peer_id=peer_id,
            sequence=sequence,
            at=at,
            received_at=received_at,
            body=decompress(body),
        )
        for sequence, at, received_at, body in rows
    ]
