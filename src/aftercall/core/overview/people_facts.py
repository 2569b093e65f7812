"""What is read of people across sessions."""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.list_queries import Cursor
from aftercall.core.overview.session_summary import PeerSummary
from aftercall.core.quality.experience.levels import GOOD


class PersonFacts(NamedTuple):
    """A person, with the number of calls and of those that were bad for that person."""

    person: str
    name: str | None
    custom_participant_id: str | None
    user_id: str | None
    calls: int
    bad_calls: int
    last_at: EpochMs


class PeopleList(NamedTuple):
    """A page of people. `total` is not counted in a search."""

    items: Sequence[PersonFacts]
    total: int | None
    next_cursor: Cursor | None


class PersonCalls(NamedTuple):
    """A person with a page of the calls, the latest first; and the `latest` of all, from which
    follows what is usual."""

    person: PersonFacts
    latest: Sequence[PeerSummary]
    calls: list[PeerSummary]
    next_cursor: Cursor | None


def join_stays(calls: Sequence[PeerSummary]) -> list[PeerSummary]:
    """The calls of a person, one for each session, in their order: who came back as another
    participant was in the same call. It is as good as its worst stay."""
    by_session: dict[str, PeerSummary] = {}
    for call in calls:
        other = by_session.get(call.session_id)
        by_session[call.session_id] = call if other is None else _joined_stays(other, call)
    return list(by_session.values())


def _joined_stays(one: PeerSummary, other: PeerSummary) -> PeerSummary:
    worse = min(one, other, key=lambda call: (call.level or GOOD + 1, call.joined_at))
    ends = [each.left_at for each in (one, other)]
    return replace(
        worse,
        joined_at=min(one.joined_at, other.joined_at),
        left_at=None if None in ends else max(end for end in ends if end is not None),
        minutes=round(one.minutes + other.minutes, 4),
    )
