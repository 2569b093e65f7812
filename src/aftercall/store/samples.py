"""Samples: each report is stored once, as a compressed row. `store.segments` merges the rows of a
peer that has left into one segment."""

import asyncio
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import accumulate
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, FromClause, Row, Select, Table, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.records import StoredSample
from aftercall.store.codecs.sample_row import compress_all, decompress
from aftercall.store.codecs.segment import unpack
from aftercall.store.engine.array_params import PEERS, REPORTS, values_in, values_table
from aftercall.store.peers import Key
from aftercall.store.tables import schema

_encode: Final = msgspec.json.Encoder().encode


class SampleRow(NamedTuple):
    """A sample to store; `body` is JSON."""

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
    """The arguments of `APPEND`: columns, or, on SQLite, rows as JSON and all bodies in one
    blob."""
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
    """Those of the `(app_id, peer_id, sequence)` that are stored, merged or not."""
    wanted: dict[Key, set[int]] = {}
    for app_id, peer_id, sequence in keys:
        wanted.setdefault((app_id, peer_id), set()).add(sequence)
    if not wanted:
        return set()
    dialect = tx.dialect.name
    each = [(*peer, sequence) for peer, sequences in wanted.items() for sequence in sequences]
    loose = await tx.execute(_known_rows(dialect), values_in(dialect, REPORTS, each))
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
def _known_rows(dialect: str) -> Select[Any]:
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


class Segment(NamedTuple):
    """A peer's merged samples: which sequence numbers it holds, as JSON, and the block."""

    sequences: str
    body: bytes


class PeerSamples(NamedTuple):
    """A peer's samples as stored: rows that are not merged yet, and the segment, if there is
    one."""

    app_id: str
    peer_id: str
    rows: Sequence[Row[int, EpochMs, EpochMs, bytes]]
    segment: Segment | None

    def decode(self) -> list[StoredSample]:
        """All samples in the order of `(at, sequence)`. Takes a tenth of a second for an hour of
        20 streams: call it in a thread."""
        found = {
            sequence: StoredSample(
                peer_id=self.peer_id,
                sequence=sequence,
                at=at,
                received_at=received_at,
                body=decompress(body),
            )
            for sequence, at, received_at, body in self.rows
        }
        if self.segment is not None:
            merged = unpack(self.peer_id, self.segment.body)
            found |= {sample.sequence: sample for sample in merged}
        return sorted(found.values(), key=lambda sample: (sample.at, sample.sequence))


async def read_peer(tx: AsyncConnection, app_id: str, peer_id: str) -> PeerSamples:
    """A peer's samples, merged or not."""
    c, segment = schema.samples.c, schema.segments.c
    rows = await tx.execute(
        select(c.sequence, c.at, c.received_at, c.body).where(
            c.app_id == app_id, c.peer_id == peer_id
        )
    )
    merged = await tx.execute(
        select(segment.sequences, segment.body).where(
            segment.app_id == app_id, segment.peer_id == peer_id
        )
    )
    found = merged.first()
    return PeerSamples(app_id, peer_id, rows.all(), None if found is None else Segment(*found))


class LaterSamples(NamedTuple):
    """A peer's samples with higher sequence numbers than some, and what shows whether others came:
    how many are not merged, and whether any are merged."""

    later: PeerSamples
    unmerged: int
    is_merged: bool


async def read_later(
    tx: AsyncConnection, keys: Sequence[tuple[str, str, int]]
) -> dict[Key, LaterSamples]:
    """The samples of peers after a sequence number, each key `(app_id, peer_id, sequence)`, in
    one statement."""
    dialect = tx.dialect.name
    found: dict[Key, LaterSamples] = {}
    if not keys:
        return found
    rows: dict[Key, list[Row[int, EpochMs, EpochMs, bytes]]] = {}
    for row in await tx.execute(_later(dialect), values_in(dialect, REPORTS, keys)):
        app_id, peer_id, unmerged, is_merged, *rest = row
        each = rows.setdefault((app_id, peer_id), [])
        if rest[0] is not None:
            each.append(row[4:])
        later = PeerSamples(app_id, peer_id, each, None)
        found[app_id, peer_id] = LaterSamples(later, unmerged, bool(is_merged))
    return found


@cache
def _later(dialect: str) -> Select[Any]:
    wanted, c = values_table(dialect, REPORTS), schema.samples.c
    every, merged = schema.samples.alias(), schema.segments
    unmerged = (
        select(func.count())
        .select_from(every)
        .where(_same(every, wanted, *PEERS))
        .correlate(wanted)
    )
    is_merged = select(1).where(_same(merged, wanted, *PEERS)).correlate(wanted).exists()
    return select(
        *(wanted.c[name] for name in PEERS),
        unmerged.scalar_subquery(),
        is_merged,
        *(c.sequence, c.at, c.received_at, c.body),
    ).select_from(
        wanted.outerjoin(
            schema.samples,
            and_(_same(schema.samples, wanted, *PEERS), c.sequence > wanted.c.sequence),
        )
    )


async def of_peer(tx: AsyncConnection, app_id: str, peer_id: str) -> list[StoredSample]:
    """All samples of a peer in the order of `(at, sequence)`, merged or not, decoded in a
    thread."""
    return await asyncio.to_thread((await read_peer(tx, app_id, peer_id)).decode)


async def counts_of_session(tx: AsyncConnection, app_id: str, session_id: str) -> dict[str, int]:
    """The number of samples of each peer of a session that has any."""
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


async def unmerged_peers(tx: AsyncConnection, app_id: str, session_id: str) -> set[str]:
    """The peers of a session that have samples outside their segment."""
    c, peer = schema.samples.c, schema.peers.c
    has_rows = exists().where(c.app_id == peer.app_id, c.peer_id == peer.id)
    rows = await tx.execute(
        select(peer.id).where(peer.app_id == app_id, peer.session_id == session_id, has_rows)
    )
    return set(rows.scalars())
