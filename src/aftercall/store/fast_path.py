"""The express way in: reports of peers that are there, a group of them in one transaction and, on
SQLite, in one turn of the driver's thread.

Each statement takes the whole group. On SQLite the driver lets go of the interpreter at every
step, and getting hold of it again costs more than a row; on PostgreSQL each statement is a
journey.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from sqlite3 import Connection
from typing import Final, NamedTuple

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.records import LeaveReason, Phase
from aftercall.store.engine.database import Database
from aftercall.store.peers import UPSERT_HEARTBEATS, Heartbeat, Key, heartbeat_arguments
from aftercall.store.samples import APPEND, SampleRow, append_arguments


class FastPathStatus(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What must be known of a peer to take its report without looking further."""

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
    """Of its reports so far."""
    member_generation: int | None
    """Of the tokens of the member the peer is; `None` when it is no member."""
    member_removed_at: EpochMs | None


class Appended(NamedTuple):
    """What is to be written: reports that are known to be new, and one pulse for each peer."""

    samples: Sequence[SampleRow]
    pulses: Sequence[Heartbeat]


Judge = Callable[[Mapping[Key, FastPathStatus]], Appended]
"""Says, from the standings of those of the peers that exist, what is to be written. It may be
called in another thread."""

_MEMBERS: Final = """p.app_id, p.id, p.session_id, p.meeting_id, s.phase, p.first_heard_at,
    p.user_id, p.joined_at, p.kicked_at, p.left_reason, u.last_sequence,
    m.token_generation, m.removed_at"""

_JOINED: Final = """peers p ON p.app_id = w.app_id AND p.id = w.peer_id
    JOIN sessions s ON s.app_id = p.app_id AND s.id = p.session_id
    LEFT JOIN pulses u ON u.app_id = p.app_id AND u.peer_id = p.id
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


async def append(db: Database, keys: Sequence[Key], judge: Judge) -> None:
    """Write what `judge` makes of the standings of these peers, in one transaction.

    When this returns it is on disk; when it raises, nothing was written.
    """
    if db.is_sqlite:
        await db.write_in_one_turn(lambda driver: _append_to_sqlite(driver, keys, judge))
        return
    async with db.write_through_driver() as driver:
        apps, ids = zip(*keys, strict=True)
        rows = await driver.fetch(_POSTGRESQL_STATUSES, apps, ids)
        appended = judge(_by_key(msgspec.convert(list(map(tuple, rows)), list[FastPathStatus])))
        kept = Counter[Key]()
        if appended.samples:
            arguments = append_arguments("postgresql", appended.samples)
            rows = await driver.fetch(APPEND["postgresql"], *arguments)
            kept.update((app_id, peer_id) for app_id, peer_id, _ in rows)
        if appended.pulses:
            # A report sent again through another process may have been judged new by both.
            pulses = [
                pulse._replace(samples_added=kept[pulse.app_id, pulse.peer_id])
                for pulse in appended.pulses
            ]
            await driver.execute(
                UPSERT_HEARTBEATS["postgresql"], *heartbeat_arguments("postgresql", pulses)
            )


def _append_to_sqlite(driver: Connection, keys: Sequence[Key], judge: Judge) -> None:
    (found,) = driver.execute(SQLITE_STATUSES, (_encode(keys).decode(),)).fetchone()
    appended = judge(_by_key(_STATUSES.decode(found)))
    if appended.samples:
        driver.execute(APPEND["sqlite"], append_arguments("sqlite", appended.samples))
    if appended.pulses:
        driver.execute(UPSERT_HEARTBEATS["sqlite"], heartbeat_arguments("sqlite", appended.pulses))


def _by_key(standings: Iterable[FastPathStatus]) -> dict[Key, FastPathStatus]:
    return {(each.app_id, each.peer_id): each for each in standings}
