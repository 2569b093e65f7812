"""The participants of sessions with their stays, and when they were heard in the transcript."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Select, Text, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.overview.attendance import Presence
from aftercall.core.records import Participant
from aftercall.core.spans import Span
from aftercall.store.engine.array_params import among, is_among, values_in, values_table
from aftercall.store.engine.lookup import Lookup, fetch
from aftercall.store.engine.record_mapping import Shape
from aftercall.store.tables import schema

_PARTICIPANT: Final = Shape(Participant, schema.participants)
_KEYS: Final = {"session_id": Text, "participant_id": Text}

Row = tuple[Any, ...]
PresencesBySession = dict[str, list[Presence]]


async def presences_in_sessions(
    tx: AsyncConnection,
    app_id: str,
    session_ids: Sequence[str],
    *,
    with_talk: Sequence[str],
    now: EpochMs,
) -> PresencesBySession:
    """All visible participants of the sessions, by session. A stay that lasts ends `now`; the
    transcript is read of the sessions `with_talk`."""
    ids = among(tx.dialect.name, "session_ids", list(session_ids))
    participants = await fetch(tx, _OF_SESSIONS, app_id=app_id, **ids)
    peers = await fetch(tx, _PEERS_OF_SESSIONS, app_id=app_id, **ids)
    lines = await _lines_of(tx, app_id, with_talk)
    return _presences(participants, peers, lines, now)


async def presences_of_participants(
    tx: AsyncConnection,
    app_id: str,
    keys: Sequence[tuple[str, str]],
    *,
    with_talk: Sequence[str],
    now: EpochMs,
) -> PresencesBySession:
    """The same of single participants, by the ids of their sessions and their own."""
    if not keys:
        return {}
    values = values_in(tx.dialect.name, _KEYS, keys)
    participants = await fetch(tx, _OF_KEYS, app_id=app_id, **values)
    # Those of whole sessions, once each: there is no index by participant.
    ids = among(tx.dialect.name, "session_ids", sorted({session_id for session_id, _ in keys}))
    wanted = set(keys)
    peers = [
        row
        for row in await fetch(tx, _PEERS_OF_SESSIONS, app_id=app_id, **ids)
        if (row[0], row[1]) in wanted
    ]
    lines = await _lines_of(tx, app_id, with_talk)
    return _presences(participants, peers, lines, now)


async def _lines_of(
    tx: AsyncConnection, app_id: str, session_ids: Sequence[str]
) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    if session_ids:
        ids = among(tx.dialect.name, "session_ids", list(session_ids))
        for session_id, *line in await fetch(tx, _LINES, app_id=app_id, **ids):
            found.setdefault(session_id, []).append(tuple(line))
    return found


def _presences(
    participants: Iterable[Row],
    peers: Iterable[Row],
    lines: Mapping[str, Sequence[Row]],
    now: EpochMs,
) -> PresencesBySession:
    stays: dict[tuple[str, str], list[Span]] = {}
    participant_of_peer: dict[tuple[str, str], str] = {}
    for session_id, participant_id, peer_id, start, end in peers:
        own = stays.setdefault((session_id, participant_id), [])
        own.append((start, max(start, now if end is None else end)))
        participant_of_peer[session_id, peer_id] = participant_id
    found: PresencesBySession = {}
    everyone = [_PARTICIPANT.from_row(row) for row in participants]
    talk = _talk_of(everyone, participant_of_peer, lines)
    for each in everyone:
        has_transcript = each.session_id in lines
        found.setdefault(each.session_id, []).append(
            Presence(
                each,
                stays.get((each.session_id, each.id), []),
                talk.get((each.session_id, each.id), []) if has_transcript else None,
            )
        )
    return found


def _talk_of(
    everyone: Sequence[Participant],
    participant_of_peer: Mapping[tuple[str, str], str],
    lines: Mapping[str, Sequence[Row]],
) -> dict[tuple[str, str], list[Span]]:
    """When each participant spoke. A line without a peer is of the participant with its user id,
    or with its custom id."""
    if not lines:
        return {}
    by_id: dict[tuple[str, str], str] = {}
    for each in everyone:
        for id in (each.custom_participant_id, each.user_id):
            if id:
                by_id[each.session_id, id] = each.id
    found: dict[tuple[str, str], list[Span]] = {}
    for session_id, spoken in lines.items():
        for peer_id, user_id, custom_id, start, end in spoken:
            participant_id = participant_of_peer.get((session_id, peer_id or "")) or next(
                (by_id[session_id, id] for id in (user_id, custom_id) if (session_id, id) in by_id),
                None,
            )
            if participant_id is not None and start < end:
                found.setdefault((session_id, participant_id), []).append((start, end))
    return found


_APP: Final = bindparam("app_id", type_=Text)
_STARTED: Final = func.coalesce(schema.peers.c.joined_at, schema.peers.c.first_heard_at)
_STAY: Final = (
    schema.peers.c.session_id,
    schema.peers.c.participant_id,
    schema.peers.c.id,
    _STARTED,
    schema.peers.c.left_at,
)


def _of_sessions(dialect: str) -> Select[Any]:
    c = schema.participants.c
    return _PARTICIPANT.select.where(
        c.app_id == _APP,
        is_among(dialect, c.session_id, "session_ids", Text),
        c.is_hidden.is_(False),
    )


def _peers_of_sessions(dialect: str) -> Select[Any]:
    c = schema.peers.c
    return select(*_STAY).where(
        c.app_id == _APP, is_among(dialect, c.session_id, "session_ids", Text)
    )


def _of_keys(dialect: str) -> Select[Any]:
    wanted, c = values_table(dialect, _KEYS), schema.participants.c
    is_wanted = (c.session_id == wanted.c.session_id) & (c.id == wanted.c.participant_id)
    return (
        select(*_PARTICIPANT.columns)
        .join_from(wanted, schema.participants, is_wanted)
        .where(c.app_id == _APP, c.is_hidden.is_(False))
    )


def _lines(dialect: str) -> Select[Any]:
    c = schema.transcript_lines.c
    return select(
        c.session_id, c.peer_id, c.user_id, c.custom_participant_id, c.start_at, c.end_at
    ).where(c.app_id == _APP, is_among(dialect, c.session_id, "session_ids", Text))


_OF_SESSIONS: Final = Lookup(_of_sessions)
_PEERS_OF_SESSIONS: Final = Lookup(_peers_of_sessions)
_OF_KEYS: Final = Lookup(_of_keys)
_LINES: Final = Lookup(_lines)
