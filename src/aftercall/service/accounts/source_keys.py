"""The keys with which other systems sign what they post, encrypted as they are stored."""

from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from cachetools import TLRUCache

from aftercall.core.errors import Malformed, NotFound, Unavailable
from aftercall.core.instants import Clock, EpochMs
from aftercall.service.accounts.tokens import GRANT_LIFE_MS, until
from aftercall.service.audit import CLI, Act, Actor, record_act
from aftercall.service.encryption import Encryption, Undecryptable
from aftercall.settings import Settings
from aftercall.store import polled_servers, source_keys
from aftercall.store.engine.database import Database
from aftercall.store.polled_servers import PolledServer as PolledServer
from aftercall.store.source_keys import SourceKey as SourceKey

LONGEST_ID: Final = 256
LONGEST_SECRET: Final = 4_096
LONGEST_URL: Final = 2_048
POLLED: Final = frozenset({"livekit"})
"""Sources whose servers are asked who is present, where their address is known."""

_KEPT: Final = 1_024
_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


class Signer(NamedTuple):
    """A key in the clear: whose app it is, and the secret it signs with."""

    app_id: str
    key_id: str
    secret: str


class SourceKeys:
    """The use cases of source keys."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        settings: Settings,
        check_url: Callable[[str], None],
    ) -> None:
        """`check_url` raises `AddressRefused` for an address that no request may go to."""
        self._check_url = check_url
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
        server_url: str = "",
        actor: Actor = CLI,
    ) -> SourceKey:
        """Store a key, in place of one with the same id. With `server_url` the server there is
        asked who is present. Raises `Malformed` for an id or a secret that is empty or too long,
        and for an address that is none, and `AddressRefused`."""
        url = self._read_url(source, server_url) if server_url else ""
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
            await polled_servers.remove(tx, app_id, source, key_id)
            if url:
                server = PolledServer(
                    app_id=app_id, source=source, key_id=key_id, url=url, due_at=now
                )
                await polled_servers.save(tx, server)
            object = f"{source}/{key_id}"
            await record_act(tx, actor, Act.ADD_SOURCE_KEY, account_id, app_id, object, now)
        self._signers.clear()
        return key

    async def list_keys(self, app_id: str) -> list[SourceKey]:
        """The keys of an app."""
        async with self._db.read() as tx:
            return await source_keys.of_app(tx, app_id)

    async def list_servers(self, app_id: str) -> dict[tuple[str, str], PolledServer]:
        """The servers of an app that are asked who is present, by source and key."""
        async with self._db.read() as tx:
            found = await polled_servers.of_app(tx, app_id)
        return {(server.source, server.key_id): server for server in found}

    def _read_url(self, source: str, text: str) -> str:
        """The address of a server as requests use it: LiveKit's clients write it with `wss`."""
        if source not in POLLED:
            raise Malformed("Only servers of LiveKit are asked who is present", code="bad_url")
        try:
            parts = urlsplit(text.strip().rstrip("/"))
            scheme = _SCHEMES.get(parts.scheme.lower())
        except ValueError:
            scheme = None
        if scheme is None or not parts.hostname or parts.query or parts.fragment:
            raise Malformed(
                "A server's address is https://HOST or wss://HOST, with a path if need be",
                code="bad_url",
            )
        if len(text) > LONGEST_URL:
            raise Malformed(f"An address has at most {LONGEST_URL} characters", code="bad_url")
        url = parts._replace(scheme=scheme).geturl()
        self._check_url(url)
        return url

    async def remove(
        self, account_id: str, app_id: str, source: str, key_id: str, *, actor: Actor = CLI
    ) -> None:
        """Delete a key; other processes accept it for at most `GRANT_LIFE_MS` more. Raises
        `NotFound`."""
        now = self._clock()
        async with self._db.write() as tx:
            if not await source_keys.remove(tx, app_id, source, key_id):
                raise NotFound("No key found with this source and id", code="key_not_found")
            await polled_servers.remove(tx, app_id, source, key_id)
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
