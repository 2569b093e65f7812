"""People across sessions: who was in which calls, and how good those were for them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from aftercall.core.errors import NotFound
from aftercall.core.instants import EpochMs
from aftercall.core.overview.session_summary import PeerSummary
from aftercall.core.queries import Cursor
from aftercall.service.dashboard.session_list import decode_cursor, encode_cursor
from aftercall.store import people
from aftercall.store.engine.database import Database
from aftercall.store.sessions import facets

USUAL_OF: Final = 200
"""The latest calls of a person from which the usual is told."""


class PersonRow(msgspec.Struct, frozen=True, kw_only=True):
    """A person, for a list. `bad_calls` are those that were bad for him."""

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


class PersonPage(msgspec.Struct, frozen=True, kw_only=True):
    """A person with a page of the calls, the latest first."""

    person: PersonRow
    usual: UsualPlace
    calls: list[PeerSummary]
    next_cursor: str | None


class People:
    """The use cases of people. Only sessions that have ended are known here."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    async def list_people(
        self, app_id: str, *, search: str | None, cursor: str | None, limit: int
    ) -> PeoplePage:
        """Who was last in a call first. Raises `Malformed` for a bad cursor."""
        async with self._db.read() as tx:
            found = await people.list_people(
                tx, app_id, search=search, before=_place(cursor), limit=limit + 1
            )
            counts = await people.count_calls(tx, app_id, [each.person for each in found])
            total = None if search else await people.count_people(tx, app_id)
        page = found[:limit]
        return PeoplePage(
            items=[_row(each, counts.get(each.person, (0, 0))) for each in page],
            total=total,
            next_cursor=_cursor(page[-1].last_at, page[-1].person) if len(found) > limit else None,
        )

    async def find_person(
        self, app_id: str, person: str, *, cursor: str | None, limit: int
    ) -> PersonPage:
        """Raises `NotFound`, and `Malformed` for a bad cursor."""
        async with self._db.read() as tx:
            known = await people.find_person(tx, app_id, person)
            if known is None:
                raise NotFound.of("person", person)
            counts = await people.count_calls(tx, app_id, [person])
            found = await facets.sessions_of_person(
                tx, app_id, person, before=_place(cursor), limit=limit + 1
            )
            latest = await facets.sessions_of_person(
                tx, app_id, person, before=None, limit=USUAL_OF
            )
        page = found[:limit]
        return PersonPage(
            person=_row(known, counts.get(person, (0, 0))),
            usual=_usual_of(latest),
            calls=page,
            next_cursor=_cursor(page[-1].joined_at, page[-1].session_id)
            if len(found) > limit
            else None,
        )


def _place(cursor: str | None) -> tuple[EpochMs, str] | None:
    if cursor is None:
        return None
    place = decode_cursor(cursor)
    return EpochMs(int(place.key)), place.id


def _cursor(at: EpochMs, id: str) -> str:
    return encode_cursor(Cursor(at, id, False))


def _row(person: people.Person, counts: tuple[int, int]) -> PersonRow:
    return PersonRow(
        person=person.person,
        name=person.name,
        custom_participant_id=person.custom_participant_id,
        user_id=person.user_id,
        calls=counts[0],
        bad_calls=counts[1],
        last_at=person.last_at,
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
