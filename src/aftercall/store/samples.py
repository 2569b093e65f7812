"""Samples: each report is stored once, in a compressed row with those that came together with it.
`store.segments` merges the rows of a peer that has left into one segment."""

import asyncio
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec
import zstandard
from sqlalchemy import ColumnElement, FromClause, Select, Table, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.records import StoredSample
from aftercall.store.codecs.sample_row import compress_all, decompress, join, split
from aftercall.store.codecs.segment import unpack
from aftercall.store.engine.array_params import PEERS, REPORTS, values_in, values_table
from aftercall.store.engine.lookup import fetch, key_lookup
from aftercall.store.peers import Key
from aftercall.store.recorded_days import (
    OfPeer,
    day_of_session,
    days_in,
    days_of_peers,
    fetch_of_peer,
    on_day,
    on_days,
)
from aftercall.store.tables import schema


class SampleRow(NamedTuple):
    """A sample to store; `body` is a JSON object."""

    app_id: str
    peer_id: str
    session_id: str
    sequence: int
    at: EpochMs
    received_at: EpochMs
    body: bytes

    @property
    def key(self) -> tuple[str, str, int]:
        """`(app_id, peer_id, sequence)`."""
        return self.app_id, self.peer_id, self.sequence


MOST_TOGETHER: Final = 32
"""Samples in one row."""

APPEND: Final = {
    "sqlite": """
        INSERT INTO samples
          (app_id, peer_id, sequence, session_id, at, received_at, last_sequence, samples, body)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
    """,
    "postgresql": """
        INSERT INTO samples
          (app_id, peer_id, sequence, session_id, at, received_at, last_sequence, samples, body)
        SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[],
                             $6::bigint[], $7::bigint[], $8::int[], $9::bytea[])
        ON CONFLICT DO NOTHING RETURNING app_id, peer_id, sequence
    """,
}
"""Keeps reports, by dialect; known ones are left as they are. `packed_rows` makes its rows. On
PostgreSQL it takes them as columns and returns the keys of those that were new: another process may
have kept some since they were looked up. SQLite runs it once for each row, and has one writer, who
has looked them up in the same transaction."""

PackedRow = tuple[str, str, int, str, int, int, int, int, bytes]
StoredRow = Sequence[Any]
"""A row's `sequence`, `at`, `received_at` and `body`."""


def rows_together(samples: Sequence[SampleRow]) -> list[list[SampleRow]]:
    """Samples by the row that will hold them: those of one peer that were received together and
    whose sequence numbers follow one another, so that a row's first and last name them all."""
    together: list[list[SampleRow]] = []
    last: SampleRow | None = None
    for sample in samples:
        if (
            last is not None
            and sample.peer_id == last.peer_id
            and sample.app_id == last.app_id
            and sample.received_at == last.received_at
            and sample.sequence == last.sequence + 1
            and len(together[-1]) < MOST_TOGETHER
        ):
            together[-1].append(sample)
        else:
            together.append([sample])
        last = sample
    return together


def packed_rows(together: Sequence[Sequence[SampleRow]]) -> list[PackedRow]:
    """The rows of `APPEND`."""
    bodies = compress_all([join([(s.sequence, s.at, s.body) for s in each]) for each in together])
    return [
        (
            (first := each[0]).app_id,
            first.peer_id,
            first.sequence,
            first.session_id,
            first.at,
            first.received_at,
            each[-1].sequence,
            len(each),
            body,
        )
        for each, body in zip(together, bodies, strict=True)
    ]


async def append(tx: AsyncConnection, samples: Sequence[SampleRow]) -> set[tuple[str, str, int]]:
    """Keep samples; known ones are left as they are. Returns the `(app_id, peer_id, sequence)` of
    those that were new, as `APPEND` knows it."""
    together = rows_together(samples)
    kept: set[tuple[str, str, int]] = set()
    while together:
        found = await _append(tx, together)
        kept.update(sample.key for each in together if each[0].key in found for sample in each)
        # Another process kept the first of a row meanwhile, and perhaps not the others.
        others = [s for each in together if each[0].key not in found for s in each[1:]]
        seen = await known(tx, [sample.key for sample in others])
        together = [[sample] for sample in others if sample.key not in seen]
    return kept


async def _append(
    tx: AsyncConnection, together: Sequence[Sequence[SampleRow]]
) -> set[tuple[str, str, int]]:
    """Run `APPEND` straight on the driver; returns the keys of the new rows."""
    rows = packed_rows(together)
    if tx.dialect.name == "sqlite":
        await tx.exec_driver_sql(APPEND["sqlite"], rows)
        return {each[0].key for each in together}
    done: Any = await tx.exec_driver_sql(APPEND["postgresql"], columns_of(rows))
    return {(app_id, peer_id, sequence) for app_id, peer_id, sequence in done}


def columns_of(rows: Sequence[PackedRow]) -> tuple[list[Any], ...]:
    """Rows as the arguments of PostgreSQL's `APPEND`."""
    return tuple(list(column) for column in zip(*rows, strict=True))


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
    days = await days_of_peers(tx, list(wanted))
    merged = await tx.execute(
        _known_merged(dialect, days is not None),
        values_in(dialect, PEERS, list(wanted)) | days_in(dialect, days),
    )
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
    # The ranges of a peer's rows do not overlap: the last one that begins before decides.
    last_sequence = (
        select(c.last_sequence)
        .where(_same(schema.samples, wanted, *PEERS), c.sequence <= wanted.c.sequence)
        .order_by(c.sequence.desc())
        .limit(1)
        .correlate(wanted)
        .scalar_subquery()
    )
    return select(*(wanted.c[name] for name in REPORTS)).where(last_sequence >= wanted.c.sequence)


@cache
def _known_merged(dialect: str, are_days_known: bool) -> Select[Any]:
    c, wanted = schema.segments.c, values_table(dialect, PEERS)
    return (
        select(c.app_id, c.peer_id, c.sequences)
        .select_from(wanted)
        .join(schema.segments, _same(schema.segments, wanted, *PEERS))
        .where(*on_days(dialect, schema.segments, are_known=are_days_known))
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
    rows: Sequence[StoredRow]
    segment: Segment | None

    def has_any(self, texts: Sequence[bytes]) -> bool:
        """Whether any of the texts may be in a sample. Takes some milliseconds for an hour."""
        plain = [decompress(body) for *_, body in self.rows]
        if self.segment is not None:
            plain.append(zstandard.ZstdDecompressor().decompress(self.segment.body))
        return any(text in each for each in plain for text in texts)

    def decode(self) -> list[StoredSample]:
        """All samples in the order of `(at, sequence)`. Takes a tenth of a second for an hour of
        20 streams: call it in a thread."""
        found = {
            sample.sequence: StoredSample(
                peer_id=self.peer_id,
                sequence=sample.sequence,
                at=EpochMs(sample.at),
                received_at=received_at,
                body=bytes(sample.body),
            )
            for sequence, at, received_at, body in self.rows
            for sample in split(decompress(body), sequence, at)
        }
        if self.segment is not None:
            merged = unpack(self.peer_id, self.segment.body)
            found |= {sample.sequence: sample for sample in merged}
        return sorted(found.values(), key=lambda sample: (sample.at, sample.sequence))


_ROWS: Final = key_lookup(
    [schema.samples.c[name] for name in ("sequence", "at", "received_at", "body")],
    *(schema.samples.c.app_id, schema.samples.c.peer_id),
)
_SEGMENT: Final = OfPeer(schema.segments, [schema.segments.c.sequences, schema.segments.c.body])


async def read_peer(tx: AsyncConnection, app_id: str, peer_id: str) -> PeerSamples:
    """A peer's samples, merged or not."""
    rows = await fetch(tx, _ROWS, app_id=app_id, peer_id=peer_id)
    merged = await fetch_of_peer(tx, _SEGMENT, app_id, peer_id)
    return PeerSamples(app_id, peer_id, rows, Segment(*merged[0]) if merged else None)


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
    rows: dict[Key, list[StoredRow]] = {}
    days = await days_of_peers(tx, sorted({key[:2] for key in keys}))
    for row in await tx.execute(
        _later(dialect, days is not None),
        values_in(dialect, REPORTS, keys) | days_in(dialect, days),
    ):
        app_id, peer_id, unmerged, is_merged, *rest = row
        each = rows.setdefault((app_id, peer_id), [])
        if rest[0] is not None:
            each.append(row[4:])
        later = PeerSamples(app_id, peer_id, each, None)
        found[app_id, peer_id] = LaterSamples(later, unmerged, bool(is_merged))
    return found


@cache
def _later(dialect: str, are_days_known: bool) -> Select[Any]:
    wanted, c = values_table(dialect, REPORTS), schema.samples.c
    every, merged = schema.samples.alias(), schema.segments
    unmerged = (
        select(func.coalesce(func.sum(every.c.samples), 0))
        .where(_same(every, wanted, *PEERS))
        .correlate(wanted)
    )
    is_merged = (
        select(1)
        .where(
            _same(merged, wanted, *PEERS),
            *on_days(dialect, merged, are_known=are_days_known),
        )
        .correlate(wanted)
        .exists()
    )
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
    day = await day_of_session(tx, app_id, session_id)
    for table, count, where in (
        (schema.samples, func.sum(schema.samples.c.samples), []),
        (schema.segments, func.sum(schema.segments.c.samples), on_day(schema.segments, day)),
    ):
        rows = await tx.execute(
            select(table.c.peer_id, count)
            .select_from(_of_session(table, app_id, session_id))
            .where(*where)
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
