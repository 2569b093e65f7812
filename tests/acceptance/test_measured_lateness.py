"""Which issues a late machine explains in calls in real time, and how the relay treats packets."""

from random import Random
from typing import Any

import pytest

from tests.acceptance.machine_lateness import Machine, is_explained, unexplained
from tests.acceptance.packet_relay import Impairment, Passage

NOON = 1_795_262_400.0
LATE_FROM, LATE_TO = 20, 40


@pytest.fixture
def machine() -> Machine:
    """A machine whose timers were missed from 12:00:20 to 12:00:40."""
    return Machine(timers=[(NOON + second, 0.1) for second in range(LATE_FROM, LATE_TO)])


def issue(name: str, first_s: int, last_s: int, **worst: float) -> dict[str, Any]:
    times = (f"2026-11-21T12:00:{second:02}+00:00" for second in (first_s, last_s))
    return dict(zip(("first_at", "last_at"), times, strict=True)) | {"name": name, "worst": worst}


def report(*issues: dict[str, Any]) -> dict[str, Any]:
    findings = [
        {**each, "cause": each["name"], "severity": "warning", "issues": [each["name"]]}
        for each in issues
    ]
    return {"diagnosis": findings, "issues": list(issues)}


@pytest.mark.parametrize(
    "reported",
    [
        issue("cpu_limited", 22, 38),
        issue("high_jitter_buffer_delay", 25, 41, jitter_buffer_ms=300),
        issue("high_jitter_buffer_delay", 22, 58, jitter_buffer_ms=691),
        issue("poor_network_uplink", 20, 30, jitter_ms=70),
        issue("audio_concealment", 18, 30, concealment_percent=9),
    ],
    ids=lambda reported: f"{reported['name']}-{reported['last_at'][17:19]}",
)
def test_lateness_is_accepted_while_the_machine_was_late(
    machine: Machine, reported: dict[str, Any]
) -> None:
    assert unexplained(report(reported), machine) == []


@pytest.mark.parametrize(
    "reported",
    [
        issue("cpu_limited", 2, 12),
        issue("cpu_limited", 22, 58),
        issue("audio_concealment", 50, 58, concealment_percent=9),
        issue("high_jitter_buffer_delay", 2, 38, jitter_buffer_ms=691),
        issue("high_jitter_buffer_delay", 50, 59, jitter_buffer_ms=691),
        issue("poor_network_uplink", 22, 38, loss_percent=8, jitter_ms=70),
        issue("poor_network_downlink", 21, 38, jitter_ms=324_000),
        issue("silent_microphone", 22, 38),
        issue("one_way_audio", 22, 38),
    ],
    ids=lambda reported: f"{reported['name']}-{reported['first_at'][17:19]}",
)
def test_other_issues_are_not_accepted(machine: Machine, reported: dict[str, Any]) -> None:
    assert len(unexplained(report(reported), machine)) == 1
    assert len(unexplained(report(reported, issue("cpu_limited", 25, 30)), machine)) == 1


@pytest.mark.parametrize(("loss_percent", "is_the_machines"), [(0, True), (8, False)])
def test_information_is_explained_by_the_same_rule(
    machine: Machine, loss_percent: float, is_the_machines: bool
) -> None:
    late = issue("poor_network_downlink", 22, 38, jitter_ms=70, loss_percent=loss_percent)
    (finding,) = report(late)["diagnosis"]
    assert is_explained(finding, report(late), machine) is is_the_machines


def test_a_machine_that_was_on_time_explains_nothing() -> None:
    on_time = Machine(waits=[(NOON, NOON + 60, 0.01)])
    assert len(unexplained(report(issue("cpu_limited", 22, 38)), on_time)) == 1


def test_the_relay_loses_the_configured_share() -> None:
    passage = Passage(random=Random(1), impairment=Impairment(loss=0.15))
    outs = [passage.out_at(1_000, in_at) for in_at in range(10_000)]
    assert 0.14 < outs.count(None) / len(outs) < 0.16
    assert (passage.passed, passage.dropped) == (10_000 - outs.count(None), outs.count(None))


def test_packets_stay_in_order_whatever_the_jitter() -> None:
    passage = Passage(random=Random(1), impairment=Impairment(delay_ms=40, jitter_ms=30))
    outs = [passage.out_at(1_000, number / 200) for number in range(1_000)]
    times = [out for out in outs if out is not None]
    assert len(times) == 1_000
    assert times == sorted(times)
    assert all(0.04 <= out - number / 200 < 0.08 for number, out in enumerate(times))


def test_a_rate_makes_packets_wait_and_a_full_queue_drops_them() -> None:
    way = Impairment(rate_bps=80_000, queue_ms=250)
    passage = Passage(random=Random(1), impairment=way)
    # A packet of 1,000 bytes takes a tenth of a second.
    outs = [passage.out_at(1_000, 5.0) for _ in range(5)]
    assert outs == [pytest.approx(5.1), pytest.approx(5.2), pytest.approx(5.3), None, None]
    assert passage.out_at(1_000, 6.0) == pytest.approx(6.1)
