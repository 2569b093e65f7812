"""Responses that are known as a whole, sent as one ASGI message instead of two.

An ASGI extension of this server, by the name `EXTENSION` in `scope["extensions"]`. uvicorn matches
two regular expressions against every header of a response and joins them again, which is some 6 %
of the processor time of a report. An application that makes its headers itself, from constants and
numbers, sends them as the bytes they are on the wire.
"""

from http import HTTPStatus
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

EXTENSION: Final = "aftercall.whole_response"
"""`{"type": EXTENSION, "head": …, "body": …}`: the status line and the headers, each with its line
end and `content-length` among them, and the body."""

EXTENSIONS: Final[dict[str, dict[str, Any]]] = {EXTENSION: {}}

_STATUS_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}


def head_of(status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
    """The status line and headers as they are on the wire. Names and values are not checked: no
    input of a client may be among them."""
    return _STATUS_LINES[status] + _lines(headers)


class Cycle(RequestResponseCycle):
    """One request and its response, in a server that knows the extension."""

    async def send(self, message: Any) -> None:
        if message["type"] != EXTENSION:
            await super().send(message)
            return
        if self.response_started:
            raise RuntimeError("The response has been started already.")
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        # uvicorn's own header of every response: its date.
        default = _lines(self.default_headers)
        end = b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n"
        body = b"" if self.scope["method"] == "HEAD" else message["body"]
        self.transport.write(message["head"] + default + end + body)
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


def _lines(headers: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join([name + b": " + value + b"\r\n" for name, value in headers])
