"""Builds one peer from exact values, interval by interval.

A `StatsObject` is an object of getStats. The members of each interval are added to counters or,
for gauges and words, set at the end of the interval. Other members are absent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import structs

from aftercall.core.instants import EpochMs
from aftercall.core.quality.issues import Issue, IssueName
from aftercall.core.quality.report.fold import FoldResult, PeerFacts, fold
from aftercall.core.records import StoredSample
from tests.core.quality.synthetic_call import CALL_START, Call

STEP_S = 10.0
"""The length of an interval, for which shares and rates are exact."""
BEGIN_S = 20.0
"""The time of the first sample, after the warm-up."""

Members = Mapping[str, Any]

_GAUGES = frozenset(
    (
        *("jitter", "roundTripTime", "currentRoundTripTime", "availableOutgoingBitrate"),
        *("targetBitrate", "audioLevel", "fractionLost"),
        *("frameWidth", "frameHeight", "framesPerSecond", "width", "height"),
    )
)


@dataclass(frozen=True, kw_only=True)
class StatsObject:
    """An object; `fixed` are its members in every report, `steps` those of each interval."""

    type: str
    id: str
    fixed: Members = field(default_factory=dict)
    steps: Sequence[Members] = ()


def tag(direction: str, ssrc: int, source: str, **more: Any) -> dict[str, Any]:
    """The collector's tag of a stream."""
    named = {"connection": "pc", "direction": direction, "ssrc": ssrc, "source": source}
    return {
        **named,
        "kind": "audio" if source in ("microphone", "screen_audio") else "video",
    } | more


def peer_of(
    objects: Sequence[StatsObject],
    *,
    tags: Sequence[Members] = (),
    step_s: float = STEP_S,
    begin_s: float = BEGIN_S,
    clock_s: Mapping[int, float] | None = None,
) -> PeerFacts:
    """The peer that joined `begin_s` before its first report. `clock_s` is how far the browser's
    clock is off from the report of that number on."""
    count = max(len(stats_object.steps) for stats_object in objects)
    reported = {stats_object.id: _at_rest(stats_object) for stats_object in objects}
    off_s, samples = 0.0, []
    for number in range(count + 1):
        off_s = (clock_s or {}).get(number, off_s)
        at = EpochMs(CALL_START + round((begin_s + number * step_s) * 1000))
        for stats_object in objects:
            if number and number <= len(stats_object.steps):
                _report_interval(reported[stats_object.id], stats_object.steps[number - 1])
        stats = [
            {
                "type": stats_object.type,
                "id": stats_object.id,
                "timestamp": at + off_s * 1000,
                **reported[stats_object.id],
            }
            for stats_object in objects
        ]
        body = {"connections": [{"id": "pc", "stats": stats}], "streams": list(tags)}
        samples.append(
            StoredSample(
                peer_id="ada",
                sequence=number,
                at=at,
                received_at=at,
                body=msgspec.json.encode(body),
            )
        )
    stay = Call(["ada"], minutes=(begin_s + count * step_s) / 60, interval_ms=round(step_s * 1000))
    return structs.replace(stay.facts("ada"), samples=samples)


def _at_rest(stats_object: StatsObject) -> dict[str, Any]:
    """The object before the first interval: counters at zero, nothing else."""
    reported: dict[str, Any] = {}
    for step in stats_object.steps:
        for name, value in step.items():
            if isinstance(value, dict):
                reported[name] = dict.fromkeys(value, 0)
            elif _is_counted(name, value):
                reported[name] = 0
    return {**reported, **stats_object.fixed}


def _report_interval(reported: dict[str, Any], stated: Members) -> None:
    for name, value in stated.items():
        if isinstance(value, dict):
            reported[name] = {reason: reported[name][reason] + s for reason, s in value.items()}
        else:
            reported[name] = reported[name] + value if _is_counted(name, value) else value


def _is_counted(name: str, value: Any) -> bool:
    return name not in _GAUGES and isinstance(value, int | float) and not isinstance(value, bool)


def folded(facts: PeerFacts) -> FoldResult:
    assert facts.peer.left_at is not None
    return fold([facts], facts.peer.left_at)


def issues_of(facts: PeerFacts, name: IssueName) -> list[Issue]:
    """The issues of that name in the peer's fold."""
    return [issue for issue in folded(facts).verdict.issues if issue.name is name]


def moment(interval: float, *, step_s: float = STEP_S) -> EpochMs:
    """The instant after so many intervals."""
    return EpochMs(CALL_START + round((BEGIN_S + interval * step_s) * 1000))
