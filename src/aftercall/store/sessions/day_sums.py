"""Sums of sessions over UTC days, from the daily counts."""

from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, Integer, Select, Text, bindparam, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import DAY_MS
from aftercall.store.engine.lookup import Lookup, fetch
from aftercall.store.tables import schema


class DaySum(NamedTuple):
    """What the sessions of a day come to; participants are counted in ended ones only."""

    day: int
    sessions: int
    minutes: float
    participants: int


_APP: Final = bindparam("app_id", type_=Text)
_FIRST: Final = bindparam("first_day", type_=Integer)
_LAST: Final = bindparam("last_day", type_=Integer)


async def sums_of_days(
    tx: AsyncConnection, app_id: str, first_day: int, last_day: int
) -> list[DaySum]:
    """The days that have any session, those that go on included."""
    found: dict[int, DaySum] = {}
    days = {"first_day": first_day, "last_day": last_day}
    for day, sessions, minutes, participants in await fetch(tx, _OF_ENDED, app_id=app_id, **days):
        found[day] = DaySum(day, int(sessions), float(minutes), int(participants))
    within = {"start": first_day * DAY_MS, "end": (last_day + 1) * DAY_MS}
    for day, sessions in await fetch(tx, _OF_LIVE, app_id=app_id, **within):
        known = found.get(day, DaySum(day, 0, 0.0, 0))
        found[day] = known._replace(sessions=known.sessions + sessions)
    return [found[day] for day in sorted(found)]


def _of_ended(_dialect: str) -> Select[Any]:
    t = schema.session_tallies.c
    return (
        select(
            t.day,
            func.sum(t.sessions),
            func.sum(t.minutes),
            func.sum(t.sessions * t.total_participants),
        )
        .where(t.app_id == _APP, t.day >= _FIRST, t.day <= _LAST, t.total_participants >= 0)
        .group_by(t.day)
    )


def _of_live(_dialect: str) -> Select[Any]:
    s = schema.sessions.c
    return (
        select(s.day, func.count())
        .where(
            s.app_id == _APP,
            s.phase != literal_column("'ended'"),
            s.created_at >= bindparam("start", type_=BigInteger),
            s.created_at < bindparam("end", type_=BigInteger),
        )
        .group_by(s.day)
    )


_OF_ENDED: Final = Lookup(_of_ended)
_OF_LIVE: Final = Lookup(_of_live)
