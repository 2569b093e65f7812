"""How findings are known, and what followed from them."""

from typing import Any

import pytest

from aftercall.core.quality.diagnosis.advice import ADVICE
from aftercall.core.quality.diagnosis.explanations import followed, happened, known
from aftercall.core.quality.diagnosis.findings import DeviceSwitch, Evidence
from aftercall.core.quality.diagnosis.wording import Mentions, People
from aftercall.core.quality.issues import IssueName
from tests.core.quality.diagnosis.finding_builder import (
    MINUTE,
    NAMES,
    TIME,
    figure,
    finding,
    sentence,
)
from tests.core.quality.synthetic_call import CALL_START

HEARD = Evidence(
    listeners_present=2,
    listeners_affected=2,
    is_reported_by_sender=True,
    voice_mos=2.4,
    concealment_percent=9,
    sent_media=["video"],
)
LOSS: dict[str, Any] = {
    "spans": MINUTE,
    "figures": [figure("loss_percent", 12, 21)],
    "media": ["voice"],
    "affected": ["bob", "cy"],
    "issues": [IssueName.POOR_NETWORK_UPLINK, IssueName.BANDWIDTH_LIMITED],
    "evidence": HEARD,
}


def mentions() -> Mentions:
    return Mentions(People(NAMES))


def test_what_happened_leaves_out_what_followed() -> None:
    said = happened(finding("uplink", **LOSS), mentions())
    assert said == (
        f"About 12 % of Ann Lee's voice was lost on Ann's uplink {TIME}, at worst 21 %."
    )
    assert sentence("uplink", **LOSS).startswith(said.removesuffix("."))


def test_what_followed_counts_listeners_and_names_what_shrank() -> None:
    assert followed(finding("uplink", **LOSS), mentions()) == [
        "Both listeners heard it.",
        "About 9 % of Ann Lee's voice was made up by the listeners' browsers.",
        "Ann's voice came across at about 2.4 of 5.",
        "Ann's video was made smaller to fit.",
    ]


@pytest.mark.parametrize(
    ("present", "affected", "said"),
    [
        (1, ["bob"], "Bob heard it."),
        (3, ["bob", "cy"], "2 of 3 listeners heard it."),
        (3, ["bob", "cy", "de"], "All 3 listeners heard it."),
        (None, ["bob", "cy"], "Bob and Cy heard it."),
    ],
)
def test_listeners_are_named_or_counted(
    present: int | None, affected: list[str], said: str
) -> None:
    evidence = Evidence(listeners_present=present, listeners_affected=len(affected))
    one = finding("uplink", media=["voice"], affected=affected, evidence=evidence)
    assert followed(one, mentions()) == [said]


def test_nothing_followed_where_nobody_is_known_to_have_noticed() -> None:
    assert followed(finding("uplink", affected=[]), mentions()) == []
    assert followed(finding("cpu", affected=["ann"]), mentions()) == []


def test_a_reported_and_an_inferred_uplink_are_known_differently() -> None:
    assert known(finding("uplink", **LOSS), mentions()) == [
        "The other end reported to Ann Lee's browser what was missing.",
        "Both listeners received Ann badly at that time, and not everybody else as well.",
    ]
    inferred = Evidence(listeners_present=3, listeners_affected=3, is_reported_by_sender=False)
    last = known(finding("uplink", **LOSS | {"evidence": inferred}), mentions())[-1]
    assert last == "The listeners received others well then, so it was between Ann and the server."


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            {"evidence": Evidence(senders_present=3, senders_affected=3)},
            "3 of 3 senders came through badly to Ann Lee, so the cause lies at Ann's end.",
        ),
        (
            {"evidence": Evidence(senders_present=3, senders_affected=1), "peer_ids": ["bob"]},
            "1 of 3 senders came through badly to Ann Lee, the others well.",
        ),
        (
            {"issues": [IssueName.NARROW_DOWNLINK]},
            "The server sent Ann Lee smaller pictures than to others, from every sender; nothing "
            "of them was lost.",
        ),
    ],
)
def test_a_downlink_is_known_by_its_senders(parts: dict[str, Any], said: str) -> None:
    assert known(finding("downlink", **parts), mentions()) == [said]


@pytest.mark.parametrize("cause", sorted(ADVICE))
def test_every_cause_is_explained(cause: str) -> None:
    parts: dict[str, Any] = {"spans": MINUTE, "issues": [IssueName.CPU_LIMITED]}
    if cause in ("one_way_audio", "downlink"):
        parts["peer_ids"] = ["bob"]
    if cause == "server":
        parts["subject"] = None
    one = finding(cause, **parts)
    assert known(one, mentions())
    assert happened(one, mentions()).endswith(".")


def test_a_switched_device_is_part_of_the_evidence() -> None:
    device = DeviceSwitch(kind="microphone", label="USB thing", at=CALL_START)
    one = finding("silent_microphone", evidence=Evidence(device=device))
    assert known(one, mentions())[-1] == (
        "It began just after the switch to USB thing at 10:00:00 UTC."
    )
