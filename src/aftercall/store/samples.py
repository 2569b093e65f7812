"""Samples: each report is kept once, whole and compressed; those of a peer that is done are
merged into one segment."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec
import zstandard
from sqlalchemy import ColumnElement, FromClause, Select, and_, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.records import StoredSample
from aftercall.store import schema
from aftercall.store.many import PEERS, REPORTS, values_in, values_table
from aftercall.store.peers import Key
from aftercall.store.rows import insert_into
from aftercall.store.series import pack, unpack

SAMPLE_LEVEL: Final = 3
"""zstd level of a single report: higher ones cost the intake more than they save."""

_compress: Final = zstandard.ZstdCompressor(level=SAMPLE_LEVEL).compress
_decompress: Final = zstandard.ZstdDecompressor().decompress


class SampleRow(NamedTuple):
    """A report to keep; `body` is JSON."""

    app_id: str
    peer_id: str
    session_id: str
    sequence: int
    at: EpochMs
    received_at: EpochMs
    body: bytes


_SQLITE_APPEND: Final = """
    INSERT INTO samples (app_id, peer_id, session_id, sequence, at, received_at, body)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""

_POSTGRESQL_APPEND: Final = """
    INSERT INTO samples (app_id, peer_id, session_id, sequence, at, received_at, body)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[],
                         $6::bigint[], $7::bytea[])
    ON CONFLICT DO NOTHING
"""


async def append(tx: AsyncConnection, rows: Sequence[SampleRow]) -> None:
    """Keep reports, in one statement straight to the driver; known ones are left as they are."""
    if not rows:
        return
    ready = [(*row[:6], _compress(row[6])) for row in rows]
    if tx.dialect.name == "sqlite":
        await tx.exec_driver_sql(_SQLITE_APPEND, ready)
    else:
        columns = tuple(list(column) for column in zip(*ready, strict=True))
        await tx.exec_driver_sql(_POSTGRESQL_APPEND, columns)


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
    """All reports of a peer in the order of `(at, sequence)`, merged or not."""
    merged, loose = await _merged(tx, app_id, peer_id), await _loose(tx, app_id, peer_id)
    every = {sample.sequence: sample for sample in (*loose, *merged)}
    return sorted(every.values(), key=lambda sample: (sample.at, sample.sequence))


async def merge(tx: AsyncConnection, app_id: str, peer_id: str) -> int:
    """Merge a peer's reports into one segment, with those of an earlier merge; how many it
    holds, 0 when there was nothing to merge."""
    loose = await _loose(tx, app_id, peer_id)
    if not loose:
        return 0
    c = schema.samples.c
    session_id = (
        await tx.execute(
            select(c.session_id).where(c.app_id == app_id, c.peer_id == peer_id).limit(1)
        )
    ).scalar_one()
    every = {s.sequence: s for s in (*loose, *await _merged(tx, app_id, peer_id))}
    series = sorted(every.values(), key=lambda sample: (sample.at, sample.sequence))
    row = {
        "app_id": app_id,
        "peer_id": peer_id,
        "session_id": session_id,
        "samples": len(series),
        "sequences": msgspec.json.encode(_runs(sorted(every))).decode(),
        "body": pack(series),
    }
    statement = insert_into(tx.dialect.name, schema.segments).values(row)
    new = {name: statement.excluded[name] for name in ("samples", "sequences", "body")}
    await tx.execute(
        statement.on_conflict_do_update(index_elements=["app_id", "peer_id"], set_=new)
    )
    await tx.execute(delete(schema.samples).where(c.app_id == app_id, c.peer_id == peer_id))
    return len(series)


def _runs(sequences: Sequence[int]) -> list[tuple[int, int]]:
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
            body=_decompress(body),
        )
        for sequence, at, received_at, body in rows
    ]


async def _merged(tx: AsyncConnection, app_id: str, peer_id: str) -> list[StoredSample]:
    c = schema.segments.c
    found: Any = (
        await tx.execute(select(c.body).where(c.app_id == app_id, c.peer_id == peer_id))
    ).scalar()
    return [] if found is None else unpack(peer_id, found)
