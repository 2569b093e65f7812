"""Evaluates alert rules, every half minute."""

import asyncio
from contextlib import suppress
from typing import Final

import structlog

from aftercall.core.errors import Unavailable
from aftercall.service.alerts.evaluation import AlertEvaluation

EVERY_S: Final = 30.0

log = structlog.get_logger(__name__)


async def run_alerts(
    evaluation: AlertEvaluation, stop: asyncio.Event, *, every_s: float = EVERY_S
) -> None:
    """Evaluate until `stop`. An evaluation that fails is logged, and the next one goes on."""
    while not stop.is_set():
        try:
            await evaluation.run()
        except Unavailable:
            # The outage has a log line of its own.
            pass
        except Exception as error:
            log.error("alerts not evaluated", action="alerts_failed", exc_info=error)
        with suppress(TimeoutError):
            async with asyncio.timeout(every_s):
                await stop.wait()
    with suppress(Unavailable):
        await evaluation.end()
