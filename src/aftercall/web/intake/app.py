"""The intake: raw ASGI in front of the framework, which would take three quarters of the time."""

import re
from functools import lru_cache
from typing import Any, Final

from litestar.types import Receive, Scope, Send

from aftercall.core.errors import AftercallError, Malformed
from aftercall.service.services import Services
from aftercall.web.http.cors import Cors, Headers
from aftercall.web.http.dependencies import parse_query
from aftercall.web.http.errors import JSON, ErrorAnswer, answer_error, answer_unforeseen
from aftercall.web.http.request_body import headers_of
from aftercall.web.intake.answers import ENTRY_COUNTS
from aftercall.web.intake.backends import BackendIntake
from aftercall.web.intake.end_callback import PATH_TEMPLATE, EndCallback
from aftercall.web.intake.participants import ParticipantIntake
from aftercall.web.intake.request import IntakeRequest
from aftercall.web.intake.sources import APP_PREFIX, ROUTES, IntakeRoute
from aftercall.web.server.whole_response import EXTENSION, head_of
from aftercall.wire.query import Query, check_names

_BACKENDS: Final = {
    route.path.removeprefix(APP_PREFIX): route
    for route in ROUTES
    if route.path.startswith(APP_PREFIX)
}
_PARTICIPANTS: Final = {
    route.path: route for route in ROUTES if not route.path.startswith(APP_PREFIX)
}
_APPS: Final = APP_PREFIX.partition("{")[0]
_OF_APP: Final = re.compile(
    f"{_APPS}([A-Za-z0-9_-]{{1,64}})/({'|'.join(map(re.escape, _BACKENDS))})"
)

_HEADERS: Final = (
    (b"content-type", JSON.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
)


class IntakeApp:
    """The ASGI application of the intake's addresses; `is_for` decides which those are."""

    def __init__(self, services: Services) -> None:
        self._new_id = services.new_id
        self._public_url = (services.settings.public_url or "").rstrip("/")
        self._cors = Cors(services.settings.allow_origins)
        self._participants = ParticipantIntake(services)
        self._backends = BackendIntake(services)
        self._ends = EndCallback(services)

    def is_for(self, path: str) -> bool:
        """Whether a path is one of the intake's."""
        return path in _PARTICIPANTS or (
            path.startswith(_APPS)
            and (_OF_APP.fullmatch(path) is not None or self._ends.is_for(path))
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request: Any = scope
        headers = headers_of(scope)
        method: str = request["method"]
        if method == "OPTIONS":
            await _send(request, send, 204, b"", self._cors.preflight(headers))
            return
        extra = self._cors.answer(headers)
        try:
            if method == "GET" and self._ends.is_for(request["path"]):
                status, body = await self._end(request)
            elif method != "POST" or self._ends.is_for(request["path"]):
                taken = "GET" if self._ends.is_for(request["path"]) else "POST"
                message = f"This address takes only {taken}."
                raise Malformed(message, code="method_not_allowed")
            else:
                status, body = await self._answer(request, headers, receive)
        except AftercallError as error:
            await self._send_error(request, send, answer_error(error), extra)
            return
        except Exception as error:
            answer = answer_unforeseen(error, self._new_id())
            await self._send_error(request, send, answer, extra)
            return
        await _send(request, send, status, body, extra)

    async def _answer(self, scope: Any, headers: Headers, receive: Receive) -> tuple[int, bytes]:
        path, client = scope["path"], scope.get("client")
        app_id, route = "", _PARTICIPANTS.get(path)
        if route is None:
            match = _OF_APP.fullmatch(path)
            assert match is not None
            app_id, route = match[1], _BACKENDS[match[2]]
        scope["path_template"] = route.path
        query_string = scope.get("query_string")
        query = _read_query(route, query_string) if query_string else {}
        url = ""
        if route.signature is not None:
            # A signature may cover it, so what the sender claims in `Host` proves itself.
            host = headers.get(b"host", b"").decode("latin-1")
            url = (self._public_url or f"{scope.get('scheme', 'http')}://{host}") + path
        request = IntakeRequest(headers, receive, client[0] if client else None, query, url)
        if app_id:
            recorded = await self._backends.record(app_id, route, request)
        else:
            recorded = await self._participants.record(route, request)
        return route.answer.status, route.answer.encode(recorded)

    async def _end(self, scope: Any) -> tuple[int, bytes]:
        scope["path_template"] = PATH_TEMPLATE
        recorded = await self._ends.record(scope["path"], scope.get("query_string", b""))
        return ENTRY_COUNTS.status, ENTRY_COUNTS.encode(recorded)

    async def _send_error(
        self, scope: Any, send: Send, answer: ErrorAnswer, extra: list[tuple[bytes, bytes]]
    ) -> None:
        is_taken = scope["method"] == ("GET" if self._ends.is_for(scope["path"]) else "POST")
        status = answer.status if is_taken else 405
        named = [(k.encode(), v.encode()) for k, v in answer.headers.items()]
        await _send(scope, send, status, answer.body, [*extra, *named])


def _read_query(route: IntakeRoute, query_string: bytes) -> Query:
    """The query's values. Raises `Malformed` for a parameter that the route does not know, unless
    it ignores such."""
    if route.ignores_query and route.signature is None:
        return {}
    query = parse_query(query_string)
    if not route.ignores_query:
        check_names(query, route.parameters)
    return query


async def _send(
    scope: Any, send: Send, status: int, body: bytes, extra: list[tuple[bytes, bytes]]
) -> None:
    length = b"%d" % len(body)
    if EXTENSION in scope.get("extensions", ()):
        head = b"%bcontent-length: %b\r\n" % (_head_of(status, tuple(extra)), length)
        whole: Any = {"type": EXTENSION, "head": head, "body": body}
        await send(whole)
        return
    headers = [(b"content-length", length), *_HEADERS, *extra]
    start: Any = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    finish: Any = {"type": "http.response.body", "body": body}
    await send(finish)


@lru_cache(maxsize=256)
def _head_of(status: int, extra: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """The head without its length. Nearly all answers share one."""
    return head_of(status, [*_HEADERS, *extra])
