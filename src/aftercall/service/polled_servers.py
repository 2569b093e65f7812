"""Asks the servers of sources what goes on: which are due, and what the record has of them."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from aftercall.core.errors import Unavailable
from aftercall.core.instants import MINUTE_MS, SECOND_MS, Clock, EpochMs
from aftercall.service.accounts.source_keys import SourceKeys
from aftercall.settings import Settings
from aftercall.store import peers, polled_servers
from aftercall.store.engine.database import Database
from aftercall.store.polled_servers import PolledServer as PolledServer

CLAIM_MS: Final = 2 * MINUTE_MS
"""How long nobody else asks a server that is being asked. Longer than one round may take."""

LONGEST_WAIT_MS: Final = 10 * MINUTE_MS
"""Between two rounds of a server that does not answer. Chosen."""

AT_ONCE: Final = 4
"""Servers that one process asks side by side."""


class Claimed(NamedTuple):
    """A server to ask, with the secret that signs the requests."""

    server: PolledServer
    secret: str | None
    """`None` if the stored key cannot be decrypted."""
    rooms: Mapping[str, EpochMs]
    """The sessions that it has listed, and when each was last looked at."""
    until: EpochMs


class Present(NamedTuple):
    """Somebody who is in a session by the record."""

    peer_id: str
    session_id: str
    """As the server names it."""
    last_received_at: EpochMs


class Outcome(NamedTuple):
    """What came of a round. Without an `error` it was answered."""

    rooms: Mapping[str, EpochMs]
    """The sessions that this server has listed, and when each was last looked at."""
    error: str | None = None
    retry_after_s: float | None = None


class PolledServers:
    """The use cases of servers that are asked."""

    def __init__(
        self, *, db: Database, clock: Clock, settings: Settings, source_keys: SourceKeys
    ) -> None:
        self._db = db
        self._clock = clock
        self._every_ms = settings.livekit_poll_s * SECOND_MS
        self._keys = source_keys

    async def claim_due(self) -> list[Claimed]:
        """The servers that are due and that no other process asks."""
        now = self._clock()
        async with self._db.read() as tx:
            found = await polled_servers.due(tx, now, AT_ONCE)
        claimed = []
        until = EpochMs(now + CLAIM_MS)
        for server in found:
            async with self._db.write() as tx:
                if not await polled_servers.claim(tx, server, until):
                    continue
            claim = Claimed(server, await self._secret_of(server), _rooms_of(server), until)
            claimed.append(claim)
        return claimed

    async def _secret_of(self, server: PolledServer) -> str | None:
        """`None` if there is none that can be decrypted."""
        with suppress(Unavailable):
            for key in await self._keys.secrets_of(server.app_id, server.source):
                if key.key_id == server.key_id:
                    return key.secret
        return None

    async def present(self, app_id: str, source: str, session_ids: Sequence[str]) -> list[Present]:
        """Who is present in these sessions by the record, programs and hidden people left out: a
        list of participants does not name all of those."""
        async with self._db.read() as tx:
            places = await polled_servers.sessions_of(tx, app_id, session_ids)
            there = await peers.present_of_source(tx, app_id, source)
        names = {place: name for name, place in places.items()}
        return [
            Present(peer.id, names[peer.session_id], peer.last_received_at)
            for peer in there
            if peer.session_id in names and not peer.is_hidden
        ]

    async def note(self, claimed: Claimed, asked_at: EpochMs, outcome: Outcome) -> None:
        """Save what came of a round, and when the next one is due."""
        now, server = self._clock(), claimed.server
        failures = 0 if outcome.error is None else server.failures + 1
        wait_ms = self._every_ms
        if failures:
            doubled = self._every_ms * 2 ** min(failures - 1, 10)
            wait_ms = max(self._every_ms, min(doubled, LONGEST_WAIT_MS))
        if outcome.retry_after_s is not None:
            wait_ms = max(wait_ms, min(int(outcome.retry_after_s * SECOND_MS), 6 * LONGEST_WAIT_MS))
        noted = replace(
            server,
            due_at=EpochMs(now + wait_ms),
            failures=failures,
            asked_at=asked_at,
            answered_at=asked_at if outcome.error is None else server.answered_at,
            error=outcome.error,
            rooms=msgspec.json.encode(outcome.rooms).decode(),
        )
        async with self._db.write() as tx:
            await polled_servers.note(tx, noted, claimed.until)


def _rooms_of(server: PolledServer) -> dict[str, EpochMs]:
    found = msgspec.json.decode(server.rooms, type=dict[str, int])
    return {session_id: EpochMs(at) for session_id, at in found.items()}
