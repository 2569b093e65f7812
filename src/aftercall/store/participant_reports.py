"""A participant with its peers and its report, in one statement; on PostgreSQL in two, as the
partition of the report is known after the first."""

from typing import Any, Final, NamedTuple

from sqlalchemy import (
    Column,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    null,
    or_,
    select,
)
from sqlalchemy.sql import FromClause

from aftercall.core.instants import EpochMs
from aftercall.core.records import Participant, Peer, Phase
from aftercall.store.engine.database import Database
from aftercall.store.engine.lookup import Lookup
from aftercall.store.engine.record_mapping import Shape
from aftercall.store.tables import schema

_PARTICIPANT: Final = Shape(Participant, schema.participants)
_PEER: Final = Shape(Peer, schema.peers)

_APP: Final = bindparam("app_id", type_=Text)
_SESSION: Final = bindparam("session_id", type_=Text)
_ID: Final = bindparam("id", type_=Text)

_PEER_AT: Final = len(_PARTICIPANT.columns)
_REPORT_AT: Final = _PEER_AT + len(_PEER.columns)
_SESSION_AT: Final = _REPORT_AT + 2
_SESSION_COLUMNS: Final = [
    schema.sessions.c[name] for name in ("phase", "ended_at", "kept_kinds", "recorded_day")
]
_DAY_AT: Final = _SESSION_AT + 3


class ReportDocument(NamedTuple):
    """What a stored report says, and by which version of the fold."""

    fold_version: int
    document: bytes


class SessionEnd(NamedTuple):
    """What of a session decides which of its data are kept."""

    phase: Phase
    ended_at: EpochMs | None
    kept_kinds: int


class ParticipantReport(NamedTuple):
    """A participant, its peers in the order in which they were first heard and without their
    heartbeats, its stored report if there is one, and how its session stands."""

    participant: Participant
    peers: list[Peer]
    report: ReportDocument | None
    session: SessionEnd


async def find_by_peer(db: Database, app_id: str, peer_id: str) -> ParticipantReport | None:
    """The participant that has this peer."""
    rows = await db.fetch(_BY_PEER, app_id=app_id, id=peer_id)
    return await _of_rows(db, rows) if rows else None


async def find_by_any_id(
    db: Database, app_id: str, session_id: str, any_id: str
) -> tuple[bool, ParticipantReport | None]:
    """Whether the session exists; and the participant that
    `store.participants.find_participant` finds there."""
    rows = await db.fetch(_BY_ANY_ID, app_id=app_id, session_id=session_id, id=any_id)
    # A session without such a participant is one row of nulls.
    if not rows or rows[0][0] is None:
        return bool(rows), None
    first = min(rank for *_, rank in rows)
    found = [row for row in rows if row[-1] == first]
    is_ambiguous = first == _BY_USER and len({row[_ID_AT] for row in found}) > 1
    return True, None if is_ambiguous else await _of_rows(db, found)


_ID_AT: Final = [column.name for column in _PARTICIPANT.columns].index("id")

_BY_USER: Final = 2
"""The rank of one who is found by the user's id."""


async def _of_rows(db: Database, rows: list[tuple[Any, ...]]) -> ParticipantReport:
    """One row for each peer; on SQLite the document is in one of them."""
    peers = [_PEER.from_row(row[_PEER_AT:]) for row in rows if row[_PEER_AT] is not None]
    participant = _PARTICIPANT.from_row(rows[0])
    if db.is_sqlite:
        stored = [row[_REPORT_AT : _REPORT_AT + 2] for row in rows if row[_REPORT_AT + 1]]
    else:
        stored = await db.fetch(
            _DOCUMENT,
            app_id=participant.app_id,
            peer_id=participant.id,
            recorded_day=rows[0][_DAY_AT],
        )
    return ParticipantReport(
        participant,
        sorted(peers, key=lambda peer: (peer.first_heard_at, peer.id)),
        ReportDocument(*stored[0]) if stored else None,
        SessionEnd(Phase(rows[0][_SESSION_AT]), *rows[0][_SESSION_AT + 1 : _SESSION_AT + 3]),
    )


def _columns(table: FromClause, columns: list[Column[Any]]) -> list[Any]:
    return [table.c[column.name] for column in columns]


def _document(_dialect: str) -> Select[Any]:
    c = schema.reports.c
    return select(c.fold_version, c.document).where(
        c.app_id == bindparam("app_id", type_=Text),
        c.peer_id == bindparam("peer_id", type_=Text),
        c.recorded_day == bindparam("recorded_day", type_=Integer),
    )


def _reports_in(dialect: str) -> FromClause:
    """The reports that a statement can join; on PostgreSQL none: a statement that does not know the
    day is planned for every partition."""
    if dialect == "sqlite":
        return schema.reports
    c = schema.reports.c
    return (
        select(
            *(
                cast(null(), each.type).label(each.name)
                for each in (c.app_id, c.peer_id, c.fold_version, c.document)
            )
        )
        .where(false())
        .subquery("report")
    )


def _by_peer(dialect: str) -> Select[Any]:
    asked, own = schema.peers.alias("asked"), schema.peers.alias("own")
    participant, report = schema.participants, _reports_in(dialect)
    return (
        select(
            *_PARTICIPANT.columns,
            *_columns(own, _PEER.columns),
            report.c.fold_version,
            # Once: a document is long, and one who came back has several peers.
            case((own.c.id == asked.c.id, report.c.document)),
            *_SESSION_COLUMNS,
        )
        .select_from(asked)
        .join(
            schema.sessions,
            and_(
                schema.sessions.c.app_id == asked.c.app_id,
                schema.sessions.c.id == asked.c.session_id,
            ),
        )
        .join(
            participant,
            and_(
                participant.c.app_id == asked.c.app_id,
                participant.c.session_id == asked.c.session_id,
                participant.c.id == asked.c.participant_id,
            ),
        )
        .join(own, _is_of(own, participant))
        .outerjoin(report, _is_about(report, participant))
        .where(asked.c.app_id == _APP, asked.c.id == _ID)
    )


def _by_any_id(dialect: str) -> Select[Any]:
    peer, c = schema.peers.c, schema.participants.c
    by_peer = select(peer.participant_id).where(
        peer.app_id == _APP, peer.session_id == _SESSION, peer.id == _ID
    )
    rank = case((c.id == _ID, 0), (c.id.in_(by_peer), 1), else_=_BY_USER).label("rank")
    # Two are enough to see that a user's id is ambiguous.
    found = (
        select(*_PARTICIPANT.columns, rank)
        .where(
            c.app_id == _APP,
            c.session_id == _SESSION,
            or_(c.id == _ID, c.id.in_(by_peer), c.user_id == _ID),
        )
        .order_by(rank)
        .limit(2)
        .subquery("found")
    )
    session, report = schema.sessions, _reports_in(dialect)
    own, other = schema.peers.alias("own"), schema.peers.alias("other")
    first = select(func.min(other.c.id)).where(_is_of(other, found)).scalar_subquery()
    return (
        select(
            *_columns(found, _PARTICIPANT.columns),
            *_columns(own, _PEER.columns),
            report.c.fold_version,
            case((or_(own.c.id.is_(None), own.c.id == first), report.c.document)),
            *_SESSION_COLUMNS,
            found.c.rank,
        )
        .select_from(session)
        .outerjoin(
            found,
            and_(found.c.app_id == session.c.app_id, found.c.session_id == session.c.id),
        )
        .outerjoin(own, _is_of(own, found))
        .outerjoin(report, _is_about(report, found))
        .where(session.c.app_id == _APP, session.c.id == _SESSION)
    )


def _is_of(peer: FromClause, participant: FromClause) -> Any:
    return and_(
        peer.c.app_id == participant.c.app_id,
        peer.c.session_id == participant.c.session_id,
        peer.c.participant_id == participant.c.id,
    )


def _is_about(report: FromClause, participant: FromClause) -> Any:
    return and_(report.c.app_id == participant.c.app_id, report.c.peer_id == participant.c.id)


_DOCUMENT: Final = Lookup(_document)
_BY_PEER: Final = Lookup(_by_peer)
_BY_ANY_ID: Final = Lookup(_by_any_id)
