"""The facts of an ended session, read back from the record."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, NamedTuple

from aftercall.core.address_removal import event_without_addresses
from aftercall.core.egress_facts import facts_of_egress
from aftercall.core.egresses import Egress
from aftercall.core.errors import Refused
from aftercall.core.events import (
    AnyEvent,
    ChatSent,
    Identity,
    LineSpoken,
    PeerEvent,
    PeerJoined,
    PeerKicked,
    PeerLeft,
    SampleTaken,
    SessionClosed,
    SessionOpened,
)
from aftercall.core.ids import id_from
from aftercall.core.records import LeaveReason, Participant, Peer, Phase, Session
from aftercall.core.retention import DataKind
from aftercall.service.api.download_rows import Exports
from aftercall.service.retention_rule import RetentionRule
from aftercall.store import egresses, participants, peer_events, peers, samples
from aftercall.store.engine.database import Database


class SessionOverview(NamedTuple):
    """A session with its people, its recordings and livestreams."""

    session: Session
    participants: list[Participant]
    peers: list[Peer]
    egresses: list[Egress]


class SessionFacts:
    """Reads the facts of a session, peer by peer, as far as they are kept."""

    def __init__(self, db: Database, *, exports: Exports, retention: RetentionRule) -> None:
        self._db = db
        self._exports = exports
        self._retention = retention

    async def overview(self, app_id: str, session_id: str) -> SessionOverview:
        """The session and its people. Raises `NotFound`, and `Refused` while it is not over."""
        async with self._db.read() as tx:
            session = await self._retention.find_session(tx, app_id, session_id)
            if session.phase is not Phase.ENDED:
                raise Refused("The session is not over yet.", code="session_not_ended")
            people = await participants.participants_of_session(tx, app_id, session_id)
            found = await peers.peers_of_session(tx, app_id, session_id)
            reported = await egresses.egresses_of_sessions(tx, app_id, [session_id])
        return SessionOverview(session, people, found, reported)

    def of_session(self, session: Session) -> list[AnyEvent]:
        """The facts of the session itself."""
        place: dict[str, Any] = {"session_id": session.id, "meeting_id": session.meeting_id}
        id = id_from(session.app_id, session.id, "export", "opened")
        opened: list[AnyEvent] = [
            SessionOpened(
                id=id, at=session.opened_at or session.started_at, title=session.title, **place
            )
        ]
        if session.closed_at is not None:
            id = id_from(session.app_id, session.id, "export", "closed")
            opened.append(SessionClosed(id=id, at=session.closed_at, **place))
        return opened

    async def of_peer(self, session: Session, peer: Peer) -> list[AnyEvent]:
        """The facts of one peer: its stay, events and samples."""
        app_id = session.app_id
        async with self._db.read() as tx:
            kept = await self._retention.kept_of(app_id, session, tx)
            events = await peer_events.events_of_peer(tx, app_id, peer.id)
            if DataKind.ADDRESSES not in kept:
                events = [event_without_addresses(event) for event in events]
            taken = await samples.of_peer(tx, app_id, peer.id) if DataKind.SAMPLES in kept else []
        facts: list[AnyEvent] = list(_stay(session, peer))
        facts += [
            PeerEvent(
                id=event.id,
                at=event.at,
                session_id=session.id,
                peer_id=peer.id,
                name=event.name,
                data=event.data,
            )
            for event in events
        ]
        facts += [
            SampleTaken(
                id=f"{peer.id}/{sample.sequence}",
                at=sample.at,
                session_id=session.id,
                peer_id=peer.id,
                sequence=sample.sequence,
                body=sample.body,
            )
            for sample in taken
        ]
        return facts

    def of_egresses(self, found: Sequence[Egress]) -> list[AnyEvent]:
        """The facts of recordings and livestreams."""
        return [fact for egress in found for fact in facts_of_egress(egress)]

    async def talk(self, session: Session) -> AsyncIterator[list[AnyEvent]]:
        """Chat, then transcript, a page at a time."""
        async with self._db.read() as tx:
            kept = await self._retention.kept_of(session.app_id, session, tx)
        if DataKind.CHAT in kept:
            async for page in self._exports.chat(session.app_id, session.id):
                yield [
                    ChatSent(
                        id=each.id,
                        at=each.at,
                        session_id=session.id,
                        peer_id=each.peer_id,
                        user_id=each.user_id,
                        display_name=each.display_name,
                        kind=each.kind,
                        payload=each.payload,
                        is_pinned=each.is_pinned,
                        is_edited=each.is_edited,
                        revised_at=each.revised_at,
                    )
                    for each in page
                ]
        if DataKind.TRANSCRIPTS in kept:
            async for lines in self._exports.transcript(session.app_id, session.id):
                yield [
                    LineSpoken(
                        id=line.id,
                        at=line.start_at,
                        end_at=line.end_at,
                        session_id=session.id,
                        peer_id=line.peer_id,
                        user_id=line.user_id,
                        custom_participant_id=line.custom_participant_id,
                        display_name=line.display_name,
                        text=line.text,
                    )
                    for line in lines
                ]


def _stay(session: Session, peer: Peer) -> Iterator[AnyEvent]:
    """The joins and the leave of a peer. A leave that nobody announced is an observed one."""
    place: dict[str, Any] = {"session_id": session.id, "peer_id": peer.id}
    identity = Identity(
        user_id=peer.user_id,
        custom_participant_id=peer.custom_participant_id,
        display_name=peer.display_name,
        picture=peer.picture,
        preset_name=peer.preset_name,
        view_type=peer.view_type,
        is_hidden=peer.is_hidden,
    )
    joins = {peer.present_from, peer.last_joined_at or peer.present_from}
    for at in sorted(joins):
        yield PeerJoined(
            id=id_from(session.app_id, peer.id, "export", "join", str(at)),
            at=at,
            meeting_id=session.meeting_id,
            identity=identity,
            previous_peer_id=peer.previous_peer_id,
            interval_ms=peer.interval_ms,
            meeting_title=session.title,
            **place,
        )
    if peer.kicked_at is not None:
        id = id_from(session.app_id, peer.id, "export", "kick")
        yield PeerKicked(id=id, at=peer.kicked_at, **place)
    said_at = peer.left_said_at if peer.left_reason is LeaveReason.SAID else None
    left_at = said_at or peer.left_at
    if left_at is not None and peer.left_reason is not LeaveReason.KICKED:
        id = id_from(session.app_id, peer.id, "export", "leave")
        yield PeerLeft(id=id, at=left_at, is_seen=said_at is None, **place)
