"""Calls of the simulator, second by second, and the findings about its guests."""

from typing import Any

import pytest

from aftercall.core.quality.issues import IssueName
from aftercall.core.quality.report.fold import Verdict
from aftercall.simulator.call import Call, SentEntry
from aftercall.simulator.network_conditions import Kind
from tests.completed_calls import collected, completed, facts_of
from tests.core.quality.synthetic_call import CALL_START

EXPECTED = {
    Kind.GOOD: set[str](),
    Kind.LOSSY_UPLINK: {"uplink"},
    Kind.CONGESTED_DOWNLINK: {"downlink"},
    Kind.SLOW_CPU: {"cpu"},
    Kind.TURN_TCP: {"relay_tcp"},
    Kind.SILENT_MICROPHONE: {"silent_microphone"},
}
"""The causes that must be found for each, and no other."""


def _played(seed: int, *kinds: Kind) -> list[tuple[Kind, Verdict]]:
    call = Call(
        seed=seed,
        number=1,
        participants=len(kinds),
        length_s=600,
        interval_s=7,
        begin_ms=CALL_START,
        kinds=kinds,
    )
    stated: list[SentEntry] = [each for _, batch in call.play() for each in batch]
    entries: dict[str, list[dict[str, Any]]] = {}
    guests: dict[str, Kind] = {}
    for each in stated:
        entries.setdefault(each.peer.id, []).append(each.entry)
        guests[each.peer.id] = call.guests[each.guest].weather.kind
    participants = {id: [facts_of(id, collected(id, own))] for id, own in entries.items()}
    verdicts = completed(participants, {id: id for id in participants})
    return [(guests[peer_id], verdict) for peer_id, verdict in verdicts.items()]


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_simulated_good_conditions_raise_no_issue(seed: int) -> None:
    for _, verdict in _played(seed, *[Kind.GOOD] * 4):
        assert {issue.name for issue in verdict.issues} <= {IssueName.CAMERA_MUTED}
        assert verdict.diagnosis == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_simulated_condition_is_diagnosed_and_attributed_correctly(seed: int) -> None:
    for kind, verdict in _played(seed, *EXPECTED):
        blamed = {f.cause for f in verdict.diagnosis if f.severity != "information"}
        assert blamed == EXPECTED[kind], kind


@pytest.mark.parametrize("seed", [1, 2])
def test_one_impaired_guest_is_the_only_one_with_findings(seed: int) -> None:
    for bad in (Kind.LOSSY_UPLINK, Kind.CONGESTED_DOWNLINK, Kind.TURN_TCP):
        for kind, verdict in _played(seed, bad, *[Kind.GOOD] * 3):
            blamed = {f.cause for f in verdict.diagnosis if f.severity != "information"}
            assert blamed == EXPECTED[kind], (bad, kind)
