"""Copies of a folded session, as if it had been held again on other days."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import replace
from sqlalchemy import Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.overview.session_summary import PeerVerdict, SessionVerdict
from aftercall.store import people
from aftercall.store.engine.database import Database
from aftercall.store.sessions import facets
from aftercall.store.sessions import rows as session_rows
from aftercall.store.sessions.counted import read_calls, read_counted
from aftercall.store.sessions.peer_verdicts import pack_peer_verdict
from aftercall.store.tables import schema

_COPIED: Final[Sequence[Table]] = (
    schema.participants,
    schema.peers,
    schema.pulses,
    schema.segments,
    schema.reports,
    schema.notes,
    schema.chat_messages,
    schema.transcript_lines,
    schema.summaries,
    schema.talk_sizes,
)
_IDS: Final = ("session_id", "peer_id", "participant_id", "previous_peer_id")
_OF_PEERS: Final = ("participants", "peers")
_TIMES: Final = frozenset({"at", "start_at", "end_at"})


class SessionCopies:
    """A session in the memory, to be written under other ids and at other times."""

    def __init__(self, session: Any, rows: dict[Table, list[dict[str, Any]]], verdict: Any) -> None:
        self._session = session
        self._rows = rows
        self._verdict = verdict

    @classmethod
    async def of(cls, db: Database, app_id: str, session_id: str) -> "SessionCopies":
        async with db.read() as tx:
            session = await session_rows.find_session(tx, app_id, session_id)
            peers = schema.peers.c
            of_session = select(peers.id).where(
                peers.app_id == app_id, peers.session_id == session_id
            )
            rows: dict[Table, list[dict[str, Any]]] = {}
            for table in _COPIED:
                c = table.c
                mine = (
                    c.session_id == session_id if "session_id" in c else c.peer_id.in_(of_session)
                )
                found = await tx.execute(select(table).where(c.app_id == app_id, mine))
                rows[table] = [dict(row._mapping) for row in found]
            verdict = await _verdict_of(tx, app_id, session_id)
        return cls(session, rows, verdict)

    async def save(self, db: Database, number: int, later_ms: int) -> None:
        """Write the copy of this number, which was held so much later."""

        def at(value: Any) -> Any:
            return None if value is None else EpochMs(value + later_ms)

        def changed(table: Table, row: dict[str, Any]) -> dict[str, Any]:
            new = dict(row)
            for name, value in row.items():
                is_id = name in _IDS or (name == "id" and table.name in _OF_PEERS)
                if is_id and value:
                    new[name] = f"{value}-{number}"
                elif name in _TIMES or name.endswith("_at"):
                    new[name] = at(value)
                elif name == "recorded_day":
                    new[name] = value + later_ms // DAY_MS
            return new

        old = self._session
        times = {
            name: at(getattr(old, name)) for name in old.__struct_fields__ if name.endswith("_at")
        }
        day = old.recorded_day + later_ms // DAY_MS
        session = replace(old, id=f"{old.id}-{number}", recorded_day=day, **times)
        async with db.write() as tx:
            await session_rows.save_session(tx, session)
            for table, rows in self._rows.items():
                if rows:
                    await tx.execute(insert(table), [changed(table, row) for row in rows])
            verdict, peers, persons = self._verdict
            await facets.save_verdict(
                tx,
                replace(verdict, session_id=session.id, created_at=at(verdict.created_at)),
                [
                    pack_peer_verdict(
                        replace(
                            peer,
                            session_id=session.id,
                            participant_id=f"{peer.participant_id}-{number}",
                            joined_at=at(peer.joined_at),
                            summary=replace(peer.summary, session_id=session.id),
                        )
                    )
                    for peer in peers
                ],
            )
            await people.save_people(
                tx, [replace(person, last_at=at(person.last_at)) for person in persons]
            )


async def _verdict_of(
    tx: AsyncConnection, app_id: str, session_id: str
) -> tuple[SessionVerdict, list[PeerVerdict], list[people.Person]]:
    v, p = schema.session_verdicts, schema.peer_verdicts
    mine = (v.c.app_id == app_id, v.c.session_id == session_id)
    row = (await tx.execute(select(v).where(*mine))).one()
    counted = read_counted(row.counted)
    verdict = SessionVerdict(
        app_id=app_id,
        session_id=session_id,
        created_at=row.created_at,
        rank=row.quality_rank,
        summary=facets.read_summary(row.summary),
        is_bad=counted.is_bad,
        facets=counted.facets,
        calls=read_calls(counted),
        marks=counted.marks,
    )
    peers: list[PeerVerdict] = []
    persons: list[people.Person] = []
    for each in await tx.execute(
        select(p).where(p.c.app_id == app_id, p.c.session_id == session_id)
    ):
        summary, digest = facets.read_peer_verdict(each.summary, each.digest)
        assert digest is not None
        peers.append(
            PeerVerdict(
                app_id=app_id,
                session_id=session_id,
                participant_id=each.participant_id,
                person=each.person,
                joined_at=each.joined_at,
                summary=summary,
                digest=digest,
            )
        )
        known = await people.find_person(tx, app_id, each.person)
        if known is not None:
            persons.append(known)
    return verdict, peers, persons
