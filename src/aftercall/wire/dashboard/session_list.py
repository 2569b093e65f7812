"""The list of sessions."""

from typing import Literal

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.overview.session_facts import ListedSession, SessionList
from aftercall.core.overview.session_summary import ParticipantBrief, SessionQuality, WorstIssue
from aftercall.core.records import EndReason, Phase, Session
from aftercall.wire.cursors import encode_cursor

SessionStatus = Literal["LIVE", "ENDED"]


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One session, as a row of the table. Moments are ms since 1970."""

    id: str
    meeting_id: str
    title: str
    status: SessionStatus
    phase: Phase
    parent_session_id: str | None
    created_at: EpochMs
    started_at: EpochMs
    ended_at: EpochMs | None
    end_reason: EndReason | None
    live_participants: int
    total_participants: int
    max_concurrent_participants: int
    minutes: float
    participants: list[ParticipantBrief]
    quality: SessionQuality | None
    worst_issue: WorstIssue | None
    browsers: list[str]
    os: list[str]
    countries: list[str]
    networks: list[str]
    relays: list[str]


class SessionListPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the table, the sessions that go on apart."""

    live: list[SessionRow]
    items: list[SessionRow]
    total: int
    next_cursor: str | None
    previous_cursor: str | None
    now: EpochMs


class Whereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """In which app a session is."""

    app_id: str
    session_id: str


def encode_session_list(found: SessionList) -> SessionListPage:
    return SessionListPage(
        live=[encode_session_row(each) for each in found.live],
        items=[encode_session_row(each) for each in found.items],
        total=found.total,
        next_cursor=encode_cursor(found.next_cursor),
        previous_cursor=encode_cursor(found.previous_cursor),
        now=found.now,
    )


def status_of(session: Session) -> SessionStatus:
    return "ENDED" if session.phase is Phase.ENDED else "LIVE"


def encode_session_row(listed: ListedSession) -> SessionRow:
    session, summary = listed.session, listed.summary
    return SessionRow(
        id=session.id,
        meeting_id=session.meeting_id,
        title=session.title,
        status=status_of(session),
        phase=session.phase,
        parent_session_id=session.parent_session_id,
        created_at=session.created_at,
        started_at=session.started_at,
        ended_at=session.ended_at,
        end_reason=session.end_reason,
        live_participants=session.live_participants,
        total_participants=session.total_participants,
        max_concurrent_participants=session.max_concurrent_participants,
        minutes=listed.minutes,
        participants=summary.participants,
        quality=summary.quality,
        worst_issue=summary.worst_issue,
        browsers=summary.browsers,
        os=summary.os,
        countries=summary.countries,
        networks=summary.networks,
        relays=summary.relays,
    )
