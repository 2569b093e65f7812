"""Health and metrics for operators: up, ready, how busy."""

import asyncio
from typing import Any, Final

import msgspec
from litestar import Response, get
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from aftercall.web.http.dependencies import ProvidedServices
from aftercall.web.http.errors import JSON

READY_WITHIN_S: Final = 5.0


def _answer(status: int, **members: Any) -> Response[bytes]:
    return Response(msgspec.json.encode(members), status_code=status, media_type=JSON)


@get("/healthz")
async def healthz() -> Response[bytes]:
    """Up: the process answers."""
    return _answer(200, state="up")


@get("/readyz")
async def readyz(services: ProvidedServices) -> Response[bytes]:
    """Ready: the database is reachable and has this program's schema."""
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            is_current = await services.is_ready()
    except Exception as error:
        return _answer(503, state="unready", reason=f"The database is not reachable: {error}")
    if not is_current:
        return _answer(503, state="unready", reason="Migrations are due: run `aftercall migrate`")
    return _answer(200, state="ready")


@get("/metrics")
async def metrics(services: ProvidedServices) -> Response[bytes]:
    """Counters, gauges and histograms, in Prometheus's text format."""
    await services.work_metrics.read()
    return Response(
        generate_latest(services.metrics), headers={"content-type": CONTENT_TYPE_LATEST}
    )


handlers = (healthz, readyz, metrics)
