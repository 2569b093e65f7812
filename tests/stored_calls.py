"""A lossy call of three participants, stored as the intake would store it."""

from collections.abc import Sequence

from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.records import EndReason, Participant, Peer, Phase, Session, StoredPeerEvent
from aftercall.store import participants, peer_events, peers, samples
from aftercall.store.engine.database import Database
from aftercall.store.samples import SampleRow
from aftercall.store.sessions import rows as session_rows
from tests.core.quality.synthetic_call import (
    CALL_START,
    FINE,
    Call,
    PeerConditions,
    always,
    between,
)

PEOPLE = ("ada", "bob", "cyd")


def lossy_call(minutes: float = 5) -> Call:
    """Ada loses an eighth of what she sends, from minute 1 to minute 3."""
    bad = between(60, 180, PeerConditions(up_loss=0.12))
    return Call({"ada": bad, "bob": always(FINE), "cyd": always(FINE)}, minutes=minutes)


def session_of(
    call: Call, app_id: str, *, is_live: bool = False, title: str = "Standup"
) -> Session:
    return Session(
        app_id=app_id,
        id="session",
        meeting_id="meeting",
        title=title,
        phase=Phase.LIVE if is_live else Phase.ENDED,
        created_at=CALL_START,
        started_at=CALL_START,
        ended_at=None if is_live else call.end_at,
        end_reason=None if is_live else EndReason.EMPTIED,
        updated_at=CALL_START,
        touched_at=CALL_START,
        live_participants=len(PEOPLE) if is_live else 0,
        total_participants=len(PEOPLE),
        minutes_consumed=0.0 if is_live else 15.0,
    )


def _row(peer: Peer, names: dict[str, str], end_at: EpochMs | None) -> Participant:
    return Participant(
        app_id=peer.app_id,
        session_id=peer.session_id,
        id=peer.participant_id,
        user_id=f"user-{peer.id}",
        custom_participant_id=f"custom-{peer.id}",
        display_name=names.get(peer.id, peer.id.capitalize()),
        joined_at=CALL_START,
        left_at=end_at,
        duration_minutes=5.0 if end_at else 0.0,
        created_at=CALL_START,
        updated_at=CALL_START,
    )


async def store_call(
    db: Database,
    call: Call,
    app_id: str,
    *,
    is_live: bool = False,
    title: str = "Standup",
    names: dict[str, str] | None = None,
) -> None:
    """Store the call as the intake would, before it is folded."""
    session = session_of(call, app_id, is_live=is_live, title=title)
    people: Sequence[Peer] = [_present(call.peer(name), app_id, is_live) for name in PEOPLE]
    end_at = None if is_live else call.end_at
    async with db.write() as tx:
        await session_rows.save_session(tx, session)
        await peers.save_peers(tx, people)
        rows = [_row(peer, names or {}, end_at) for peer in people]
        await participants.save_participants(tx, rows)
        for peer in people:
            facts = call.facts(peer.id)
            await peer_events.append(tx, [_of(note, app_id) for note in facts.events])
            await samples.append(
                tx,
                [
                    SampleRow(app_id, peer.id, "session", s.sequence, s.at, s.received_at, s.body)
                    for s in facts.samples
                ],
            )


def _present(peer: Peer, app_id: str, is_live: bool) -> Peer:
    if is_live:
        return replace(peer, app_id=app_id, left_said_at=None, left_at=None, left_reason=None)
    return replace(peer, app_id=app_id)


def _of(note: StoredPeerEvent, app_id: str) -> StoredPeerEvent:
    return replace(note, app_id=app_id)
