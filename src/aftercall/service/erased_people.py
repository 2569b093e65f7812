"""Recognises people who were erased, by keyed hashes of their ids."""

import hmac
import secrets
from collections.abc import Iterable
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import Malformed, Refused
from aftercall.store import apps, erasures

KEY_NAME: Final = "erasures"
_KEY_BYTES: Final = 32

_CUSTOM: Final = "custom_participant_id"
_USER: Final = "user_id"
_USER_OF_CUSTOM: Final = "user_id without custom_participant_id"

MESSAGE: Final = "This person was erased: nothing about this person is recorded."


MOST_ID: Final = 256
"""Characters of an id, as sources may send them."""


class PersonIds(NamedTuple):
    """Who somebody is, as far as a fact or a row says so."""

    custom_participant_id: str | None = None
    user_id: str | None = None

    def check(self) -> None:
        """Raises `Malformed` unless a request names somebody by these."""
        if not any(self):
            raise Malformed(
                "Name the person by custom_participant_id or user_id", code="person_not_named"
            )
        if any(id is not None and len(id) > MOST_ID for id in self):
            raise Malformed(f"An id has at most {MOST_ID} characters", code="bad_text")


class PersonHashes:
    """Hashes the ids of people with the database's key."""

    def __init__(self, key: str) -> None:
        self.key = key
        self._secret = key.encode()

    def of_request(self, app_id: str, ids: PersonIds) -> list[str]:
        """The hashes by which the person that a request names is recognised. A user id that is
        named is recognised whatever custom participant id is beside it."""
        pairs = ((_CUSTOM, ids.custom_participant_id), (_USER, ids.user_id))
        return [self._hash(app_id, kind, value) for kind, value in pairs if value]

    def of_user(self, app_id: str, user_id: str) -> str:
        """The hash of a user id that belongs to a person named by a custom participant id. It is
        recognised only where no custom participant id is known."""
        return self._hash(app_id, _USER_OF_CUSTOM, user_id)

    def of_facts(self, app_id: str, ids: PersonIds) -> list[str]:
        """The hashes of which one must be known if a fact or a row is about somebody erased."""
        found = self.of_request(app_id, ids)
        if ids.user_id and not ids.custom_participant_id:
            found.append(self.of_user(app_id, ids.user_id))
        return found

    def _hash(self, app_id: str, kind: str, value: str) -> str:
        # With its length, no part of one name can be read as part of the next.
        named = f"{len(app_id)}\0{app_id}\0{kind}\0{value}"
        message = named.encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, message, "sha256").hex()


class ErasedPeople:
    """Tells whether people were erased. The key is read once."""

    def __init__(self) -> None:
        self._hashes: PersonHashes | None = None

    async def hashes(self, tx: AsyncConnection) -> PersonHashes:
        """The hashes of this database; `tx` may write."""
        if self._hashes is None:
            key = await apps.find_or_save_key(tx, KEY_NAME, secrets.token_hex(_KEY_BYTES))
            self._hashes = PersonHashes(key)
        return self._hashes

    async def find(
        self, tx: AsyncConnection, app_id: str, people: Iterable[PersonIds]
    ) -> set[PersonIds]:
        """Those of the people who were erased; `tx` may write."""
        every = [ids for ids in set(people) if any(ids)]
        if not every:
            return set()
        hashes = await self.hashes(tx)
        of_each = {ids: hashes.of_facts(app_id, ids) for ids in every}
        known = await erasures.find_erased(
            tx, app_id, [h for each in of_each.values() for h in each]
        )
        return {ids for ids, own in of_each.items() if not known.isdisjoint(own)}

    async def refuse(self, tx: AsyncConnection, app_id: str, ids: PersonIds) -> None:
        """Raises `Refused` if the person was erased."""
        if await self.find(tx, app_id, [ids]):
            raise Refused(MESSAGE, code="person_erased")

    def forget_key(self) -> None:
        """Read the key again: it has been replaced."""
        self._hashes = None
