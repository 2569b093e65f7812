from collections.abc import Mapping

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import StreamActivity
from aftercall.core.quality.comparison.impairments import (
    JITTER_MS,
    LATE_FROM,
    LOSS_PERCENT,
    ONE_WAY_MS,
    Impairment,
    impaired_spans,
    impairment_of,
    is_transit,
)
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.spans import Span


def _span(start: int, end: int) -> Span:
    return (EpochMs(start), EpochMs(end))


def _issue(worst: Mapping[str, float]) -> Issue:
    ref = StreamRef(peer_id="p")
    return single(IssueName.POOR_NETWORK_DOWNLINK, ref, EpochMs(0), EpochMs(9), dict(worst))


@pytest.mark.parametrize(
    ("worst", "transit", "impairment"),
    [
        ({"loss_percent": 5.0, "jitter_ms": 90.0}, True, "loss"),
        ({"loss_percent": 4.9, "jitter_ms": 50.0}, True, "jitter"),
        ({"jitter_ms": 50.0, "concealment_percent": 90.0}, True, "jitter"),
        ({"rtt_ms": 900.0, "jitter_ms": 49.0}, False, "jitter"),
        ({}, False, "jitter"),
    ],
)
def test_an_issue_is_a_loss_impairment_above_the_loss_threshold(
    worst: dict[str, float], transit: bool, impairment: str
) -> None:
    assert (is_transit(_issue(worst)), impairment_of(_issue(worst))) == (transit, impairment)


@pytest.mark.parametrize("measure", LATE_FROM)
def test_an_issue_is_a_lateness_impairment_from_the_threshold_of_any_measure(measure: str) -> None:
    little = {"loss_percent": LOSS_PERCENT - 0.1, "jitter_ms": JITTER_MS - 0.1}
    late = _issue(little | {measure: LATE_FROM[measure]})
    assert (impairment_of(late), is_transit(late)) == ("late", True)
    in_time = _issue(little | {measure: LATE_FROM[measure] - 0.1})
    assert (impairment_of(in_time), is_transit(in_time)) == ("jitter", False)


def _activity(*, lossy: list[Span], jittery: list[Span], late: list[Span]) -> StreamActivity:
    return StreamActivity(
        ref=StreamRef(peer_id="p"),
        family=Family.AUDIO_CONSUMER,
        flowing=[],
        stalled=[],
        voiced=[],
        lossy=lossy,
        jittery=jittery,
        late=late,
        has_loss=True,
        is_shown=False,
    )


TRACE = _activity(
    lossy=[_span(0, 1_000)], jittery=[_span(100_000, 101_000)], late=[_span(200_000, 201_000)]
)


@pytest.mark.parametrize(
    ("impairment", "start"), [("loss", 0), ("jitter", 100_000), ("late", 200_000)]
)
def test_each_impairment_has_its_own_spans(impairment: Impairment, start: int) -> None:
    assert impaired_spans([TRACE], impairment) == [_span(start, start + 1_000)]


def test_spans_of_several_impairments_and_streams_are_merged() -> None:
    other = _activity(lossy=[_span(500, 2_000)], jittery=[], late=[])
    assert impaired_spans([TRACE, other], "loss", "jitter") == [
        _span(0, 2_000),
        _span(100_000, 101_000),
    ]
    assert impaired_spans([], "loss") == impaired_spans([TRACE]) == []


@pytest.mark.parametrize(("pause_ms", "count"), [(ONE_WAY_MS, 1), (ONE_WAY_MS + 1, 2)])
def test_a_short_recovery_does_not_end_an_impairment(pause_ms: int, count: int) -> None:
    back_at = 1_000 + pause_ms
    lossy = [_span(0, 1_000), _span(back_at, back_at + 1_000)]
    assert len(impaired_spans([_activity(lossy=lossy, jittery=[], late=[])], "loss")) == count
