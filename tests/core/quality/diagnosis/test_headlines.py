"""Headlines: whose what, what it did, how long, and who noticed."""

from typing import Any

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.diagnosis.advice import ADVICE
from aftercall.core.quality.diagnosis.findings import Evidence
from aftercall.core.quality.diagnosis.headlines import (
    HEADLINES,
    Tense,
    headline_of,
    headline_with_time,
    lasting,
    reach_of,
)
from aftercall.core.quality.diagnosis.wording import Mentions, People
from aftercall.core.quality.issues import IssueName
from tests.core.quality.diagnosis.finding_builder import MINUTE, NAMES, figure, finding
from tests.core.quality.synthetic_call import CALL_START

PAST, PRESENT = Tense(), Tense(is_present=True)
LOSS = [figure("loss_percent", 12, 21)]


def mentions() -> Mentions:
    return Mentions(People(NAMES))


CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("uplink", {"figures": LOSS}, "Ann Lee's uplink", "lost about 12 %, at worst 21 %"),
    (
        "uplink",
        {"figures": [figure("jitter_ms", 55, 80)]},
        "Ann Lee's uplink",
        "let media through unevenly, jitter about 55 ms, at worst 80 ms",
    ),
    ("downlink", {"figures": LOSS}, "Ann Lee's downlink", "lost about 12 %, at worst 21 %"),
    (
        "downlink",
        {"issues": [IssueName.NARROW_DOWNLINK]},
        "Ann Lee's downlink",
        "was too narrow for what was sent",
    ),
    (
        "downlink",
        {"figures": LOSS, "peer_ids": ["bob"], "media": ["voice"]},
        "Bob's voice to Ann Lee",
        "lost about 12 %, at worst 21 % on the way",
    ),
    (
        "reception",
        {"figures": LOSS, "media": ["video"]},
        "The video sent to Ann Lee",
        "lost about 12 %, at worst 21 % on the way",
    ),
    (
        "server",
        {"figures": LOSS, "subject": None},
        "The server, or the network before it,",
        "lost about 12 %, at worst 21 %",
    ),
    ("sender", {"media": ["voice"]}, "Ann Lee's voice", "came through badly"),
    (
        "relay_tcp",
        {"figures": [figure("rtt_ms", 410, 535)]},
        "Ann Lee's relay over TCP",
        "held media up, with round trips of about 410 ms, at worst 535 ms",
    ),
    ("relay_tcp", {}, "Ann Lee's relay over TCP", "was used"),
    (
        "round_trip",
        {"figures": [figure("rtt_ms", 410, 535)]},
        "Ann Lee's round trips",
        "took about 410 ms, at worst 535 ms",
    ),
    (
        "lateness",
        {"figures": [figure("jitter_buffer_ms", 410, 535)]},
        "What Ann Lee received",
        "was played about 410 ms, at worst 535 ms late",
    ),
    (
        "bandwidth",
        {"figures": [figure("available_kbps", 300, 120)]},
        "Ann Lee's uplink",
        "was too narrow for Ann's video, about 300 kbit/s, at worst 120 kbit/s",
    ),
    (
        "cpu",
        {"figures": [figure("dropped_percent", 18, 32)]},
        "Ann Lee's machine",
        "was too slow and dropped about 18 %, at worst 32 % of the frames",
    ),
    ("one_way_audio", {"peer_ids": ["bob"]}, "Ann Lee", "heard nothing of Bob"),
    ("no_video_received", {}, "Ann Lee", "saw nothing"),
    ("audio_not_played", {}, "Ann Lee's browser", "did not play the sound that came"),
    ("silent_microphone", {}, "Ann Lee's microphone", "gave pure silence"),
    ("no_audio_sent", {}, "Ann Lee", "sent no voice"),
    (
        "poor_sound",
        {"figures": [figure("concealment_percent", 9, 20)], "peer_ids": ["bob"]},
        "What Ann Lee heard of Bob",
        "was broken up (about 9 %, at worst 20 % made up)",
    ),
    (
        "interruption",
        {"issues": [IssueName.ICE_RECONNECTING], "spans": [*MINUTE, *MINUTE]},
        "Ann Lee's connection",
        "was lost 2 times",
    ),
    ("interruption", {}, "Ann Lee's connection", "failed"),
    ("rejoined", {}, "Ann Lee", "was gone and rejoined"),
    ("slow_connect", {"figures": [figure("connect_ms", 8_000, 8_000)]}, "Ann Lee",
     "needed 8 s to connect"),
    ("no_answer", {}, "Ann Lee's offer", "was not answered"),
    ("no_relay_candidate", {}, "Ann Lee's connection",
     "found no path and got no address from a TURN server"),
    ("media_refused", {}, "Ann Lee's browser", "gave no camera or microphone"),
    ("stats_gap", {}, "Ann Lee's call", "was not measured"),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "parts", "who", "what"), CASES)
def test_a_headline_says_whose_what_did_what(
    cause: str, parts: dict[str, Any], who: str, what: str
) -> None:
    found = headline_of(finding(cause, **{"spans": MINUTE} | parts), mentions(), PAST)
    assert found == (who, what)


def test_every_cause_has_a_headline() -> None:
    assert HEADLINES.keys() == ADVICE.keys()


@pytest.mark.parametrize("cause", sorted(HEADLINES))
def test_every_headline_has_both_tenses(cause: str) -> None:
    one = finding(cause, spans=MINUTE, peer_ids=["bob"] if cause == "one_way_audio" else [])
    for tense in (PAST, PRESENT):
        who, what = headline_with_time(one, mentions(), tense)
        assert "Ann Lee" in who or cause == "server"
        assert ("10:00:00 UTC" in what) is (tense is PRESENT or cause == "slow_connect")


def test_what_still_lasts_is_in_the_present() -> None:
    one = finding("uplink", spans=MINUTE, figures=[figure("loss_percent", 12, 13)])
    who, what = headline_with_time(one, mentions(), PRESENT)
    said = "is losing about 12 %, at worst 13 %, since 10:00:00 UTC"
    assert (who, what) == ("Ann Lee's uplink", said)


def test_lengths_are_summed_and_moments_are_named() -> None:
    later = (EpochMs(CALL_START + 120_000), EpochMs(CALL_START + 150_000))
    moment = (CALL_START, CALL_START)
    assert lasting(MINUTE, PAST) == "for 1 min"
    assert lasting([*MINUTE, later], PAST) == "for 1 min 30 s in all"
    assert lasting([moment], PAST) == "at 10:00:00 UTC"
    assert lasting([moment, (later[0], later[0])], PAST) == "at 10:00:00 UTC, 2 times in all"
    assert lasting([*MINUTE, later], PRESENT) == "since 10:02:00 UTC"
    assert lasting([], PAST) == ""


REACH: list[tuple[dict[str, Any], str]] = [
    ({"affected": ["bob"], "media": ["voice"]}, "Bob heard it"),
    ({"affected": ["bob", "cy"], "media": ["video"]}, "Bob and Cy saw it"),
    (
        {
            "affected": ["bob", "cy"],
            "media": ["voice"],
            "evidence": Evidence(listeners_present=2, listeners_affected=2),
        },
        "Everybody heard it",
    ),
    (
        {
            "affected": ["bob", "cy", "de", "ed"],
            "evidence": Evidence(listeners_present=9, listeners_affected=4),
        },
        "4 of 9 noticed it",
    ),
    ({"affected": ["ann"]}, "Ann Lee alone noticed"),
    ({"affected": []}, ""),
    ({"subject": None, "affected": ["ann", "bob"]}, "Everybody noticed it"),
]


@pytest.mark.parametrize(("parts", "said"), REACH)
def test_who_noticed_is_said_only_where_it_is_known(parts: dict[str, Any], said: str) -> None:
    assert reach_of(finding("uplink", **parts), mentions(), PAST) == said


def test_one_hears_and_several_hear() -> None:
    one = finding("uplink", affected=["bob"], media=["voice"])
    both = finding("uplink", affected=["bob", "cy"], media=["voice"])
    assert reach_of(one, mentions(), PRESENT) == "Bob hears it"
    assert reach_of(both, mentions(), PRESENT) == "Bob and Cy hear it"
