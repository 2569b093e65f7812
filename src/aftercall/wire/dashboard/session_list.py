"""The list of sessions."""

from typing import Literal

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.overview import session_summary
from aftercall.core.overview.session_facts import ListedSession, SessionList
from aftercall.core.overview.session_summary import ParticipantBrief, WorstIssue
from aftercall.core.quality.experience.levels import Level, LevelCounts
from aftercall.core.records import EndReason, Phase
from aftercall.wire.cursors import encode_cursor

SessionStatus = Literal["LIVE", "ENDED"]


class SessionQuality(msgspec.Struct, frozen=True, kw_only=True):
    """The quality of a session: the worst overall level of any participant, and how many have it;
    level 0 if reports came and nothing could be judged. The MOS are the lowest of the participants'
    worst tenths. `shares` is the sparkline: the level counts of all moments in each group of
    buckets."""

    fold_version: int = 0
    is_final: bool
    level: Level
    affected_participants: int = 0
    letters: LevelCounts = (0, 0, 0, 0)
    mos_audio: float | None
    mos_video: float | None
    measured_participants: int
    bad_participants: int
    people_letters: LevelCounts
    """As `letters`, of people: who came back as another participant counts once, by the worse."""
    is_bad: bool
    shares: list[LevelCounts] = []
    strip_from_at: EpochMs
    strip_bucket_ms: int


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
    people: int
    """How many people took part: who came back as another participant is counted once."""
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


class SessionLevels(msgspec.Struct, frozen=True, kw_only=True):
    """How many sessions there are whatever their level, and of each level but good."""

    every: int
    bad: int
    poor: int
    fair: int


class SessionListPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the table, the sessions that go on apart. A call is one person in one session:
    `calls` is the number of those that meet all conditions on one participant, and null if there
    is no such condition."""

    live: list[SessionRow]
    items: list[SessionRow]
    total: int
    calls: int | None
    next_cursor: str | None
    previous_cursor: str | None
    now: EpochMs
    levels: SessionLevels | None
    """On the first page: the sessions by their level, as if none had been asked for."""


class Whereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """In which app a session is."""

    app_id: str
    session_id: str


def encode_session_list(found: SessionList) -> SessionListPage:
    return SessionListPage(
        live=[encode_session_row(each) for each in found.live],
        items=[encode_session_row(each) for each in found.items],
        total=found.total,
        calls=found.calls,
        next_cursor=encode_cursor(found.next_cursor),
        previous_cursor=encode_cursor(found.previous_cursor),
        now=found.now,
        levels=None if found.levels is None else SessionLevels(**found.levels._asdict()),
    )


def status_of(phase: Phase) -> SessionStatus:
    return "ENDED" if phase is Phase.ENDED else "LIVE"


def encode_session_row(listed: ListedSession) -> SessionRow:
    session, summary = listed.session, listed.summary
    return SessionRow(
        id=session.id,
        meeting_id=session.meeting_id,
        title=session.title,
        status=status_of(session.phase),
        phase=session.phase,
        parent_session_id=session.parent_session_id,
        created_at=session.created_at,
        started_at=session.started_at,
        ended_at=session.ended_at,
        end_reason=session.end_reason,
        live_participants=session.live_participants,
        total_participants=session.total_participants,
        people=summary.people or session.total_participants,
        max_concurrent_participants=session.max_concurrent_participants,
        minutes=listed.minutes,
        participants=summary.participants,
        quality=None if summary.quality is None else _quality(summary.quality),
        worst_issue=summary.worst_issue,
        browsers=summary.browsers,
        os=summary.os,
        countries=summary.countries,
        networks=summary.networks,
        relays=summary.relays,
    )


def _quality(quality: session_summary.SessionQuality) -> SessionQuality:
    return SessionQuality(
        fold_version=quality.fold_version,
        is_final=quality.is_final,
        level=quality.level,
        affected_participants=quality.affected_participants,
        people_letters=quality.people_letters or quality.letters,
        letters=quality.letters,
        mos_audio=quality.mos_audio,
        mos_video=quality.mos_video,
        measured_participants=quality.measured_participants,
        bad_participants=quality.bad_participants,
        is_bad=quality.is_bad,
        shares=quality.shares,
        strip_from_at=quality.shares_from_at,
        strip_bucket_ms=quality.shares_bucket_ms,
    )
