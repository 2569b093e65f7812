"""Sentences about the network: what was lost or late, on which side, and how certain that is."""

from typing import Any

import pytest

from aftercall.core.quality.diagnosis.findings import Evidence
from aftercall.core.quality.issues import IssueName
from tests.core.quality.diagnosis.finding_builder import TIME, figure, sentence

LOSS = figure("loss_percent", 8, 14)
JITTER = figure("jitter_ms", 55, 55)
VOICE = {"media": ["voice"]}

CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "uplink",
        VOICE | {"figures": [LOSS]},
        f"About 8 % of Ann Lee's voice was lost on Ann's uplink {TIME}, at worst 14 %.",
    ),
    (
        "uplink",
        VOICE | {"figures": [JITTER, figure("rtt_ms", 400, 400)], "affected": ["bob"]},
        f"Ann Lee's voice came unevenly from Ann's uplink {TIME}, jitter about 55 ms,"
        " with round trips of about 400 ms; Bob heard it.",
    ),
    ("uplink", {}, f"What Ann Lee sent came unevenly from Ann's uplink {TIME}."),
    (
        "uplink",
        VOICE | {"figures": [LOSS], "issues": [IssueName.LOW_AVAILABLE_BITRATE]},
        f"About 8 % of Ann Lee's voice was lost on Ann's uplink {TIME}, at worst 14 %;"
        " there was too little room for Ann's video.",
    ),
    (
        "downlink",
        VOICE | {"figures": [LOSS], "evidence": Evidence(senders_present=2, senders_affected=2)},
        f"About 8 % of the voice sent to Ann Lee was lost on Ann's downlink {TIME},"
        " at worst 14 %; both senders came through badly.",
    ),
    (
        "downlink",
        VOICE | {"figures": [LOSS], "evidence": Evidence(senders_present=4, senders_affected=4)},
        f"About 8 % of the voice sent to Ann Lee was lost on Ann's downlink {TIME},"
        " at worst 14 %; all 4 senders came through badly.",
    ),
    (
        "downlink",
        VOICE | {"figures": [LOSS], "evidence": Evidence(senders_present=4, senders_affected=3)},
        f"About 8 % of the voice sent to Ann Lee was lost on Ann's downlink {TIME},"
        " at worst 14 %; 3 of 4 senders came through badly.",
    ),
    (
        "downlink",
        {"media": ["video"], "issues": [IssueName.NARROW_DOWNLINK]},
        f"The video sent to Ann Lee was made smaller to fit Ann's downlink {TIME}.",
    ),
    (
        "downlink",
        VOICE | {"figures": [LOSS], "peer_ids": ["bob"], "evidence": Evidence(senders_present=2)},
        f"About 8 % of Bob's voice to Ann Lee was lost on the way {TIME}, at worst 14 %;"
        " another sender came through well, so it was in the server or between the server and Ann.",
    ),
    (
        "downlink",
        VOICE
        | {
            "figures": [LOSS],
            "peer_ids": ["bob", "cy", "de"],
            "evidence": Evidence(senders_present=5),
        },
        f"About 8 % of the voice of Bob, Cy and de Vries to Ann Lee was lost on the way {TIME},"
        " at worst 14 %; 2 other senders came through well, so it was in the server or between"
        " the server and Ann.",
    ),
    (
        "reception",
        VOICE | {"figures": [JITTER]},
        f"The voice sent to Ann Lee came unevenly {TIME}, jitter about 55 ms;"
        " on whose side is not known.",
    ),
    (
        "server",
        VOICE | {"subject": None, "figures": [LOSS], "affected": ["bob", "cy"]},
        "About 8 % of everybody's voice was lost in the server or in the network before it"
        f" {TIME}, at worst 14 %; Bob and Cy heard it.",
    ),
    (
        "server",
        {"subject": None, "figures": [JITTER]},
        "What everybody sent came unevenly from the server or from the network before it"
        f" {TIME}, jitter about 55 ms.",
    ),
    (
        "sender",
        VOICE
        | {
            "affected": ["bob", "cy"],
            "figures": [LOSS],
            "evidence": Evidence(sender_cause="cpu"),
        },
        f"Ann Lee's voice came through badly to Bob and Cy {TIME} (about 8 %, at worst 14 % lost);"
        " the cause was Ann's slow machine.",
    ),
    (
        "sender",
        {"affected": ["bob"]},
        f"Ann Lee came through badly to Bob {TIME}; the cause was Ann's camera or machine.",
    ),
    (
        "relay_tcp",
        {},
        f"Ann Lee's media went through a TURN relay on TCP {TIME}.",
    ),
    (
        "relay_tcp",
        {"figures": [figure("rtt_ms", 400, 400), JITTER], "issues": [IssueName.BANDWIDTH_LIMITED]},
        "Ann Lee's media went through a TURN relay on TCP, where one late packet holds up all"
        " behind it: round trips took about 400 ms, jitter was about 55 ms and Ann's video was"
        f" made smaller to fit {TIME}.",
    ),
    (
        "round_trip",
        {"figures": [figure("rtt_ms", 400, 600)]},
        f"Ann Lee's round trips took about 400 ms {TIME}, at worst 600 ms.",
    ),
    ("round_trip", {}, f"Ann Lee's round trips were long {TIME}."),
    (
        "lateness",
        VOICE | {"peer_ids": ["bob"], "figures": [figure("jitter_buffer_ms", 300, 500)]},
        f"Bob's voice to Ann Lee came in clumps {TIME} and was played about 300 ms late,"
        " at worst 500 ms.",
    ),
    (
        "lateness",
        VOICE | {"figures": [figure("concealment_percent", 12, 12)]},
        f"The voice sent to Ann Lee came in clumps {TIME}, about 12 % of the sound made up.",
    ),
    ("lateness", VOICE, f"The voice sent to Ann Lee came in clumps {TIME}."),
    (
        "bandwidth",
        {"figures": [figure("available_kbps", 200, 120)]},
        f"Ann Lee's uplink was too narrow for Ann's video {TIME}"
        " (about 200 kbit/s, at worst 120 kbit/s).",
    ),
]


@pytest.mark.parametrize(("cause", "parts", "words"), CASES)
def test_a_network_sentence_states_impairment_side_and_severity(
    cause: str, parts: dict[str, Any], words: str
) -> None:
    assert sentence(cause, **parts) == words
