"""Deletes what is past its time, every minute."""

import asyncio
from typing import Final

import structlog

from aftercall.core.errors import Unavailable
from aftercall.service.retention.deletion import Deletion

EVERY_S: Final = 60.0

log = structlog.get_logger(__name__)


async def run_retention(
    deletion: Deletion, stop: asyncio.Event, *, every_s: float = EVERY_S
) -> None:
    """Delete what is past its time until `stop`. A run that fails is logged, and the next one goes
    on where it ended."""
    while not stop.is_set():
        try:
            deleted = await deletion.run(stop)
            if any(deleted.values()):
                rows = {kind.value: number for kind, number in deleted.items() if number}
                log.info("data deleted", action="data_deleted", **rows)
        except Unavailable:
            # The outage has a log line of its own.
            pass
        except Exception as error:
            log.error("retention failed", action="retention_failed", exc_info=error)
        try:
            async with asyncio.timeout(every_s):
                await stop.wait()
        except TimeoutError:
            continue
