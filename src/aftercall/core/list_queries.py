"""Queries of lists: which rows to return, in which order; and a page of them."""

from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from aftercall.core.egresses import EgressKind, EgressStatus
from aftercall.core.instants import EpochMs
from aftercall.core.records import MeetingStatus, Record

T = TypeVar("T")


class Page(Record, Generic[T], frozen=True, kw_only=True):
    """One page of a list: the rows, the offset of the first, and the total number."""

    items: list[T]
    offset: int
    total: int


class SessionOrder(StrEnum):
    """What a list of sessions is ordered by."""

    CREATED_AT = "created_at"
    MINUTES_CONSUMED = "minutes_consumed"
    QUALITY = "quality"
    """By overall level, then by the share of participants who have it; measured sessions only."""


class SearchScope(StrEnum):
    """What a search of sessions covers, besides the beginnings of session and meeting ids. Each
    given word must begin a word there."""

    TITLES = "titles"
    PARTICIPANTS = "participants"
    """For ended sessions: titles, participants' names, and their whole ids."""


class Cursor(NamedTuple):
    """A position in a list: the sort key and id of a row, and whether to read backward from it."""

    key: float
    id: str
    is_backward: bool


class DayHours(NamedTuple):
    """An hour of the day by the clock of a zone: where its quarter hours are in each UTC day.
    `offsets` are the zone's, in quarter hours, each from a quarter hour since 1970 on."""

    hour: int
    offsets: tuple[tuple[int, int], ...]


class SessionQuery(Record, frozen=True, kw_only=True):
    """Which sessions to list. Bounds are inclusive and apply to `created_at`; one and the same
    participant must have all `facets`. Created within one of the `hours`, if any are named. The
    page begins at `offset`, or after `cursor`."""

    app_id: str
    meeting_id: str | None = None
    is_live: bool | None = None
    created_from: EpochMs | None = None
    created_to: EpochMs | None = None
    min_participants: int | None = None
    max_participants: int | None = None
    search: str | None = None
    scope: SearchScope = SearchScope.TITLES
    facets: tuple[str, ...] = ()
    level: int | None = None
    """The level of those participants who were worst off."""
    hours: DayHours | None = None
    order: SessionOrder = SessionOrder.CREATED_AT
    is_descending: bool = True
    offset: int = 0
    cursor: Cursor | None = None
    limit: int = 25


class ParticipantOrder(StrEnum):
    """What a list of participants is ordered by."""

    JOINED_AT = "joined_at"
    DURATION = "duration"


class ParticipantQuery(Record, frozen=True, kw_only=True):
    """Which participants of a session to list; hidden ones are never listed."""

    app_id: str
    session_id: str
    search: str | None = None
    order: ParticipantOrder = ParticipantOrder.JOINED_AT
    is_descending: bool = True
    offset: int = 0
    limit: int = 25


class MeetingQuery(Record, frozen=True, kw_only=True):
    """Which meetings to list; bounds are inclusive and apply to `created_at`."""

    app_id: str
    created_from: EpochMs | None = None
    created_to: EpochMs | None = None
    search: str | None = None
    status: MeetingStatus | None = None
    is_descending: bool = True
    offset: int = 0
    limit: int = 25


class EgressQuery(Record, frozen=True, kw_only=True):
    """Which recordings, or which livestreams, to list. Bounds are inclusive and apply to
    `invoked_at`; `search` is a meeting's id, or part of its title."""

    app_id: str
    kind: EgressKind
    session_ids: tuple[str, ...] | None = None
    meeting_id: str | None = None
    statuses: tuple[EgressStatus, ...] = ()
    invoked_from: EpochMs | None = None
    invoked_to: EpochMs | None = None
    search: str | None = None
    is_descending: bool = True
    offset: int = 0
    limit: int = 25
