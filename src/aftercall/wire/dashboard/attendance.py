"""Attendance: as a page shows it, and as a file for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Final

import msgspec

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.overview.attendance import (
    Attendance,
    AttendanceSum,
    AttendedMeeting,
    AttendedSession,
    gathering_of,
    minutes_of_ms,
    sum_of,
)
from aftercall.wire.chat_transcript_files import guard_formula
from aftercall.wire.dashboard.session_list import SessionStatus, status_of

COLUMNS: Final = (
    "person",
    "name",
    "custom_participant_id",
    "user_id",
    "joined_at",
    "left_at",
    "left_is_inferred",
    "is_present",
    "sessions",
    "stays",
    "minutes",
    "talk_minutes",
    "namesakes",
    "zone",
)
SUM: Final = "Sum"


class AttendanceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A person's attendance of one or several sessions. `left_at` is null while the person is
    present. `minutes` are those of the union of all stays, and `talk_minutes` those of them in
    which the person spoke, null without a transcript. `namesakes` is the number of people of the
    same name at once, of whom nothing else is known."""

    person: str
    name: str | None
    custom_participant_id: str | None
    user_id: str | None
    participant_ids: list[str]
    joined_at: EpochMs
    left_at: EpochMs | None
    left_is_inferred: bool
    is_present: bool
    sessions: int
    stays: int
    minutes: float
    talk_minutes: float | None
    namesakes: int
    spans: list[tuple[EpochMs, EpochMs]]
    """The stays in one session; empty for several."""


class AttendanceTotal(msgspec.Struct, frozen=True, kw_only=True):
    """The sum of the rows."""

    people: int
    stays: int
    minutes: float
    talk_minutes: float | None


class PeopleAtOnce(msgspec.Struct, frozen=True, kw_only=True):
    """The most people at once and when first, and how many attended from start to end."""

    most: int
    from_at: EpochMs
    to_at: EpochMs
    all_the_time: int


class SessionAttendance(msgspec.Struct, frozen=True, kw_only=True):
    """Who attended a session, in the order of joining. Moments are ms since 1970."""

    session_id: str
    meeting_id: str
    title: str
    status: SessionStatus
    started_at: EpochMs
    ended_at: EpochMs | None
    now: EpochMs
    items: list[AttendanceRow]
    total: AttendanceTotal
    at_once: PeopleAtOnce | None


class MeetingAttendance(msgspec.Struct, frozen=True, kw_only=True):
    """Who attended the sessions of a meeting, by name. `sessions` of `all_sessions` were added up,
    the latest; the CSV file has all."""

    meeting_id: str
    title: str
    sessions: int
    all_sessions: int
    first_at: EpochMs | None
    last_at: EpochMs | None
    now: EpochMs
    items: list[AttendanceRow]
    total: AttendanceTotal


def encode_session_attendance(found: AttendedSession) -> SessionAttendance:
    session, together = found.session, gathering_of(found.attendances)
    return SessionAttendance(
        session_id=session.id,
        meeting_id=session.meeting_id,
        title=session.title,
        status=status_of(session.phase),
        started_at=session.started_at,
        ended_at=session.ended_at,
        now=found.now,
        items=[encode_attendance(each) for each in found.attendances],
        total=encode_total(sum_of(found.attendances)),
        at_once=None
        if together is None
        else PeopleAtOnce(
            most=together.most_at_once,
            from_at=together.most_from_at,
            to_at=together.most_to_at,
            all_the_time=together.all_the_time,
        ),
    )


def encode_meeting_attendance(found: AttendedMeeting) -> MeetingAttendance:
    return MeetingAttendance(
        meeting_id=found.meeting_id,
        title=found.title,
        sessions=found.sessions,
        all_sessions=found.all_sessions,
        first_at=found.first_at,
        last_at=found.last_at,
        now=found.now,
        items=[encode_attendance(each) for each in found.attendances],
        total=encode_total(sum_of(found.attendances)),
    )


def encode_attendance(each: Attendance) -> AttendanceRow:
    return AttendanceRow(
        person=each.person,
        name=each.name,
        custom_participant_id=each.custom_participant_id,
        user_id=each.user_id,
        participant_ids=list(each.participant_ids),
        joined_at=each.joined_at,
        left_at=each.left_at,
        left_is_inferred=each.left_is_inferred,
        is_present=each.left_at is None,
        sessions=each.sessions,
        stays=each.stay_count,
        minutes=minutes_of_ms(each.present_ms),
        talk_minutes=_minutes(each.talk_ms),
        namesakes=each.namesakes,
        spans=list(each.stays),
    )


def encode_total(total: AttendanceSum) -> AttendanceTotal:
    return AttendanceTotal(
        people=total.people,
        stays=total.stay_count,
        minutes=minutes_of_ms(total.present_ms),
        talk_minutes=_minutes(total.talk_ms),
    )


def _minutes(ms: int | None) -> float | None:
    return None if ms is None else minutes_of_ms(ms)


def head_row() -> bytes:
    """The first line of the file."""
    return csv_rows([COLUMNS])


def attendance_rows(found: Iterable[Attendance], zone: tzinfo) -> bytes:
    """The lines of these people, with times of the zone's clocks."""
    rows = (encode_attendance(each) for each in found)
    return csv_rows(
        [
            row.person,
            row.name,
            row.custom_participant_id,
            row.user_id,
            encode_wall_time(row.joined_at, zone),
            encode_wall_time(row.left_at, zone),
            _flag(row.left_is_inferred),
            _flag(row.is_present),
            row.sessions,
            row.stays,
            row.minutes,
            row.talk_minutes,
            row.namesakes,
            str(zone),
        ]
        for row in rows
    )


def sum_row(total: AttendanceSum) -> bytes:
    """The last line: the number of people and the sums, named in the first column."""
    row = encode_total(total)
    named = {
        "person": SUM,
        "name": f"{row.people} people" if row.people != 1 else "1 person",
        "stays": row.stays,
        "minutes": row.minutes,
        "talk_minutes": row.talk_minutes,
    }
    return csv_rows([[named.get(column) for column in COLUMNS]])


def csv_rows(rows: Iterable[Sequence[object]]) -> bytes:
    """Lines of a CSV file. A cell that a spreadsheet would read as a formula begins with `'`; an
    unknown value is empty."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: object) -> str:
    if value is None:
        return ""
    return guard_formula(value) if isinstance(value, str) else str(value)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def encode_wall_time(at: EpochMs | None, zone: tzinfo) -> str | None:
    """`2026-11-26 13:28:40`, by the clocks of the zone: spreadsheets take it for a time."""
    if at is None:
        return None
    return datetime.fromtimestamp(at // SECOND_MS, zone).strftime("%Y-%m-%d %H:%M:%S")
