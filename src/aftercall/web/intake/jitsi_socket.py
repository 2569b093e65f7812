"""The WebSocket to which the pages of a Jitsi deployment send their statistics.

The address holds a key of the app's source `jitsi`, for Jitsi's client sends no credentials:
whoever has a page of the deployment has the key, and may write statistics of this app, nothing
else.
"""

import asyncio
import hmac
import re
from collections import Counter
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

import msgspec
from cachetools import TTLCache
from litestar.types import Receive, Scope, Send

from aftercall.core.errors import AftercallError, Busy, Malformed
from aftercall.core.privacy import Privacy
from aftercall.core.rate_budgets import BudgetKind
from aftercall.ingest.jitsi.rooms import SOURCE
from aftercall.ingest.jitsi.stats import (
    Frame,
    FrameFacts,
    StatsReader,
    breakout_stay,
    read_frame,
)
from aftercall.ingest.redaction import redact
from aftercall.service.accounts.intake_rate_limits import Account
from aftercall.service.recording.delivery import Delivery
from aftercall.service.services import Services

PROTOCOLS: Final = ("3.1_STANDARD", "3.1_LEGACY")
"""Of pages, with getStats in the standard form or in that of Chrome's callbacks. Those of Jitsi's
servers are not spoken."""

MOST_BYTES: Final = 1_000_000
"""The largest frame: the first report of a call with hundreds of streams has half of it."""

SILENCE_S: Final = 60.0
"""After so long without a frame a socket is closed; the client sends one every 30 s."""

LONGEST_S: Final = 86_400.0
"""After so long a socket is closed, whatever comes over it: a client that is still there connects
again and goes on where it was."""

ACKNOWLEDGED_EVERY: Final = 800
"""The client keeps 1000 entries for a reconnect and drops those that are acknowledged. As reports
are differences, a process that has not followed the session needs the first ones: they stay with
the client for as long as it has room."""

MOST_SOCKETS: Final = 5_000
MOST_SOCKETS_OF_APP: Final = 2_000
"""So that the pages of one app leave room for those of the others."""

MOST_BAD_FRAMES: Final = 20
_READERS_KEPT: Final = 10_000
_KEPT_S: Final = 900
"""For how long a session may be away: the client tries for ten minutes to come back."""

_POLICY, _TOO_BIG, _TRY_LATER = 1008, 1009, 1013
_LEFT: Final = 3001
"""The code with which a page closes its socket when its user leaves."""

_PATH: Final = re.compile(
    r"/v1/apps/([A-Za-z0-9_-]{1,64})/sources/jitsi/stats/([^/]{8,512})(?:/.*)?"
)


class _Closing(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class JitsiSocket:
    """The ASGI application of the WebSocket."""

    def __init__(
        self,
        services: Services,
        *,
        silence_s: float = SILENCE_S,
        longest_s: float = LONGEST_S,
        most_of_app: int = MOST_SOCKETS_OF_APP,
    ) -> None:
        self._services = services
        self._privacy = Privacy(services.settings.privacy)
        self._silence_s = silence_s
        self._longest_s = longest_s
        self._most_of_app = most_of_app
        self._open: Counter[str] = Counter()
        self._readers: TTLCache[tuple[str, str], StatsReader] = TTLCache(_READERS_KEPT, _KEPT_S)

    def is_for(self, path: str) -> bool:
        return _PATH.fullmatch(path) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (await receive())["type"] != "websocket.connect":
            return
        asked: Any = scope
        app_id = await self._app_of(asked["path"])
        offered = asked.get("subprotocols") or ()
        protocol = next((each for each in PROTOCOLS if each in offered), None)
        if app_id is None or protocol is None or self._is_full(app_id):
            await send({"type": "websocket.close", "code": _POLICY, "reason": "Not for you"})
            return
        await send({"type": "websocket.accept", "subprotocol": protocol, "headers": []})
        self._open[app_id] += 1
        try:
            session_id = dict(parse_qsl(asked.get("query_string", b"").decode("latin-1")))
            known = self._readers.get((app_id, session_id.get("statsSessionId", "")))
            await _acknowledge(send, 0 if known is None else known.last_number, is_first=True)
            await self._talk(app_id, receive, send)
        except _Closing as end:
            await send({"type": "websocket.close", "code": end.code, "reason": end.reason})
        finally:
            self._open[app_id] -= 1
            if not self._open[app_id]:
                del self._open[app_id]

    def _is_full(self, app_id: str) -> bool:
        return self._open.total() >= MOST_SOCKETS or self._open[app_id] >= self._most_of_app

    async def _app_of(self, path: str) -> str | None:
        """The app whose key the address holds."""
        found = _PATH.fullmatch(path)
        assert found is not None
        app_id, given = found[1], unquote(found[2]).encode()
        try:
            keys = await self._services.source_keys.secrets_of(app_id, SOURCE)
        except AftercallError:
            return None
        matches = [hmac.compare_digest(given, key.secret.encode()) for key in keys]
        return app_id if any(matches) else None

    async def _talk(self, app_id: str, receive: Receive, send: Send) -> None:
        account = self._services.budgets.open_signed(app_id, SOURCE, SOURCE)
        reader: StatsReader | None = None
        bad = 0
        ends_at = asyncio.get_running_loop().time() + self._longest_s
        while True:
            text = await self._next(receive, reader, app_id, account, ends_at)
            if text is None:
                return
            try:
                account.pay(BudgetKind.BYTES, len(text))
                frame = read_frame(text)
                reader = self._reader_of(app_id, frame)
                found = reader.read(frame, self._services.clock())
                await self._record(app_id, reader, found, len(text), account)
            except Busy:
                raise _Closing(_TRY_LATER, "Too much at once") from None
            except Malformed as error:
                bad += 1
                if bad > MOST_BAD_FRAMES:
                    raise _Closing(_POLICY, error.message[:120]) from None
                continue
            if found.number is not None and found.number % ACKNOWLEDGED_EVERY == 0:
                await _acknowledge(send, found.number)

    def _reader_of(self, app_id: str, frame: Frame) -> StatsReader:
        """What reads a frame: whatever read the stay before, over which socket and under which
        `statsSessionId` it came."""
        key = (app_id, frame.session_id)
        known = self._readers.get(key)
        stay = breakout_stay(frame) or (known.stay if known else frame.session_id)
        reader = self._readers.get((app_id, stay)) or StatsReader(app_id, stay)
        self._readers[key] = self._readers[app_id, stay] = reader
        return reader

    async def _next(
        self,
        receive: Receive,
        reader: StatsReader | None,
        app_id: str,
        account: Account,
        ends_at: float,
    ) -> bytes | None:
        """The next frame; `None` when the page has gone."""
        left_s = ends_at - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(min(self._silence_s, left_s)):
                event: Any = await receive()
        except TimeoutError:
            if left_s < self._silence_s:
                raise _Closing(_TRY_LATER, "Connect again") from None
            raise _Closing(_POLICY, "Nothing came for a minute") from None
        if event["type"] == "websocket.disconnect":
            if event.get("code") == _LEFT and reader is not None:
                left = FrameFacts(reader.left(self._services.clock()))
                await self._record(app_id, reader, left, 0, account)
            return None
        text = event.get("text")
        raw: bytes = text.encode() if text is not None else event.get("bytes") or b""
        if len(raw) > MOST_BYTES:
            raise _Closing(_TOO_BIG, f"At most {MOST_BYTES} bytes a frame")
        return raw

    async def _record(
        self, app_id: str, reader: StatsReader, found: FrameFacts, size: int, account: Account
    ) -> None:
        """On disk when it returns. Raises `Busy`."""
        if not found.facts and found.heard_at is None:
            return
        events = redact(found.facts, self._privacy)
        account.pay_for_facts(events, reader.peer_id)
        await self._services.write_queue.submit(
            Delivery(
                app_id=app_id,
                source=SOURCE,
                received_at=self._services.clock(),
                events=events,
                peer_id=reader.peer_id,
                heard_at=found.heard_at,
                size_bytes=size,
            )
        )


async def _acknowledge(send: Send, number: int, *, is_first: bool = False) -> None:
    body: dict[str, Any] = {"value": number}
    if is_first:
        body["state"] = "initial"
    text = msgspec.json.encode({"type": "sn", "body": body}).decode()
    await send({"type": "websocket.send", "text": text, "bytes": None})
