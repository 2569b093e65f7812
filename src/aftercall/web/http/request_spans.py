"""A span for each request: which operation, how long, and with which status. No path, query,
header, address or body, for those name people or hold secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from litestar.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FAILED: Final = 500


class RequestSpans:
    """The ASGI application around `app`."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        # Installed only with the extra.
        from opentelemetry.trace import SpanKind, StatusCode  # noqa: PLC0415

        self._app = app
        self._tracer = tracer
        self._kind = SpanKind.SERVER
        self._error = StatusCode.ERROR

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request: Any = scope
        method = request["method"] if request["method"] in _METHODS else "_OTHER"
        status = 0

        async def send_watched(message: Message) -> None:
            nonlocal status
            if not status:
                status = _status_of(message)
            await send(message)

        with self._tracer.start_as_current_span(
            method, kind=self._kind, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                await self._app(scope, receive, send_watched)
            except BaseException as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(self._error)
                raise
            finally:
                route = request.get("path_template") or "unrouted"
                span.update_name(f"{method} {route}")
                span.set_attributes({"http.request.method": method, "http.route": route})
                if status:
                    span.set_attribute("http.response.status_code", status)
                if status >= _FAILED:
                    span.set_status(self._error)
                if request_id := request.get("state", {}).get("request_id"):
                    span.set_attribute("aftercall.request_id", request_id)


def _status_of(message: Any) -> int:
    """The status in the first message of an answer; a whole answer begins `HTTP/1.1 200`."""
    if message["type"] == "http.response.start":
        status: int = message["status"]
        return status
    head: bytes = message.get("head", b"")
    digits = head[9:12]
    return int(digits) if digits.isdigit() else 0
