"""Sums of sessions over days, and what the bad ones have in common."""

from typing import Final

from aftercall.core.errors import Malformed
from aftercall.core.instants import Clock, EpochMs, day_of
from aftercall.core.overview.day_facts import (
    DIMENSIONS,
    DayCount,
    DayFacts,
    FacetFacts,
    MeetingFacts,
    OverviewFacts,
)
from aftercall.store.engine.database import Database
from aftercall.store.sessions import day_sums, people_counts

MOST_DAYS: Final = 366
USUAL_DAYS: Final = 30
MOST_VALUES: Final = 20
MOST_MEETINGS: Final = 10


class Overviews:
    """The use cases of sums over days."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def overview(
        self, app_id: str, first_at: EpochMs | None, last_at: EpochMs | None
    ) -> OverviewFacts:
        """The days from `first_at` to `last_at`, the last thirty by default. Raises
        `Malformed` for more than a year, or for days that run backwards."""
        first, last = self._range(first_at, last_at, field="from")
        async with self._db.read() as tx:
            sums = {each.day: each for each in await day_sums.sums_of_days(tx, app_id, first, last)}
            quality = await day_sums.quality_of_days(tx, app_id, first, last)
            people, everybody = await people_counts.people_of_days(tx, app_id, first, last)
            breakdowns = {
                dimension: await day_sums.sums_of_facets(
                    tx, app_id, dimension, first, last, limit=MOST_VALUES
                )
                for dimension in DIMENSIONS
            }
            worst = await day_sums.sums_of_worst_meetings(
                tx, app_id, first, last, limit=MOST_MEETINGS
            )
            titles = await day_sums.titles_of_meetings(tx, app_id, [each.name for each in worst])
        return OverviewFacts(
            days=[
                _day(day, sums.get(day), quality.get(day), people.get(day, 0))
                for day in range(first, last + 1)
            ],
            people=everybody,
            worst_meetings=[
                MeetingFacts(each.name, titles.get(each.name, each.name), *each[1:])
                for each in worst
            ],
            breakdowns={
                dimension: [FacetFacts(*each) for each in found]
                for dimension, found in breakdowns.items()
            },
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
                day=day,
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


def _day(
    day: int, known: day_sums.DaySum | None, quality: day_sums.Sum | None, people: int
) -> DayFacts:
    return DayFacts(
        day=day,
        sessions=known.sessions if known else 0,
        minutes=round(known.minutes, 4) if known else 0.0,
        people=people,
        participants=known.participants if known else 0,
        measured_participants=quality.measured if quality else 0,
        bad_participants=quality.bad if quality else 0,
        bad_sessions=quality.bad_sessions if quality else 0,
    )
