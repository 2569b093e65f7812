"""Findings about the participants of synthetic calls."""

from collections.abc import Mapping

import pytest
from msgspec import structs

from aftercall.core.instants import EpochMs
from aftercall.core.quality.issues import IssueName
from aftercall.core.quality.report.cross_participant_pass import complete
from aftercall.core.quality.report.fold import PeerFacts, Verdict, fold
from aftercall.core.quality.stats.getstats import decode_body, encode_body
from tests.core.quality.synthetic_call import (
    CALL_START,
    FINE,
    Call,
    ConditionsOverTime,
    PeerConditions,
    always,
    between,
    replace,
)

LOSSY_UP = PeerConditions(up_loss=0.12)
LOSSY_DOWN = PeerConditions(down_loss=0.12)


def _verdicts(call: Call) -> dict[str, Verdict]:
    folded = {
        name: fold(participant_peers, call.end_at)
        for name, participant_peers in call.facts_by_participant().items()
    }
    return dict(
        complete(
            {name: each.verdict for name, each in folded.items()},
            {name: each.activity for name, each in folded.items()},
            {name: name.capitalize() for name in folded},
            call.end_at,
        )
    )


def _without_remote(facts: PeerFacts) -> PeerFacts:
    """The same reports without remote reports."""
    samples = []
    for sample in facts.samples:
        body = decode_body(sample.body)
        for connection in body.connections:
            connection.stats = [s for s in connection.stats if s.type != "remote-inbound-rtp"]
        samples.append(structs.replace(sample, body=encode_body(body)))
    return structs.replace(facts, samples=samples)


def _call(minutes: float = 8, **people: ConditionsOverTime | None) -> Call:
    return Call({n: f or always(FINE) for n, f in people.items()}, minutes=minutes)


def _causes(verdicts: Mapping[str, Verdict]) -> dict[str, list[str]]:
    """The causes attributed to each participant; findings about other senders are left out."""
    return {
        name: [f.cause for f in verdict.diagnosis if f.severity != "information"]
        for name, verdict in verdicts.items()
    }


def _names(verdict: Verdict) -> set[IssueName]:
    return {issue.name for issue in verdict.issues}


def test_a_clean_call_of_ten_minutes_has_no_issue() -> None:
    for verdict in _verdicts(Call(["ada", "bob", "cyd", "dan"], minutes=10)).values():
        assert verdict.issues == []
        assert verdict.diagnosis == []


def test_loss_at_every_listener_is_attributed_to_the_senders_uplink() -> None:
    verdicts = _verdicts(_call(ada=between(120, 300, LOSSY_UP), bob=None, cyd=None))
    assert _causes(verdicts) == {"ada": ["uplink"], "bob": [], "cyd": []}
    [finding] = verdicts["ada"].diagnosis
    assert finding.sentence == (
        "About 12 % of Ada's voice and video was lost on Ada's uplink from 10:01:59 to 10:05:01 "
        "UTC; Bob and Cyd heard it (voice about 2.4 of 5, video about 1.6 of 5)."
    )
    assert finding.peer_ids == ["bob", "cyd"]
    assert {issue.origin for issue in verdicts["ada"].issues} == {"local"}
    assert {issue.origin for issue in verdicts["bob"].issues} == {"remote"}
    assert verdicts["bob"].diagnosis[0].sentence == (
        "Ada's voice and video came through badly to Bob from 10:01:59 to 10:05:01 UTC "
        "(about 12 % lost); the cause was Ada's uplink."
    )


def test_loss_from_every_sender_at_one_listener_is_attributed_to_its_downlink() -> None:
    verdicts = _verdicts(_call(ada=between(120, 300, LOSSY_DOWN), bob=None, cyd=None))
    assert _causes(verdicts) == {"ada": ["downlink"], "bob": [], "cyd": []}
    assert verdicts["ada"].diagnosis[0].sentence == (
        "About 12 % of the voice and video sent to Ada was lost on Ada's downlink from 10:01:59 to "
        "10:05:01 UTC; both senders came through badly."
    )
    assert verdicts["bob"].issues == verdicts["cyd"].issues == []


def test_between_two_participants_the_senders_remote_reports_decide() -> None:
    uplink = _verdicts(_call(ada=between(60, 200, LOSSY_UP), bob=None))
    downlink = _verdicts(_call(ada=between(60, 200, LOSSY_DOWN), bob=None))
    assert _causes(uplink) == {"ada": ["uplink"], "bob": []}
    assert _causes(downlink) == {"ada": ["downlink"], "bob": []}


def test_an_uplink_issue_is_found_without_remote_reports_of_the_sender() -> None:
    """RealtimeKit's client sends no remote reports."""
    call = _call(ada=between(120, 300, LOSSY_UP), bob=None, cyd=None)
    silent = {
        name: [_without_remote(facts) for facts in participant_peers]
        for name, participant_peers in call.facts_by_participant().items()
    }
    folded = {
        name: fold(participant_peers, call.end_at) for name, participant_peers in silent.items()
    }
    assert folded["ada"].verdict.cumulative["audio_producer"].packet_loss.avg is None
    verdicts = dict(
        complete(
            {name: each.verdict for name, each in folded.items()},
            {name: each.activity for name, each in folded.items()},
            {name: name for name in folded},
            call.end_at,
        )
    )
    assert _causes(verdicts) == {"ada": ["uplink"], "bob": [], "cyd": []}
    assert {issue.origin for issue in verdicts["cyd"].issues} == {"remote"}


def test_a_session_of_six_has_findings_about_the_three_impaired_participants_only() -> None:
    slow = PeerConditions(is_cpu_bound=True)
    relayed = PeerConditions(relay="tcp", rtt_s=0.42)
    verdicts = _verdicts(
        _call(
            ada=None,
            bob=between(120, 300, LOSSY_DOWN),
            cyd=between(200, 400, slow),
            dan=always(relayed),
            eve=None,
            fay=None,
        )
    )
    causes = _causes(verdicts)
    assert causes["bob"] == ["downlink"]
    assert causes["cyd"] == ["cpu"]
    assert causes["dan"] == ["relay_tcp"]
    assert causes["ada"] == causes["eve"] == causes["fay"] == []
    assert "too slow to send Cyd's video in full" in verdicts["cyd"].diagnosis[0].sentence
    assert "TURN relay on TCP" in verdicts["dan"].diagnosis[0].sentence
    assert "round trips took about 420 ms" in verdicts["dan"].diagnosis[0].sentence


def test_concealment_and_freezes_without_loss_are_reported() -> None:
    verdicts = _verdicts(
        _call(ada=between(120, 300, PeerConditions(conceals=0.3, freezes=0.6)), bob=None)
    )
    assert [finding.sentence for finding in verdicts["ada"].diagnosis] == [
        "What Ada heard of Bob was broken up (about 30 % made up) from 10:01:59 to 10:05:01 UTC; "
        "hardly any packet was lost on the way, so late packets or a busy machine are likely.",
        "What Ada saw of Bob stood still for about 60 % of the time from 10:01:59 to 10:05:01 "
        "UTC; hardly any packet was lost on the way, so late packets or a busy machine are likely.",
    ]
    assert verdicts["bob"].diagnosis == []


def test_video_frozen_during_the_senders_outage_is_attributed_to_the_sender() -> None:
    cut_off = between(117, 303, replace(FINE, hears=False))
    call = _call(ada=between(120, 300, PeerConditions(freezes=0.9)), bob=cut_off)
    call.event("bob", 118, "ice_connection_state", connection="pc1", state="disconnected")
    call.event("bob", 302, "ice_connection_state", connection="pc1", state="connected")
    assert [finding.sentence for finding in _verdicts(call)["ada"].diagnosis] == [
        "Bob's video came through badly to Ada from 10:01:59 to 10:05:01 UTC (still for about "
        "90 % of the time); the cause was Bob's lost connection."
    ]


def test_slight_jitter_of_a_sender_does_not_excuse_a_bad_downlink() -> None:
    verdicts = _verdicts(
        _call(
            ada=always(PeerConditions(jitter_s=0.035)), bob=between(120, 300, LOSSY_DOWN), cyd=None
        )
    )
    assert _causes(verdicts) == {"ada": [], "bob": ["downlink"], "cyd": []}
    [finding] = verdicts["bob"].diagnosis
    assert finding.sentence.endswith("; both senders came through badly.")
    assert verdicts["ada"].issues == []


def test_a_relay_without_impairment_is_information() -> None:
    verdicts = _verdicts(_call(ada=always(PeerConditions(relay="tls")), bob=None))
    [finding] = verdicts["ada"].diagnosis
    assert (finding.cause, finding.severity) == ("relay_tcp", "information")
    assert IssueName.TURN_RELAYED_TCP in _names(verdicts["ada"])
    udp = _verdicts(_call(ada=always(PeerConditions(relay="udp")), bob=None))
    assert _names(udp["ada"]) == {IssueName.TURN_RELAYED}
    assert udp["ada"].diagnosis == []


def test_missing_audio_names_the_sender_who_was_not_heard() -> None:
    deaf = between(120, 300, replace(FINE, hears=False))
    verdicts = _verdicts(Call({"ada": deaf, "bob": always(FINE)}, minutes=8))
    assert IssueName.NO_AUDIO_RECEIVED in _names(verdicts["ada"])
    [finding] = verdicts["ada"].diagnosis
    assert finding.sentence == (
        "Ada heard nothing of Bob from 10:01:59 to 10:05:01 UTC although Bob spoke."
    )
    assert verdicts["bob"].issues == []


def test_silence_of_a_sender_is_not_one_way_audio() -> None:
    quiet = between(120, 300, replace(FINE, sends_audio=False))
    call = _call(ada=quiet, bob=None)
    call.event("ada", 119, "audio_off")
    call.event("ada", 301, "audio_on")
    assert _verdicts(call)["bob"].issues == []


def test_a_microphone_without_signal_is_reported() -> None:
    verdicts = _verdicts(_call(ada=always(PeerConditions(level=0.0)), bob=None))
    [finding] = verdicts["ada"].diagnosis
    assert finding.cause == "silent_microphone"
    assert verdicts["bob"].issues == []


def test_a_microphone_that_fails_after_speech_is_reported() -> None:
    spoke = between(30, 60, FINE, good=PeerConditions(level=0.0))
    [finding] = _verdicts(_call(ada=spoke, bob=None))["ada"].diagnosis
    assert finding.sentence == ("Ada's microphone gave pure silence from 10:01:03 to 10:07:56 UTC.")


def test_a_quiet_room_is_no_silent_microphone() -> None:
    spoke = between(30, 60, FINE, good=PeerConditions(level=0.0002))
    assert _verdicts(_call(ada=spoke, bob=None))["ada"].issues == []


def test_a_microphone_silent_after_a_device_switch_is_reported_with_the_switch() -> None:
    call = _call(ada=between(240, 480, PeerConditions(level=0.0)), bob=None)
    call.event("ada", 238, "selected_microphone_update", device={"label": "Headset"})
    [finding] = _verdicts(call)["ada"].diagnosis
    assert finding.cause == "silent_microphone"
    assert "just after the switch to Headset at 10:03:58" in finding.sentence


def test_a_muted_microphone_is_no_issue() -> None:
    call = _call(ada=between(120, 300, PeerConditions(level=0.0, sends_audio=False)), bob=None)
    call.event("ada", 118, "audio_off")
    call.event("ada", 302, "audio_on")
    assert _verdicts(call)["ada"].issues == []


def test_audio_and_video_that_stop_while_enabled_are_reported() -> None:
    stopped = PeerConditions(sends_audio=False, camera_on=False)
    verdict = _verdicts(_call(ada=between(120, 300, stopped), bob=None))["ada"]
    assert {IssueName.NO_AUDIO_SENT, IssueName.NO_VIDEO_SENT} <= _names(verdict)
    assert verdict.diagnosis[0].severity == "severe"


def test_a_disabled_camera_is_no_fault() -> None:
    call = _call(ada=between(120, 300, PeerConditions(camera_on=False)), bob=None)
    call.event("ada", 118, "video_off")
    call.event("ada", 302, "video_on")
    verdicts = _verdicts(call)
    assert _names(verdicts["ada"]) == {IssueName.CAMERA_MUTED}
    assert _names(verdicts["bob"]) == set()
    assert verdicts["ada"].diagnosis == verdicts["bob"].diagnosis == []


def test_a_muted_screenshare_track_does_not_mute_the_camera() -> None:
    call = _call(ada=between(120, 300, PeerConditions(is_cpu_bound=True)), bob=None)
    call.event("ada", 60, "video_track_muted", source="screen")
    verdict = _verdicts(call)["ada"]
    assert IssueName.CAMERA_MUTED not in _names(verdict)
    assert [finding.cause for finding in verdict.diagnosis] == ["cpu"]


def test_the_first_ten_seconds_raise_no_issue() -> None:
    bad = PeerConditions(up_loss=0.3, is_cpu_bound=True)
    call = Call({"ada": between(0, 10, bad), "bob": always(FINE)}, minutes=2, interval_ms=1_000)
    assert _verdicts(call)["ada"].issues == []


def test_missing_samples_are_a_gap() -> None:
    verdict = _verdicts(_call(ada=between(100, 200, PeerConditions(reports=False)), bob=None))[
        "ada"
    ]
    assert IssueName.STATS_GAP in _names(verdict)
    [gap] = verdict.completeness.gaps
    assert (gap.start_at - CALL_START, gap.end_at - CALL_START) == (98_000, 210_000)
    assert verdict.completeness.share == pytest.approx(0.8, abs=0.03)
    assert verdict.diagnosis[0].sentence.startswith(
        "No measurements of Ada's call are on record from 10:01:38 to 10:03:30"
    )


def test_an_interrupted_connection_is_reported() -> None:
    call = _call(ada=None, bob=None)
    call.event("ada", 100, "ice_connection_state", connection="pc1", state="disconnected")
    call.event("ada", 109, "ice_connection_state", connection="pc1", state="connected")
    call.event("bob", 200, "ice_connection_state", connection="pc1", state="failed")
    call.event("bob", 1, "ice_connection_state", connection="pc1", state="checking")
    call.event("bob", 9, "ice_connection_state", connection="pc1", state="connected")
    verdicts = _verdicts(call)
    assert [f.sentence for f in verdicts["ada"].diagnosis] == [
        "Ada's connection was lost for 9 s at 10:01:40 UTC."
    ]
    assert [f.sentence for f in verdicts["bob"].diagnosis] == [
        "Bob's connection failed at 10:03:20 UTC.",
        "Bob needed 8 s to connect at 10:00:01 UTC.",
    ]


def _live(facts: PeerFacts) -> PeerFacts:
    """The same facts while the peer is present."""
    return structs.replace(facts, peer=structs.replace(facts.peer, left_at=None, left_reason=None))


def test_an_ongoing_interruption_lasts_until_the_fold() -> None:
    call = _call(ada=between(180, 480, replace(FINE, hears=False)), bob=None)
    call.event("ada", 182, "ice_connection_state", connection="pc1", state="disconnected")
    verdict = fold([_live(call.facts("ada"))], call.end_at).verdict
    [lost] = [issue for issue in verdict.issues if issue.name is IssueName.ICE_RECONNECTING]
    assert (lost.first_at, lost.last_at, lost.is_open) == (CALL_START + 182_000, call.end_at, True)


def test_arriving_packets_end_an_interruption_without_a_state_change() -> None:
    call = _call(ada=None, bob=None)
    call.event("ada", 60, "ice_connection_state", connection="pc1", state="disconnected")
    call.event("bob", 60, "reconnect_attempt")
    for name, verdict in _verdicts(call).items():
        [finding] = verdict.diagnosis
        lost = "connection was lost for 10 s at 10:01:00 UTC."
        assert finding.sentence == f"{name.capitalize()}'s {lost}"


def test_a_muted_camera_counts_as_on_when_frames_flow() -> None:
    call = _call(ada=between(120, 300, PeerConditions(is_cpu_bound=True)), bob=None)
    call.event("ada", 60, "video_track_muted")
    verdict = _verdicts(call)["ada"]
    [muted] = [issue for issue in verdict.issues if issue.name is IssueName.CAMERA_MUTED]
    assert (muted.first_at, muted.last_at) == (CALL_START + 60_000, CALL_START + 63_000)
    assert [finding.cause for finding in verdict.diagnosis] == ["cpu"]


def test_the_worst_finding_comes_first() -> None:
    worse = PeerConditions(up_loss=0.25)
    call = _call(ada=between(120, 300, worse), bob=between(60, 120, LOSSY_DOWN), cyd=None)
    call.event("ada", 30, "ice_connection_state", connection="pc1", state="disconnected")
    call.event("ada", 33, "ice_connection_state", connection="pc1", state="connected")
    for verdict in _verdicts(call).values():
        ranks = [("severe", "warning", "information").index(f.severity) for f in verdict.diagnosis]
        assert ranks == sorted(ranks)
    assert _verdicts(call)["ada"].diagnosis[0].severity == "severe"


def test_issues_at_the_end_of_a_live_call_are_open() -> None:
    call = _call(ada=between(200, 900, LOSSY_UP), bob=None)
    verdict = fold(call.facts_by_participant()["ada"], EpochMs(call.end_at)).verdict
    assert all(issue.is_open for issue in verdict.issues)
    assert verdict.issues


def test_one_sample_of_severe_loss_is_reported_and_mild_loss_is_not() -> None:
    for loss, causes in ((0.35, ["uplink"]), (0.15, [])):
        short = between(120, 123, PeerConditions(up_loss=loss))
        assert _causes(_verdicts(_call(ada=short, bob=None, cyd=None)))["ada"] == causes
