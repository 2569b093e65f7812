"""People across sessions."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.overview.names import NAMELESS
from aftercall.core.overview.people_facts import PeopleList, PersonCalls, PersonFacts
from aftercall.core.overview.session_summary import PeerSummary
from aftercall.core.quality.diagnosis.advice import ADVICE
from aftercall.core.quality.experience.levels import Level
from aftercall.wire.cursors import encode_cursor


class PersonRow(msgspec.Struct, frozen=True, kw_only=True):
    """A person, for a list. `bad_calls` are those that were bad for that person."""

    person: str
    name: str | None
    custom_participant_id: str | None
    user_id: str | None
    calls: int
    bad_calls: int
    last_at: EpochMs


class PeoplePage(msgspec.Struct, frozen=True, kw_only=True):
    """`total` is not counted in a search."""

    items: list[PersonRow]
    total: int | None
    next_cursor: str | None


class Usual(msgspec.Struct, frozen=True, kw_only=True):
    """A value and in how many of the latest calls it was seen."""

    value: str
    calls: int


class UsualPlace(msgspec.Struct, frozen=True, kw_only=True):
    browser: list[Usual]
    os: list[Usual]
    country: list[Usual]
    network: list[Usual]
    relay: list[Usual]


class RecentCall(msgspec.Struct, frozen=True, kw_only=True):
    """One of the latest calls, for what they have in common. `issue` is the name of the worst
    issue, or what was found in a few words, and `advice` what to do, a clause; it lies at the
    person, or at another one. The level is 0 if nothing was judged."""

    session_id: str
    participant_id: str
    joined_at: EpochMs
    minutes: float
    level: Level
    issue: str | None
    is_own: bool
    advice: str


class PersonPage(msgspec.Struct, frozen=True, kw_only=True):
    """A person with a page of the calls, the latest first. `recent` are the latest 200, from which
    `usual` is counted."""

    person: PersonRow
    usual: UsualPlace
    recent: list[RecentCall]
    calls: list[PeerSummary]
    next_cursor: str | None


def encode_people(found: PeopleList) -> PeoplePage:
    return PeoplePage(
        items=[_row(each) for each in found.items],
        total=found.total,
        next_cursor=encode_cursor(found.next_cursor),
    )


def encode_person(found: PersonCalls) -> PersonPage:
    return PersonPage(
        person=_row(found.person),
        usual=_usual_of(found.latest),
        recent=[_recent(each) for each in found.latest],
        calls=found.calls,
        next_cursor=encode_cursor(found.next_cursor),
    )


def _row(person: PersonFacts) -> PersonRow:
    return PersonRow(**person._asdict())


def _recent(call: PeerSummary) -> RecentCall:
    worst = call.worst_issue
    advice = ADVICE.get(worst.cause) if worst else None
    return RecentCall(
        session_id=call.session_id,
        participant_id=call.participant_id,
        joined_at=call.joined_at,
        minutes=call.minutes,
        level=call.level,
        issue=(worst.noun or worst.name) if worst else None,
        is_own=worst is not None and worst.participant_id == call.participant_id,
        advice=advice.clause.format(name=worst.participant_name or NAMELESS)
        if worst and advice
        else "",
    )


def _usual_of(calls: Sequence[PeerSummary]) -> UsualPlace:
    return UsualPlace(
        browser=_usual(call.browser for call in calls),
        os=_usual(call.os for call in calls),
        country=_usual(call.country for call in calls),
        network=_usual(call.network for call in calls),
        relay=_usual(call.relay for call in calls),
    )


def _usual(values: Iterable[str | None]) -> list[Usual]:
    counts = Counter(value for value in values if value)
    return [Usual(value=value, calls=calls) for value, calls in counts.most_common(5)]
