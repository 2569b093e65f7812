"""Sessions by the day as RealtimeKit writes them."""

from collections.abc import Sequence
from typing import Final

import msgspec

from aftercall.core.instants import DAY_MS, EpochMs, format_day
from aftercall.core.overview.day_facts import DayCount
from aftercall.wire.query import Moment, Query

START_DATE: Final = Moment(
    name="start_date", about="The first day, `YYYY-MM-DD`; 30 days before the last by default."
)
END_DATE: Final = Moment(name="end_date", about="The last day, `YYYY-MM-DD`; today by default.")


class DayStats(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions that began on a day in UTC, and the participant-minutes spent in them."""

    day: str
    total_sessions: int
    total_session_minutes: float


class SessionStats(msgspec.Struct, frozen=True, kw_only=True):
    sessions_count: int
    sessions_minutes_consumed: float
    day_stats: list[DayStats]


class RecordingDayStats(msgspec.Struct, frozen=True, kw_only=True):
    day: str
    total_recordings: int = 0
    total_recording_minutes: int = 0


class RecordingStats(msgspec.Struct, frozen=True, kw_only=True):
    """Always none: Aftercall records no media."""

    recording_count: int = 0
    recording_minutes_consumed: float = 0.0
    day_stats: list[RecordingDayStats] = []


class Daywise(msgspec.Struct, frozen=True, kw_only=True):
    session_stats: SessionStats
    recording_stats: RecordingStats


def read_days(query: Query) -> tuple[EpochMs | None, EpochMs | None]:
    """A moment in the first day and the last of the last. Raises `Malformed`."""
    last = END_DATE.read(query)
    if last is not None:
        last = EpochMs(last - last % DAY_MS + DAY_MS - 1)
    return START_DATE.read(query), last


def encode_daywise(days: Sequence[DayCount]) -> Daywise:
    """Every day asked for, the earliest first."""
    return Daywise(
        session_stats=SessionStats(
            sessions_count=sum(day.sessions for day in days),
            sessions_minutes_consumed=round(sum(day.minutes for day in days), 4),
            day_stats=[
                DayStats(
                    day=format_day(day.day),
                    total_sessions=day.sessions,
                    total_session_minutes=day.minutes,
                )
                for day in days
            ],
        ),
        recording_stats=RecordingStats(
            day_stats=[RecordingDayStats(day=format_day(day.day)) for day in days]
        ),
    )
