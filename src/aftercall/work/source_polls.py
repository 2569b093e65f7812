"""Asks LiveKit servers who is in which room, so that a webhook that was lost is missed by nobody.

Whoever is listed and not known to be there has joined. Whoever is there by the record and neither
listed nor heard of in two rounds, one after another, has left, at some time after the last sign of
life: the record marks it as inferred. A round that gets no answer says nothing about anybody.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import msgspec
import structlog

from aftercall.core.errors import AftercallError, Malformed, Unavailable
from aftercall.core.events import AnyEvent, PeerLeft
from aftercall.core.ids import id_from
from aftercall.core.instants import EpochMs
from aftercall.core.privacy import Privacy
from aftercall.ingest.livekit.event import SOURCE
from aftercall.ingest.livekit.listing import (
    LIST_PARTICIPANTS,
    LIST_ROOMS,
    ListedPeer,
    ListedRoom,
    read_participants,
    read_rooms,
    server_token,
)
from aftercall.ingest.redaction import redact
from aftercall.outbound.safe_sender import AddressRefused, Unreachable
from aftercall.service.polled_servers import Claimed, Outcome
from aftercall.service.recording.delivery import Delivery
from aftercall.service.services import Services

EVERY_S: Final = 1.0
ROUND_S: Final = 60.0
"""The longest that one round of a server may take; shorter than its claim."""

REQUEST_S: Final = 10.0
ROOMS_AT_ONCE: Final = 8
MOST_ROOMS: Final = 1_000
"""Rooms that are looked into in one round: those that waited longest."""

_OK: Final = 200
MOST_ANSWER_BYTES: Final = 8 * 1_048_576
DELIVERIES_AT_ONCE: Final = 100

log = structlog.get_logger(__name__)


async def run_source_polls(
    services: Services, stop: asyncio.Event, *, every_s: float = EVERY_S
) -> None:
    """Ask the servers that are due until `stop`."""
    while not stop.is_set():
        try:
            await poll_due(services)
        except Unavailable:
            # The outage has a log line of its own.
            pass
        except Exception as error:
            log.error("servers not asked", action="source_polls_failed", exc_info=error)
        with suppress(TimeoutError):
            async with asyncio.timeout(every_s):
                await stop.wait()


async def poll_due(services: Services) -> int:
    """Ask each server that is due once; returns how many there were."""
    claimed = await services.polled_servers.claim_due()
    async with asyncio.TaskGroup() as group:
        for each in claimed:
            group.create_task(_poll(services, each))
    return len(claimed)


class _Failed(AftercallError):
    """A round without an answer."""

    def __init__(self, message: str, *, code: str, retry_after_s: float | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after_s = retry_after_s


async def _poll(services: Services, claimed: Claimed) -> None:
    """One round; an error of it is the server's state, and ends no other round."""
    asked_at = services.clock()
    known = claimed.rooms
    try:
        if claimed.secret is None:
            raise _Failed("The key cannot be decrypted.", code="key_unreadable")
        async with asyncio.timeout(ROUND_S):
            outcome = Outcome(await _Round(services, claimed, claimed.secret, asked_at).run())
    except TimeoutError:
        outcome = Outcome(known, error="timed_out")
    except Unavailable:
        raise
    except Malformed as error:
        outcome = Outcome(known, error=error.code)
    except _Failed as error:
        outcome = Outcome(known, error=error.code, retry_after_s=error.retry_after_s)
    except Exception as error:
        log.error("server not asked", action="source_poll_failed", exc_info=error)
        outcome = Outcome(known, error="internal")
    server = claimed.server
    if outcome.error is not None and outcome.error != server.error:
        log.warning(
            "server does not answer",
            action="source_poll_unanswered",
            app_id=server.app_id,
            key_id=server.key_id,
            code=outcome.error,
        )
    await services.polled_servers.note(claimed, asked_at, outcome)


class _Round:
    """One round of one server."""

    def __init__(
        self, services: Services, claimed: Claimed, secret: str, asked_at: EpochMs
    ) -> None:
        self._services = services
        self._server = claimed.server
        self._secret = secret
        self._known = claimed.rooms
        self._asked_at = asked_at
        self._app_id = claimed.server.app_id
        self._at_once = asyncio.Semaphore(ROOMS_AT_ONCE)

    async def run(self) -> dict[str, EpochMs]:
        """The sessions that the server lists, or has listed until the round before, each with
        when it was looked at. Raises `_Failed`."""
        rooms = read_rooms(await self._ask(LIST_ROOMS, None), self._app_id)
        rooms.sort(key=lambda room: self._known.get(room.session_id, EpochMs(0)))
        lists = await self._lists(rooms[:MOST_ROOMS])
        listed = {room.session_id for room in rooms}
        gone = [session_id for session_id in self._known if session_id not in listed]
        looked_at = [room.session_id for room, _ in lists] + gone
        there = await self._services.polled_servers.present(self._app_id, SOURCE, looked_at)
        here = {peer.peer_id: peer for _, found in lists for peer in found}
        missed = [
            self._leave(peer.peer_id, since)
            for peer in there
            if peer.peer_id not in here
            and (since := self._known.get(peer.session_id)) is not None
            and peer.last_received_at < since
        ]
        present = {peer.peer_id for peer in there}
        await self._record(
            [self._stay(peer, is_new=id not in present) for id, peer in here.items()]
        )
        await self._record([self._delivery(leave) for leave in missed])
        occupied = {peer.session_id for peer in there}
        waiting = {room.session_id for room in rooms[MOST_ROOMS:]}
        kept = {id: at for id, at in self._known.items() if id in waiting}
        # A room that nobody is in, by the list and by the record, is done with.
        return kept | {id: self._asked_at for id in looked_at if id in listed or id in occupied}

    async def _lists(
        self, rooms: Sequence[ListedRoom]
    ) -> list[tuple[ListedRoom, list[ListedPeer]]]:
        """Who is in each room; rooms that were closed meanwhile are left out."""

        async def ask(room: ListedRoom) -> tuple[ListedRoom, list[ListedPeer]] | None:
            async with self._at_once:
                try:
                    body = await self._ask(LIST_PARTICIPANTS, room.name)
                except _Failed as error:
                    if error.code == "http_404":
                        return None
                    raise
            return room, read_participants(body, self._app_id, room, self._asked_at)

        tasks = [asyncio.create_task(ask(room)) for room in rooms]
        try:
            return [found for task in tasks if (found := await task) is not None]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, method: str, room: str | None) -> bytes:
        """The answer to one request. Raises `_Failed`."""
        server, now = self._server, self._services.clock()
        token = server_token(server.key_id, self._secret, now, room=room)
        try:
            answer = await self._services.sender.post_whole(
                f"{server.url}/{method}",
                headers={
                    "authorization": f"Bearer {token}",
                    "content-type": "application/json",
                    "accept": "application/json",
                },
                body=msgspec.json.encode({} if room is None else {"room": room}),
                timeout_s=REQUEST_S,
                most_bytes=MOST_ANSWER_BYTES,
            )
        except (Unreachable, AddressRefused) as error:
            raise _Failed(error.message, code=error.code) from error
        if answer.status != _OK:
            raise _Failed(
                f"LiveKit answered {answer.status}.",
                code=f"http_{answer.status}",
                retry_after_s=answer.retry_after_s,
            )
        return answer.body

    def _stay(self, peer: ListedPeer, *, is_new: bool) -> Delivery:
        """A sign of life of somebody, with the join of whom the record does not have there."""
        privacy = Privacy(self._services.settings.privacy)
        events = redact(peer.facts, privacy) if is_new else []
        return self._delivery(*events, peer_id=peer.peer_id)

    def _leave(self, peer_id: str, at: EpochMs) -> PeerLeft:
        id = id_from(self._app_id, SOURCE, "missed", peer_id, str(at))
        return PeerLeft(id=id, at=at, peer_id=peer_id, is_inferred=True)

    def _delivery(self, *events: AnyEvent, peer_id: str | None = None) -> Delivery:
        return Delivery(
            app_id=self._app_id,
            source=SOURCE,
            received_at=self._services.clock(),
            events=events,
            peer_id=peer_id,
            heard_at=None if peer_id is None else self._asked_at,
        )

    async def _record(self, deliveries: Sequence[Delivery]) -> None:
        for first in range(0, len(deliveries), DELIVERIES_AT_ONCE):
            part = deliveries[first : first + DELIVERIES_AT_ONCE]
            await self._services.recorder.record_deliveries(part)
