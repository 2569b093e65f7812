"""The sentence of a finding: one for each cause, made of the finding's parts alone."""

from typing import Any

import pytest

from aftercall.core.quality.diagnosis.advice import ADVICE
from aftercall.core.quality.diagnosis.findings import Evidence
from aftercall.core.quality.diagnosis.sentences import SENTENCES
from aftercall.core.quality.issues import IssueName
from tests.core.quality.diagnosis.finding_builder import (
    MINUTE,
    TIME,
    figure,
    sentence,
)

CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "cpu",
        {"issues": [IssueName.CPU_LIMITED], "figures": [figure("fps", 9, 6)]},
        "Ann Lee's machine was too slow to send Ann's video in full"
        f" (about 9 frames a second, at worst 6 frames a second) {TIME}.",
    ),
    (
        "cpu",
        {"issues": [IssueName.DECODER_OVERLOADED], "figures": [figure("dropped_percent", 30, 30)]},
        "Ann Lee's machine was too slow to show all that came"
        f" (about 30 % of the frames were dropped) {TIME}.",
    ),
    (
        "one_way_audio",
        {"peer_ids": ["bob"]},
        f"Ann Lee heard nothing of Bob {TIME} although Bob spoke.",
    ),
    (
        "no_video_received",
        {"peer_ids": ["bob"], "media": ["screen"]},
        f"Ann Lee saw nothing of Bob {TIME} although screen was sent.",
    ),
    ("no_video_received", {}, f"Ann Lee saw nothing {TIME} although video was sent."),
    (
        "audio_not_played",
        {"peer_ids": ["cy", "bob"]},
        f"The sound of Bob and Cy reached Ann Lee but was not played {TIME}.",
    ),
    ("silent_microphone", {}, f"Ann Lee's microphone gave pure silence {TIME}."),
    (
        "constant_audio",
        {},
        f"Ann Lee's microphone gave one constant sound {TIME}: hum, or a stuck device.",
    ),
    ("no_audio_sent", {}, f"Ann Lee sent no voice {TIME}."),
    (
        "no_video_sent",
        {"evidence": Evidence(is_switched_on=True)},
        f"Ann Lee sent no video {TIME} although it was switched on.",
    ),
    (
        "interruption",
        {"issues": [IssueName.ICE_RECONNECTING]},
        "Ann Lee's connection was lost for 1 min at 10:00:00 UTC.",
    ),
    (
        "interruption",
        {"issues": [IssueName.ICE_FAILED]},
        "Ann Lee's connection failed for 1 min at 10:00:00 UTC.",
    ),
    (
        "slow_connect",
        {"figures": [figure("connect_ms", 12_000, 12_000)]},
        "Ann Lee needed 12 s to connect at 10:00:00 UTC.",
    ),
    (
        "no_answer",
        {},
        "Ann Lee's offer of a connection at 10:00:00 UTC was not answered.",
    ),
    (
        "no_relay_candidate",
        {},
        "Ann Lee's connection found no path at 10:00:00 UTC, and got no address from a TURN "
        "server.",
    ),
    (
        "media_refused",
        {},
        "Ann Lee's browser gave no camera or microphone when it was asked at 10:00:00 UTC.",
    ),
    ("slow_connect", {}, "Ann Lee needed long to connect at 10:00:00 UTC."),
    ("rejoined", {}, f"Ann Lee was gone {TIME} and rejoined (1 min away)."),
    (
        "rejoined",
        {"spans": MINUTE * 4},
        "Ann Lee was gone 4 times between 10:00:00 and 10:01:00 UTC, 4 min in all and rejoined.",
    ),
    (
        "stats_gap",
        {},
        f"No measurements of Ann Lee's call are on record {TIME}; what happened then is not known.",
    ),
    (
        "poor_sound",
        {"direction": "received", "media": ["voice"], "peer_ids": ["bob"]},
        f"What Ann Lee heard of Bob was poor {TIME}; the reports do not show why.",
    ),
    (
        "poor_picture",
        {
            "direction": "received",
            "media": ["screen"],
            "figures": [figure("mos", 2.04, 1.5)],
            "evidence": Evidence(is_loss_free=True),
        },
        f"What Ann Lee saw of the screen was poor (about 2.0 of 5) {TIME}; hardly any packet was"
        " lost on the way, so late packets or a busy machine are likely.",
    ),
    (
        "poor_picture",
        {
            "direction": "received",
            "media": ["video"],
            "figures": [
                figure("frozen_percent", 40, 40),
                figure("mean_freeze_ms", 900, 900),
                figure("fps", 5, 5),
                figure("mos", 1.2, 1.0),
            ],
        },
        "What Ann Lee saw stood still for about 40 % of the time and was slow"
        f" (about 5 frames a second) {TIME}; the reports do not show why.",
    ),
    (
        "poor_picture_sent",
        {
            "direction": "sent",
            "media": ["video"],
            "figures": [figure("mean_freeze_ms", 1_260, 2_000)],
        },
        f"Ann Lee's video, as sent, stood still for 1.3 s at a time {TIME};"
        " the reports do not show why.",
    ),
]


@pytest.mark.parametrize(("cause", "parts", "words"), CASES)
def test_each_cause_has_its_sentence(cause: str, parts: dict[str, Any], words: str) -> None:
    assert sentence(cause, **parts) == words


def test_a_sentence_begins_with_a_capital_unless_it_begins_with_a_name() -> None:
    assert sentence("silent_microphone", subject="de").startswith("de Vries's microphone")
    assert sentence("stats_gap", subject="de").startswith("No measurements")


def test_causes_with_advice_are_the_causes_with_a_sentence() -> None:
    assert set(SENTENCES) == set(ADVICE)


@pytest.mark.parametrize("cause", sorted(SENTENCES))
def test_every_cause_has_a_sentence_from_minimal_parts(cause: str) -> None:
    words = sentence(cause, peer_ids=["bob"], affected=["ann"], issues=[IssueName.CPU_LIMITED])
    assert words.endswith(".")
    assert "  " not in words and " ," not in words and " ;" not in words
    assert "None" not in words
