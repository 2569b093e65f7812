"""The rules of the catalogue that compare two participants: what one sent and the other did not
receive."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec import structs

from aftercall.core.quality.issues import Issue, IssueName
from aftercall.core.quality.report.cross_participant_pass import complete
from aftercall.core.quality.report.fold import PeerFacts, fold
from tests.core.quality.peer_events import event
from tests.core.quality.synthetic_call import FINE, Call, PeerConditions, always, replace

STEP_S = 5
RECEIVED = frozenset({IssueName.ONE_WAY_AUDIO, IssueName.NO_AUDIO_RECEIVED,
                      IssueName.NO_VIDEO_RECEIVED})  # fmt: skip

Body = dict[str, Any]


def _call(bob: PeerConditions = FINE) -> Call:
    return Call({"ada": always(FINE), "bob": always(bob)}, minutes=3, interval_ms=STEP_S * 1000)


def _missing_media(call: Call, ada: PeerFacts) -> dict[str, list[Issue]]:
    """The issues about not receiving, when ada's reports are these."""
    participants = {"ada": [ada], "bob": [call.facts("bob")]}
    each = {
        name: fold(participant_peers, call.end_at)
        for name, participant_peers in participants.items()
    }
    verdicts = dict(
        complete(
            {name: one.verdict for name, one in each.items()},
            {name: one.activity for name, one in each.items()},
            {name: name for name in each},
            call.end_at,
        )
    )
    return {
        name: [issue for issue in verdict.issues if issue.name in RECEIVED]
        for name, verdict in verdicts.items()
    }


def _reworked(facts: PeerFacts, change: Callable[[int, Body], None]) -> PeerFacts:
    samples = []
    for number, sample in enumerate(facts.samples):
        body = msgspec.json.decode(sample.body)
        change(number, body)
        samples.append(structs.replace(sample, body=msgspec.json.encode(body)))
    return structs.replace(facts, samples=samples)


def _stalled(facts: PeerFacts, first: int, reports: int, *kinds: str) -> PeerFacts:
    """Without what was received of these kinds in so many reports from the first on."""
    before: dict[str, Body] = {}
    missed: dict[str, Body] = {}

    def change(number: int, body: Body) -> None:
        for stats in body["connections"][0]["stats"]:
            if stats["type"] != "inbound-rtp" or stats["kind"] not in kinds:
                continue
            counted = {n: v for n, v in stats.items() if n.startswith(("packets", "bytes"))}
            counted |= {n: v for n, v in stats.items() if n.startswith("frames")}
            last = before.setdefault(stats["id"], counted)
            lacks = missed.setdefault(stats["id"], dict.fromkeys(counted, 0))
            if first <= number < first + reports:
                for name, value in counted.items():
                    lacks[name] += value - last[name]
            before[stats["id"]] = counted
            stats |= {name: value - lacks[name] for name, value in counted.items()}

    return _reworked(facts, change)


def _shown(facts: PeerFacts) -> PeerFacts:
    """The facts with the size at which video is displayed."""

    def change(number: int, body: Body) -> None:
        for tag in body["streams"]:
            if tag["kind"] == "video":
                tag |= {"expected_width": 640, "expected_height": 360}

    return _reworked(facts, change)


def _span(issue: Issue, call: Call) -> tuple[float, float]:
    begin_at = call.facts("ada").peer.joined_at or 0
    return (issue.first_at - begin_at) / 1000, (issue.last_at - begin_at) / 1000


@pytest.mark.parametrize("reports", [1, 2, 6])
def test_audio_missing_for_ten_seconds_beside_video_is_one_way_audio(reports: int) -> None:
    call = _call()
    reported = _missing_media(call, _stalled(call.facts("ada"), 10, reports, "audio"))
    assert reported["bob"] == []
    if reports * STEP_S < 10:
        assert reported["ada"] == []
        return
    [issue] = reported["ada"]
    assert (issue.name, issue.severity) == (IssueName.ONE_WAY_AUDIO, "severe")
    assert issue.stream.from_peer_id == "bob"
    assert _span(issue, call) == (45, 45 + reports * STEP_S)


def test_audio_missing_without_video_is_no_audio_received() -> None:
    call = _call()
    reported = _missing_media(call, _stalled(call.facts("ada"), 10, 4, "audio", "video"))
    assert [issue.name for issue in reported["ada"]] == [IssueName.NO_AUDIO_RECEIVED]
    assert reported["bob"] == []


@pytest.mark.parametrize("level", [0.0, 0.007])
def test_audio_of_a_silent_sender_is_not_missing(level: float) -> None:
    call = _call(replace(FINE, level=level))
    assert _missing_media(call, _stalled(call.facts("ada"), 10, 6, "audio"))["ada"] == []


def test_media_that_was_not_sent_is_not_missing() -> None:
    call = _call(replace(FINE, sends_audio=False, camera_on=False))
    assert (
        _missing_media(call, _shown(_stalled(call.facts("ada"), 10, 6, "audio", "video")))["ada"]
        == []
    )


@pytest.mark.parametrize("reports", [1, 2, 6])
def test_video_that_is_displayed_and_does_not_arrive_is_missing(reports: int) -> None:
    call = _call()
    reported = _missing_media(call, _shown(_stalled(call.facts("ada"), 10, reports, "video")))
    assert reported["bob"] == []
    names = [issue.name for issue in reported["ada"]]
    assert names == ([] if reports * STEP_S < 10 else [IssueName.NO_VIDEO_RECEIVED])


def test_video_that_is_no_longer_displayed_is_not_missing() -> None:
    call = _call()
    stalled = _stalled(call.facts("ada"), 10, 6, "video")
    shown = _shown(structs.replace(stalled, samples=stalled.samples[:10]))
    samples = [*shown.samples, *stalled.samples[10:]]
    assert _missing_media(call, structs.replace(stalled, samples=samples))["ada"] == []


def test_video_on_a_hidden_page_is_not_missing() -> None:
    call = _call()
    stalled = _shown(_stalled(call.facts("ada"), 10, 6, "video"))
    hidden = event(stalled.samples[8].at, "browser_backgrounded")
    assert (
        _missing_media(call, structs.replace(stalled, events=[*stalled.events, hidden]))["ada"]
        == []
    )


def test_video_that_is_not_displayed_is_not_missing() -> None:
    call = _call()
    assert _missing_media(call, _stalled(call.facts("ada"), 10, 6, "video"))["ada"] == []
