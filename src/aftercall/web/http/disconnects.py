"""Clients that disconnect before they are answered. A read is cancelled; a write is carried out if
its whole body has arrived; nothing is sent any more."""

import asyncio
from typing import Any, Final

import structlog
from litestar.types import ASGIApp, Receive, Scope, Send

from aftercall.core.errors import Malformed

log = structlog.get_logger(__name__)

_READS: Final = ("GET", "HEAD")


class CancelOnDisconnect:
    """The ASGI application around `app`. Requests that write are carried out to their end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app: Any = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request: Any = scope
        if request["type"] != "http":
            await self._app(scope, receive, send)
            return
        if request["method"] not in _READS:
            writing = _Writing(receive, send)
            await self._app(scope, writing.receive, writing.send)
            return
        client = _Client(await receive(), receive, send)
        if client.has_more_to_say:
            writing = _Writing(client.receive, send)
            await self._app(scope, writing.receive, writing.send)
            return
        client.listen()
        answering = asyncio.ensure_future(self._app(scope, client.receive, client.send))
        try:
            await asyncio.wait((answering, client.gone), return_when=asyncio.FIRST_COMPLETED)
            if answering.done() or client.is_answered:
                await answering
            else:
                log.debug("read abandoned", action="read_abandoned")
        finally:
            client.gone.cancel()
            if answering.cancel():
                await asyncio.wait([answering])
                # Asked for, or else it is logged that nobody did; nobody waits for it any more.
                _ = answering.cancelled() or answering.exception()


class _Writing:
    """The two ways to one who sends a body."""

    def __init__(self, receive: Any, send: Any) -> None:
        self._receive = receive
        self._send = send
        self._is_whole = self._is_gone = False

    async def receive(self) -> Any:
        """Raises `Malformed` when the client goes in the middle of its body."""
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self._is_whole:
            self._is_gone = True
            raise Malformed("The connection ended before the body did.", code="disconnected")
        self._is_whole = not message.get("more_body", False)
        return message

    async def send(self, message: Any) -> None:
        if not self._is_gone:
            await self._send(message)


class _Client:
    """Receive and send of one client. Its first message has been received already."""

    def __init__(self, first: Any, receive: Receive, send: Send) -> None:
        self._first: list[Any] = [first]
        self._receive: Any = receive
        self._send: Any = send
        self.has_more_to_say = first["type"] != "http.request" or first.get("more_body", False)
        self.is_answered = False
        self.gone: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def listen(self) -> None:
        """From now on the next message is waited for; after a whole request it can but be that
        the client has gone, or that the answer has been sent."""
        self.gone = asyncio.ensure_future(self._receive())

    async def receive(self) -> Any:
        if self._first:
            return self._first.pop()
        return await (self._receive() if self.has_more_to_say else asyncio.shield(self.gone))

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self.is_answered = True
        await self._send(message)
