"""Finds a person in an app by the keyed hashes of the person's ids."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Final

from cachetools import LRUCache

from aftercall.service.erased_people import PersonHashes, PersonIds
from aftercall.store import person_rows
from aftercall.store.engine.database import Database
from aftercall.store.person_rows import NamedRow

_KNOWN: Final = 100_000
"""People whose hashes are kept while rows are compared."""


class PersonMatch:
    """Whether rows are about one person. Not safe in several threads at a time."""

    def __init__(self, hashes: PersonHashes, app_id: str, of_person: Collection[str]) -> None:
        self._hashes = hashes
        self._app_id = app_id
        self.of_person = set(of_person)
        self._known: LRUCache[PersonIds, bool] = LRUCache(_KNOWN)

    def matches(self, ids: PersonIds) -> bool:
        known = self._known.get(ids)
        if known is None:
            known = not self.of_person.isdisjoint(self._hashes.of_facts(self._app_id, ids))
            self._known[ids] = known
        return known

    def add_user(self, user_id: str) -> None:
        """Recognise a user id where no custom participant id is known."""
        hash = self._hashes.of_user(self._app_id, user_id)
        if hash not in self.of_person:
            self.of_person.add(hash)
            self._known.clear()

    def of_rows(self, rows: Sequence[NamedRow]) -> list[NamedRow]:
        """Those of the rows that are about the person."""
        return [
            row
            for row in rows
            if (row.custom_participant_id or row.user_id)
            and self.matches(PersonIds(row.custom_participant_id, row.user_id))
        ]


class FoundPerson:
    """Where a person was found."""

    def __init__(self) -> None:
        self.session_ids: set[str] = set()
        self.members: list[tuple[str, str]] = []
        """`(meeting_id, id)` of each."""
        self.people: list[str] = []


async def find_person(db: Database, app_id: str, match: PersonMatch) -> FoundPerson:
    """All places of a person. User ids that are beside the person's custom participant id are added
    to `match`."""
    while True:
        before = len(match.of_person)
        found = FoundPerson()
        async for page in person_rows.pages(db, app_id, person_rows.MEMBERS):
            for row in await asyncio.to_thread(match.of_rows, page):
                found.members.append((row.key[0], row.key[1]))
                _learn(match, row)
        for source in (person_rows.PEERS, person_rows.LINES, person_rows.MESSAGES):
            async for page in person_rows.pages(db, app_id, source):
                for row in await asyncio.to_thread(match.of_rows, page):
                    found.session_ids.add(row.session_id or "")
                    _learn(match, row)
        async for page in person_rows.pages(db, app_id, person_rows.PEOPLE):
            for row in await asyncio.to_thread(match.of_rows, page):
                found.people.append(row.key[0])
                _learn(match, row)
        if len(match.of_person) == before:
            return found


def _learn(match: PersonMatch, row: NamedRow) -> None:
    if row.user_id and row.custom_participant_id:
        match.add_user(row.user_id)


async def live_sessions_of(db: Database, app_id: str, match: PersonMatch) -> set[str]:
    """The sessions of the person that have not ended."""
    async with db.read() as tx:
        rows = await person_rows.live_peers(tx, app_id)
    return {row.session_id or "" for row in await asyncio.to_thread(match.of_rows, rows)}
