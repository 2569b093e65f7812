"""A span for each run of a job: its task, how long, and whether it failed; never the payload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from aftercall.work.tasks import Payload, Task

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer


def with_spans(tasks: Mapping[str, Task], tracer: Tracer) -> dict[str, Task]:
    """The tasks, each run of which is a span."""
    return {name: _with_span(name, task, tracer) for name, task in tasks.items()}


def _with_span(name: str, task: Task, tracer: Tracer) -> Task:
    # Installed only with the extra.
    from opentelemetry.trace import StatusCode  # noqa: PLC0415

    async def run(payload: Payload) -> object:
        with tracer.start_as_current_span(
            f"job {name}",
            attributes={"aftercall.job.task": name},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                return await task.run(payload)
            except BaseException as error:
                # The message may hold what a person wrote.
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(StatusCode.ERROR)
                raise

    return replace(task, run=run)
