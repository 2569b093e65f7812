"""A receiver of webhooks on loopback, which answers as a test wants it to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec

Reply = Callable[["Received"], bytes | None]
"""From a request to the answer as it is sent; `None`: no answer, the connection stays open."""


class Received(NamedTuple):
    """One request."""

    path: str
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes

    @property
    def content(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.body)
        return found

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


def status(code: int, body: bytes = b"", **headers: str) -> bytes:
    """An answer."""
    lines = [f"HTTP/1.1 {code} Some words", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Receiver:
    """Keeps what it receives."""

    def __init__(self) -> None:
        self.port = 0
        self.received: list[Received] = []
        self.reply: Reply = lambda request: status(200)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def events(self) -> list[str]:
        return [each.content["event"] for each in self.received]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while True:
                head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
                pairs = (line.split(": ", 1) for line in lines if line)
                headers = {name.lower(): value for name, value in pairs}
                body = await reader.readexactly(int(headers["content-length"]))
                request = Received(head.split(" ")[1], headers, body)
                self.received.append(request)
                answer = self.reply(request)
                if answer is not None:
                    writer.write(answer)
                    await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)


@asynccontextmanager
async def open_receiver() -> AsyncIterator[Receiver]:
    found = Receiver()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        await found.close()
