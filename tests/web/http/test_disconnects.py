"""Clients that hang up before they are answered."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from aftercall.web.http.disconnects import CancelOnDisconnect

Message = dict[str, Any]
ASKED: Message = {"type": "http.request", "body": b"", "more_body": False}
HUNG_UP: Message = {"type": "http.disconnect"}
DONE: Message = {"type": "http.response.body", "body": b"", "more_body": False}


class RequestConnection:
    """A connection of one request; `hang_up` ends it."""

    def __init__(self, method: str = "GET", first: Message = ASKED) -> None:
        self.scope: Any = {"type": "http", "method": method, "path": "/calls/1"}
        self.sent: list[Message] = []
        self._messages = [first]
        self.ends = asyncio.Event()

    async def receive(self) -> Any:
        if self._messages:
            return self._messages.pop()
        await self.ends.wait()
        return HUNG_UP

    async def send(self, message: Any) -> None:
        self.sent.append(message)


class Handler:
    """An application that answers only after `may_end`, and records its outcome."""

    def __init__(self, then: Callable[[Any], Awaitable[None]] | None = None) -> None:
        self.has_begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.outcome = ""
        self.received: list[Any] = []
        self._then = then

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            self.received.append(await receive())
            self.has_begun.set()
            await self.may_end.wait()
            await send(DONE)
            if self._then is not None:
                await self._then(receive)
            self.outcome = "ended"
        except asyncio.CancelledError:
            self.outcome = "cancelled"
            raise


async def _ask(handler: Any, connection: RequestConnection) -> None:
    app: Any = CancelOnDisconnect(handler)
    await app(connection.scope, connection.receive, connection.send)


async def test_a_read_is_cancelled_when_the_client_disconnects() -> None:
    connection, handler = RequestConnection(), Handler()
    asking = asyncio.create_task(_ask(handler, connection))
    await handler.has_begun.wait()
    connection.ends.set()
    async with asyncio.timeout(5):
        await asking
    assert (handler.outcome, connection.sent) == ("cancelled", [])
    assert handler.received == [ASKED]


async def test_a_write_is_completed_when_the_client_disconnects() -> None:
    connection, handler = RequestConnection("POST"), Handler()
    asking = asyncio.create_task(_ask(handler, connection))
    await handler.has_begun.wait()
    connection.ends.set()
    handler.may_end.set()
    await asking
    assert (handler.outcome, connection.sent) == ("ended", [DONE])


async def test_work_after_the_answer_is_completed() -> None:
    async def tidy_up(receive: Any) -> None:
        assert await receive() == HUNG_UP
        await asyncio.sleep(0)

    connection, handler = RequestConnection(), Handler(tidy_up)
    asking = asyncio.create_task(_ask(handler, connection))
    await handler.has_begun.wait()
    handler.may_end.set()
    connection.ends.set()
    await asking
    assert (handler.outcome, connection.sent) == ("ended", [DONE])


async def test_a_read_with_an_incomplete_body_is_not_cancelled() -> None:
    first = {"type": "http.request", "body": b"a", "more_body": True}
    connection, handler = RequestConnection(first=first), Handler()
    handler.may_end.set()
    await _ask(handler, connection)
    assert (handler.received, handler.outcome) == ([first], "ended")


async def test_an_error_of_a_read_is_raised() -> None:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await _ask(fail, RequestConnection())


async def test_a_stopping_server_cancels_its_reads() -> None:
    connection, handler = RequestConnection(), Handler()
    asking = asyncio.create_task(_ask(handler, connection))
    await handler.has_begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert handler.outcome == "cancelled"
