"""The noun of a cause and its one figure."""

from typing import Any

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.diagnosis.advice import ADVICE
from aftercall.core.quality.diagnosis.nouns import NOUNS, amount_of, noun_of
from aftercall.core.quality.issues import IssueName
from tests.core.quality.diagnosis.finding_builder import MINUTE, figure, finding
from tests.core.quality.synthetic_call import CALL_START

LOSS = [figure("loss_percent", 12, 21)]


def test_every_cause_has_a_noun() -> None:
    assert NOUNS.keys() == ADVICE.keys()
    for cause in NOUNS:
        assert noun_of(finding(cause))


def test_a_cause_of_another_version_is_its_own_noun() -> None:
    assert noun_of(finding("solar_wind")) == "Solar wind"


@pytest.mark.parametrize(
    ("cause", "parts", "noun"),
    [
        ("uplink", {"figures": LOSS}, "Uplink loss"),
        ("uplink", {"figures": [figure("jitter_ms", 40, 60)]}, "Uneven uplink"),
        ("downlink", {"figures": LOSS}, "Downlink loss"),
        ("downlink", {"figures": LOSS, "peer_ids": ["bob"]}, "Loss on the way"),
        ("downlink", {"issues": [IssueName.NARROW_DOWNLINK]}, "Narrow downlink"),
        ("interruption", {"issues": [IssueName.ICE_RECONNECTING]}, "Connection lost"),
        ("interruption", {}, "Connection failed"),
    ],
)
def test_the_noun_tells_kinds_of_a_cause_apart(
    cause: str, parts: dict[str, Any], noun: str
) -> None:
    assert noun_of(finding(cause, **parts)) == noun


@pytest.mark.parametrize(
    ("cause", "parts", "amount"),
    [
        ("uplink", {"figures": LOSS}, "12 %, worst 21 %"),
        ("uplink", {"figures": [figure("loss_percent", 12, 12)]}, "12 %"),
        ("uplink", {"figures": [figure("loss_percent", None, 12)]}, "12 %"),
        ("cpu", {"spans": MINUTE}, "1 min"),
        ("cpu", {"spans": MINUTE, "figures": [figure("limited_percent", 100, 100)]}, "1 min"),
        (
            "cpu",
            {"figures": [figure("limited_percent", 100, 100), figure("dropped_percent", 18, 32)]},
            "18 %, worst 32 %",
        ),
        ("silent_microphone", {"spans": MINUTE, "figures": LOSS}, "1 min"),
        ("poor_picture", {"spans": MINUTE, "figures": [figure("mos", 2, 1)]}, "1 min"),
        ("slow_connect", {"figures": [figure("connect_ms", 8_000, 8_000)]}, "8 s"),
        ("interruption", {"spans": [(CALL_START, CALL_START)]}, ""),
        (
            "interruption",
            {"spans": [(CALL_START, CALL_START), (EpochMs(CALL_START + 1), CALL_START + 1)]},
            "2 times",
        ),
    ],
)
def test_the_figure_is_the_first_one_or_the_length(
    cause: str, parts: dict[str, Any], amount: str
) -> None:
    assert amount_of(finding(cause, **parts)) == amount
