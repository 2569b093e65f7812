"""Calls by the day, and what the bad ones have in common."""

import msgspec

from aftercall.core.instants import format_day
from aftercall.core.overview.day_facts import (
    DIMENSIONS,
    DayFacts,
    FacetFacts,
    MeetingFacts,
    OverviewFacts,
)

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


def encode_overview(found: OverviewFacts) -> Overview:
    """Each number comes with the query of the list behind it."""
    first, last = format_day(found.days[0].day), format_day(found.days[-1].day)
    span = {"from": first, "to": last}
    return Overview(
        from_day=first,
        to_day=last,
        days=[_day(each) for each in found.days],
        totals=_totals(found, span),
        worst_meetings=[_meeting(each, span) for each in found.worst_meetings],
        breakdowns=Breakdowns(
            **{
                dimension: [_row(dimension, each, span) for each in found.breakdowns[dimension]]
                for dimension in DIMENSIONS
            }
        ),
    )


def _day(facts: DayFacts) -> Day:
    name = format_day(facts.day)
    return Day(**facts._asdict() | {"day": name, "filter": {"from": name, "to": name}})


def _totals(found: OverviewFacts, span: Filter) -> Totals:
    days = found.days
    return Totals(
        sessions=sum(day.sessions for day in days),
        minutes=round(sum(day.minutes for day in days), 4),
        people=found.people,
        participants=sum(day.participants for day in days),
        measured_participants=sum(day.measured_participants for day in days),
        bad_participants=sum(day.bad_participants for day in days),
        bad_sessions=sum(day.bad_sessions for day in days),
        filter=span,
    )


def _meeting(facts: MeetingFacts, span: Filter) -> WorstMeeting:
    return WorstMeeting(**facts._asdict(), filter=span | {"meeting_id": facts.meeting_id})


def _row(dimension: str, facts: FacetFacts, span: Filter) -> BreakdownRow:
    return BreakdownRow(
        value=facts.value,
        sessions=facts.sessions,
        measured_participants=facts.measured_participants,
        bad_participants=facts.bad_participants,
        filter=span | {dimension: facts.value},
    )
