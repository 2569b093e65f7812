"""What is read of people across sessions."""

from collections.abc import Sequence
from typing import NamedTuple

from aftercall.core.instants import EpochMs
from aftercall.core.list_queries import Cursor
from aftercall.core.overview.session_summary import PeerSummary


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
