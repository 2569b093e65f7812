"""Runs of jobs as spans."""

from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from aftercall.work.job_spans import with_spans
from aftercall.work.tasks import Task


async def test_a_run_is_a_span_and_a_failure_says_its_kind_alone() -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))

    async def succeed(payload: Any) -> str:
        return payload["word"]  # type: ignore[no-any-return]

    async def fail(payload: Any) -> None:
        raise ValueError(payload["word"])

    tasks = with_spans(
        {"good": Task(run=succeed), "bad": Task(run=fail)}, provider.get_tracer("test")
    )
    assert await tasks["good"].run({"word": "secret"}) == "secret"
    with pytest.raises(ValueError):
        await tasks["bad"].run({"word": "secret"})
    good, bad = kept.get_finished_spans()
    assert (good.name, good.status.is_ok) == ("job good", True)
    assert dict(bad.attributes or {}) == {"aftercall.job.task": "bad", "error.type": "ValueError"}
    assert not bad.status.is_ok
    assert "secret" not in good.to_json() + bad.to_json()
