"""The metrics of `/metrics` in OpenTelemetry's form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, Metric

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics import export
    from opentelemetry.sdk.resources import Resource

SCOPE: Final = "aftercall"
_UNITS: Final = {"seconds": "s", "bytes": "By"}


def metrics_data(
    registry: CollectorRegistry, resource: Resource, *, began_ns: int, now_ns: int
) -> export.MetricsData:
    """Every metric as it is at `now_ns`, counted since `began_ns`; times are ns since 1970."""
    # Installed only with the extra.
    from opentelemetry.sdk.metrics import export  # noqa: PLC0415
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope  # noqa: PLC0415

    times = {"start_time_unix_nano": began_ns, "time_unix_nano": now_ns}
    metrics = [
        export.Metric(metric.name, metric.documentation, _unit_of(metric.name), data)
        for metric in registry.collect()
        if (data := _data_of(metric, times, export)) is not None
    ]
    scope = export.ScopeMetrics(InstrumentationScope(SCOPE), metrics, "")
    return export.MetricsData([export.ResourceMetrics(resource, [scope], "")])


def _unit_of(name: str) -> str:
    return _UNITS.get(name.rpartition("_")[2], "1")


def _data_of(metric: Metric, times: dict[str, int], export: Any) -> Any:
    """The points of a metric; `None` for a kind that the server has none of."""
    cumulative = export.AggregationTemporality.CUMULATIVE
    match metric.type:
        case "counter":
            points = _numbers(metric, f"{metric.name}_total", times, export)
            return export.Sum(points, cumulative, is_monotonic=True)
        case "gauge":
            return export.Gauge(_numbers(metric, metric.name, times, export))
        case "histogram":
            return export.Histogram(list(_histograms(metric, times, export)), cumulative)
        case _:
            return None


def _numbers(metric: Metric, name: str, times: dict[str, int], export: Any) -> list[Any]:
    return [
        export.NumberDataPoint(attributes=dict(sample.labels), value=sample.value, **times)
        for sample in metric.samples
        if sample.name == name
    ]


def _histograms(metric: Metric, times: dict[str, int], export: Any) -> Iterator[Any]:
    groups: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}
    for sample in metric.samples:
        labels = {name: value for name, value in sample.labels.items() if name != "le"}
        group = groups.setdefault(tuple(sorted(labels.items())), {"buckets": [], "sum": 0.0})
        if sample.name.endswith("_bucket"):
            group["buckets"].append((float(sample.labels["le"]), sample.value))
        elif sample.name.endswith("_sum"):
            group["sum"] = sample.value
    for labels_of, group in groups.items():
        bounds, counts = zip(*sorted(group["buckets"]), strict=True)
        # The last bound is infinity, which OpenTelemetry leaves out; nothing keeps least and most.
        unknown: Any = None
        yield export.HistogramDataPoint(
            attributes=dict(labels_of),
            count=int(counts[-1]),
            sum=group["sum"],
            bucket_counts=list(_differences(counts)),
            explicit_bounds=list(bounds[:-1]),
            min=unknown,
            max=unknown,
            **times,
        )


def _differences(cumulative: Iterable[float]) -> Iterator[int]:
    before = 0
    for count in map(int, cumulative):
        yield count - before
        before = count
