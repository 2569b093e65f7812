"""Finds a person in an app by the keyed hashes of the person's ids."""

import asyncio
from collections.abc import Collection, Sequence

from aftercall.service.erased_people import PersonHashes, PersonIds
from aftercall.store import person_rows
from aftercall.store.engine.database import Database
from aftercall.store.person_rows import KnownIds, NamedRow


class PersonMatch:
    """Whether rows are about one person."""

    def __init__(self, hashes: PersonHashes, app_id: str, of_person: Collection[str]) -> None:
        self._hashes = hashes
        self._app_id = app_id
        self.of_person = set(of_person)
        self.met = KnownIds(set(), set())
        """The ids of the person in rows that were found so far."""

    def matches(self, ids: PersonIds) -> bool:
        of_person = self.of_person
        return any(each in of_person for each in self._hashes.of_facts(self._app_id, ids))

    def of_rows(self, rows: Sequence[NamedRow]) -> list[NamedRow]:
        """Those of the rows that are about the person."""
        found = [
            row
            for row in rows
            if (row.custom_participant_id or row.user_id)
            and self.matches(PersonIds(row.custom_participant_id, row.user_id))
        ]
        for row in found:
            self._learn(row)
        return found

    def _learn(self, row: NamedRow) -> None:
        """Recognise a user id that is beside the custom participant id where none is known."""
        custom, user = row.custom_participant_id, row.user_id
        if custom and self._hashes.of_request(self._app_id, PersonIds(custom))[0] in self.of_person:
            self.met.custom_ids.add(custom)
            if user:
                self.of_person.add(self._hashes.of_user(self._app_id, user))
        if user:
            self.met.user_ids.add(user)


class FoundPerson:
    """Where a person was found."""

    def __init__(self) -> None:
        self.session_ids: set[str] = set()
        self.members: list[tuple[str, str]] = []
        """`(meeting_id, id)` of each."""
        self.people: list[str] = []


async def find_person(
    db: Database, app_id: str, match: PersonMatch, *, by_ids: bool = False
) -> FoundPerson:
    """All places of a person. User ids that are beside the person's custom participant id are added
    to `match`. `by_ids`: only rows with ids that `match` has met are compared, which the database
    finds much faster than all rows are hashed."""
    while True:
        before = len(match.of_person)
        found = await _find_once(db, app_id, match, match.met if by_ids else None)
        if len(match.of_person) == before:
            return found
        by_ids = True


async def _find_once(
    db: Database, app_id: str, match: PersonMatch, only: KnownIds | None
) -> FoundPerson:
    found = FoundPerson()
    async for page in person_rows.pages(db, app_id, person_rows.MEMBERS, only):
        for row in await asyncio.to_thread(match.of_rows, page):
            found.members.append((row.key[0], row.key[1]))
    for source in (person_rows.PEERS, person_rows.LINES, person_rows.MESSAGES):
        async for page in person_rows.pages(db, app_id, source, only):
            rows = await asyncio.to_thread(match.of_rows, page)
            found.session_ids.update(row.session_id or "" for row in rows)
    async for page in person_rows.pages(db, app_id, person_rows.PEOPLE, only):
        for row in await asyncio.to_thread(match.of_rows, page):
            found.people.append(row.key[0])
    return found


async def live_sessions_of(db: Database, app_id: str, match: PersonMatch) -> set[str]:
    """The sessions of the person that have not ended."""
    async with db.read() as tx:
        rows = await person_rows.live_peers(tx, app_id)
    return {row.session_id or "" for row in await asyncio.to_thread(match.of_rows, rows)}
