"""The keys with which other systems sign what they post, encrypted as they are stored."""

from typing import Final, NamedTuple

from cachetools import TLRUCache

from aftercall.core.errors import Malformed, NotFound, Unavailable
from aftercall.core.instants import Clock, EpochMs
from aftercall.service.accounts.tokens import GRANT_LIFE_MS, until
from aftercall.service.audit import CLI, Act, Actor, record_act
from aftercall.service.encryption import Encryption, Undecryptable
from aftercall.settings import Settings
from aftercall.store import source_keys
from aftercall.store.engine.database import Database
from aftercall.store.source_keys import SourceKey as SourceKey

LONGEST_ID: Final = 256
LONGEST_SECRET: Final = 4_096
_KEPT: Final = 1_024


class Signer(NamedTuple):
    """A key in the clear: whose app it is, and the secret it signs with."""

    app_id: str
    key_id: str
    secret: str


class SourceKeys:
    """The use cases of source keys."""

    def __init__(self, *, db: Database, clock: Clock, settings: Settings) -> None:
        self._db = db
        self._clock = clock
        self._encryption = Encryption(settings)
        self._signers: TLRUCache[tuple[str, str], tuple[list[Signer], EpochMs]] = TLRUCache(
            _KEPT, ttu=until, timer=clock
        )

    async def add(
        self,
        account_id: str,
        app_id: str,
        source: str,
        key_id: str,
        secret: str,
        *,
        actor: Actor = CLI,
    ) -> SourceKey:
        """Store a key, in place of one with the same id. Raises `Malformed` for an id or a secret
        that is empty or too long."""
        if not 0 < len(key_id) <= LONGEST_ID or not key_id.isprintable():
            raise Malformed(
                f"A key's id has 1 to {LONGEST_ID} printable characters", code="bad_key"
            )
        if not 0 < len(secret) <= LONGEST_SECRET:
            raise Malformed(f"A secret has 1 to {LONGEST_SECRET} characters", code="bad_key")
        now = self._clock()
        key = SourceKey(
            app_id=app_id,
            source=source,
            key_id=key_id,
            sealed_secret=self._encryption.encrypt(secret),
            created_at=now,
            created_by=actor.id,
        )
        async with self._db.write() as tx:
            await source_keys.save(tx, key)
            object = f"{source}/{key_id}"
            await record_act(tx, actor, Act.ADD_SOURCE_KEY, account_id, app_id, object, now)
        self._signers.clear()
        return key

    async def list_keys(self, app_id: str) -> list[SourceKey]:
        """The keys of an app."""
        async with self._db.read() as tx:
            return await source_keys.of_app(tx, app_id)

    async def remove(
        self, account_id: str, app_id: str, source: str, key_id: str, *, actor: Actor = CLI
    ) -> None:
        """Delete a key; other processes accept it for at most `GRANT_LIFE_MS` more. Raises
        `NotFound`."""
        now = self._clock()
        async with self._db.write() as tx:
            if not await source_keys.remove(tx, app_id, source, key_id):
                raise NotFound("No key found with this source and id", code="key_not_found")
            object = f"{source}/{key_id}"
            await record_act(tx, actor, Act.REMOVE_SOURCE_KEY, account_id, app_id, object, now)
        self._signers.clear()

    async def signers(self, source: str, key_id: str) -> list[Signer]:
        """The keys of every app that have this id. Raises `Unavailable` if one cannot be
        decrypted."""
        known = self._signers.get((source, key_id))
        if known is not None:
            return known[0]
        async with self._db.read() as tx:
            found = await source_keys.with_id(tx, source, key_id)
        signers = [Signer(key.app_id, key.key_id, self._secret_of(key)) for key in found]
        self._signers[source, key_id] = signers, EpochMs(self._clock() + GRANT_LIFE_MS)
        return signers

    async def secrets_of(self, app_id: str, source: str) -> list[Signer]:
        """All keys of one source in an app, for sources that do not name the key they sign with."""
        return [
            Signer(app_id, key.key_id, self._secret_of(key))
            for key in await self.list_keys(app_id)
            if key.source == source
        ]

    def _secret_of(self, key: SourceKey) -> str:
        try:
            return self._encryption.decrypt(key.sealed_secret)
        except Undecryptable:
            raise Unavailable(
                f"The key {key.key_id} cannot be decrypted: it was stored with another "
                "AFTERCALL_SECRET_KEY. Add it again."
            ) from None
