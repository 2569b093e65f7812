"""What the record says of sessions and of those who took part."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import NotFound
from aftercall.core.instants import Clock
from aftercall.core.lifecycle.breakout_rooms import consolidated_minutes
from aftercall.core.lifecycle.presence import running_minutes
from aftercall.core.list_queries import Page, ParticipantOrder, ParticipantQuery, SessionQuery
from aftercall.core.records import Participant, Peer, Phase, Session
from aftercall.service.session_lookup import find_existing_session
from aftercall.settings import Settings
from aftercall.store import participants, peers
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows
from aftercall.store.sessions.pages import list_sessions

_EVERYBODY: Final = 1_000_000
_FEW: Final = 500
"""Rows whose peers are asked for one by one; for more, the whole session is read."""


class Attendance(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a session's participants, with the peers of each row by the row's id."""

    page: Page[Participant]
    peers: dict[str, list[Peer]]


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """One participant with all its peers."""

    row: Participant
    peers: list[Peer]


class SessionReads:
    """The use cases of reading. Minutes of one who is present run up to now in every answer
    about participants; in a session's own they do only where the server is set to."""

    def __init__(self, *, db: Database, clock: Clock, settings: Settings) -> None:
        self._db = db
        self._clock = clock
        self._counts_running = settings.live_minutes

    async def list_sessions(self, query: SessionQuery) -> Page[Session]:
        async with self._db.read() as tx:
            page = await list_sessions(tx, query)
            items = [await self._up_to_now(tx, each.session) for each in page.items]
        return Page(items=items, offset=query.offset, total=page.total)

    async def find_session(self, app_id: str, session_id: str) -> Session:
        """Raises `NotFound`."""
        async with self._db.read() as tx:
            return await self._up_to_now(tx, await find_existing_session(tx, app_id, session_id))

    async def breakout_rooms(self, app_id: str, session_id: str) -> list[Session]:
        """The sessions of a session's breakout rooms, oldest first."""
        async with self._db.read() as tx:
            rooms = await session_rows.children_of(tx, app_id, session_id)
            return [await self._up_to_now(tx, room) for room in rooms]

    async def list_participants(
        self, query: ParticipantQuery, *, is_consolidated: bool = False, with_peers: bool = False
    ) -> Attendance:
        """A page of participants; `duration_minutes` is what to show. `with_peers`: peers of
        all rows, else of those alone who are present. Raises `NotFound`."""
        async with self._db.read() as tx:
            session = await find_existing_session(tx, query.app_id, query.session_id)
            rooms = (
                await session_rows.children_of(tx, query.app_id, query.session_id)
                if is_consolidated
                else []
            )
            # The database orders by credited minutes; those that run, or that were spent
            # elsewhere, are known only here.
            by_shown = query.order is ParticipantOrder.DURATION and (
                bool(rooms) or session.phase is not Phase.ENDED
            )
            asked = replace(query, offset=0, limit=_EVERYBODY) if by_shown else query
            page = await participants.list_participants(tx, asked)
            chains = await _chains(tx, session, page.items, with_peers=with_peers or by_shown)
            rows = self._with_running(page.items, chains)
            if rooms:
                rows = await self._consolidated(tx, session, rows, rooms)
        if by_shown:
            rows = _slice_by_duration(rows, query)
        return Attendance(
            page=Page(items=rows, offset=query.offset, total=page.total), peers=chains
        )

    async def find_participant(self, app_id: str, session_id: str, any_id: str) -> Presence:
        """A participant by the id of its row, of one of its peers, or of its user if that is
        unambiguous. Raises `NotFound`."""
        async with self._db.read() as tx:
            session = await find_existing_session(tx, app_id, session_id)
            row = await participants.find_participant(tx, app_id, session_id, any_id)
            if row is None:
                raise NotFound.of("participant", any_id)
            return await self._presence(tx, session, row)

    async def find_peer(self, app_id: str, peer_id: str) -> Presence:
        """The participant a peer belongs to, with all its peers. Raises `NotFound`."""
        async with self._db.read() as tx:
            peer = await peers.find_peer(tx, app_id, peer_id)
            if peer is None:
                raise NotFound.of("peer", peer_id)
            session = await find_existing_session(tx, app_id, peer.session_id)
            row = await participants.find_participant(
                tx, app_id, peer.session_id, peer.participant_id
            )
            if row is None:
                raise NotFound.of("peer", peer_id)
            return await self._presence(tx, session, row)

    async def _presence(self, tx: AsyncConnection, session: Session, row: Participant) -> Presence:
        chains = await _chains(tx, session, [row], with_peers=True)
        return Presence(row=self._with_running([row], chains)[0], peers=chains.get(row.id, []))

    async def _up_to_now(self, tx: AsyncConnection, session: Session) -> Session:
        """A session with the minutes of those present counted, where the server is set to."""
        if not self._counts_running or session.phase is Phase.ENDED:
            return session
        rows = await participants.participants_of_session(tx, session.app_id, session.id)
        visible = [row for row in rows if not row.is_hidden]
        chains = await _chains(tx, session, visible, with_peers=False)
        minutes: dict[str, float] = {}
        for row in self._with_running(visible, chains):
            spent = minutes.get(row.view_type, 0.0) + row.duration_minutes
            minutes[row.view_type] = round(spent, 4)
        total = round(sum(minutes.values()), 4)
        return replace(session, minutes_consumed=total, minutes_by_view=minutes)

    def _with_running(
        self, rows: Iterable[Participant], chains: dict[str, list[Peer]]
    ) -> list[Participant]:
        now = self._clock()
        return [
            replace(row, duration_minutes=running_minutes(chains[row.id], now))
            if row.left_at is None and chains.get(row.id)
            else row
            for row in rows
        ]

    async def _consolidated(
        self,
        tx: AsyncConnection,
        session: Session,
        rows: Sequence[Participant],
        rooms: Sequence[Session],
    ) -> list[Participant]:
        everybody = await participants.participants_of_session(tx, session.app_id, session.id)
        shown = {row.id: row for row in rows}
        elsewhere: list[Participant] = []
        for room in rooms:
            there = await participants.participants_of_session(tx, room.app_id, room.id)
            chains = await _chains(tx, room, there, with_peers=False)
            elsewhere += self._with_running(there, chains)
        minutes = consolidated_minutes([shown.get(row.id, row) for row in everybody], elsewhere)
        return [replace(row, duration_minutes=minutes[row.id]) for row in rows]


async def _chains(
    tx: AsyncConnection, session: Session, rows: Sequence[Participant], *, with_peers: bool
) -> dict[str, list[Peer]]:
    """The peers of these rows (of those alone who are present, unless `with_peers`), by row."""
    chains: dict[str, list[Peer]] = {
        row.id: [] for row in rows if with_peers or row.left_at is None
    }
    if not chains:
        return {}
    if len(chains) <= _FEW:
        found = await peers.peers_of_participants(tx, session.app_id, session.id, list(chains))
    else:
        found = await peers.peers_of_session(tx, session.app_id, session.id)
    for peer in found:
        if peer.participant_id in chains:
            chains[peer.participant_id].append(peer)
    return chains


def _slice_by_duration(rows: list[Participant], query: ParticipantQuery) -> list[Participant]:
    ordered = sorted(
        rows, key=lambda row: (row.duration_minutes, row.id), reverse=query.is_descending
    )
    return ordered[query.offset : query.offset + query.limit]
