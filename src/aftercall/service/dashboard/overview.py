"""Calls by the day, and what the bad ones have in common."""

from typing import Final

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.instants import DAY_MS, Clock, EpochMs, day_of, format_iso
from aftercall.store.engine.database import Database
from aftercall.store.sessions import day_sums

MOST_DAYS: Final = 366
USUAL_DAYS: Final = 30
MOST_VALUES: Final = 20
MOST_MEETINGS: Final = 10
KINDS: Final = ("browser", "os", "country", "network", "relay", "issue")

Filter = dict[str, str]
"""Query parameters of the list behind a number."""


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions and their participants; live sessions count among `sessions` alone."""

    sessions: int
    minutes: float
    people: int
    participants: int
    measured_participants: int
    bad_participants: int
    bad_sessions: int
    filter: Filter


class Day(Totals, frozen=True, kw_only=True):
    """One day in UTC, `YYYY-MM-DD`."""

    day: str


class WorstMeeting(msgspec.Struct, frozen=True, kw_only=True):
    meeting_id: str
    title: str
    sessions: int
    bad_sessions: int
    measured_participants: int
    bad_participants: int
    filter: Filter


class BreakdownRow(msgspec.Struct, frozen=True, kw_only=True):
    """The participants with one browser, country, …"""

    value: str
    sessions: int
    measured_participants: int
    bad_participants: int
    filter: Filter


class Breakdowns(msgspec.Struct, frozen=True, kw_only=True):
    browser: list[BreakdownRow]
    os: list[BreakdownRow]
    country: list[BreakdownRow]
    network: list[BreakdownRow]
    relay: list[BreakdownRow]
    issue: list[BreakdownRow]


class Overview(
    msgspec.Struct, frozen=True, kw_only=True, rename={"from_day": "from", "to_day": "to"}
):
    """A range of days, both included."""

    from_day: str
    to_day: str
    days: list[Day]
    totals: Totals
    worst_meetings: list[WorstMeeting]
    breakdowns: Breakdowns


class DayCount(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions that began on a day, and the minutes spent in them."""

    day: str
    sessions: int
    minutes: float


class Overviews:
    """The use cases of sums over days."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def overview(
        self, app_id: str, first_at: EpochMs | None, last_at: EpochMs | None
    ) -> Overview:
        """The days from `first_at` to `last_at`, the last thirty by default. Raises
        `Malformed` for more than a year, or for days that run backwards."""
        first, last = self._range(first_at, last_at, field="from")
        async with self._db.read() as tx:
            sums = {each.day: each for each in await day_sums.sums_of_days(tx, app_id, first, last)}
            quality = await day_sums.quality_of_days(tx, app_id, first, last)
            people, everybody = await day_sums.people_of_days(tx, app_id, first, last)
            parts = {
                kind: await day_sums.sums_of_facets(
                    tx, app_id, kind, first, last, limit=MOST_VALUES
                )
                for kind in KINDS
            }
            worst = await day_sums.sums_of_facets(
                tx, app_id, "meeting", first, last, limit=MOST_MEETINGS
            )
            titles = await day_sums.titles_of_meetings(tx, app_id, [each.name for each in worst])
        days = [
            _day(day, sums.get(day), quality.get(day), people.get(day, 0))
            for day in range(first, last + 1)
        ]
        span = {"from": day_name(first), "to": day_name(last)}
        return Overview(
            from_day=day_name(first),
            to_day=day_name(last),
            days=days,
            totals=_totals(days, everybody, span),
            worst_meetings=[
                WorstMeeting(
                    meeting_id=each.name,
                    title=titles.get(each.name, each.name),
                    sessions=each.sessions,
                    bad_sessions=each.bad_sessions,
                    measured_participants=each.measured,
                    bad_participants=each.bad,
                    filter=span | {"meeting_id": each.name},
                )
                for each in worst
            ],
            breakdowns=Breakdowns(
                **{kind: [_part(kind, each, span) for each in parts[kind]] for kind in KINDS}
            ),
        )

    async def by_day(
        self, app_id: str, first_at: EpochMs | None, last_at: EpochMs | None
    ) -> list[DayCount]:
        """Every day of the range, the earliest first. Raises `Malformed` as `overview` does."""
        first, last = self._range(first_at, last_at)
        async with self._db.read() as tx:
            sums = {each.day: each for each in await day_sums.sums_of_days(tx, app_id, first, last)}
        return [
            DayCount(
                day=day_name(day),
                sessions=sums[day].sessions if day in sums else 0,
                minutes=round(sums[day].minutes, 4) if day in sums else 0.0,
            )
            for day in range(first, last + 1)
        ]

    def _range(
        self, first_at: EpochMs | None, last_at: EpochMs | None, field: str | None = None
    ) -> tuple[int, int]:
        """The first and the last day. `field` names the parameter to blame in a refusal."""
        last = day_of(self._clock() if last_at is None else last_at)
        first = last - USUAL_DAYS + 1 if first_at is None else day_of(first_at)
        if first > last:
            raise Malformed(
                "The first day must not be after the last", code="bad_range", field=field
            )
        if last - first >= MOST_DAYS:
            message = f"At most {MOST_DAYS} days can be asked for"
            raise Malformed(message, code="bad_range", field=field)
        return first, last


def day_name(day: int) -> str:
    """`2026-11-21`."""
    return format_iso(EpochMs(day * DAY_MS))[:10]


def _day(day: int, known: day_sums.DaySum | None, quality: day_sums.Sum | None, people: int) -> Day:
    name = day_name(day)
    return Day(
        day=name,
        sessions=known.sessions if known else 0,
        minutes=round(known.minutes, 4) if known else 0.0,
        participants=known.participants if known else 0,
        people=people,
        measured_participants=quality.measured if quality else 0,
        bad_participants=quality.bad if quality else 0,
        bad_sessions=quality.bad_sessions if quality else 0,
        filter={"from": name, "to": name},
    )


def _totals(days: list[Day], people: int, span: Filter) -> Totals:
    return Totals(
        sessions=sum(day.sessions for day in days),
        minutes=round(sum(day.minutes for day in days), 4),
        people=people,
        participants=sum(day.participants for day in days),
        measured_participants=sum(day.measured_participants for day in days),
        bad_participants=sum(day.bad_participants for day in days),
        bad_sessions=sum(day.bad_sessions for day in days),
        filter=span,
    )


def _part(kind: str, each: day_sums.Sum, span: Filter) -> BreakdownRow:
    return BreakdownRow(
        value=each.name,
        sessions=each.sessions,
        measured_participants=each.measured,
        bad_participants=each.bad,
        filter=span | {kind: each.name},
    )
