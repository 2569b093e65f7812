"""People across sessions: the calls of each, and their quality for that person."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import NotFound
from aftercall.core.instants import Clock, EpochMs
from aftercall.core.list_queries import Cursor
from aftercall.core.overview.people_facts import (
    PeopleList,
    PersonCalls,
    PersonFacts,
    join_stays,
)
from aftercall.core.overview.session_summary import PeerSummary
from aftercall.core.retention import FOR_EVER, DataKind, is_too_old
from aftercall.service.retention_rule import RetentionRule
from aftercall.store import people
from aftercall.store.engine.database import Database
from aftercall.store.sessions import facets
from aftercall.store.sessions import rows as session_rows

USUAL_OF: Final = 200
"""The latest calls of a person, of which the usual browser, country and so on are taken."""


class People:
    """The use cases of people. Only sessions that have ended are known here."""

    def __init__(self, *, db: Database, clock: Clock, retention: RetentionRule) -> None:
        self._db = db
        self._clock = clock
        self._retention = retention

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
            known = [each for each in page if await self._is_known(tx, app_id, each)]
        return PeopleList(
            items=[_row(each, counts.get(each.person, (0, 0))) for each in known],
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
            if known is None or not await self._is_known(tx, app_id, known):
                raise NotFound.of("person", person)
            counts = await people.count_calls(tx, app_id, [person])
            found = await facets.sessions_of_person(
                tx, app_id, person, before=_before(cursor), limit=limit + 1
            )
            latest = await facets.sessions_of_person(
                tx, app_id, person, before=None, limit=USUAL_OF
            )
            page = found[:limit]
            calls = await self._only_kept(tx, app_id, page)
            latest = await self._only_kept(tx, app_id, latest)
        return PersonCalls(
            person=_row(known, counts.get(person, (0, 0))),
            latest=join_stays(latest),
            calls=join_stays(calls),
            next_cursor=Cursor(page[-1].joined_at, page[-1].session_id, False)
            if len(found) > limit
            else None,
        )

    async def _is_known(self, tx: AsyncConnection, app_id: str, person: people.Person) -> bool:
        """Whether any session with the person may be read. Its latest is looked up only where that
        began so long ago that it may not."""
        policy = await self._retention.policy_of(app_id, tx)
        if not is_too_old(policy, person.last_at, self._clock()):
            return True
        latest = await facets.sessions_of_person(tx, app_id, person.person, before=None, limit=1)
        return bool(await self._only_kept(tx, app_id, latest))

    async def _only_kept(
        self, tx: AsyncConnection, app_id: str, calls: list[PeerSummary]
    ) -> list[PeerSummary]:
        policy = await self._retention.policy_of(app_id, tx)
        if policy.seconds_of(DataKind.SESSIONS) == FOR_EVER:
            return calls
        ids = [each.session_id for each in calls]
        found = await session_rows.find_sessions(tx, app_id, ids)
        kept = await self._retention.only_kept(app_id, list(found.values()), tx)
        ids_kept = {each.id for each in kept}
        return [each for each in calls if each.session_id in ids_kept]


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
