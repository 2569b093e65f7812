"""Reads sessions and their participants."""

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
from aftercall.core.retention import DataKind
from aftercall.service.retention_rule import Kept, RetentionRule
from aftercall.settings import Settings
from aftercall.store import participant_reports, participants, peers
from aftercall.store.engine.database import Database
from aftercall.store.participant_reports import ParticipantReport, ReportDocument
from aftercall.store.sessions import rows as session_rows
from aftercall.store.sessions.pages import list_sessions

_EVERYBODY: Final = 1_000_000
_FEW: Final = 500
"""Participants whose peers are read one by one; for more, those of the whole session are read."""


class Attendance(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a session's participants, and their peers by participant id."""

    page: Page[Participant]
    peers: dict[str, list[Peer]]


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """One participant with all its peers, its stored report if there is one, and the kinds of its
    session's data that may be read."""

    participant: Participant
    peers: list[Peer]
    report: ReportDocument | None
    kept: Kept


class SessionReads:
    """The use cases of reading sessions. A present participant's minutes count up to now wherever
    participants are read; in a session's own minutes they do only if the server is set to."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        settings: Settings,
        retention: RetentionRule | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._retention = retention or RetentionRule(db=db, clock=clock, settings=settings)
        self._counts_running = settings.live_minutes

    async def list_sessions(self, query: SessionQuery) -> Page[Session]:
        async with self._db.read() as tx:
            page = await list_sessions(tx, query)
            found = [each.session for each in page.items]
            kept = await self._retention.only_kept(query.app_id, found, tx)
            items = [await self._up_to_now(tx, each) for each in kept]
        return Page(items=items, offset=query.offset, total=page.total)

    async def find_session(self, app_id: str, session_id: str) -> Session:
        """Raises `NotFound`."""
        session = await session_rows.fetch_session(self._db, app_id, session_id)
        if session is None or not await self._retention.is_kept(DataKind.SESSIONS, session):
            raise NotFound.of("session", session_id)
        if not self._counts_running or session.phase is Phase.ENDED:
            return session
        async with self._db.read() as tx:
            found = await self._retention.find_session(tx, app_id, session_id)
            return await self._up_to_now(tx, found)

    async def breakout_rooms(self, app_id: str, session_id: str) -> list[Session]:
        """The sessions of a session's breakout rooms, oldest first."""
        async with self._db.read() as tx:
            every = await session_rows.children_of(tx, app_id, session_id)
            rooms = await self._retention.only_kept(app_id, every, tx)
            return [await self._up_to_now(tx, room) for room in rooms]

    async def list_participants(
        self, query: ParticipantQuery, *, is_consolidated: bool = False, with_peers: bool = False
    ) -> Attendance:
        """A page of participants; `duration_minutes` is what to show. With the peers of all of
        them if `with_peers`, else of the present ones. Raises `NotFound`."""
        async with self._db.read() as tx:
            session = await self._retention.find_session(tx, query.app_id, query.session_id)
            rooms: list[Session] = []
            if is_consolidated:
                rooms = await session_rows.children_of(tx, query.app_id, query.session_id)
                rooms = await self._retention.only_kept(query.app_id, rooms, tx)
            # The database orders by credited minutes; those of a stay that lasts, or that were
            # spent in breakout rooms, are known only here.
            by_shown = query.order is ParticipantOrder.DURATION and (
                bool(rooms) or session.phase is not Phase.ENDED
            )
            asked = replace(query, offset=0, limit=_EVERYBODY) if by_shown else query
            page = await participants.list_participants(tx, asked)
            peers_of = await _peers_of(tx, session, page.items, with_peers=with_peers or by_shown)
            found = self._with_running(page.items, peers_of)
            if rooms:
                found = await self._consolidated(tx, session, found, rooms)
        if by_shown:
            found = _slice_by_duration(found, query)
        return Attendance(
            page=Page(items=found, offset=query.offset, total=page.total), peers=peers_of
        )

    async def find_participant(self, app_id: str, session_id: str, any_id: str) -> Presence:
        """A participant by its id, that of one of its peers, or that of its user if that is
        unambiguous. Raises `NotFound`."""
        exists, found = await participant_reports.find_by_any_id(
            self._db, app_id, session_id, any_id
        )
        if not exists:
            raise NotFound.of("session", session_id)
        if found is None:
            raise NotFound.of("participant", any_id)
        kept = await self._retention.kept_of(app_id, found.session)
        if DataKind.SESSIONS not in kept:
            raise NotFound.of("session", session_id)
        return self._presence(found, kept)

    async def find_peer(self, app_id: str, peer_id: str) -> Presence:
        """The participant that has a peer, with all its peers. Raises `NotFound`."""
        found = await participant_reports.find_by_peer(self._db, app_id, peer_id)
        kept = Kept() if found is None else await self._retention.kept_of(app_id, found.session)
        if found is None or DataKind.SESSIONS not in kept:
            raise NotFound.of("peer", peer_id)
        return self._presence(found, kept)

    def _presence(self, found: ParticipantReport, kept: Kept) -> Presence:
        (shown,) = self._with_running([found.participant], {found.participant.id: found.peers})
        return Presence(participant=shown, peers=found.peers, report=found.report, kept=kept)

    async def _up_to_now(self, tx: AsyncConnection, session: Session) -> Session:
        """The session, with the minutes of present participants if the server is set to."""
        if not self._counts_running or session.phase is Phase.ENDED:
            return session
        found = await participants.participants_of_session(tx, session.app_id, session.id)
        visible = [each for each in found if not each.is_hidden]
        peers_of = await _peers_of(tx, session, visible, with_peers=False)
        minutes: dict[str, float] = {}
        for each in self._with_running(visible, peers_of):
            spent = minutes.get(each.view_type, 0.0) + each.duration_minutes
            minutes[each.view_type] = round(spent, 4)
        total = round(sum(minutes.values()), 4)
        return replace(session, minutes_consumed=total, minutes_by_view=minutes)

    def _with_running(
        self, listed: Iterable[Participant], peers_of: dict[str, list[Peer]]
    ) -> list[Participant]:
        now = self._clock()
        return [
            replace(each, duration_minutes=running_minutes(peers_of[each.id], now))
            if each.left_at is None and peers_of.get(each.id)
            else each
            for each in listed
        ]

    async def _consolidated(
        self,
        tx: AsyncConnection,
        session: Session,
        listed: Sequence[Participant],
        rooms: Sequence[Session],
    ) -> list[Participant]:
        everybody = await participants.participants_of_session(tx, session.app_id, session.id)
        shown = {each.id: each for each in listed}
        elsewhere: list[Participant] = []
        for room in rooms:
            there = await participants.participants_of_session(tx, room.app_id, room.id)
            peers_of = await _peers_of(tx, room, there, with_peers=False)
            elsewhere += self._with_running(there, peers_of)
        minutes = consolidated_minutes([shown.get(each.id, each) for each in everybody], elsewhere)
        return [replace(each, duration_minutes=minutes[each.id]) for each in listed]


async def _peers_of(
    tx: AsyncConnection, session: Session, listed: Sequence[Participant], *, with_peers: bool
) -> dict[str, list[Peer]]:
    """The peers of the participants, or of the present ones unless `with_peers`, by participant
    id."""
    peers_of: dict[str, list[Peer]] = {
        each.id: [] for each in listed if with_peers or each.left_at is None
    }
    if not peers_of:
        return {}
    if len(peers_of) <= _FEW:
        found = await peers.peers_of_participants(tx, session.app_id, session.id, list(peers_of))
    else:
        found = await peers.peers_of_session(tx, session.app_id, session.id)
    for peer in found:
        if peer.participant_id in peers_of:
            peers_of[peer.participant_id].append(peer)
    return peers_of


def _slice_by_duration(listed: list[Participant], query: ParticipantQuery) -> list[Participant]:
    ordered = sorted(
        listed, key=lambda each: (each.duration_minutes, each.id), reverse=query.is_descending
    )
    return ordered[query.offset : query.offset + query.limit]
