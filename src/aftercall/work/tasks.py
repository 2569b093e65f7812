"""What each kind of job does."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from aftercall.service.consequences import FINALISE, SUMMARISE
from aftercall.service.services import Services

Task: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[object]]


def tasks_of(services: Services) -> Mapping[str, Task]:
    """The tasks by name; each takes a job's payload and may be repeated at will."""

    async def finalise(payload: Mapping[str, Any]) -> None:
        await services.finaliser.finalise(payload["app_id"], payload["session_id"])

    async def summarise(payload: Mapping[str, Any]) -> None:
        await services.summaries.carry_out(payload["app_id"], payload["session_id"])

    return {FINALISE: finalise, SUMMARISE: summarise}
