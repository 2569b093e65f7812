"""Merges facts into a session: the earliest join, the latest leave, the union of peers.

Merging is commutative and idempotent, so that order and repeats make no difference.
`core.lifecycle.state_machine` decides what follows from the merged facts.
"""

from typing import assert_never

import msgspec
from msgspec.structs import replace

from aftercall.core.events import (
    AnyEvent,
    ChatSent,
    EgressReported,
    LineSpoken,
    PeerEvent,
    PeerFact,
    PeerJoined,
    PeerKicked,
    PeerLeft,
    SampleTaken,
    SessionClosed,
    SessionOpened,
)
from aftercall.core.instants import EpochMs, day_of
from aftercall.core.records import Peer, Phase, Session


class SessionState(msgspec.Struct, kw_only=True):
    """A session with its peers, while facts are merged into it."""

    session: Session
    peers: dict[str, Peer]


def new_session(
    *,
    app_id: str,
    id: str,
    meeting_id: str,
    title: str,
    keep_alive_s: int,
    at: EpochMs,
    received_at: EpochMs,
    parent_session_id: str | None = None,
) -> Session:
    """A session of which one fact, at `at`, is known."""
    return Session(
        app_id=app_id,
        id=id,
        meeting_id=meeting_id,
        title=title,
        phase=Phase.OPEN,
        parent_session_id=parent_session_id,
        created_at=at,
        started_at=at,
        updated_at=at,
        touched_at=received_at,
        keep_alive_s=keep_alive_s,
        recorded_day=day_of(received_at),
    )


def merge(state: SessionState, event: AnyEvent, *, source: str, received_at: EpochMs) -> bool:
    """Merge a fact into the session. Returns whether the session or the peer changed by more than
    the time of the last receipt."""
    session = _merged_session(state.session, event)
    has_changed = session != state.session
    state.session = session
    if isinstance(event, PeerFact):
        before = state.peers.get(event.peer_id)
        if isinstance(event, PeerLeft) and event.is_inferred and before is not None:
            missed_at = max(event.at, before.missed_at or event.at)
            state.peers[before.id] = replace(before, missed_at=missed_at)
            return missed_at != before.missed_at
        peer = _peer_present_at(before, session, event.peer_id, event.at, source, received_at)
        peer = _merged_peer(peer, event)
        state.peers[peer.id] = peer
        has_changed = has_changed or before is None or not _equals_but_for_receipt(before, peer)
    if has_changed:
        state.session = replace(session, touched_at=max(session.touched_at, received_at))
    return has_changed


def _merged_session(session: Session, event: AnyEvent) -> Session:
    match event:
        case SessionOpened():
            return replace(
                session,
                opened_at=min(event.at, session.opened_at or event.at),
                title=session.title or event.title or "",
                parent_session_id=session.parent_session_id or event.parent_session_id,
            )
        case SessionClosed():
            return replace(session, closed_at=min(event.at, session.closed_at or event.at))
        case PeerJoined():
            opened_at = event.session_opened_at
            if opened_at is None and event.session_keep_alive_s <= session.keep_alive_s:
                return session
            return replace(
                session,
                opened_at=session.opened_at
                if opened_at is None
                else min(opened_at, session.opened_at or opened_at),
                keep_alive_s=max(session.keep_alive_s, event.session_keep_alive_s),
            )
        case PeerLeft() | PeerKicked() | PeerEvent() | SampleTaken():
            return session
        case ChatSent() | LineSpoken() | EgressReported():
            return session
        case _:
            assert_never(event)


def _merged_peer(peer: Peer, event: PeerFact) -> Peer:
    match event:
        case PeerJoined():
            return _joined(peer, event)
        case PeerLeft():
            if event.is_seen and (peer.left_said_at or 0) > (peer.last_joined_at or 0):
                return peer
            return replace(peer, left_said_at=max(event.at, peer.left_said_at or event.at))
        case PeerKicked():
            return replace(peer, kicked_at=min(event.at, peer.kicked_at or event.at))
        case _:
            return peer


def _equals_but_for_receipt(before: Peer, after: Peer) -> bool:
    return before == replace(after, last_received_at=before.last_received_at)


def _peer_present_at(
    peer: Peer | None,
    session: Session,
    peer_id: str,
    at: EpochMs,
    source: str,
    received_at: EpochMs,
) -> Peer:
    """The peer, known to have been present at `at`."""
    if peer is None:
        return Peer(
            app_id=session.app_id,
            session_id=session.id,
            meeting_id=session.meeting_id,
            id=peer_id,
            participant_id=peer_id,
            source=source,
            interval_ms=0,
            first_heard_at=at,
            last_heard_at=at,
            last_received_at=received_at,
            created_at=at,
            updated_at=at,
        )
    return replace(
        peer,
        first_heard_at=min(peer.first_heard_at, at),
        last_heard_at=max(peer.last_heard_at, at),
        last_received_at=max(peer.last_received_at, received_at),
    )


def _joined(peer: Peer, event: PeerJoined) -> Peer:
    """The peer with what a join event says of it.

    A peer joins once. If two sources give different names, the one that sorts first is kept, so
    that the order of arrival makes no difference.
    """

    def first_in_order(old: str | None, new: str | None) -> str | None:
        return min((text for text in (old, new) if text is not None), default=None)

    who = event.identity
    is_first = peer.joined_at is None
    return replace(
        peer,
        joined_at=min(event.at, peer.joined_at or event.at),
        last_joined_at=max(event.at, peer.last_joined_at or event.at),
        user_id=first_in_order(peer.user_id, who.user_id),
        custom_participant_id=first_in_order(peer.custom_participant_id, who.custom_participant_id),
        display_name=first_in_order(peer.display_name, who.display_name),
        picture=first_in_order(peer.picture, who.picture),
        preset_name=first_in_order(peer.preset_name, who.preset_name),
        view_type=who.view_type if is_first else min(peer.view_type, who.view_type),
        is_hidden=peer.is_hidden or who.is_hidden,
        previous_peer_id=first_in_order(peer.previous_peer_id, event.previous_peer_id),
        interval_ms=max(peer.interval_ms, event.interval_ms),
    )
