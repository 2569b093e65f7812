"""What is read of sessions by the day, and of what their bad participants have in common."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

DIMENSIONS: Final = ("browser", "os", "country", "network", "relay", "issue")
"""The kinds of facets that the participants of a range of days are counted by."""


class DayCount(NamedTuple):
    """The sessions that began on a UTC day, counted since 1970, and the minutes spent in them."""

    day: int
    sessions: int
    minutes: float


class DayFacts(NamedTuple):
    """The sessions that began on a UTC day and their participants. Live sessions count among
    `sessions` alone."""

    day: int
    sessions: int
    minutes: float
    people: int
    participants: int
    measured_participants: int
    bad_participants: int
    bad_sessions: int


class FacetFacts(NamedTuple):
    """The sessions that have a facet, and the participants who do."""

    value: str
    sessions: int
    bad_sessions: int
    measured_participants: int
    bad_participants: int


class MeetingFacts(NamedTuple):
    """The sessions of a meeting and their participants."""

    meeting_id: str
    title: str
    sessions: int
    bad_sessions: int
    measured_participants: int
    bad_participants: int


class OverviewFacts(NamedTuple):
    """A range of days, the earliest first. `people` counts everybody of the range once;
    `breakdowns` holds the facets of each dimension, those with the most sessions first."""

    days: Sequence[DayFacts]
    people: int
    worst_meetings: Sequence[MeetingFacts]
    breakdowns: Mapping[str, Sequence[FacetFacts]]
