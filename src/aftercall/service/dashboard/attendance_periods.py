"""Who attended the sessions of a month, and how much an app is used in each week and month."""

from collections.abc import AsyncIterator, Sequence
from datetime import tzinfo

from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.calendar_periods import CalendarPeriod, PeriodKind, periods_until, utc_days_of
from aftercall.core.instants import Clock, EpochMs
from aftercall.core.list_queries import Cursor
from aftercall.core.overview.attendance import (
    Attendance,
    AttendanceCounter,
    AttendedCall,
    AttendedMonth,
    MonthOfPerson,
    PeriodSum,
    attendances_of,
)
from aftercall.core.records import Session
from aftercall.core.retention import DataKind
from aftercall.service.dashboard.people import People
from aftercall.service.retention_rule import RetentionRule
from aftercall.store.attendance import periods, presences
from aftercall.store.engine.database import Database
from aftercall.store.sessions.rows import find_sessions

EXPORT_PAGE = 100
"""People of a file that are read at once."""


class AttendancePeriods:
    """The use cases of months and weeks. Only sessions that have ended are known here."""

    def __init__(
        self, *, db: Database, clock: Clock, retention: RetentionRule, people: People
    ) -> None:
        self._db = db
        self._clock = clock
        self._retention = retention
        self._people = people

    async def usage(
        self, app_id: str, kind: PeriodKind, *, until: EpochMs | None, count: int, zone: tzinfo
    ) -> list[PeriodSum]:
        """So many periods, the earliest first; the last is that of `until`, or of the present."""
        last_at = self._clock() if until is None else until
        async with self._db.read() as tx:
            return [
                await _sum_of(tx, app_id, period)
                for period in periods_until(kind, last_at, count, zone)
            ]

    async def month(
        self, app_id: str, period: CalendarPeriod, *, cursor: Cursor | None, limit: int
    ) -> AttendedMonth:
        """A page of the people of a month."""
        now = self._clock()
        async with self._db.read() as tx:
            total = await _sum_of(tx, app_id, period)
            found, next_cursor = await self._page(tx, app_id, period, cursor, limit, now)
        return AttendedMonth(total, found, next_cursor, now)

    async def export_month(
        self, app_id: str, period: CalendarPeriod
    ) -> AsyncIterator[list[Attendance]]:
        """All people of a month, a page at a time, each in a transaction of its own."""
        now, cursor = self._clock(), None
        while True:
            async with self._db.read() as tx:
                found, cursor = await self._page(tx, app_id, period, cursor, EXPORT_PAGE, now)
            yield found
            if cursor is None:
                return

    async def month_of_person(
        self, app_id: str, person: str, period: CalendarPeriod
    ) -> MonthOfPerson:
        """A person's sessions of a month. Raises `NotFound`."""
        now = self._clock()
        known = await self._people.find_person(app_id, person, cursor=None, limit=1)
        async with self._db.read() as tx:
            found = await self._attended(tx, app_id, [person], period, now)
        calls = [AttendedCall(session, each) for session, attended in found for each in attended]
        return MonthOfPerson(period, person, known.person.name, calls, now)

    async def _page(
        self,
        tx: AsyncConnection,
        app_id: str,
        period: CalendarPeriod,
        cursor: Cursor | None,
        limit: int,
        now: EpochMs,
    ) -> tuple[list[Attendance], Cursor | None]:
        """The people after the cursor. There may be fewer than the limit though more follow: of
        some who were there on the first or last day, the call was in another month."""
        days = utc_days_of(period.start, period.end)
        covered = [days.first, days.last, *(part.day for part in days.parts)]
        found = await periods.people_seen(
            tx,
            app_id,
            min(covered),
            max(covered),
            before=None if cursor is None else (EpochMs(int(cursor.key)), cursor.id),
            limit=limit + 1,
        )
        shown = found[:limit]
        counter = AttendanceCounter()
        ids = [each.person for each in shown]
        for _, attended in await self._attended(tx, app_id, ids, period, now):
            counter.add_session(attended)
        by_person = {each.person: each for each in counter.attendances()}
        more = len(found) > limit
        last = shown[-1] if shown else None
        return (
            [by_person[id] for id in ids if id in by_person],
            Cursor(last.last_at, last.person, False) if more and last is not None else None,
        )

    async def _attended(
        self,
        tx: AsyncConnection,
        app_id: str,
        ids: Sequence[str],
        period: CalendarPeriod,
        now: EpochMs,
    ) -> list[tuple[Session, list[Attendance]]]:
        """The sessions of the month with the attendance of these people, the latest first."""
        calls = await periods.calls_of_people(tx, app_id, ids, period.start, period.end)
        sessions = await find_sessions(tx, app_id, sorted({each.session_id for each in calls}))
        kept = {
            each.id: each
            for each in await self._retention.only_kept(app_id, list(sessions.values()), tx)
        }
        with_talk = [
            each.id
            for each in kept.values()
            if await self._retention.is_kept(DataKind.TRANSCRIPTS, each, tx)
        ]
        found = await presences.presences_of_participants(
            tx,
            app_id,
            [(each.session_id, each.participant_id) for each in calls if each.session_id in kept],
            with_talk=with_talk,
            now=now,
        )
        return [
            (session, attendances_of(app_id, found.get(session.id, [])))
            for session in sorted(kept.values(), key=lambda s: (-s.created_at, s.id))
        ]


async def _sum_of(tx: AsyncConnection, app_id: str, period: CalendarPeriod) -> PeriodSum:
    days = utc_days_of(period.start, period.end)
    sums = await periods.sum_sessions(tx, app_id, days)
    people_there = await periods.count_people(tx, app_id, days)
    return PeriodSum(period, sums.sessions, people_there, sums.minutes)
