"""One peer's stay told interval by interval, for what depends on exact values.

A thing told of is an object of getStats. What it says of an interval is either added to a counter
or, for gauges and words, said at the end of the interval. Nothing is said that is not told.
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
from tests.core.quality.cast import TEN, Call

STEP_S = 10.0
"""So that shares and rates of an interval are exact."""
BEGIN_S = 20.0
"""The first report comes when nothing is warming up any more."""

Said = Mapping[str, Any]

_GAUGES = frozenset(
    (
        *("jitter", "roundTripTime", "currentRoundTripTime", "availableOutgoingBitrate"),
        *("targetBitrate", "audioLevel", "fractionLost"),
        *("frameWidth", "frameHeight", "framesPerSecond", "width", "height"),
    )
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """An object; `fixed` is what it says in every report, `steps` what of each interval."""

    type: str
    id: str
    fixed: Said = field(default_factory=dict)
    steps: Sequence[Said] = ()


def tag(direction: str, ssrc: int, source: str, **more: Any) -> dict[str, Any]:
    """What the collector says of a stream."""
    named = {"connection": "pc", "direction": direction, "ssrc": ssrc, "source": source}
    return {
        **named,
        "kind": "audio" if source in ("microphone", "screen_audio") else "video",
    } | more


def peer_of(
    things: Sequence[Told],
    *,
    tags: Sequence[Said] = (),
    step_s: float = STEP_S,
    begin_s: float = BEGIN_S,
    clock_s: Mapping[int, float] | None = None,
) -> PeerFacts:
    """The peer that joined `begin_s` before its first report. `clock_s` is how far the browser's
    clock is off from the report of that number on."""
    count = max(len(thing.steps) for thing in things)
    told = {thing.id: _at_rest(thing) for thing in things}
    off_s, samples = 0.0, []
    for number in range(count + 1):
        off_s = (clock_s or {}).get(number, off_s)
        at = EpochMs(TEN + round((begin_s + number * step_s) * 1000))
        for thing in things:
            if number and number <= len(thing.steps):
                _tell(told[thing.id], thing.steps[number - 1])
        stats = [
            {"type": thing.type, "id": thing.id, "timestamp": at + off_s * 1000, **told[thing.id]}
            for thing in things
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


def _at_rest(thing: Told) -> dict[str, Any]:
    """Before the first interval: counters at zero, nothing else."""
    told: dict[str, Any] = {}
    for step in thing.steps:
        for name, value in step.items():
            if isinstance(value, dict):
                told[name] = dict.fromkeys(value, 0)
            elif _is_counted(name, value):
                told[name] = 0
    return {**told, **thing.fixed}


def _tell(told: dict[str, Any], said: Said) -> None:
    for name, value in said.items():
        if isinstance(value, dict):
            told[name] = {reason: told[name][reason] + s for reason, s in value.items()}
        else:
            told[name] = told[name] + value if _is_counted(name, value) else value


def _is_counted(name: str, value: Any) -> bool:
    return name not in _GAUGES and isinstance(value, int | float) and not isinstance(value, bool)


def folded(facts: PeerFacts) -> FoldResult:
    assert facts.peer.left_at is not None
    return fold([facts], facts.peer.left_at)


def issues_of(facts: PeerFacts, name: IssueName) -> list[Issue]:
    """The issues of that name, from the whole way through."""
    return [issue for issue in folded(facts).verdict.issues if issue.name is name]


def moment(interval: float, *, step_s: float = STEP_S) -> EpochMs:
    """When so many intervals had passed."""
    return EpochMs(TEN + round((BEGIN_S + interval * step_s) * 1000))
