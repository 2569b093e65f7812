"""The attendance of a month, and the use of an app by weeks and months."""

from collections.abc import Iterable
from datetime import tzinfo
from typing import Final

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.overview.attendance import (
    AttendedMonth,
    MonthOfPerson,
    PeriodSum,
    sum_of,
)
from aftercall.wire.cursors import encode_cursor
from aftercall.wire.dashboard.attendance import (
    AttendanceRow,
    AttendanceTotal,
    csv_rows,
    encode_attendance,
    encode_total,
    encode_wall_time,
)

USAGE_COLUMNS: Final = (
    "period",
    "from",
    "until",
    "zone",
    "sessions",
    "people",
    "person_minutes",
    "is_over",
)
CALL_COLUMNS: Final = (
    "session_id",
    "meeting_id",
    "title",
    "joined_at",
    "left_at",
    "left_is_inferred",
    "stays",
    "minutes",
    "talk_minutes",
    "zone",
)


class PeriodRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the ended sessions that were created in a week or month come to. It lasts from `from_at`
    to before `to_at`; `minutes` are those of participants as they are metered; more may follow
    until it `is_over`."""

    name: str
    from_at: EpochMs
    to_at: EpochMs
    is_over: bool
    sessions: int
    people: int
    minutes: float


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """The periods, the latest first. A person of several periods counts in each."""

    zone: str
    items: list[PeriodRow]


class MonthAttendance(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the people of a month, those with the latest call first."""

    month: PeriodRow
    zone: str
    items: list[AttendanceRow]
    next_cursor: str | None


class AttendedCallRow(msgspec.Struct, frozen=True, kw_only=True):
    """A person's attendance of one session."""

    session_id: str
    meeting_id: str
    title: str
    attendance: AttendanceRow


class PersonAttendance(msgspec.Struct, frozen=True, kw_only=True):
    """A person's attendance of each session of a month, the latest first, and the sum."""

    person: str
    name: str | None
    month: str
    from_at: EpochMs
    to_at: EpochMs
    zone: str
    items: list[AttendedCallRow]
    total: AttendanceTotal


def encode_usage(found: Iterable[PeriodSum], zone: tzinfo, now: EpochMs) -> Usage:
    rows = [encode_period(each, now) for each in found]
    return Usage(zone=str(zone), items=rows[::-1])


def encode_period(found: PeriodSum, now: EpochMs) -> PeriodRow:
    return PeriodRow(
        name=found.period.name,
        from_at=found.period.start,
        to_at=found.period.end,
        is_over=found.period.end <= now,
        sessions=found.sessions,
        people=found.people,
        minutes=found.minutes,
    )


def encode_month(found: AttendedMonth, zone: tzinfo) -> MonthAttendance:
    return MonthAttendance(
        month=encode_period(found.total, found.now),
        zone=str(zone),
        items=[encode_attendance(each) for each in found.attendances],
        next_cursor=encode_cursor(found.next_cursor),
    )


def encode_month_of_person(found: MonthOfPerson, zone: tzinfo) -> PersonAttendance:
    return PersonAttendance(
        person=found.person,
        name=found.name,
        month=found.period.name,
        from_at=found.period.start,
        to_at=found.period.end,
        zone=str(zone),
        items=[
            AttendedCallRow(
                session_id=each.session.id,
                meeting_id=each.session.meeting_id,
                title=each.session.title,
                attendance=encode_attendance(each.attendance),
            )
            for each in found.calls
        ],
        total=encode_total(sum_of(each.attendance for each in found.calls)),
    )


def write_usage(found: Usage, zone: tzinfo) -> bytes:
    """The periods as a CSV file."""
    rows: list[tuple[object, ...]] = [USAGE_COLUMNS]
    rows += [
        (
            each.name,
            encode_wall_time(each.from_at, zone),
            encode_wall_time(each.to_at, zone),
            found.zone,
            each.sessions,
            each.people,
            each.minutes,
            "true" if each.is_over else "false",
        )
        for each in found.items
    ]
    return csv_rows(rows)


def write_month_of_person(found: PersonAttendance, zone: tzinfo) -> bytes:
    """A person's sessions as a CSV file, with the sum as the last row."""
    rows: list[tuple[object, ...]] = [CALL_COLUMNS]
    for each in found.items:
        there = each.attendance
        rows.append(
            (
                each.session_id,
                each.meeting_id,
                each.title,
                encode_wall_time(there.joined_at, zone),
                encode_wall_time(there.left_at, zone),
                "true" if there.left_is_inferred else "false",
                there.stays,
                there.minutes,
                there.talk_minutes,
                found.zone,
            )
        )
    total = found.total
    rows.append(
        ("Sum", None, None, None, None, None, total.stays, total.minutes, total.talk_minutes, None)
    )
    return csv_rows(rows)
