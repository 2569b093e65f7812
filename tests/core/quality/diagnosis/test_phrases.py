"""Parts of sentences: affected media, listeners, and limitations."""

from typing import Any

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.diagnosis.findings import DeviceSwitch, Evidence
from aftercall.core.quality.diagnosis.phrases import (
    after_switch,
    fitted,
    held_back,
    lead_of,
    media_words,
    noticed,
    round_trips,
    sent_by,
    sent_to,
    unevenness,
)
from aftercall.core.quality.diagnosis.wording import Mentions, People
from aftercall.core.quality.issues import IssueName
from tests.core.quality.diagnosis.finding_builder import figure, finding
from tests.core.quality.synthetic_call import CALL_START


def mentions() -> Mentions:
    names = {"ann": "Ann", "bob": "Bob", "cy": "Cy", "dee": "Dee", "eve": "Eve"}
    return Mentions(People(names))


@pytest.mark.parametrize(
    ("media", "words"),
    [
        ([], ""),
        (["voice"], "voice"),
        (["voice", "video"], "voice and video"),
        (["voice", "screen", "screen_sound"], "voice, screen and screen sound"),
    ],
)
def test_media_are_joined_with_commas_and_and(media: list[str], words: str) -> None:
    assert media_words(finding(media=media)) == words


@pytest.mark.parametrize(("media", "words"), [(["video"], "Ann's video"), ([], "what Ann sent")])
def test_sent_media_are_named_if_known(media: list[str], words: str) -> None:
    assert sent_by(finding(media=media), mentions()) == words


@pytest.mark.parametrize(
    ("media", "senders", "words"),
    [
        (["voice"], [], "the voice sent to Ann"),
        ([], ["bob"], "what was sent to Ann"),
        (["voice"], ["bob"], "Bob's voice to Ann"),
        (["voice", "video"], ["bob", "cy"], "Bob's and Cy's voice and video to Ann"),
        (["voice"], ["bob", "cy", "dee"], "the voice sent to Ann"),
    ],
)
def test_one_or_two_senders_are_named_and_more_are_not(
    media: list[str], senders: list[str], words: str
) -> None:
    assert sent_to(finding(media=media, peer_ids=senders), mentions()) == words


@pytest.mark.parametrize(
    ("issues", "sent_media", "words"),
    [
        ([IssueName.BANDWIDTH_LIMITED], ["screen"], "Ann's screen was made smaller to fit"),
        ([IssueName.BANDWIDTH_LIMITED], [], "Ann's video was made smaller to fit"),
        (
            [IssueName.LOW_AVAILABLE_BITRATE],
            ["video", "screen"],
            "there was too little room for Ann's video and screen",
        ),
    ],
)
def test_only_reported_encoder_limitation_made_video_smaller(
    issues: list[IssueName], sent_media: list[Any], words: str
) -> None:
    found = finding(issues=issues, evidence=Evidence(sent_media=sent_media))
    assert fitted(found, mentions()) == words
    assert held_back(found, mentions()) in words


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"affected": []}, ""),
        ({"affected": ["ann"]}, ""),
        ({"affected": ["ann", "bob"]}, "; Bob noticed it"),
        ({"affected": ["bob"], "media": ["voice", "video"]}, "; Bob heard it"),
        ({"affected": ["bob"], "media": ["screen_sound"]}, "; Bob heard it"),
        ({"affected": ["bob"], "media": ["screen"]}, "; Bob saw it"),
        ({"affected": ["bob", "cy", "dee", "eve"], "media": ["video"]}, "; 4 people saw it"),
        (
            {
                "affected": ["bob", "cy"],
                "media": ["voice"],
                "evidence": Evidence(listeners_present=5, voice_mos=2.46, video_mos=3.0),
            },
            "; Bob and Cy heard it (2 of 5 listeners, voice about 2.5 of 5, video about 3.0 of 5)",
        ),
        (
            {
                "affected": ["bob", "cy"],
                "media": ["voice"],
                "evidence": Evidence(listeners_present=2),
            },
            "; Bob and Cy heard it",
        ),
    ],
)
def test_affected_listeners_are_named_only_if_known(parts: dict[str, Any], words: str) -> None:
    assert noticed(finding(**parts), mentions()) == words


def test_rtt_has_its_own_clause() -> None:
    assert round_trips(finding(figures=[figure("rtt_ms", 320, 480)])) == (
        ", with round trips of about 320 ms, at worst 480 ms"
    )
    assert round_trips(finding(figures=[figure("jitter_ms", 55, 80)])) == ""


@pytest.mark.parametrize(
    ("name", "typical", "worst", "words"),
    [
        ("jitter_ms", 55, 80, "jitter about 55 ms, at worst 80 ms"),
        ("jitter_buffer_ms", 300, 300, "waiting about 300 ms in the jitter buffer"),
        ("concealment_percent", None, 12, "up to 12 % of the sound made up"),
        ("frozen_percent", 40, 40, "the picture still for about 40 % of the time"),
        ("mean_freeze_ms", 900, 900, "the picture still for about 900 ms at a time"),
        ("fps", None, 4, "down to 4 frames a second"),
    ],
)
def test_unevenness_names_its_measure(
    name: str, typical: float | None, worst: float, words: str
) -> None:
    assert unevenness(figure(name, typical, worst)) == words


def test_the_lead_figure_is_the_first_one() -> None:
    first, second = figure("rtt_ms", 1, 2), figure("jitter_ms", 3, 4)
    assert lead_of(finding(figures=[first, second])) is first
    assert lead_of(finding()) is None


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("USB Headset", ", just after the switch to USB Headset at 10:00:05 UTC"),
        (None, ", just after the switch to another microphone at 10:00:05 UTC"),
    ],
)
def test_a_switch_of_device_shortly_before_is_mentioned(label: str | None, words: str) -> None:
    switch = DeviceSwitch(kind="microphone", label=label, at=EpochMs(CALL_START + 5_000))
    assert after_switch(finding(evidence=Evidence(device=switch))) == words
    assert after_switch(finding()) == ""
