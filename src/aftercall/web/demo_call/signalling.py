"""A room relay for the call page: who is there, and the messages between them.

WebSocket, JSON both ways, nothing stored. A client first sends
`{"type": "join", "token": <participant token>, "about": {…}}`; its room is the token's meeting.

| to the client | |
|---|---|
| `welcome` | `id` of this client, `peers`: those already there, each `{id, about}` |
| `peer_joined`, `peer_left` | `id`, `about` |
| `signal` | `from`, `data`: what a peer sent to this one |
| `told` | `from`, `data`: what a peer sent to everybody |

The client sends `{"type": "signal", "to": id, "data": …}`, `{"type": "tell", "data": …}`.
Rooms live in one process: with several, the clients of a room must reach the same one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from litestar.types import Receive, Scope, Send

from aftercall.core.errors import AftercallError, Busy
from aftercall.core.ids import NewId
from aftercall.core.instants import SECOND_MS, Clock
from aftercall.service.accounts.tokens import ParticipantGrant

MOST_PEERS: Final = 4
"""A mesh of more peers exceeds usual uplinks."""

MOST_ROOMS: Final = 200
MOST_BYTES: Final = 65_536
MESSAGES_PER_S: Final = 20
MESSAGE_BURST: Final = 200
JOIN_WITHIN_S: Final = 10
ADMIT_EVERY_S: Final = 10
"""How often the token of a connected client is checked, in seconds: it may have been revoked."""

MOST_WAITING: Final = 256
"""Messages that may wait for a slow client before it is disconnected."""

MOST_BYTES_WAITING: Final = 524_288
"""Their bytes; chosen: descriptions of three peers' connections take a tenth."""

POLICY: Final = 1008
TOO_BIG: Final = 1009
TRY_LATER: Final = 1013


class _Join(msgspec.Struct, tag="join", tag_field="type"):
    token: str
    about: dict[str, str | bool] = {}


class _Signal(msgspec.Struct, tag="signal", tag_field="type"):
    to: str
    data: msgspec.Raw


class _Tell(msgspec.Struct, tag="tell", tag_field="type"):
    data: msgspec.Raw


_JOIN: Final = msgspec.json.Decoder(_Join)
_MESSAGE: Final = msgspec.json.Decoder(_Signal | _Tell)


_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""The errors of decoding a text that is no message, or is nested too deeply."""


class _Closing(Exception):
    """This client's connection ends, with a WebSocket code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class _Client:
    """One connection: what waits to be sent to it, and how much it may still send."""

    def __init__(self, id: str, about: dict[str, str | bool], now: int) -> None:
        self.id = id
        self.about = about
        self.waiting: asyncio.Queue[bytes | _Closing] = asyncio.Queue(MOST_WAITING)
        self.bytes_waiting = 0
        self._allowance = float(MESSAGE_BURST)
        self._counted_at = now

    def offer(self, message: dict[str, Any]) -> None:
        """Queues a message; disconnects a client that is too slow to take the waiting ones."""
        raw = msgspec.json.encode(message)
        if self.waiting.full() or self.bytes_waiting + len(raw) > MOST_BYTES_WAITING:
            while not self.waiting.empty():
                self.waiting.get_nowait()
            self.waiting.put_nowait(_Closing(TRY_LATER, "The connection is too slow"))
            return
        self.waiting.put_nowait(raw)
        self.bytes_waiting += len(raw)

    async def next_waiting(self) -> bytes | _Closing:
        """The next message for the client."""
        message = await self.waiting.get()
        if isinstance(message, bytes):
            self.bytes_waiting -= len(message)
        return message

    def spend(self, now: int) -> None:
        """Counts one message. Raises `_Closing` when there were too many."""
        gained = (now - self._counted_at) * MESSAGES_PER_S / SECOND_MS
        self._allowance = min(MESSAGE_BURST, self._allowance + gained) - 1
        self._counted_at = now
        if self._allowance < 0:
            raise _Closing(POLICY, "Too many messages")


class Signalling:
    """The ASGI application of the relay's WebSocket."""

    def __init__(
        self,
        *,
        verify: Callable[[str], Awaitable[ParticipantGrant]],
        clock: Clock,
        new_id: NewId,
        admit_every_s: float = ADMIT_EVERY_S,
    ) -> None:
        self._admit_every_s = admit_every_s
        self._verify = verify
        self._clock = clock
        self._new_id = new_id
        self._rooms: dict[str, dict[str, _Client]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (await receive())["type"] != "websocket.connect":
            return
        await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
        try:
            join = await self._read_join(receive)
            if join is not None:
                await self._stay(*join, receive, send)
        except _Closing as end:
            await send({"type": "websocket.close", "code": end.code, "reason": end.reason})

    async def _read_join(self, receive: Receive) -> tuple[str, _Client, str] | None:
        """The room, the client and its token; `None` if the client has disconnected."""
        try:
            async with asyncio.timeout(JOIN_WITHIN_S):
                raw = await _next_message(receive)
        except TimeoutError:
            raise _Closing(POLICY, "No join came") from None
        if raw is None:
            return None
        try:
            join = _JOIN.decode(raw)
            grant = await self._verify(join.token)
        except _UNREADABLE as error:
            raise _Closing(POLICY, f"Not a join: {error}"[:120]) from None
        except AftercallError as error:
            raise _Closing(POLICY, error.message[:120]) from None
        room = f"{grant.app_id}/{grant.meeting_id}"
        if room not in self._rooms and len(self._rooms) >= MOST_ROOMS:
            raise _Closing(TRY_LATER, "Too many calls are going on")
        if len(self._rooms.get(room, ())) >= MOST_PEERS:
            raise _Closing(TRY_LATER, "The call is full")
        return room, _Client(self._new_id(), join.about, self._clock()), join.token

    async def _stay(
        self, room: str, client: _Client, token: str, receive: Receive, send: Send
    ) -> None:
        others = self._rooms.setdefault(room, {})
        present = [{"id": other.id, "about": other.about} for other in others.values()]
        client.offer({"type": "welcome", "id": client.id, "peers": present})
        self._send_others(room, client, "peer_joined", about=client.about)
        others[client.id] = client
        try:
            async with asyncio.TaskGroup() as tasks:
                beside = [
                    tasks.create_task(_write(client, send)),
                    tasks.create_task(self._watch(token)),
                ]
                await self._listen(room, client, receive)
                for task in beside:
                    task.cancel()
        except ExceptionGroup as group:
            ends, rest = group.split(_Closing)
            if ends is None or rest is not None:
                raise
            raise ends.exceptions[0] from None
        finally:
            del others[client.id]
            if not others:
                del self._rooms[room]
            self._send_others(room, client, "peer_left", about=client.about)

    async def _watch(self, token: str) -> None:
        """Raises `_Closing` as soon as the token is no longer good."""
        while True:
            await asyncio.sleep(self._admit_every_s)
            try:
                await self._verify(token)
            except Busy:
                continue
            except AftercallError as error:
                raise _Closing(POLICY, error.message[:120]) from None

    async def _listen(self, room: str, client: _Client, receive: Receive) -> None:
        """Relays the client's messages until it goes away."""
        while (raw := await _next_message(receive)) is not None:
            client.spend(self._clock())
            try:
                message = _MESSAGE.decode(raw)
            except _UNREADABLE as error:
                raise _Closing(POLICY, f"Not understood: {error}"[:120]) from None
            if isinstance(message, _Tell):
                self._send_others(room, client, "told", data=message.data)
            elif addressee := self._rooms[room].get(message.to):
                addressee.offer({"type": "signal", "from": client.id, "data": message.data})

    def _send_others(self, room: str, client: _Client, kind: str, **members: Any) -> None:
        key = "from" if kind == "told" else "id"
        for other in self._rooms.get(room, {}).values():
            if other is not client:
                other.offer({"type": kind, key: client.id, **members})


async def _next_message(receive: Receive) -> bytes | None:
    """The next message; `None` if the client has disconnected."""
    event: Any = await receive()
    if event["type"] == "websocket.disconnect":
        return None
    text = event.get("text")
    raw: bytes = text.encode() if text is not None else event.get("bytes") or b""
    if len(raw) > MOST_BYTES:
        raise _Closing(TOO_BIG, f"At most {MOST_BYTES} bytes a message")
    return raw


async def _write(client: _Client, send: Send) -> None:
    """Sends the client's waiting messages while it is connected."""
    while True:
        message = await client.next_waiting()
        if isinstance(message, _Closing):
            raise message
        await send({"type": "websocket.send", "text": message.decode(), "bytes": None})
