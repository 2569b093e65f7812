"""Sessions by the day as RealtimeKit writes them."""

from collections.abc import Sequence
from typing import Final

import msgspec

from aftercall.core.egresses import EgressDay
from aftercall.core.instants import DAY_MS, MINUTE_MS, EpochMs, format_day
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
    total_recordings: int
    total_recording_minutes: int
    """Whole minutes."""


class RecordingStats(msgspec.Struct, frozen=True, kw_only=True):
    """Recordings that sources reported, by the day on which they were invoked."""

    recording_count: int
    recording_minutes_consumed: float
    day_stats: list[RecordingDayStats]


class Daywise(msgspec.Struct, frozen=True, kw_only=True):
    session_stats: SessionStats
    recording_stats: RecordingStats


def read_days(query: Query) -> tuple[EpochMs | None, EpochMs | None]:
    """A moment in the first day and the last of the last. Raises `Malformed`."""
    last = END_DATE.read(query)
    if last is not None:
        last = EpochMs(last - last % DAY_MS + DAY_MS - 1)
    return START_DATE.read(query), last


def moments_of_days(days: Sequence[DayCount]) -> tuple[EpochMs, EpochMs]:
    """The first moment and the last of a list of days, which is not empty."""
    return EpochMs(days[0].day * DAY_MS), EpochMs((days[-1].day + 1) * DAY_MS - 1)


def encode_daywise(days: Sequence[DayCount], recordings: Sequence[EgressDay]) -> Daywise:
    """Every day asked for, the earliest first."""
    of_day = {each.day: each for each in recordings}
    length_ms = sum(each.length_ms for each in recordings)
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
            recording_count=sum(each.egresses for each in recordings),
            recording_minutes_consumed=round(length_ms / MINUTE_MS, 4),
            day_stats=[_recordings_of(day.day, of_day.get(day.day)) for day in days],
        ),
    )


def _recordings_of(day: int, found: EgressDay | None) -> RecordingDayStats:
    return RecordingDayStats(
        day=format_day(day),
        total_recordings=found.egresses if found else 0,
        total_recording_minutes=round(found.length_ms / MINUTE_MS) if found else 0,
    )
