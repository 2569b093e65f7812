"""Segments: the samples of one peer, merged into one block once the peer has left."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.records import StoredSample
from aftercall.store.codecs.segment import pack
from aftercall.store.engine.record_mapping import insert_into
from aftercall.store.samples import PeerSamples, Segment
from aftercall.store.tables import schema


class MergedSegment(NamedTuple):
    """A segment to write, and the one it was made from, if there was one."""

    app_id: str
    session_id: str
    peer_id: str
    samples: int
    sequences: str
    """First and last of each run of sequence numbers, as JSON."""
    body: bytes
    recorded_day: int
    """That of the session."""
    previous: Segment | None


def merge(
    stored: PeerSamples, samples: Sequence[StoredSample], session_id: str, recorded_day: int
) -> MergedSegment | None:
    """The segment of all of a peer's samples, which are `stored` decoded; `None` when none of
    them is outside the segment. Takes a third of a second for an hour: call it in a thread."""
    return rewritten(stored, samples, session_id, recorded_day) if stored.rows else None


def rewritten(
    stored: PeerSamples, samples: Sequence[StoredSample], session_id: str, recorded_day: int
) -> MergedSegment:
    """The segment of a peer's samples that are to replace the stored ones; they have the same
    sequence numbers."""
    runs = runs_of(sorted(sample.sequence for sample in samples))
    return MergedSegment(
        app_id=stored.app_id,
        session_id=session_id,
        peer_id=stored.peer_id,
        samples=len(samples),
        sequences=msgspec.json.encode(runs).decode(),
        body=pack(samples),
        recorded_day=recorded_day,
        previous=stored.segment,
    )


async def save(tx: AsyncConnection, merged: MergedSegment) -> bool:
    """Write a segment in place of the one it was made from, and delete the rows it holds. False,
    and nothing is written, if another transaction has replaced that one."""
    if not await _replace(tx, merged):
        return False
    await tx.execute(
        _DELETE_RUN,
        [
            {
                "of_app": merged.app_id,
                "of_peer": merged.peer_id,
                "first": first,
                "last": last,
            }
            for first, last in msgspec.json.decode(merged.sequences)
        ],
    )
    return True


async def _replace(tx: AsyncConnection, merged: MergedSegment) -> bool:
    table, c = schema.segments, schema.segments.c
    row: dict[str, Any] = merged._asdict()
    previous = row.pop("previous")
    if previous is None:
        statement = insert_into(tx.dialect.name, table).values(row).on_conflict_do_nothing()
        return (await tx.execute(statement)).rowcount == 1
    done = await tx.execute(
        update(table)
        .where(
            c.app_id == merged.app_id,
            c.peer_id == merged.peer_id,
            c.recorded_day == merged.recorded_day,
            c.sequences == previous.sequences,
        )
        .values({name: row[name] for name in ("samples", "sequences", "body")})
    )
    return done.rowcount == 1


_SAMPLE: Final = schema.samples.c
_DELETE_RUN: Final = delete(schema.samples).where(
    _SAMPLE.app_id == bindparam("of_app"),
    _SAMPLE.peer_id == bindparam("of_peer"),
    _SAMPLE.sequence.between(bindparam("first"), bindparam("last")),
)


def runs_of(sequences: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending numbers as first and last of each unbroken run."""
    runs: list[tuple[int, int]] = []
    for sequence in sequences:
        if runs and runs[-1][1] == sequence - 1:
            runs[-1] = (runs[-1][0], sequence)
        else:
            runs.append((sequence, sequence))
    return runs
