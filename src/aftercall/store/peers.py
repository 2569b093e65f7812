"""Peers, and their heartbeats: when each was last heard."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import structs
from sqlalchemy import Select, Text, and_, bindparam, case, delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.state_machine import SilenceBounds
from aftercall.core.records import Peer, Phase
from aftercall.store.engine.array_params import PEERS, among, is_among, values_in, values_table
from aftercall.store.engine.lookup import Lookup, fetch, key_lookup
from aftercall.store.engine.record_mapping import Shape, upsert
from aftercall.store.tables import schema

_PEER = Shape(Peer, schema.peers)
_encode: Final = msgspec.json.Encoder().encode

Key = tuple[str, str]
"""`(app_id, peer_id)`."""


class Heartbeat(NamedTuple):
    """When a peer was last heard, by one batch of its facts."""

    app_id: str
    peer_id: str
    last_heard_at: EpochMs
    last_received_at: EpochMs
    last_sequence: int
    samples_added: int


class PeerStatus(NamedTuple):
    """A peer as the intake needs it to record a batch."""

    peer: Peer
    phase: Phase
    last_heard_at: EpochMs | None
    """`None`, as the next, for a peer without a heartbeat."""
    last_sequence: int | None
    watched_until: EpochMs | None
    """Until when somebody looks at the session; `None` if nobody did."""


async def save_peers(tx: AsyncConnection, peers: Iterable[Peer]) -> None:
    """Write peers, new or changed."""
    await upsert(tx, _PEER, peers)


async def delete_peers(tx: AsyncConnection, app_id: str, peer_ids: Sequence[str]) -> None:
    c = schema.peers.c
    await tx.execute(delete(schema.peers).where(c.app_id == app_id, c.id.in_(list(peer_ids))))


async def find_peer(tx: AsyncConnection, app_id: str, peer_id: str) -> Peer | None:
    rows = await fetch(tx, _BY_ID, app_id=app_id, id=peer_id)
    return _PEER.from_row(rows[0]) if rows else None


_BY_ID: Final = key_lookup(_PEER.columns, schema.peers.c.app_id, schema.peers.c.id)


async def find_peers(tx: AsyncConnection, app_id: str, peer_ids: Sequence[str]) -> dict[str, Peer]:
    """Those of the peers that exist, by id."""
    c = schema.peers.c
    rows = await tx.execute(_PEER.select.where(c.app_id == app_id, c.id.in_(list(peer_ids))))
    return {peer.id: peer for peer in map(_PEER.from_row, rows)}


async def peers_of_session(tx: AsyncConnection, app_id: str, session_id: str) -> list[Peer]:
    """All peers of a session, in the order in which they were first heard; `last_heard_at` and
    `last_received_at` include their heartbeats."""
    peer, heartbeat = schema.peers, schema.pulses
    rows = await tx.execute(
        select(*_PEER.columns, heartbeat.c.last_heard_at, heartbeat.c.last_received_at)
        .select_from(peer)
        .outerjoin(
            heartbeat, and_(heartbeat.c.app_id == peer.c.app_id, heartbeat.c.peer_id == peer.c.id)
        )
        .where(peer.c.app_id == app_id, peer.c.session_id == session_id)
        .order_by(peer.c.first_heard_at, peer.c.id)
    )
    return [_with_heartbeat(_PEER.from_row(row), row[-2], row[-1]) for row in rows]


async def peers_of_participants(
    tx: AsyncConnection, app_id: str, session_id: str, participant_ids: Sequence[str]
) -> list[Peer]:
    """The peers of some participants of a session, in the order in which they were first heard,
    without their heartbeats."""
    ids = among(tx.dialect.name, "participant_ids", list(participant_ids))
    rows = await fetch(tx, _OF_PARTICIPANTS, app_id=app_id, session_id=session_id, **ids)
    return [_PEER.from_row(row) for row in rows]


def _of_participants(dialect: str) -> Select[Any]:
    c = schema.peers.c
    return _PEER.select.where(
        c.app_id == bindparam("app_id", type_=Text),
        c.session_id == bindparam("session_id", type_=Text),
        is_among(dialect, c.participant_id, "participant_ids", Text),
    ).order_by(c.first_heard_at, c.id)


_OF_PARTICIPANTS: Final = Lookup(_of_participants)


def _with_heartbeat(peer: Peer, heard_at: EpochMs | None, received_at: EpochMs | None) -> Peer:
    if heard_at is None or received_at is None:
        return peer
    return structs.replace(
        peer,
        last_heard_at=max(peer.last_heard_at, heard_at),
        last_received_at=max(peer.last_received_at, received_at),
    )


@cache
def _statuses(dialect: str) -> Select[Any]:
    wanted = values_table(dialect, PEERS)
    peer, session, heartbeat = schema.peers, schema.sessions, schema.pulses
    watch = schema.session_watches
    return (
        select(
            *_PEER.columns,
            session.c.phase,
            heartbeat.c.last_heard_at,
            heartbeat.c.last_sequence,
            watch.c.watched_until,
        )
        .select_from(wanted)
        .join(peer, and_(peer.c.app_id == wanted.c.app_id, peer.c.id == wanted.c.peer_id))
        .join(session, and_(session.c.app_id == peer.c.app_id, session.c.id == peer.c.session_id))
        .outerjoin(
            heartbeat, and_(heartbeat.c.app_id == peer.c.app_id, heartbeat.c.peer_id == peer.c.id)
        )
        .outerjoin(
            watch,
            and_(watch.c.app_id == peer.c.app_id, watch.c.session_id == peer.c.session_id),
        )
    )


async def statuses(tx: AsyncConnection, keys: Sequence[Key]) -> Mapping[Key, PeerStatus]:
    """The statuses of those of the peers that exist, in one statement."""
    if not keys:
        return {}
    dialect = tx.dialect.name
    rows = await tx.execute(_statuses(dialect), values_in(dialect, PEERS, keys))
    found: dict[Key, PeerStatus] = {}
    for row in rows:
        of = _PEER.from_row(row)
        found[of.app_id, of.id] = PeerStatus(of, Phase(row[-4]), *row[-3:])
    return found


async def record_heartbeats(tx: AsyncConnection, heartbeats: Iterable[Heartbeat]) -> None:
    """Store when peers were last heard. Times and sequence numbers only grow, whatever the order
    of calls."""
    rows: dict[Key, Heartbeat] = {}
    for heartbeat in heartbeats:
        key = (heartbeat.app_id, heartbeat.peer_id)
        known = rows.get(key)
        rows[key] = heartbeat if known is None else _merged(known, heartbeat)
    if rows:
        dialect = tx.dialect.name
        await tx.exec_driver_sql(
            UPSERT_HEARTBEATS[dialect], heartbeat_arguments(dialect, rows.values())
        )


UPSERT_HEARTBEATS: Final = {
    "sqlite": """
        INSERT INTO pulses
          (app_id, peer_id, last_heard_at, last_received_at, last_sequence, samples)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (app_id, peer_id) DO UPDATE SET
          last_heard_at = max(pulses.last_heard_at, excluded.last_heard_at),
          last_received_at = max(pulses.last_received_at, excluded.last_received_at),
          last_sequence = max(pulses.last_sequence, excluded.last_sequence),
          samples = pulses.samples + excluded.samples
    """,
    "postgresql": """
        INSERT INTO pulses
          (app_id, peer_id, last_heard_at, last_received_at, last_sequence, samples)
        SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[],
                             $6::bigint[])
        ON CONFLICT (app_id, peer_id) DO UPDATE SET
          last_heard_at = greatest(pulses.last_heard_at, excluded.last_heard_at),
          last_received_at = greatest(pulses.last_received_at, excluded.last_received_at),
          last_sequence = greatest(pulses.last_sequence, excluded.last_sequence),
          samples = pulses.samples + excluded.samples
    """,
}
"""Stores when peers were last heard, one row for each, by dialect. `heartbeat_arguments` makes its
arguments."""


def heartbeat_arguments(
    dialect: str, heartbeats: Iterable[Heartbeat]
) -> list[Heartbeat] | tuple[list[Any], ...]:
    """The arguments of `UPSERT_HEARTBEATS`: columns, or, on SQLite, rows."""
    # Sorted, so that two transactions over the same peers lock them in the same order.
    ordered = sorted(heartbeats)
    if dialect == "postgresql":
        return tuple(list(column) for column in zip(*ordered, strict=True))
    return ordered


def _merged(one: Heartbeat, other: Heartbeat) -> Heartbeat:
    return Heartbeat(
        one.app_id,
        one.peer_id,
        max(one.last_heard_at, other.last_heard_at),
        max(one.last_received_at, other.last_received_at),
        max(one.last_sequence, other.last_sequence),
        one.samples_added + other.samples_added,
    )


async def count_samples(tx: AsyncConnection, app_id: str, peer_id: str) -> int:
    """How many samples of a peer were recorded."""
    c = schema.pulses.c
    found = await tx.execute(select(c.samples).where(c.app_id == app_id, c.peer_id == peer_id))
    return int(found.scalar_one_or_none() or 0)


def _present() -> Select[Any]:
    """The present peers of sessions that have not ended, each with its heartbeat."""
    peer, session, heartbeat = schema.peers, schema.sessions, schema.pulses
    return (
        select(*_PEER.columns, heartbeat.c.last_heard_at, heartbeat.c.last_received_at)
        .select_from(peer)
        .join(session, and_(session.c.app_id == peer.c.app_id, session.c.id == peer.c.session_id))
        .outerjoin(
            heartbeat, and_(heartbeat.c.app_id == peer.c.app_id, heartbeat.c.peer_id == peer.c.id)
        )
        .where(peer.c.left_at.is_(None), session.c.phase != Phase.ENDED.value)
    )


async def present_of_source(tx: AsyncConnection, app_id: str, source: str) -> list[Peer]:
    """The present peers of a source, in sessions that have not ended, in the order in which they
    were first heard."""
    peer = schema.peers
    rows = await tx.execute(
        _present()
        .where(peer.c.app_id == app_id, peer.c.source == source)
        .order_by(peer.c.first_heard_at, peer.c.id)
    )
    return [_with_heartbeat(_PEER.from_row(row), row[-2], row[-1]) for row in rows]


class SilentPlace(NamedTuple):
    """A place in the order of `peers_not_heard_since`."""

    last_received_at: EpochMs
    app_id: str
    peer_id: str


def silent_place(peer: Peer) -> SilentPlace:
    """The place of a peer in the order of `peers_not_heard_since`."""
    return SilentPlace(peer.last_received_at, peer.app_id, peer.id)


async def peers_not_heard_since(
    tx: AsyncConnection, bounds: SilenceBounds, limit: int, *, after: SilentPlace | None = None
) -> list[Peer]:
    """Present peers of any app, in sessions that are not ended, from whom nothing came since the
    bound of their kind, the longest silent first; with `after`, those behind that place."""
    peer, heartbeat = schema.peers.c, schema.pulses.c
    heartbeat_at = func.coalesce(heartbeat.last_received_at, peer.last_received_at)
    received_at = case(
        (heartbeat_at > peer.last_received_at, heartbeat_at), else_=peer.last_received_at
    )
    bound_at = case((peer.interval_ms <= 0, bounds.quiet_at), else_=bounds.reporting_at)
    order = (received_at, peer.app_id, peer.id)
    found = _present().where(received_at < bound_at).order_by(*order).limit(limit)
    if after is not None:
        found = found.where(tuple_(*order) > tuple_(*after))
    rows = await tx.execute(found)
    return [_with_heartbeat(_PEER.from_row(row), row[-2], row[-1]) for row in rows]
