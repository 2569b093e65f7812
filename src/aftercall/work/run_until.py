"""Runs the jobs of one command, beside a server or without one."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aftercall.service.services import Services
from aftercall.work.runner import run_due
from aftercall.work.tasks import tasks_of

LOOK_EVERY_S: Final = 0.2


async def run_until_done(
    services: Services,
    task: str,
    payload: Mapping[str, Any],
    is_over: Callable[[], Awaitable[bool]] | None = None,
) -> None:
    """Run due jobs until `is_over`, or until no job of the task with this payload is left. Another
    process may run them as well."""
    tasks = tasks_of(services)
    while True:
        await run_due(services.jobs, tasks)
        if is_over is not None:
            if await is_over():
                return
        elif not any(
            job.task == task and job.payload == payload
            for job in await services.jobs.list_waiting()
        ):
            return
        await asyncio.sleep(LOOK_EVERY_S)
