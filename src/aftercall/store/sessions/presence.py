"""The participants of several sessions, for lists of sessions."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.records import Participant, Peer
from aftercall.store.engine.record_mapping import Shape
from aftercall.store.tables import schema

_PARTICIPANT: Final = Shape(Participant, schema.participants)
_PEER: Final = Shape(Peer, schema.peers)


async def participants_of_sessions(
    tx: AsyncConnection, app_id: str, session_ids: Sequence[str]
) -> list[Participant]:
    """All participants of the sessions, hidden ones included, in the order of joining."""
    c = schema.participants.c
    rows = await tx.execute(
        _PARTICIPANT.select.where(c.app_id == app_id, c.session_id.in_(list(session_ids))).order_by(
            c.session_id, c.joined_at, c.id
        )
    )
    return [_PARTICIPANT.from_row(row) for row in rows]


class ParticipantNames(NamedTuple):
    """What a participant is searched by."""

    session_id: str
    display_name: str | None
    custom_participant_id: str | None
    user_id: str | None


async def names_in_sessions(
    tx: AsyncConnection, app_id: str, session_ids: Sequence[str]
) -> list[ParticipantNames]:
    """What all participants of the sessions are searched by."""
    c = schema.participants.c
    rows = await tx.execute(
        select(c.session_id, c.display_name, c.custom_participant_id, c.user_id).where(
            c.app_id == app_id, c.session_id.in_(list(session_ids))
        )
    )
    return [ParticipantNames(*row) for row in rows]


async def peers_of_those_present(
    tx: AsyncConnection, app_id: str, session_ids: Sequence[str]
) -> list[Peer]:
    """All peers of the visible participants that are present in one of the sessions."""
    row, peer = schema.participants.c, schema.peers.c
    rows = await tx.execute(
        _PEER.select.select_from(schema.peers)
        .join(
            schema.participants,
            and_(
                row.app_id == peer.app_id,
                row.session_id == peer.session_id,
                row.id == peer.participant_id,
            ),
        )
        .where(
            peer.app_id == app_id,
            peer.session_id.in_(list(session_ids)),
            row.left_at.is_(None),
            row.is_hidden.is_(False),
        )
    )
    return [_PEER.from_row(each) for each in rows]


async def minutes_of_those_gone(
    tx: AsyncConnection, app_id: str, session_ids: Sequence[str]
) -> dict[str, float]:
    """The participant-minutes of the visible participants that have left, by session."""
    c = schema.participants.c
    rows = await tx.execute(
        select(c.session_id, func.sum(c.duration_minutes))
        .where(
            c.app_id == app_id,
            c.session_id.in_(list(session_ids)),
            c.left_at.is_not(None),
            c.is_hidden.is_(False),
        )
        .group_by(c.session_id)
    )
    return {session_id: float(minutes) for session_id, minutes in rows}
