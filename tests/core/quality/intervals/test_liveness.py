"""Cameras that are disabled during a call, as their viewers measure them."""

from typing import Any

import msgspec
from msgspec import structs

from aftercall.core.quality.report.cross_participant_pass import complete
from aftercall.core.quality.report.cumulative import Cumulative
from aftercall.core.quality.report.fold import FoldResult, PeerFacts, fold
from tests.core.quality.synthetic_call import FINE, Call, PeerConditions, always, between

OFF = between(120, 300, PeerConditions(camera_on=False))


def _folds(call: Call, **changed: PeerFacts) -> dict[str, FoldResult]:
    facts = {
        name: [changed.get(name, participant_peers[0])]
        for name, participant_peers in call.facts_by_participant().items()
    }
    folded = {
        name: fold(participant_peers, call.end_at) for name, participant_peers in facts.items()
    }
    completed = dict(
        complete(
            {name: each.verdict for name, each in folded.items()},
            {name: each.activity for name, each in folded.items()},
            {name: name for name in folded},
            call.end_at,
        )
    )
    return {name: structs.replace(each, verdict=completed[name]) for name, each in folded.items()}


def _muted(facts: PeerFacts, start_s: float, end_s: float, **stream: Any) -> PeerFacts:
    """The same with the tags of these streams muted in the reports of that time."""
    samples = []
    for sample in facts.samples:
        body = msgspec.json.decode(sample.body)
        if start_s <= (sample.at - facts.samples[0].at) / 1000 < end_s + 3.5:
            for tag in body["streams"]:
                if stream.items() <= tag.items():
                    tag["muted"] = True
        samples.append(structs.replace(sample, body=msgspec.json.encode(body)))
    return structs.replace(facts, samples=samples)


def _call() -> Call:
    call = Call({"ada": OFF, "bob": always(FINE)}, minutes=8)
    call.event("ada", 120, "video_off")
    call.event("ada", 300, "video_on")
    return call


def _seen(folded: FoldResult, family: str = "video_consumer") -> Cumulative:
    return folded.verdict.cumulative[family]


def _is_untroubled(block: Cumulative) -> bool:
    rates, widths = block.frames_per_second, block.frame_width
    assert rates is not None and widths is not None and block.mos_estimated.p10 is not None
    return (
        block.mos_estimated.p10 > 3.5
        and block.quality_score.p10 == 1.0
        and (block.no_video_fraction, block.lag_fraction) == (0.0, 0.0)
        and (rates.p10, widths.p10) == (30.0, 1_280.0)
    )


def test_a_disabled_camera_is_no_issue_for_its_viewer() -> None:
    bob = _folds(_call())["bob"]
    assert bob.verdict.issues == []
    assert bob.verdict.diagnosis == []
    assert _is_untroubled(_seen(bob))


def test_a_disabled_camera_without_a_mute_event_is_no_issue_for_its_viewer() -> None:
    call = Call({"ada": OFF, "bob": always(FINE)}, minutes=8)
    bob = _folds(call)["bob"]
    assert bob.verdict.issues == []
    assert _is_untroubled(_seen(bob))


def test_video_with_packets_but_no_frames_has_the_lowest_mos() -> None:
    call = Call(["ada", "bob"], minutes=8)
    facts = call.facts("bob")
    samples = []
    for sample in facts.samples:
        body = msgspec.json.decode(sample.body)
        for each in body["connections"][0]["stats"]:
            if each["id"] == "I-ada-video":
                each["framesDecoded"] = 0
        samples.append(structs.replace(sample, body=msgspec.json.encode(body)))
    bob = _folds(call, bob=structs.replace(facts, samples=samples))["bob"]
    assert _seen(bob).mos_estimated.p90 == 1.0
    assert _seen(bob).no_video_fraction == 1.0


def test_a_stream_tagged_as_muted_is_in_no_video_metric() -> None:
    call = _call()
    bob = _muted(call.facts("bob"), 120, 300, direction="receive", kind="video")
    ada = _muted(call.facts("ada"), 120, 300, direction="send", kind="video")
    folds = _folds(call, ada=ada, bob=bob)
    assert _is_untroubled(_seen(folds["bob"]))
    sent = _seen(folds["ada"], "video_producer")
    assert (sent.no_video_fraction, sent.lag_fraction) == (0.0, 0.0)
    assert sent.frames_per_second is not None and sent.frames_per_second.avg == 30.0


def test_a_camera_toggled_within_an_interval_has_no_low_frame_rate() -> None:
    # Off from 56 s on, and on again at 117: two seconds of the interval from 112 to 119.
    def conditions(t: float) -> PeerConditions:
        return (
            PeerConditions(camera_on=False)
            if 56 <= t < 112
            else PeerConditions(fps=9 if 112 <= t < 119 else 30)
        )

    call = Call({"ada": conditions, "bob": always(FINE)}, minutes=8)
    untold = _seen(_folds(call)["ada"], "video_producer")
    call.event("ada", 56, "video_off")
    call.event("ada", 117, "video_on")
    reported = _seen(_folds(call)["ada"], "video_producer")
    assert untold.mos_estimated.p10 == 1.0
    assert untold.frames_per_second is not None and (untold.frames_per_second.avg or 30) < 29
    assert _is_untroubled(reported)
    assert reported.frames_per_second is not None and reported.frames_per_second.avg == 30.0


def test_encoder_limitation_counts_only_while_the_camera_is_on() -> None:
    slow = PeerConditions(is_cpu_bound=True)
    call = Call({"ada": between(0, 240, slow), "bob": always(FINE)}, minutes=8)
    shares = []
    for chosen in (call.facts("ada"), _muted(call.facts("ada"), 0, 240, direction="send")):
        sent = _seen(_folds(call, ada=chosen)["ada"], "video_producer")
        shares.append((sent.quality_limitation_fraction, sent.cpu_quality_limitation_fraction))
    assert shares[0][0] is not None and shares[0][0] > 0.45
    assert shares[1] == (0.0, 0.0)
