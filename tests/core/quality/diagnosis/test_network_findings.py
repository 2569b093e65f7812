from collections.abc import Sequence

from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import StreamActivity
from aftercall.core.quality.comparison.comparison import ComparedParticipant, Comparison
from aftercall.core.quality.diagnosis.diagnosis import diagnose
from aftercall.core.quality.diagnosis.findings import Finding, Subject
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.stats.report_linker import Family

TEN = 1_795_255_200_000
"""2026-11-21T10:00:00Z."""

SENT = StreamRef(peer_id="ada", family=Family.VIDEO_PRODUCER.value, ssrc=1)
HEARD = StreamRef(
    peer_id="ada", family=Family.AUDIO_CONSUMER.value, ssrc=2, from_peer_id="bob", consumer_id="c"
)
PATH = StreamRef(peer_id="ada", connection_id="pc1")


def _at(seconds: float) -> EpochMs:
    return EpochMs(TEN + round(seconds * 1_000))


def _issue(name: IssueName, ref: StreamRef, start_s: float, end_s: float, **worst: float) -> Issue:
    return replace(single(name, ref, _at(start_s), _at(end_s), worst), origin="local")


def _findings(
    issues: Sequence[Issue],
    others: Sequence[Issue] = (),
    streams: Sequence[StreamActivity] = (),
    names: Sequence[str] = ("ada", "bob"),
) -> list[Finding]:
    """The findings about Ada, who has the issues and streams; Bob has the others."""
    own = {"ada": issues, "bob": others}
    participants = [
        ComparedParticipant(
            participant_id=name,
            peer_ids=frozenset({name}),
            issues=own.get(name, ()),
            streams=streams if name == "ada" else (),
        )
        for name in names
    ]
    subject = Subject(
        participant_id="ada",
        issues=issues,
        stays=[(_at(0), _at(600))],
        device_choices=[],
        names={name: name.capitalize() for name in names},
    )
    return diagnose(subject, Comparison(participants))


def _sentences(issues: Sequence[Issue], others: Sequence[Issue] = ()) -> list[str]:
    return [finding.sentence for finding in _findings(issues, others)]


def _uplink(start_s: float, end_s: float, **worst: float) -> Issue:
    return _issue(IssueName.POOR_NETWORK_UPLINK, SENT, start_s, end_s, **worst)


def _downlink(start_s: float, end_s: float, **worst: float) -> Issue:
    return _issue(IssueName.POOR_NETWORK_DOWNLINK, HEARD, start_s, end_s, **worst)


def test_episodes_of_one_cause_are_one_sentence() -> None:
    assert _sentences(
        [_uplink(60, 120, loss_percent=8.0), _uplink(300, 330, loss_percent=14.0)]
    ) == [
        "Up to 14 % of Ada's video was lost on Ada's uplink "
        "from 10:01:00 to 10:02:00 and from 10:05:00 to 10:05:30 UTC."
    ]


def test_issues_that_follow_from_loss_are_in_its_finding() -> None:
    narrow = _issue(IssueName.BANDWIDTH_LIMITED, SENT, 65, 118, limited_percent=100.0)
    slow = _issue(IssueName.HIGH_RTT, PATH, 70, 110, rtt_ms=455.0)
    assert _sentences([_uplink(60, 120, loss_percent=8.0, rtt_ms=310.0), narrow, slow]) == [
        "Up to 8 % of Ada's video was lost on Ada's uplink from 10:01:00 to 10:02:00 UTC, "
        "with round trips of up to 455 ms; Ada's video was made smaller to fit."
    ]


def test_issues_not_explained_by_loss_are_separate_findings() -> None:
    lossy = _uplink(60, 120, loss_percent=8.0)
    narrow = _issue(IssueName.LOW_AVAILABLE_BITRATE, PATH, 200, 260, available_kbps=62.4)
    slow = _issue(IssueName.HIGH_RTT, PATH, 300, 360, rtt_ms=455.0)
    assert _sentences([lossy, narrow, slow])[1:] == [
        "Ada's uplink was too narrow for Ada's video from 10:03:20 to 10:04:20 UTC "
        "(down to 62 kbit/s).",
        "Ada's round trips took up to 455 ms from 10:05:00 to 10:06:00 UTC.",
    ]


def test_jitter_without_loss_is_reported_as_jitter() -> None:
    assert _sentences([_downlink(60, 120, loss_percent=0.4, jitter_ms=71.0)]) == [
        "The voice sent to Ada came unevenly on Ada's downlink from 10:01:00 to 10:02:00 UTC, "
        "jitter up to 71 ms."
    ]


def test_loss_of_unknown_origin_is_attributed_to_no_participant() -> None:
    [finding] = _findings([replace(_downlink(60, 120, loss_percent=9.0), origin=None)])
    assert finding.cause == "reception"
    assert finding.sentence == (
        "Up to 9 % of Bob's voice to Ada was lost on the way from 10:01:00 to 10:02:00 UTC; "
        "on whose side is not known."
    )


def test_a_network_impaired_in_both_directions_states_its_rtt_once() -> None:
    out, back = (
        _uplink(60, 120, loss_percent=9.0, rtt_ms=350.0),
        _downlink(60, 120, loss_percent=9.0, rtt_ms=350.0),
    )
    both = " ".join(_sentences([out, back]))
    assert both.count("was lost on Ada's uplink") == 1
    assert both.count("was lost on Ada's downlink") == 1
    assert both.count("350 ms") == 1


def test_lateness_over_a_tcp_relay_is_caused_by_the_relay_unlike_loss() -> None:
    relayed = _issue(IssueName.TURN_RELAYED_TCP, PATH, 0, 600)
    late = _uplink(60, 120, loss_percent=0.0, jitter_ms=88.0, rtt_ms=520.0)
    narrow = _issue(IssueName.BANDWIDTH_LIMITED, SENT, 60, 120, limited_percent=100.0)
    assert _sentences([relayed, late, narrow]) == [
        "Ada's media went through a TURN relay on TCP, where one late packet holds up all "
        "behind it: round trips took up to 520 ms, jitter was up to 88 ms and Ada's video was "
        "made smaller to fit from 10:01:00 to 10:02:00 UTC."
    ]
    [finding] = _findings([relayed, late, narrow])
    assert finding.issues[0] is IssueName.TURN_RELAYED_TCP
    lost = _findings([relayed, _uplink(60, 120, loss_percent=9.0)])
    assert [(f.cause, f.severity) for f in lost] == [
        ("uplink", "warning"),
        ("relay_tcp", "information"),
    ]


def test_loss_from_one_sender_is_no_loss_on_the_downlink_of_a_relayed_listener() -> None:
    relayed = _issue(IssueName.TURN_RELAYED_TCP, PATH, 0, 600)
    heard = [
        replace(issue, stream=replace(HEARD, ssrc=ssrc, consumer_id=f"c{ssrc}"))
        for ssrc, issue in enumerate(
            [
                _downlink(60, 120, loss_percent=9.4, jitter_ms=80.0),
                _downlink(60, 120, loss_percent=0.2, jitter_ms=80.0),
                _downlink(60, 120, loss_percent=0.0, jitter_ms=80.0),
            ]
        )
    ]
    assert [finding.cause for finding in _findings([relayed, *heard])] == ["relay_tcp"]


def test_a_relay_of_the_sender_is_named_as_the_cause_at_the_listener() -> None:
    heard = replace(_downlink(60, 120, jitter_ms=80.0), origin="remote")
    ref = replace(PATH, peer_id="bob")
    relayed = _issue(IssueName.TURN_RELAYED_TCP, ref, 0, 600)
    lossy = _issue(IssueName.POOR_NETWORK_UPLINK, ref, 60, 120, loss_percent=9.0)
    start = (
        "Bob's voice came through badly to Ada from 10:01:00 to 10:02:00 UTC (jitter up to 80 ms); "
        "the cause was Bob's "
    )
    assert _sentences([heard], [relayed]) == [f"{start}TURN relay on TCP."]
    assert _sentences([heard], [relayed, lossy]) == [f"{start}uplink."]
    assert _sentences([heard], [lossy]) == [f"{start}uplink."]


def test_bad_video_over_a_good_network_is_caused_by_the_senders_limitation() -> None:
    ref = replace(HEARD, family=Family.VIDEO_CONSUMER.value)
    dim = replace(_issue(IssueName.LOW_VIDEO_MOS, ref, 60, 120, mos=2.0), origin="remote")
    sent = replace(SENT, peer_id="bob")
    slow = _issue(IssueName.CPU_LIMITED, sent, 60, 120, limited_percent=100.0)
    narrow = _issue(IssueName.LOW_AVAILABLE_BITRATE, sent, 60, 120, available_kbps=80.0)
    start = (
        "Bob's video came through badly to Ada from 10:01:00 to 10:02:00 UTC; the cause was Bob's "
    )
    assert _sentences([dim], [slow]) == [f"{start}slow machine."]
    assert _sentences([dim], [narrow]) == [f"{start}narrow uplink."]
    assert _sentences([dim]) == [f"{start}camera or machine."]
    assert [finding.severity for finding in _findings([dim])] == ["information"]


def test_a_jitter_buffer_delay_without_another_finding_is_reported() -> None:
    full = _issue(IssueName.HIGH_JITTER_BUFFER_DELAY, HEARD, 60, 120, jitter_buffer_ms=482.1)
    [finding] = _findings([full])
    assert (finding.cause, finding.severity) == ("lateness", "warning")
    assert finding.sentence == (
        "Bob's voice to Ada came in clumps from 10:01:00 to 10:02:00 UTC "
        "and was played up to 482 ms late."
    )
    assert [f.cause for f in _findings([full, _downlink(60, 120, loss_percent=9.0)])] == [
        "downlink"
    ]


def _activity(
    family: Family, sender: str | None = None, lossy: Sequence[tuple[float, float]] = ()
) -> StreamActivity:
    """A stream that Ada sent or received, which flowed for ten minutes."""
    ref = StreamRef(peer_id="ada", family=family.value, from_peer_id=sender)
    return StreamActivity(
        ref=ref,
        family=family,
        flowing=[(_at(0), _at(600))],
        stalled=[],
        voiced=[],
        lossy=[(_at(start), _at(end)) for start, end in lossy],
        jittery=[(_at(0), _at(600))],
        has_loss=True,
        is_shown=False,
    )


WHEN = " from 10:01:00 to 10:02:00 UTC"


def _missing(*bad: str, of: Sequence[str]) -> str:
    """The sentences if Ada loses for a minute what these of her senders sent."""
    heard = [
        _activity(Family.AUDIO_CONSUMER, name, [(60, 120)] if name in bad else []) for name in of
    ]
    lost = [
        replace(_downlink(60, 120, loss_percent=12.0), stream=replace(HEARD, from_peer_id=name))
        for name in bad
    ]
    [finding] = _findings(lost, streams=heard, names=("ada", *of))
    assert finding.cause == "downlink"
    [what, ending] = finding.sentence.split(" was lost")
    return f"{what.removeprefix('Up to 12 % of ')}{ending.replace(WHEN, '')}"


def test_loss_from_nearly_all_senders_is_attributed_to_the_listeners_downlink() -> None:
    start, end = "the voice sent to Ada on Ada's downlink; ", " came through badly."
    assert _missing("bob", "cyd", of=["bob", "cyd"]) == f"{start}both senders{end}"
    assert _missing("bob", "cyd", "dan", of=["bob", "cyd", "dan", "eve"]) == (
        f"{start}3 of 4 senders{end}"
    )
    assert _missing("bob", "cyd", "dan", of=["bob", "cyd", "dan"]) == f"{start}all 3 senders{end}"


def test_loss_from_some_senders_is_not_attributed_to_the_listeners_downlink() -> None:
    end = "came through well, so it was in the server or between the server and Ada."
    assert _missing("bob", of=["bob", "cyd", "dan"]) == (
        f"Bob's voice to Ada on the way; 2 other senders {end}"
    )
    assert _missing("bob", "cyd", of=["bob", "cyd", "dan"]) == (
        f"Bob's and Cyd's voice to Ada on the way; another sender {end}"
    )
    assert _missing("bob", "cyd", "dan", of=["bob", "cyd", "dan", "eve", "fay"]) == (
        f"the voice of Bob, Cyd and Dan to Ada on the way; 2 other senders {end}"
    )


def _affected_listeners(name: IssueName, **worst: float) -> str:
    """The sentence about Ada's uplink when Bob lost packets of hers and Cyd got them unevenly."""
    lossy = _activity(Family.AUDIO_CONSUMER, "ada", [(60, 120)])
    jittery = replace(lossy, lossy=[])
    participants = [
        ComparedParticipant(
            participant_id=name, peer_ids=frozenset({name}), issues=[], streams=streams
        )
        for name, streams in (
            ("ada", []),
            ("bob", [replace(lossy, jittery=[])]),
            ("cyd", [jittery]),
        )
    ]
    subject = Subject(
        participant_id="ada",
        issues=[_issue(name, SENT, 60, 120, **worst)],
        stays=[(_at(0), _at(600))],
        device_choices=[],
        names={"ada": "Ada", "bob": "Bob", "cyd": "Cyd"},
    )
    [finding] = diagnose(subject, Comparison(participants))
    return f"{finding.sentence} {finding.peer_ids}"


def test_the_affected_listeners_are_those_with_the_stated_impairment() -> None:
    name = IssueName.POOR_NETWORK_UPLINK
    assert _affected_listeners(name, loss_percent=9.0).endswith(
        "; Bob saw it (1 of 2 listeners). ['bob']"
    )
    assert _affected_listeners(name, jitter_ms=80.0).endswith(
        "; Cyd saw it (1 of 2 listeners). ['cyd']"
    )


def test_loss_from_the_only_sender_names_no_other_sender() -> None:
    assert _missing("bob", of=["bob"]) == "the voice sent to Ada on Ada's downlink."


def test_a_narrow_uplink_without_video_is_reported_for_the_audio() -> None:
    narrow = _issue(IssueName.LOW_AVAILABLE_BITRATE, PATH, 60, 120, available_kbps=22.4)
    start = "Ada's uplink was too narrow for Ada's "
    sound, picture = _activity(Family.AUDIO_PRODUCER), _activity(Family.VIDEO_PRODUCER)
    [reported] = _findings([narrow], streams=[sound])
    assert reported.sentence == f"{start}voice{WHEN} (down to 22 kbit/s)."
    [reported] = _findings([narrow], streams=[sound, picture])
    assert reported.sentence == f"{start}video{WHEN} (down to 22 kbit/s)."


def test_audio_is_never_reported_as_made_smaller() -> None:
    lossy = _uplink(60, 120, loss_percent=8.0)
    narrow = _issue(IssueName.LOW_AVAILABLE_BITRATE, PATH, 60, 120, available_kbps=22.4)
    [reported] = _findings([lossy, narrow], streams=[_activity(Family.AUDIO_PRODUCER)])
    assert reported.sentence.endswith("; there was too little room for Ada's voice.")
    limited = _issue(IssueName.BANDWIDTH_LIMITED, SENT, 60, 120, limited_percent=100.0)
    [reported] = _findings([lossy, limited], streams=[_activity(Family.VIDEO_PRODUCER)])
    assert reported.sentence.endswith("; Ada's video was made smaller to fit.")
