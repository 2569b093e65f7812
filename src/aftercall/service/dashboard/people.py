"""People across sessions: the calls of each, and their quality for that person."""

from typing import Final

from aftercall.core.errors import NotFound
from aftercall.core.instants import EpochMs
from aftercall.core.list_queries import Cursor
from aftercall.core.overview.people_facts import PeopleList, PersonCalls, PersonFacts
from aftercall.store import people
from aftercall.store.engine.database import Database
from aftercall.store.sessions import facets

USUAL_OF: Final = 200
"""The latest calls of a person, of which the usual browser, country and so on are taken."""


class People:
    """The use cases of people. Only sessions that have ended are known here."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    async def list_people(
        self, app_id: str, *, search: str | None, cursor: Cursor | None, limit: int
    ) -> PeopleList:
        """A page of people, the last seen first."""
        async with self._db.read() as tx:
            found = await people.list_people(
                tx, app_id, search=search, before=_before(cursor), limit=limit + 1
            )
            counts = await people.count_calls(tx, app_id, [each.person for each in found])
            total = None if search else await people.count_people(tx, app_id)
        page = found[:limit]
        return PeopleList(
            items=[_row(each, counts.get(each.person, (0, 0))) for each in page],
            total=total,
            next_cursor=Cursor(page[-1].last_at, page[-1].person, False)
            if len(found) > limit
            else None,
        )

    async def find_person(
        self, app_id: str, person: str, *, cursor: Cursor | None, limit: int
    ) -> PersonCalls:
        """Raises `NotFound`."""
        async with self._db.read() as tx:
            known = await people.find_person(tx, app_id, person)
            if known is None:
                raise NotFound.of("person", person)
            counts = await people.count_calls(tx, app_id, [person])
            found = await facets.sessions_of_person(
                tx, app_id, person, before=_before(cursor), limit=limit + 1
            )
            latest = await facets.sessions_of_person(
                tx, app_id, person, before=None, limit=USUAL_OF
            )
        page = found[:limit]
        return PersonCalls(
            person=_row(known, counts.get(person, (0, 0))),
            latest=latest,
            calls=page,
            next_cursor=Cursor(page[-1].joined_at, page[-1].session_id, False)
            if len(found) > limit
            else None,
        )


def _before(cursor: Cursor | None) -> tuple[EpochMs, str] | None:
    return None if cursor is None else (EpochMs(int(cursor.key)), cursor.id)


def _row(person: people.Person, counts: tuple[int, int]) -> PersonFacts:
    return PersonFacts(
        person=person.person,
        name=person.name,
        custom_participant_id=person.custom_participant_id,
        user_id=person.user_id,
        calls=counts[0],
        bad_calls=counts[1],
        last_at=person.last_at,
    )
