"""uvicorn's HTTP protocol with limits: on a request's head, on pipelined requests, on time."""

import asyncio
from enum import Enum
from http import HTTPStatus
from typing import Any, Final

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from aftercall.web.http.errors import JSON, ErrorAnswer, make_answer
from aftercall.web.server.connections import LEAST_BYTES_PER_S, Connections
from aftercall.web.server.whole_response import EXTENSIONS, Cycle

MOST_HEAD_BYTES: Final = 32_768
"""Request line and headers together; chosen: nginx takes as much, and no client of ours a tenth."""

MOST_HEADERS: Final = 100
MOST_TARGET_BYTES: Final = 16_384
MOST_AHEAD: Final = 32
"""Pipelined requests of one connection: those that wait for earlier answers."""

MOST_FRAMING: Final = 16
"""Bytes sent for a byte of a chunked body: chunks of a single byte take six."""

AFTER_ANSWER_S: Final = 5.0
"""How long a client may go on sending the body of a request that has been answered already."""

MALFORMED: Final = make_answer(400, "malformed", "The request cannot be read")
TIMED_OUT: Final = make_answer(408, "request_timeout", "The request took too long to come in")
TARGET_TOO_LONG: Final = make_answer(
    414, "target_too_long", f"The address is longer than {MOST_TARGET_BYTES} bytes"
)
HEAD_TOO_LARGE: Final = make_answer(
    431,
    "head_too_large",
    f"The headers are more than {MOST_HEADERS}, or longer than {MOST_HEAD_BYTES} bytes",
)
TOO_MANY: Final = make_answer(
    503, "too_many_connections", "Too many connections are open", **{"retry-after": "5"}
)


_REASONS: Final = {
    400: "malformed",
    408: "request_timeout",
    414: "target_too_long",
    431: "head_too_large",
    503: "too_many",
}
"""The names under which refusals are counted, by status."""


class _Refusal(Exception):
    """The request is refused. Raised in the parser's callbacks."""


class _Stage(Enum):
    """The stage of a connection's request."""

    HEAD = "head"
    BODY = "body"
    ASKED = "asked"
    IDLE = "idle"


_HEAD: Final = _Stage.HEAD
_BODY: Final = _Stage.BODY
_ASKED: Final = _Stage.ASKED
_IDLE: Final = _Stage.IDLE
"""Plain names, as each request goes through all of them: members of an enum take three times as
long to look up."""


class LimitedHttpProtocol(HttpToolsProtocol):
    """One connection. The application has the process's `connections`.

    The path of every request repeats code of uvicorn's methods where that saves calling them.
    In place of uvicorn's timer, set and cancelled for every request, `Connections` ends what is
    idle for too long.
    """

    def __init__(
        self,
        config: Any,
        server_state: Any,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._all: Connections = config.loaded_app.connections
        self._stage = _HEAD
        self._is_in_head = self._is_in_body = self._has_begun = self._is_refused = False
        self._fed = self._feeding = self._begun_with = self._body_bytes = 0
        self._refusal: ErrorAnswer = MALFORMED

    # Called by the event loop

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if not self._all.opened(self, len(self.connections)):
            self._refuse(TOO_MANY)

    def connection_lost(self, exc: Exception | None) -> None:
        self._all.lost(self)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._all.unsent(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._all.sent(self)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        self._feeding = size = len(data)
        self._fed += size
        self._has_begun = True
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self._all.lost(self)
                self.handle_websocket_upgrade()
                return
        except httptools.HttpParserError:
            self._refuse(self._refusal)
            return
        cycle = self.cycle
        if cycle is not None and not (
            self._is_in_head or self._is_in_body or cycle.response_complete
        ):
            # A whole request, as nearly all are.
            if self._stage is not _ASKED:
                self._stage = _ASKED
                self._all.arrived(self)
        elif self._is_too_much():
            self._refuse(HEAD_TOO_LARGE if self._is_in_head else MALFORMED)
        else:
            self._note()

    # Called by the parser

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= MOST_AHEAD:
            raise _Refusal
        self._is_in_head = True
        # What came with its first bytes may belong to the request before it.
        self._fed = self._body_bytes = 0
        self._begun_with = self._feeding
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if len(self.url) > MOST_TARGET_BYTES:
            self._refusal = TARGET_TOO_LONG
            raise _Refusal
        if len(self.headers) > MOST_HEADERS or (
            self._fed + self._begun_with > MOST_HEAD_BYTES
            and _size(self.url, self.headers) > MOST_HEAD_BYTES
        ):
            self._refusal = HEAD_TOO_LARGE
            raise _Refusal
        self._is_in_head, self._is_in_body = False, True
        super().on_headers_complete()
        self.scope["extensions"] = EXTENSIONS  # type: ignore[typeddict-item]
        # uvicorn has no setting for the class of its cycles. A `send` set on the object would be a
        # reference cycle, whose collection costs more than the extension saves.
        if self.cycle is not None:  # There is none for an upgrade to WebSocket.
            self.cycle.__class__ = Cycle

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        cycle = self.cycle
        if (self.parser.should_upgrade() and self._should_upgrade()) or cycle.response_complete:
            return
        cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        self._is_in_body = False
        cycle = self.cycle
        if (self.parser.should_upgrade() and self._should_upgrade()) or cycle.response_complete:
            return
        cycle.more_body = False
        cycle.message_event.set()

    # Called when an answer is complete

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        if self._is_refused:
            return
        if self._is_in_body:
            # From here on the time after the answer counts.
            self._all.arriving(self)
        elif not self._is_in_head and self.cycle.response_complete:
            self._stage = _IDLE
            self._all.answered(self)

    # Called by the timer of `Connections`

    def is_late(self, waited_s: float) -> bool:
        """Whether the request is late, `waited_s` seconds after waiting for it began."""
        limits = self._all.limits
        if not self._is_in_body:
            return waited_s > limits.head_s
        if self.cycle.response_complete:
            return waited_s > AFTER_ANSWER_S
        if self.flow.read_paused:
            return False
        return waited_s > limits.body_s + self._body_bytes / LEAST_BYTES_PER_S

    def give_up_waiting(self) -> None:
        """Ends the connection, whose request did not come in."""
        if self._has_begun:
            self._refuse(TIMED_OUT)
        else:
            self._is_refused = True
            self._all.refused(self)
            self.transport.close()

    def _note(self) -> None:
        """Records the stage of the connection."""
        if self._is_in_head:
            stage = _HEAD
        elif self._is_in_body:
            stage = _BODY
        elif self.cycle is not None and not self.cycle.response_complete:
            stage = _ASKED
        else:
            # Bytes came that begin no request.
            stage = _HEAD
        if stage is self._stage:
            return
        self._stage = stage
        if stage is _ASKED:
            self._all.arrived(self)
        else:
            self._all.arriving(self)

    def _is_too_much(self) -> bool:
        """Whether the head, or the framing of the body, exceeds its limit."""
        if self._is_in_head:
            return self._fed > MOST_HEAD_BYTES
        if self._is_in_body:
            framing = self._fed - self._body_bytes * MOST_FRAMING
            return framing > 2 * MOST_HEAD_BYTES or len(self.headers) > 2 * MOST_HEADERS
        return False

    def _refuse(self, answer: ErrorAnswer) -> None:
        """Answers with the refusal, if no other answer is on its way, and reads no further."""
        self._is_refused = True
        self._all.count(_REASONS[answer.status])
        self._all.refused(self)
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            is_of_this_request = self._is_in_body and not self.pipeline
            if cycle.response_started or not is_of_this_request:
                self.transport.close()
                return
            cycle.disconnected = True
            cycle.message_event.set()
        self.flow.resume_reading()
        self.transport.write(_as_http(answer))
        self.transport.write_eof()


def _size(target: bytes, headers: list[tuple[bytes, bytes]]) -> int:
    """Bytes of a head; of each line the `: ` and the line's end are counted."""
    return len(target) + sum(len(name) + len(value) + 4 for name, value in headers)


def _as_http(answer: ErrorAnswer) -> bytes:
    headers = {
        "content-type": JSON,
        "content-length": str(len(answer.body)),
        "connection": "close",
        **answer.headers,
    }
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + answer.body
