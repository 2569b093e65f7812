"""Traces and metrics reach an OTLP receiver, and hold no token, address, id or body."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from aftercall.app import Application
from aftercall.composition import new_id, now, prepare
from aftercall.outbound.otlp.telemetry import OtelMissing, Telemetry
from aftercall.settings import Settings
from tests.http_receiver import HttpReceiver, open_receiver

SECRET = "a-body-that-nobody-else-may-see"


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with open_receiver() as opened:
        yield opened


async def use(settings: Settings) -> tuple[str, str]:
    """Start a server, call it in several ways and stop it: the app's id and the token."""
    first = await prepare(settings)
    assert first is not None
    application = Application(settings)
    asked: asyncio.Queue[Any] = asyncio.Queue()
    stated: asyncio.Queue[Any] = asyncio.Queue()
    scope: Any = {"type": "lifespan"}
    living = asyncio.create_task(application(scope, asked.get, stated.put))
    await asked.put({"type": "lifespan.startup"})
    assert (await stated.get())["type"] == "lifespan.startup.complete"
    served: Any = application
    transport = httpx.ASGITransport(app=served, client=("203.0.113.77", 4_000))
    headers = {"authorization": f"Bearer {first.api_token}"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://a.test", headers=headers
    ) as client:
        calls = f"/v1/apps/{first.app_id}/calls"
        assert (await client.get(calls, params={"search": SECRET})).status_code == 200
        assert (await client.get(f"{calls}/nowhere")).status_code == 404
        at = 1_790_000_000_000
        events = [
            {"type": "peer_joined", "peer_id": "p", "meeting_id": "m", "at": at},
            {"type": "chat_sent", "text": SECRET, "meeting_id": "m", "at": at},
            {"type": "session_closed", "meeting_id": "m", "at": at + 9},
        ]
        sent = await client.post(f"/v1/apps/{first.app_id}/events", json={"events": events})
        assert sent.status_code == 202, sent.text
        assert (await client.get("/healthz")).status_code == 200
    await asked.put({"type": "lifespan.shutdown"})
    await living
    return first.app_id, first.api_token


def spans_in(receiver: HttpReceiver) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in receiver.received:
        if each.path == "/v1/traces":
            for group in ExportTraceServiceRequest.FromString(each.body).resource_spans:
                for scope in group.scope_spans:
                    found |= {span.name: span for span in scope.spans}
    return found


def metrics_in(receiver: HttpReceiver) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in receiver.received:
        if each.path == "/v1/metrics":
            for group in ExportMetricsServiceRequest.FromString(each.body).resource_metrics:
                for scope in group.scope_metrics:
                    found |= {metric.name: metric for metric in scope.metrics}
    return found


def attributes_of(span: Any) -> dict[str, Any]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


async def test_requests_jobs_and_metrics_reach_the_receiver(
    tmp_path: Path, receiver: HttpReceiver
) -> None:
    app_id, token = await use(Settings(data_dir=tmp_path, otlp_endpoint=receiver.url))
    spans = spans_in(receiver)
    listed = attributes_of(spans["GET /v1/apps/{app_id}/calls"])
    assert listed.pop("aftercall.request_id")
    assert listed == {
        "http.request.method": "GET",
        "http.route": "/v1/apps/{app_id}/calls",
        "http.response.status_code": 200,
    }
    missing = spans["GET /v1/apps/{app_id}/calls/{session_id}"]
    assert attributes_of(missing)["http.response.status_code"] == 404
    assert missing.status.code != Status.STATUS_CODE_ERROR
    assert "POST /v1/apps/{app_id}/events" in spans
    metrics = metrics_in(receiver)
    points = metrics["aftercall_http_requests"].sum.data_points
    assert {each.as_double for each in points} == {1.0}
    assert metrics["aftercall_http_requests"].sum.is_monotonic
    assert metrics["aftercall_live_sessions"].gauge.data_points
    (times, *_) = metrics["aftercall_http_request_seconds"].histogram.data_points
    assert sum(times.bucket_counts) == times.count == 1
    assert len(times.bucket_counts) == len(times.explicit_bounds) + 1
    everything = b"".join(each.body for each in receiver.received)
    for private in (token, app_id, SECRET, "203.0.113.77", "nowhere", "authorization"):
        assert private.encode() not in everything, private


async def test_nothing_is_sent_or_loaded_without_an_endpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: HttpReceiver
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    await use(Settings(data_dir=tmp_path))
    assert receiver.received == []


async def test_a_receiver_that_is_away_is_no_trouble(tmp_path: Path) -> None:
    with open_receiver() as closed:
        url = closed.url
    await use(Settings(data_dir=tmp_path, otlp_endpoint=url))


def test_an_endpoint_without_the_extra_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    with pytest.raises(OtelMissing, match="pip install"):
        Telemetry("http://127.0.0.1:4318", clock=now, new_id=new_id)


@pytest.mark.parametrize(
    ("given", "every_s"), [("", 60.0), ("250", 0.25), ("0", 60.0), ("-1", 60.0), ("soon", 60.0)]
)
def test_an_interval_that_is_no_positive_number_is_ignored(
    given: str, every_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_METRIC_EXPORT_INTERVAL", given)
    assert Telemetry("http://127.0.0.1:4318", clock=now, new_id=new_id).every_s == every_s
