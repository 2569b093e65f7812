"""The fast path: appends the reports of a group of present peers in one transaction and, on SQLite,
in one call of the driver's thread.

Each statement takes the whole group. SQLite's driver releases the interpreter lock at every step,
and acquiring it again costs more than a row; on PostgreSQL each statement is a round trip.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from sqlite3 import Connection
from typing import Any, Final, NamedTuple

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.records import LeaveReason, Phase
from aftercall.store.engine.database import Database
from aftercall.store.peers import UPSERT_HEARTBEATS, Heartbeat, Key, heartbeat_arguments
from aftercall.store.samples import APPEND, SampleRow, columns_of, packed_rows, rows_together


class FastPathStatus(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What decides whether a peer's reports may take the fast path."""

    app_id: str
    peer_id: str
    session_id: str
    meeting_id: str
    phase: Phase
    first_heard_at: EpochMs
    user_id: str | None
    joined_at: EpochMs | None
    kicked_at: EpochMs | None
    left_reason: LeaveReason | None
    last_sequence: int | None
    """The highest of its reports so far."""
    member_generation: int | None
    """The token generation of the peer's member; `None` when the peer is no member."""
    member_removed_at: EpochMs | None
    watched_until: EpochMs | None
    """Until when somebody looks at the session; `None` if nobody did."""


class Appended(NamedTuple):
    """The rows to write: reports that are new, and one heartbeat for each peer."""

    samples: Sequence[SampleRow]
    heartbeats: Sequence[Heartbeat]


class Overtaken(Exception):
    """Another process kept some of a peer's reports in the meantime, and it is not known which."""


Select = Callable[[Mapping[Key, FastPathStatus]], Appended]
"""Chooses the rows to write from the statuses of the peers that exist. May be called in another
thread."""

_MEMBERS: Final = """p.app_id, p.id, p.session_id, p.meeting_id, s.phase, p.first_heard_at,
    p.user_id, p.joined_at, p.kicked_at, p.left_reason, u.last_sequence,
    m.token_generation, m.removed_at, v.watched_until"""

_JOINED: Final = """peers p ON p.app_id = w.app_id AND p.id = w.peer_id
    JOIN sessions s ON s.app_id = p.app_id AND s.id = p.session_id
    LEFT JOIN pulses u ON u.app_id = p.app_id AND u.peer_id = p.id
    LEFT JOIN session_watches v ON v.app_id = p.app_id AND v.session_id = p.session_id
    LEFT JOIN members m
      ON m.app_id = p.app_id AND m.meeting_id = p.meeting_id AND m.id = p.user_id"""

SQLITE_STATUSES: Final = f"""
    SELECT json_group_array(json_array({_MEMBERS}))
    FROM (SELECT json_extract(value, '$[0]') app_id, json_extract(value, '$[1]') peer_id
          FROM json_each(?1)) w
    CROSS JOIN {_JOINED}
"""

_POSTGRESQL_STATUSES: Final = f"""
    SELECT {_MEMBERS} FROM unnest($1::text[], $2::text[]) w (app_id, peer_id) JOIN {_JOINED}
"""

_encode: Final = msgspec.json.Encoder().encode
_STATUSES: Final = msgspec.json.Decoder(list[FastPathStatus])


async def append(db: Database, keys: Sequence[Key], select: Select) -> None:
    """Write what `select` chooses from the statuses of these peers, in one transaction: it is on
    disk when this returns, and nothing was written when this raises. Raises `Overtaken` on
    PostgreSQL."""
    if db.is_sqlite:
        await db.write_in_one_turn(lambda driver: _append_to_sqlite(driver, keys, select))
        return
    async with db.write_through_driver() as driver:
        apps, ids = zip(*keys, strict=True)
        rows = await driver.fetch(_POSTGRESQL_STATUSES, apps, ids)
        appended = select(_by_key(msgspec.convert(list(map(tuple, rows)), list[FastPathStatus])))
        kept = Counter[Key]()
        if appended.samples:
            kept = await _append_to_postgresql(driver, appended.samples)
        if appended.heartbeats:
            # A report sent again through another process may have been judged new by both.
            heartbeats = [
                heartbeat._replace(samples_added=kept[heartbeat.app_id, heartbeat.peer_id])
                for heartbeat in appended.heartbeats
            ]
            await driver.execute(
                UPSERT_HEARTBEATS["postgresql"], *heartbeat_arguments("postgresql", heartbeats)
            )


async def _append_to_postgresql(driver: Any, samples: Sequence[SampleRow]) -> Counter[Key]:
    """Keep reports; returns how many were new of each peer."""
    together = rows_together(samples)
    rows = await driver.fetch(APPEND["postgresql"], *columns_of(packed_rows(together)))
    new = {(app_id, peer_id, sequence) for app_id, peer_id, sequence in rows}
    if any(len(each) > 1 and each[0].key not in new for each in together):
        raise Overtaken
    return Counter[Key](
        (sample.app_id, sample.peer_id)
        for each in together
        if each[0].key in new
        for sample in each
    )


def _append_to_sqlite(driver: Connection, keys: Sequence[Key], select: Select) -> None:
    (found,) = driver.execute(SQLITE_STATUSES, (_encode(keys).decode(),)).fetchone()
    appended = select(_by_key(_STATUSES.decode(found)))
    if appended.samples:
        driver.executemany(APPEND["sqlite"], packed_rows(rows_together(appended.samples)))
    if appended.heartbeats:
        driver.executemany(
            UPSERT_HEARTBEATS["sqlite"], heartbeat_arguments("sqlite", appended.heartbeats)
        )


def _by_key(statuses: Iterable[FastPathStatus]) -> dict[Key, FastPathStatus]:
    return {(each.app_id, each.peer_id): each for each in statuses}
