"""Sends traces and metrics to an OpenTelemetry receiver, by OTLP over HTTP.

The packages come with the extra `otel` and are imported only where an endpoint is set. Headers for
the receiver, sampling and intervals are set by OpenTelemetry's own variables
(`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_TRACES_SAMPLER`, `OTEL_METRIC_EXPORT_INTERVAL`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog
from prometheus_client import CollectorRegistry

from aftercall import __version__
from aftercall.core.errors import AftercallError
from aftercall.core.ids import NewId
from aftercall.core.instants import Clock
from aftercall.outbound.otlp.metrics import metrics_data

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

EVERY_MS: Final = 60_000
"""How often metrics are sent where `OTEL_METRIC_EXPORT_INTERVAL` says nothing: its own default."""

NS_PER_MS: Final = 1_000_000

log = structlog.get_logger(__name__)


class OtelMissing(AftercallError):
    """The optional dependency is not installed."""


class Telemetry:
    """What one process sends to `endpoint`, a base URL such as `http://127.0.0.1:4318`."""

    def __init__(self, endpoint: str, *, clock: Clock, new_id: NewId) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http import (  # noqa: PLC0415
                metric_exporter,
                trace_exporter,
            )
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        except ImportError as error:
            raise OtelMissing(
                "OpenTelemetry is not installed: pip install 'aftercall[otel]'",
                code="otel_missing",
            ) from error
        base = endpoint.rstrip("/")
        self._resource = Resource.create(
            {
                "service.name": os.environ.get("OTEL_SERVICE_NAME", "aftercall"),
                "service.version": __version__,
                "service.instance.id": new_id(),
            }
        )
        self._provider = TracerProvider(resource=self._resource, shutdown_on_exit=False)
        spans = trace_exporter.OTLPSpanExporter(endpoint=f"{base}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(spans))
        self._exporter = metric_exporter.OTLPMetricExporter(endpoint=f"{base}/v1/metrics")
        self._clock = clock
        self._began_ns = clock() * NS_PER_MS
        self.every_s = _every_ms() / 1_000

    @property
    def tracer(self) -> Tracer:
        return self._provider.get_tracer("aftercall", __version__)

    async def run(
        self,
        registry: CollectorRegistry,
        read: Callable[[], Awaitable[None]],
        stop: asyncio.Event,
    ) -> None:
        """Send the metrics again and again, and at last what is left. `read` brings them up to
        date. What a receiver does not take is lost, and not asked after."""
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self.every_s)
            await read()
            try:
                await asyncio.to_thread(self._send, registry)
            except Exception as error:
                log.warning("metrics not sent", action="otlp_failed", error=type(error).__name__)
        await asyncio.to_thread(self._provider.shutdown)

    def _send(self, registry: CollectorRegistry) -> None:
        now_ns = self._clock() * NS_PER_MS
        self._exporter.export(
            metrics_data(registry, self._resource, began_ns=self._began_ns, now_ns=now_ns)
        )


def _every_ms() -> int:
    """OpenTelemetry asks to ignore an interval that is no positive number, with a warning."""
    given = os.environ.get("OTEL_METRIC_EXPORT_INTERVAL", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    if given:
        log.warning("interval ignored", action="otlp_interval_ignored", default_ms=EVERY_MS)
    return EVERY_MS
