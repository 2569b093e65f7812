"""Gives every answer of the REST side an id, a log line, a count, and safe headers."""

import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Counter, Histogram

from aftercall.core.ids import NewId

log = structlog.get_logger(__name__)

HEADERS_KEY: Final = "answer_headers"
"""Where in the scope's `state` a request collects headers for its answer."""

CLIENT_CLOSED: Final = 499
"""Counted and logged, never sent: the client disconnected before the answer began. nginx uses the
same number."""

FAILED: Final = 500

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics"})
_SAFE: Final = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
}
"""Laid under the headers an answer sets itself."""


class HttpMetrics:
    """Counts and times of requests, by route template rather than by path."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "aftercall_http_requests_total",
            "REST requests answered.",
            ("method", "route", "status"),
            registry=registry,
        )
        self.seconds = Histogram(
            "aftercall_http_request_seconds",
            "Time from a REST request to the end of its answer.",
            ("method", "route"),
            registry=registry,
        )

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        label = method if method in _METHODS else "other"
        self.requests.labels(label, route, str(status)).inc()
        self.seconds.labels(label, route).observe(seconds)


class AccessLog:
    """The ASGI application around `app`."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: HttpMetrics,
        new_id: NewId,
        stopwatch: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._new_id = new_id
        self._stopwatch = stopwatch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id = self._new_id()
        extra: dict[str, str] = {"x-request-id": request_id}
        state[HEADERS_KEY] = extra
        status = CLIENT_CLOSED

        async def send_dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _dress(list(message["headers"]), extra)
            await send(message)

        started = self._stopwatch()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self._app(scope, receive, send_dressed)
        except BaseException:
            # The server answers for an application that fails before its answer begins.
            status = FAILED if status == CLIENT_CLOSED else status
            raise
        finally:
            self._note(scope, state, status, self._stopwatch() - started)

    def _note(self, scope: Any, state: dict[str, Any], status: int, seconds: float) -> None:
        route = scope.get("path_template") or "unrouted"
        self._metrics.count(scope["method"], route, status, seconds)
        line = log.debug if route in _QUIET else log.info
        line(
            "request",
            action="request",
            method=scope["method"],
            route=route,
            status=status,
            ms=round(seconds * 1_000, 1),
            token_id=state.get("token_id"),
        )


def _dress(headers: list[tuple[bytes, bytes]], extra: dict[str, str]) -> list[tuple[bytes, bytes]]:
    present = {name.lower() for name, _ in headers}
    headers += [(name, value) for name, value in _SAFE.items() if name not in present]
    headers += [(name.encode(), value.encode()) for name, value in extra.items()]
    return headers
