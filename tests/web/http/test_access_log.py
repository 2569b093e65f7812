"""What is counted of requests whose clients disconnected."""

import asyncio
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry

from aftercall.web.http.access_log import AccessLog, HttpMetrics
from aftercall.web.http.disconnects import CancelOnDisconnect

RestServer = Any
HUNG_UP = {"type": "http.disconnect"}


class Line:
    """A connection that records which message it was given, and then disconnects."""

    def __init__(self, method: str, *stated: dict[str, Any], path: str = "/calls") -> None:
        self.scope: Any = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "scheme": "http",
            "http_version": "1.1",
            "headers": [(b"content-type", b"application/json")],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
        }
        self.sent: list[Any] = []
        self._said = [*stated, HUNG_UP]

    async def receive(self) -> Any:
        await asyncio.sleep(0)
        return self._said.pop(0) if self._said else HUNG_UP

    async def send(self, message: Any) -> None:
        self.sent.append(message)


def _part(body: bytes, *, is_last: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": not is_last}


def _observed(app: Any) -> tuple[Any, CollectorRegistry]:
    registry = CollectorRegistry()
    metrics = HttpMetrics(registry)
    return AccessLog(CancelOnDisconnect(app), metrics=metrics, new_id=lambda: "id"), registry


def _counted(registry: CollectorRegistry) -> dict[str, float]:
    """How many requests there were of each status."""
    return {
        sample.labels["status"]: sample.value
        for metric in registry.collect()
        for sample in metric.samples
        if sample.name == "aftercall_http_requests_total"
    }


async def test_an_abandoned_read_is_no_server_error() -> None:
    async def never_answer(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    app, registry = _observed(never_answer)
    line = Line("GET", _part(b"", is_last=True))
    with structlog.testing.capture_logs() as lines:
        await app(line.scope, line.receive, line.send)
    assert _counted(registry) == {"499": 1}
    (request,) = [each for each in lines if each["action"] == "request"]
    assert (request["status"], line.sent) == (499, [])


async def test_an_application_that_fails_before_it_answers_is_counted_as_500() -> None:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("no")

    app, registry = _observed(fail)
    line = Line("POST")
    with pytest.raises(ValueError, match="no"):
        await app(line.scope, line.receive, line.send)
    assert _counted(registry) == {"500": 1}


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
async def test_a_disconnect_within_a_body_is_no_server_error(
    server: RestServer, method: str
) -> None:
    caller = await server.new_client()
    path = f"{caller.kit}/{caller.app_id}/meetings"
    line = Line(method, _part(b'{"title": "half', is_last=False), path=path)
    line.scope["headers"].append((b"authorization", f"Bearer {caller.token}".encode()))
    with structlog.testing.capture_logs() as lines:
        await server.client._transport.app(line.scope, line.receive, line.send)
    assert "request_failed" not in {each["action"] for each in lines}
    assert all(message.get("status", 0) < 500 for message in line.sent)
    assert "500" not in _counted(server.services.metrics)


async def test_a_completely_received_write_is_executed_and_counted(server: RestServer) -> None:
    caller = await server.new_client()
    path = f"{caller.kit}/{caller.app_id}/meetings"
    line = Line("POST", _part(b'{"title": "whole"}', is_last=True), path=path)
    line.scope["headers"].append((b"authorization", f"Bearer {caller.token}".encode()))
    await server.client._transport.app(line.scope, line.receive, line.send)
    assert _counted(server.services.metrics) == {"201": 1}
    listed = (await caller.request("GET", "/meetings")).json()["data"]
    assert [each["title"] for each in listed] == ["whole"]
