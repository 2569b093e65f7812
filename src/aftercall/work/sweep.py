"""Ends sessions whose deadline has passed, and records held facts whose peer has joined."""

import asyncio
from typing import Final

import structlog

from aftercall.core.errors import Unavailable
from aftercall.core.records import Phase
from aftercall.service.downtime import DowntimeWatch
from aftercall.service.recording.recorder import Recorder

EVERY_S: Final = 1.0

log = structlog.get_logger(__name__)


async def sweep(recorder: Recorder) -> int:
    """Apply the rules to every session that is overdue; returns how many there were. A session
    whose rules fail is logged and does not stop the sweep of the others."""
    overdue = await recorder.overdue()
    for app_id, session_id in sorted(overdue):
        try:
            session = await recorder.apply_rules(app_id, session_id)
        except Unavailable:
            raise
        except Exception as error:
            log.error(
                "session could not be swept",
                action="session_sweep_failed",
                app_id=app_id,
                session_id=session_id,
                exc_info=error,
            )
            continue
        if session is not None and session.phase is Phase.ENDED:
            log.info(
                "session ended",
                action="session_ended",
                app_id=app_id,
                session_id=session_id,
                reason=session.end_reason,
            )
    return len(overdue)


async def run_sweeps(
    recorder: Recorder, listening: DowntimeWatch, stop: asyncio.Event, *, only_looks: bool = False
) -> None:
    """Sweep every second until `stop`, each time with the downtime until then. With `only_looks`
    only the recorder's downtime is updated, since another process sweeps."""
    while not stop.is_set():
        try:
            recorder.set_downtime(await listening.look())
            if not only_looks:
                await sweep(recorder)
                await recorder.record_overtaken()
        except Unavailable:
            # The outage has a log line of its own; the time counts for nobody's silence.
            pass
        except Exception as error:
            log.error("sweep failed", action="sweep_failed", exc_info=error)
        try:
            async with asyncio.timeout(EVERY_S):
                await stop.wait()
        except TimeoutError:
            continue
