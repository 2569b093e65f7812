"""Requests as spans."""

from contextlib import suppress
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from aftercall.web.http.request_spans import RequestSpans
from aftercall.web.server.whole_response import EXTENSION, head_of


async def span_of(app: Any) -> Any:
    """The span of one request to an application, which may fail."""
    kept = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    scope: Any = {"type": "http", "method": "POST", "path": "/secret", "query_string": b"secret"}

    async def nothing(*_: Any) -> Any:
        return {"type": "http.disconnect"}

    with suppress(ValueError):
        await RequestSpans(app, provider.get_tracer("test"))(scope, nothing, nothing)
    (span,) = kept.get_finished_spans()
    assert "secret" not in span.to_json()
    return span


@pytest.mark.parametrize("status", [200, 404, 503])
async def test_the_status_is_that_of_either_form_of_an_answer(status: int) -> None:
    async def plain(scope: Any, receive: Any, send: Any) -> None:
        scope["path_template"] = "/things"
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"secret"})

    async def whole(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": EXTENSION, "head": head_of(status, []), "body": b"secret"})

    for app, route in ((plain, "/things"), (whole, "unrouted")):
        span = await span_of(app)
        assert span.name == f"POST {route}"
        assert span.attributes["http.response.status_code"] == status
        assert span.status.is_ok == (status < 500)


async def test_an_application_that_fails_is_an_error_of_its_kind() -> None:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("secret")

    span = await span_of(fail)
    assert span.attributes["error.type"] == "ValueError"
    assert not span.status.is_ok
