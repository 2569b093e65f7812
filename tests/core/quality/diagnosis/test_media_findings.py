from collections.abc import Mapping, Sequence

import pytest
from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import StreamActivity
from aftercall.core.quality.comparison.comparison import ComparedParticipant, Comparison
from aftercall.core.quality.diagnosis.diagnosis import diagnose
from aftercall.core.quality.diagnosis.findings import Finding, Subject
from aftercall.core.quality.issues import Issue, IssueName, Origin, StreamRef, single
from aftercall.core.quality.stats.report_linker import Family

TEN = 1_795_255_200_000
"""2026-11-21T10:00:00Z."""

CONNECTION = StreamRef(peer_id="ada", connection_id="pc1")


def _at(seconds: float) -> EpochMs:
    return EpochMs(TEN + round(seconds * 1_000))


def _sent(family: Family) -> StreamRef:
    return StreamRef(peer_id="ada", family=family.value, ssrc=1)


def _got(family: Family, sender: str | None = "bob") -> StreamRef:
    return StreamRef(peer_id="ada", family=family.value, ssrc=2, from_peer_id=sender)


HEARD, SEEN = _got(Family.AUDIO_CONSUMER), _got(Family.VIDEO_CONSUMER)
SAID, SHOWN = _sent(Family.AUDIO_PRODUCER), _sent(Family.VIDEO_PRODUCER)


SPOKEN = StreamRef(peer_id="bob", family=Family.AUDIO_PRODUCER.value, ssrc=2)


def _issue(
    name: IssueName,
    ref: StreamRef,
    start_s: float = 60,
    end_s: float = 240,
    origin: Origin | None = None,
    **worst: float,
) -> Issue:
    return replace(single(name, ref, _at(start_s), _at(end_s), worst), origin=origin)


def _activity(ref: StreamRef, *, has_loss: bool = True, is_lossy: bool = False) -> StreamActivity:
    return StreamActivity(
        ref=ref,
        family=Family(ref.family or ""),
        flowing=[(_at(0), _at(600))],
        stalled=[],
        voiced=[],
        lossy=[(_at(60), _at(240))] if is_lossy else [],
        jittery=[(_at(60), _at(240))],
        has_loss=has_loss,
        is_shown=True,
    )


def _findings(
    *issues: Issue,
    streams: Sequence[StreamActivity] = (),
    sent: Sequence[StreamActivity] = (),
    others: Mapping[str, Sequence[Issue]] | None = None,
) -> list[Finding]:
    """The findings about Ada, who was in a call with these others: by default with Bob, who sent
    these streams, and Cyd."""
    others = {"bob": [], "cyd": []} if others is None else others
    participants = [
        ComparedParticipant(
            participant_id=name, peer_ids=frozenset({name}), issues=own, streams=mine
        )
        for name, own, mine in [
            ("ada", issues, streams),
            *((name, own, sent if name == "bob" else ()) for name, own in others.items()),
        ]
    ]
    subject = Subject(
        participant_id="ada",
        issues=issues,
        stays=[(_at(0), _at(600))],
        device_choices=[],
        names={name: name.capitalize() for name in ("ada", *others)},
    )
    return diagnose(subject, Comparison(participants))


def _sentence(*issues: Issue, streams: Sequence[StreamActivity] = ()) -> str:
    [finding] = _findings(*issues, streams=streams)
    return finding.sentence


WHEN = "from 10:01:00 to 10:04:00 UTC"
WHY = "the reports do not show why"


def test_audio_concealment_without_loss_is_a_finding() -> None:
    broken = _issue(IssueName.AUDIO_CONCEALMENT, HEARD, concealment_percent=30.0)
    poor = _issue(IssueName.LOW_AUDIO_MOS, HEARD, mos=1.0)
    [finding] = _findings(broken, poor, streams=[_activity(HEARD)], sent=[_activity(SPOKEN)])
    assert (finding.cause, finding.severity, finding.peer_ids) == ("poor_sound", "warning", ["bob"])
    assert finding.issues == [IssueName.AUDIO_CONCEALMENT, IssueName.LOW_AUDIO_MOS]
    assert finding.sentence == (
        f"What Ada heard of Bob was broken up (up to 30 % made up) {WHEN}; hardly any "
        "packet was lost on the way, so late packets or a busy machine are likely."
    )


@pytest.mark.parametrize(
    ("received", "sent"),
    [
        ([], [_activity(SPOKEN)]),
        ([_activity(HEARD, has_loss=False)], [_activity(SPOKEN)]),
        ([_activity(HEARD, is_lossy=True)], [_activity(SPOKEN)]),
        ([_activity(HEARD)], []),
        ([_activity(HEARD)], [_activity(SPOKEN, has_loss=False)]),
        ([_activity(HEARD)], [_activity(SPOKEN, is_lossy=True)]),
    ],
    ids=[
        "nothing of the listener",
        "the listener's loss unknown",
        "loss at the listener",
        "nothing of the sender",
        "the sender's loss unknown",
        "loss at the sender",
    ],
)
def test_the_network_is_ruled_out_only_if_the_whole_path_is_known_to_be_clean(
    received: list[StreamActivity], sent: list[StreamActivity]
) -> None:
    broken = _issue(IssueName.AUDIO_CONCEALMENT, HEARD, concealment_percent=30.0)
    [finding] = _findings(broken, streams=received, sent=sent)
    assert finding.sentence.endswith(f"; {WHY}.")
    assert finding.evidence.is_loss_free is None


@pytest.mark.parametrize(
    ("issue", "words"),
    [
        (
            _issue(IssueName.LOW_AUDIO_MOS, HEARD, mos=2.34),
            "What Ada heard of Bob was poor (about 2.3 of 5)",
        ),
        (
            _issue(IssueName.VIDEO_FROZEN, SEEN, frozen_percent=60.0, mean_freeze_ms=900.0),
            "What Ada saw of Bob stood still for up to 60 % of the time",
        ),
        (
            _issue(IssueName.VIDEO_FROZEN, SEEN, mean_freeze_ms=1_400.0),
            "What Ada saw of Bob stood still for 1.4 s at a time",
        ),
        (
            _issue(IssueName.LOW_FRAME_RATE, SEEN, fps=5.2),
            "What Ada saw of Bob was slow (down to 5 frames a second)",
        ),
        (
            _issue(IssueName.LOW_RESOLUTION, SEEN, width_px=160.0),
            "What Ada saw of Bob was small (down to 160 pixels wide)",
        ),
        (
            _issue(IssueName.LOW_VIDEO_MOS, SEEN, mos=1.0),
            "What Ada saw of Bob was poor (about 1.0 of 5)",
        ),
        (
            _issue(IssueName.LOW_VIDEO_MOS, _got(Family.VIDEO_CONSUMER, None), mos=1.8),
            "What Ada saw was poor (about 1.8 of 5)",
        ),
        (
            _issue(IssueName.LOW_AUDIO_MOS, SAID, mos=2.1),
            "Ada's voice, as sent, was poor (about 2.1 of 5)",
        ),
        (
            _issue(IssueName.LOW_FRAME_RATE, SHOWN, fps=6.0),
            "Ada's video, as sent, was slow (down to 6 frames a second)",
        ),
        (
            _issue(IssueName.LOW_RESOLUTION, SHOWN, width_px=180.0),
            "Ada's video, as sent, was small (down to 180 pixels wide)",
        ),
        (
            _issue(IssueName.LOW_VIDEO_MOS, SHOWN, mos=2.0),
            "Ada's video, as sent, was poor (about 2.0 of 5)",
        ),
        (
            _issue(IssueName.NEGATIVE_FEEDBACK_HIGH, SHOWN, requests_per_s=1.4),
            "Ada's video, as sent, was requested again up to 1.4 times a second",
        ),
    ],
)
def test_unexplained_bad_media_are_described_in_one_sentence(issue: Issue, words: str) -> None:
    assert _sentence(issue) == f"{words} {WHEN}; {WHY}."


def test_several_issues_of_several_senders_are_one_sentence() -> None:
    bob, cyd = _got(Family.VIDEO_CONSUMER, "bob"), _got(Family.VIDEO_CONSUMER, "cyd")
    found = [
        _issue(IssueName.LOW_FRAME_RATE, bob, fps=4.0),
        _issue(IssueName.LOW_RESOLUTION, cyd, width_px=160.0),
        _issue(IssueName.LOW_VIDEO_MOS, cyd, mos=1.7),
    ]
    assert _sentence(*found) == (
        "What Ada saw of Bob and Cyd was slow (down to 4 frames a second) and was small "
        f"(down to 160 pixels wide) {WHEN}; {WHY}."
    )


def test_many_senders_are_counted_and_not_named() -> None:
    names = ["bob", "cyd", "dan", "eve"]
    found = [
        _issue(IssueName.LOW_FRAME_RATE, _got(Family.VIDEO_CONSUMER, name), fps=4.0)
        for name in names
    ]
    [finding] = _findings(*found, others={name: [] for name in names})
    assert finding.sentence.startswith("What Ada saw of 4 people was slow")
    assert finding.peer_ids == names


LOSS = {"loss_percent": 9.0}


@pytest.mark.parametrize(
    ("issue", "cause"),
    [
        (
            _issue(IssueName.AUDIO_CONCEALMENT, HEARD, concealment_percent=30.0),
            _issue(IssueName.POOR_NETWORK_DOWNLINK, HEARD, origin="local", **LOSS),
        ),
        (
            _issue(IssueName.LOW_VIDEO_MOS, SEEN, mos=2.0),
            _issue(IssueName.POOR_NETWORK_DOWNLINK, HEARD, 60, 150, "local", **LOSS),
        ),
        (
            _issue(IssueName.LOW_AUDIO_MOS, HEARD, mos=2.0),
            _issue(IssueName.HIGH_RTT, CONNECTION, rtt_ms=600.0),
        ),
        (
            _issue(IssueName.VIDEO_FROZEN, SEEN, frozen_percent=40.0),
            _issue(IssueName.DECODER_OVERLOADED, SEEN, dropped_percent=30.0),
        ),
        (
            _issue(IssueName.AUDIO_CONCEALMENT, HEARD, concealment_percent=30.0),
            _issue(IssueName.HIGH_JITTER_BUFFER_DELAY, HEARD, jitter_buffer_ms=400.0),
        ),
        (
            _issue(IssueName.VIDEO_FROZEN, SEEN, frozen_percent=40.0),
            _issue(IssueName.ICE_RECONNECTING, CONNECTION, outage_ms=180_000.0),
        ),
        (
            _issue(IssueName.NO_VIDEO_RECEIVED, SEEN, silent_ms=180_000.0),
            _issue(IssueName.ICE_RECONNECTING, CONNECTION, outage_ms=180_000.0),
        ),
        (
            _issue(IssueName.LOW_FRAME_RATE, SHOWN, fps=6.0),
            _issue(IssueName.CPU_LIMITED, SHOWN, limited_percent=100.0),
        ),
        (
            _issue(IssueName.LOW_RESOLUTION, SHOWN, width_px=160.0),
            _issue(IssueName.BANDWIDTH_LIMITED, SHOWN, limited_percent=100.0),
        ),
        (
            _issue(IssueName.LOW_VIDEO_MOS, SHOWN, mos=1.0),
            _issue(IssueName.NO_VIDEO_SENT, SHOWN, stalled=1.0),
        ),
        (
            _issue(IssueName.NEGATIVE_FEEDBACK_HIGH, SHOWN, requests_per_s=1.4),
            _issue(IssueName.POOR_NETWORK_UPLINK, SHOWN, origin="local", **LOSS),
        ),
    ],
)
def test_an_issue_that_another_cause_explains_has_no_finding_of_its_own(
    issue: Issue, cause: Issue
) -> None:
    assert len(_findings(issue, cause)) == len(_findings(cause)) == 1
    late = replace(issue, first_at=_at(400), last_at=_at(500))
    assert len(_findings(late, cause)) == 2


def test_a_long_rtt_does_not_explain_concealment() -> None:
    broken = _issue(IssueName.AUDIO_CONCEALMENT, HEARD, concealment_percent=30.0)
    slow = _issue(IssueName.HIGH_RTT, CONNECTION, rtt_ms=600.0)
    assert {finding.cause for finding in _findings(broken, slow)} == {"poor_sound", "round_trip"}


def test_media_received_badly_because_sent_badly_are_one_finding() -> None:
    issue = _issue(IssueName.LOW_FRAME_RATE, SEEN, origin="remote", fps=4.0)
    assert [finding.cause for finding in _findings(issue)] == ["sender"]


def test_keyframe_requests_of_a_lossy_listener_are_no_finding_of_the_sender() -> None:
    asked = _issue(IssueName.NEGATIVE_FEEDBACK_HIGH, SHOWN, requests_per_s=1.4)
    ref = StreamRef(peer_id="bob", family=Family.VIDEO_CONSUMER.value, from_peer_id="ada")
    lost = _issue(IssueName.POOR_NETWORK_DOWNLINK, ref, origin="local", **LOSS)
    assert _findings(asked, others={"bob": [lost], "cyd": []}) == []


def test_bad_video_of_an_unknown_sender_is_no_finding() -> None:
    ref = _got(Family.VIDEO_CONSUMER, None)
    assert _findings(_issue(IssueName.LOW_VIDEO_MOS, ref, mos=1.0)) == []


def test_missing_video_names_its_senders() -> None:
    gone = [
        _issue(IssueName.NO_VIDEO_RECEIVED, _got(Family.VIDEO_CONSUMER, name), silent_ms=180_000.0)
        for name in ("bob", "cyd")
    ]
    [finding] = _findings(*gone)
    assert (finding.cause, finding.peer_ids) == ("no_video_received", ["bob", "cyd"])
    assert finding.sentence == f"Ada saw nothing of Bob and Cyd {WHEN} although video was sent."
