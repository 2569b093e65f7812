"""The participants of several sessions, for lists of sessions."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    func,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.records import Participant, Peer
from aftercall.store.engine.array_params import among, is_among
from aftercall.store.engine.lookup import Lookup, fetch
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
    """By what a participant is known."""

    session_id: str
    id: str
    display_name: str | None
    custom_participant_id: str | None
    user_id: str | None


async def names_in_sessions(
    tx: AsyncConnection, app_id: str, session_ids: Sequence[str]
) -> list[ParticipantNames]:
    """All participants of the sessions."""
    rows = await _fetch_of_sessions(tx, _NAMES, app_id, session_ids)
    return list(map(ParticipantNames._make, rows))


async def visible_names_in_sessions(
    tx: AsyncConnection, app_id: str, session_ids: Sequence[str]
) -> list[ParticipantNames]:
    """All visible participants of the sessions, those of each in the order of joining."""
    rows = await _fetch_of_sessions(tx, _VISIBLE_NAMES, app_id, session_ids)
    return list(map(ParticipantNames._make, rows))


async def first_names_in_sessions(
    tx: AsyncConnection, app_id: str, session_ids: Sequence[str], limit: int
) -> list[ParticipantNames]:
    """The first visible participants of each session, as many as `limit`, in the order of
    joining."""
    rows = await _fetch_of_sessions(tx, _FIRST_NAMES, app_id, session_ids, limit=limit)
    return list(map(ParticipantNames._make, rows))


async def peers_of_those_present(
    tx: AsyncConnection, app_id: str, session_ids: Sequence[str]
) -> list[Peer]:
    """All peers of the visible participants that are present in one of the sessions."""
    rows = await _fetch_of_sessions(tx, _PEERS_PRESENT, app_id, session_ids)
    return [_PEER.from_row(each) for each in rows]


async def minutes_of_those_gone(
    tx: AsyncConnection, app_id: str, session_ids: Sequence[str]
) -> dict[str, float]:
    """The participant-minutes of the visible participants that have left, by session."""
    rows = await _fetch_of_sessions(tx, _MINUTES_GONE, app_id, session_ids)
    return {session_id: float(minutes) for session_id, minutes in rows}


async def _fetch_of_sessions(
    tx: AsyncConnection, lookup: Lookup, app_id: str, session_ids: Sequence[str], **given: Any
) -> list[tuple[Any, ...]]:
    ids = among(tx.dialect.name, "session_ids", list(session_ids))
    return await fetch(tx, lookup, app_id=app_id, **ids, **given)


def _of_sessions(dialect: str, table: Table) -> tuple[ColumnElement[bool], ...]:
    return (
        table.c.app_id == bindparam("app_id", type_=Text),
        is_among(dialect, table.c.session_id, "session_ids", Text),
    )


_ROW: Final = schema.participants.c
_NAMED: Final = (
    _ROW.session_id,
    _ROW.id,
    _ROW.display_name,
    _ROW.custom_participant_id,
    _ROW.user_id,
)


def _names(dialect: str) -> Select[Any]:
    return select(*_NAMED).where(*_of_sessions(dialect, schema.participants))


def _visible_names(dialect: str) -> Select[Any]:
    return (
        _names(dialect)
        .where(_ROW.is_hidden.is_(False))
        .order_by(_ROW.session_id, _ROW.joined_at, _ROW.id)
    )


def _first_names(dialect: str) -> Select[Any]:
    place = func.row_number().over(partition_by=_ROW.session_id, order_by=(_ROW.joined_at, _ROW.id))
    placed = (
        select(*_NAMED, place.label("place"))
        .where(*_of_sessions(dialect, schema.participants), _ROW.is_hidden.is_(False))
        .subquery()
    )
    return (
        select(*(placed.c[column.name] for column in _NAMED))
        .where(placed.c.place <= bindparam("limit", type_=Integer))
        .order_by(placed.c.session_id, placed.c.place)
    )


def _peers_present(dialect: str) -> Select[Any]:
    peer = schema.peers.c
    return (
        _PEER.select.select_from(schema.peers)
        .join(
            schema.participants,
            and_(
                _ROW.app_id == peer.app_id,
                _ROW.session_id == peer.session_id,
                _ROW.id == peer.participant_id,
            ),
        )
        .where(
            *_of_sessions(dialect, schema.peers), _ROW.left_at.is_(None), _ROW.is_hidden.is_(False)
        )
    )


def _minutes_gone(dialect: str) -> Select[Any]:
    return (
        select(_ROW.session_id, func.sum(_ROW.duration_minutes))
        .where(
            *_of_sessions(dialect, schema.participants),
            _ROW.left_at.is_not(None),
            _ROW.is_hidden.is_(False),
        )
        .group_by(_ROW.session_id)
    )


_NAMES: Final = Lookup(_names)
_VISIBLE_NAMES: Final = Lookup(_visible_names)
_FIRST_NAMES: Final = Lookup(_first_names)
_PEERS_PRESENT: Final = Lookup(_peers_present)
_MINUTES_GONE: Final = Lookup(_minutes_gone)
