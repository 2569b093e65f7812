"""The rules of the catalogue for events and durations: stalled streams, connections, clocks,
microphones, and when no rule applies."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from msgspec import structs

from aftercall.core.quality.issues import Issue, IssueName
from aftercall.core.quality.report.fold import PeerFacts
from tests.core.quality.peer_builder import (
    Members,
    StatsObject,
    folded,
    issues_of,
    moment,
    peer_of,
    tag,
)
from tests.core.quality.peer_events import event
from tests.core.quality.synthetic_call import CALL_START

BAD = {"packetsReceived": 900, "packetsLost": 100, "jitter": 0.2}
GOOD = {"packetsReceived": 1_000, "packetsLost": 0, "jitter": 0.001}


def _stream(
    steps: Sequence[Members], source: str = "camera", *, is_sent: bool = True, **peer: Any
) -> PeerFacts:
    """A peer with one stream; `peer` is passed to `peer_of`."""
    kind = "audio" if source == "microphone" else "video"
    fixed = {"kind": kind, "ssrc": 7} | peer.pop("fixed", {})
    stream = StatsObject(
        type="outbound-rtp" if is_sent else "inbound-rtp", id="S", fixed=fixed, steps=steps
    )
    tags = [tag("send" if is_sent else "receive", 7, source, **peer.pop("tagged", {}))]
    return peer_of([stream, *peer.pop("beside", [])], tags=tags, **peer)


def _noted(facts: PeerFacts, *events: tuple[float, str, Members]) -> PeerFacts:
    """Something happens `at_s` seconds after the peer joined."""
    made = [event(CALL_START + round(at_s * 1000), name, **data) for at_s, name, data in events]
    return structs.replace(facts, events=made)


def _ice(at_s: float, state: str) -> tuple[float, str, Members]:
    return at_s, "ice_connection_state", {"connection": "pc", "state": state}


def _spans(issues: Sequence[Issue]) -> list[tuple[float, float]]:
    """In seconds since the join."""
    return [((i.first_at - CALL_START) / 1000, (i.last_at - CALL_START) / 1000) for i in issues]


@pytest.mark.parametrize("reason", ["cpu", "bandwidth"])
def test_the_limitation_reason_alone_raises_the_issue(reason: str) -> None:
    name = IssueName[f"{reason.upper()}_LIMITED"]
    steps = [{"qualityLimitationReason": each} for each in (reason, reason, reason, *["none"] * 3)]
    [issue] = issues_of(_stream(steps), name)
    assert not issue.is_open and issue.worst == {"limited_percent": 100}
    assert issues_of(_stream(steps[:2] + steps[3:]), name) == []
    other = [{"qualityLimitationReason": "other"}] * 5
    assert issues_of(_stream(other), name) == []


def test_a_few_long_freezes_raise_the_issue() -> None:
    """Longer than a second on average, though less than 30 % of the time."""
    long = {"framesDecoded": 200, "totalFreezesDuration": 1.25, "freezeCount": 1}
    short = {"framesDecoded": 200, "totalFreezesDuration": 1.75, "freezeCount": 2}
    none = {"framesDecoded": 200, "totalFreezesDuration": 0, "freezeCount": 0}
    [issue] = issues_of(_stream([long] * 3 + [none] * 3, is_sent=False), IssueName.VIDEO_FROZEN)
    assert not issue.is_open
    assert issue.worst["mean_freeze_ms"] == 1_250
    assert issues_of(_stream([short] * 6, is_sent=False), IssueName.VIDEO_FROZEN) == []


@pytest.mark.parametrize(("waited_ms", "severity"), [(499.75, "warning"), (500.0, "severe")])
def test_half_a_second_of_jitter_buffer_delay_is_severe(waited_ms: float, severity: str) -> None:
    waited = {"jitterBufferDelay": waited_ms, "jitterBufferEmittedCount": 1_000}
    facts = _stream([GOOD | waited] * 4, "microphone", is_sent=False)
    [issue] = issues_of(facts, IssueName.HIGH_JITTER_BUFFER_DELAY)
    assert issue.severity == severity


def test_frames_dropped_during_loss_are_no_decoder_issue() -> None:
    dropped = {"packetsReceived": 980, "packetsLost": 20, "framesDecoded": 50, "framesDropped": 150}
    assert issues_of(_stream([dropped] * 6, is_sent=False), IssueName.DECODER_OVERLOADED) == []


def test_video_as_large_as_its_tile_or_source_has_no_low_resolution() -> None:
    small = {"packetsReceived": 100, "framesDecoded": 100, "frameWidth": 160}
    shown = {"expected_width": 160, "expected_height": 90}
    name = IssueName.LOW_RESOLUTION
    assert len(issues_of(_stream([small] * 4, is_sent=False), name)) == 1
    assert issues_of(_stream([small] * 4, is_sent=False, tagged=shown), name) == []


def test_a_still_screenshare_has_no_low_frame_rate() -> None:
    slow = {"packetsSent": 10, "framesEncoded": 10}
    source = StatsObject(
        type="media-source", id="M", fixed={"kind": "video"}, steps=[{"framesPerSecond": 4}] * 6
    )
    facts = _stream([slow] * 6, "screen", fixed={"mediaSourceId": "M"}, beside=[source])
    assert issues_of(facts, IssueName.LOW_FRAME_RATE) == []


DRY = [
    (IssueName.NO_AUDIO_SENT, "microphone", {"bytesSent": 0}, {"bytesSent": 900}),
    (IssueName.NO_VIDEO_SENT, "camera", {"framesEncoded": 0}, {"framesEncoded": 240}),
]


@pytest.mark.parametrize(("name", "source", "stalled", "wet"), DRY)
def test_two_intervals_without_media_raise_the_issue_and_one_with_media_clears_it(
    name: IssueName, source: str, stalled: Members, wet: Members
) -> None:
    assert issues_of(_stream([wet, stalled, wet, stalled, wet], source), name) == []
    first, second = issues_of(
        _stream([wet, stalled, stalled, wet, stalled, stalled, stalled], source), name
    )
    assert (first.first_at, first.last_at, first.is_open) == (moment(1), moment(3), False)
    assert (second.first_at, second.last_at, second.is_open) == (moment(4), moment(7), True)


@pytest.mark.parametrize(("name", "source", "stalled", "wet"), DRY)
def test_a_muted_or_inactive_stream_is_not_missing(
    name: IssueName, source: str, stalled: Members, wet: Members
) -> None:
    assert (
        issues_of(_stream([wet, stalled, stalled, stalled], source, tagged={"muted": True}), name)
        == []
    )
    paused = {**stalled, "active": False}
    assert issues_of(_stream([wet, paused, paused, paused], source), name) == []
    kind = "audio" if source == "microphone" else "video"
    switched = _noted(_stream([wet, stalled, stalled, stalled], source), (29, f"{kind}_off", {}))
    assert issues_of(switched, name) == []


def test_no_issue_is_raised_in_the_first_ten_seconds() -> None:
    name = IssueName.POOR_NETWORK_DOWNLINK
    for bad, is_raised in ((9, False), (12, False), (13, True)):
        steps = [BAD] * bad + [GOOD] * 20
        facts = _stream(steps, "microphone", is_sent=False, begin_s=0, step_s=1)
        assert bool(issues_of(facts, name)) is is_raised, bad


def test_no_issue_is_raised_in_the_ten_seconds_after_an_unmute() -> None:
    name = IssueName.NO_AUDIO_SENT
    wet, stalled = {"bytesSent": 900}, {"bytesSent": 0}
    for silent, is_raised in ((40 + 14, False), (40 + 15, True)):
        steps = [wet if second >= silent else stalled for second in range(80)]
        facts = _stream(steps, "microphone", begin_s=0, step_s=1)
        muted = _noted(facts, (5, "audio_off", {}), (40, "audio_on", {}))
        assert bool(issues_of(muted, name)) is is_raised, silent


def test_only_more_than_three_intervals_without_a_sample_are_a_gap() -> None:
    facts = _stream([GOOD] * 12, "microphone", is_sent=False)
    for missing, is_gap in (((4, 5), False), ((4, 5, 6), True)):
        samples = [sample for sample in facts.samples if sample.sequence not in missing]
        found = issues_of(structs.replace(facts, samples=samples), IssueName.STATS_GAP)
        assert bool(found) is is_gap
        if is_gap:
            assert [(i.first_at, i.last_at) for i in found] == [(moment(3), moment(7))]
            assert found[0].worst == {"gap_ms": 40_000}


@pytest.mark.parametrize("step_s", [30.0, -30.0])
def test_a_clock_step_is_an_issue_at_once(step_s: float) -> None:
    facts = _stream([GOOD] * 6, "microphone", is_sent=False, clock_s={3: step_s})
    [issue] = issues_of(facts, IssueName.CLOCK_STEP)
    assert (issue.first_at, issue.last_at) == (moment(2), moment(3))
    assert issue.severity == "information"
    steady = _stream([GOOD] * 6, "microphone", is_sent=False, clock_s={0: step_s})
    assert issues_of(steady, IssueName.CLOCK_STEP) == []


def test_a_connection_may_take_five_seconds_to_connect() -> None:
    facts = _stream([GOOD] * 3, "microphone", is_sent=False)
    name = IssueName.SLOW_CONNECT
    assert issues_of(_noted(facts, _ice(1, "checking"), _ice(6, "connected")), name) == []
    slow = _noted(facts, _ice(1, "checking"), _ice(6.001, "connected"))
    assert _spans(issues_of(slow, name)) == [(1, 6.001)]


def test_a_lost_connection_is_an_issue_at_once_until_it_is_connected() -> None:
    facts = _stream([GOOD] * 6, "microphone", is_sent=False)
    lost = _noted(facts, _ice(30, "disconnected"), _ice(30.5, "connected"))
    assert _spans(issues_of(lost, IssueName.ICE_RECONNECTING)) == [(30, 30.5)]
    failed = _noted(facts, _ice(30, "disconnected"), _ice(45, "failed"))
    [issue] = issues_of(failed, IssueName.ICE_FAILED)
    assert issue.severity == "severe"
    assert issue.first_at == CALL_START + 45_000
    assert issues_of(lost, IssueName.ICE_FAILED) == []


def _path(**local: Any) -> PeerFacts:
    pair = {"nominated": True, "state": "succeeded", "localCandidateId": "L"}
    near = {"address": "192.0.2.1", "port": 1, "protocol": "udp", "candidateType": "host"} | local
    things = [
        StatsObject(type="candidate-pair", id="P", fixed=pair, steps=[{}] * 4),
        StatsObject(type="local-candidate", id="L", fixed=near),
    ]
    return peer_of(things)


@pytest.mark.parametrize(
    ("local", "names"),
    [
        ({"candidateType": "host", "protocol": "tcp"}, set()),
        ({"candidateType": "srflx"}, set()),
        ({"candidateType": "relay", "relayProtocol": "udp"}, {"turn_relayed"}),
        ({"candidateType": "relay", "relayProtocol": "tcp"}, {"turn_relayed", "turn_relayed_tcp"}),
        ({"candidateType": "relay", "relayProtocol": "tls"}, {"turn_relayed", "turn_relayed_tcp"}),
        ({"candidateType": "relay", "protocol": "tcp"}, {"turn_relayed", "turn_relayed_tcp"}),
    ],
)
def test_a_relay_is_an_issue_and_a_relay_over_tcp_another(local: Members, names: set[str]) -> None:
    issues = folded(_path(**local)).verdict.issues
    assert {issue.name.value for issue in issues} == names
    assert all((i.first_at, i.last_at) == (moment(0), moment(4)) for i in issues)


def test_a_changed_path_is_an_issue_at_once() -> None:
    pair = {"nominated": True, "state": "succeeded", "localCandidateId": "L"}
    near = {"address": "192.0.2.1", "protocol": "udp", "candidateType": "host", "port": 1}
    moved = [{}, {"address": "198.51.100.7"}, {"address": "198.51.100.7"}]
    far = {"address": "203.0.113.1", "port": 9, "protocol": "udp", "candidateType": "host"}
    facts = peer_of(
        [
            StatsObject(type="candidate-pair", id="P", fixed={**pair, "remoteCandidateId": "R"}),
            StatsObject(type="local-candidate", id="L", fixed=near, steps=moved),
            StatsObject(type="remote-candidate", id="R", fixed=far),
        ]
    )
    [issue] = issues_of(facts, IssueName.TRANSPORT_PATH_CHANGED)
    assert (issue.first_at, issue.severity) == (moment(2), "information")


def test_a_disabled_camera_is_an_issue_until_it_is_enabled() -> None:
    facts = _noted(_stream([{}] * 6), (25, "video_off", {}), (55, "video_on", {}))
    [issue] = issues_of(facts, IssueName.CAMERA_MUTED)
    assert _spans([issue]) == [(25, 55)]
    assert issue.severity == "information"


def _microphone(levels: Sequence[float], packets: int = 500) -> PeerFacts:
    source = StatsObject(
        type="media-source",
        id="M",
        fixed={"kind": "audio"},
        steps=[{"audioLevel": level} for level in levels],
    )
    sent = [{"packetsSent": packets, "bytesSent": packets} for _ in levels]
    return _stream(sent, "microphone", fixed={"mediaSourceId": "M"}, beside=[source])


@pytest.mark.parametrize(
    ("levels", "is_dead"),
    [
        ([0.0] * 3, True),
        ([0.0] * 2, False),
        ([0.0, 0.0001, 0.0], False),
        ([0.0001] * 9, False),
        ([0.4, 0.3, *[0.0] * 3], True),
        ([0.0] * 6, True),
    ],
)
def test_a_microphone_with_zero_level_for_30_s_is_silent(
    levels: list[float], is_dead: bool
) -> None:
    found = issues_of(_microphone(levels), IssueName.SILENT_MICROPHONE)
    assert bool(found) is is_dead
    if is_dead:
        [issue] = found
        zeros = levels.count(0.0)
        assert issue.first_at == moment(len(levels) - zeros)
        assert issue.last_at == moment(len(levels))
        assert issue.worst == {"loudest_level": 0.0}


def _with_energy(facts: PeerFacts, energies: Sequence[float]) -> PeerFacts:
    """The same, with the audio energy of each interval of ten seconds."""
    samples, total = [], 0.0
    for sample, energy in zip(facts.samples, [0.0, *energies], strict=True):
        total += energy
        body = msgspec.json.decode(sample.body)
        for each in body["connections"][0]["stats"]:
            if each["type"] == "media-source":
                each |= {"totalAudioEnergy": total, "totalSamplesDuration": 10 * sample.sequence}
        samples.append(structs.replace(sample, body=msgspec.json.encode(body)))
    return structs.replace(facts, samples=samples)


@pytest.mark.parametrize(
    ("energy", "is_voiced"), [(0.2, True), (0.002, True), (0.0005, False), (1e-9, False)]
)
def test_audio_energy_between_level_samples_ends_the_silence(
    energy: float, is_voiced: bool
) -> None:
    facts = _with_energy(_microphone([0.0] * 6), [0.0, 0.0, energy, 0.0, 0.0, 0.0])
    [dead] = issues_of(facts, IssueName.SILENT_MICROPHONE)
    assert (dead.first_at, dead.last_at) == (moment(3), moment(6))
    [trace] = [each for each in folded(facts).activity.streams if each.family == "audio_producer"]
    assert trace.voiced == ([(moment(2), moment(3))] if is_voiced else [])


def test_a_quiet_room_with_growing_energy_is_not_silent() -> None:
    facts = _with_energy(_microphone([0.0] * 9), [1e-8] * 9)
    assert issues_of(facts, IssueName.SILENT_MICROPHONE) == []


def test_a_restarted_energy_counter_is_ignored() -> None:
    facts = _with_energy(_microphone([0.002] * 6), [5.0, -5.0, 0.0, 0.0, 0.0, 0.0])
    assert issues_of(facts, IssueName.SILENT_MICROPHONE) == []
    facts = _with_energy(_microphone([0.0] * 6), [5.0, -5.0, 0.0, 0.0, 0.0, 0.0])
    [dead] = issues_of(facts, IssueName.SILENT_MICROPHONE)
    assert (dead.first_at, dead.last_at) == (moment(1), moment(6))


def test_a_microphone_that_sends_no_packets_raises_no_issue() -> None:
    assert issues_of(_microphone([0.0] * 6, packets=0), IssueName.SILENT_MICROPHONE) == []


def _swaying(by: float, count: int) -> list[float]:
    """Levels with this standard deviation."""
    return [0.2 + (by if place % 2 else -by) for place in range(count)]


@pytest.mark.parametrize(
    ("levels", "is_constant"),
    [
        (_swaying(0.0099, 10), True),
        (_swaying(0.0101, 10), False),
        (_swaying(0.0, 9), False),
        ([*_swaying(0.0, 9), 0.3], False),
    ],
)
def test_ten_levels_that_deviate_by_less_than_a_hundredth_are_constant(
    levels: list[float], is_constant: bool
) -> None:
    found = issues_of(_microphone(levels), IssueName.CONSTANT_AUDIO_LEVEL)
    assert bool(found) is is_constant


def test_a_deviating_level_ends_the_constant_level() -> None:
    facts = _microphone([*_swaying(0.001, 12), 0.5, 0.2, 0.6])
    [issue] = issues_of(facts, IssueName.CONSTANT_AUDIO_LEVEL)
    assert issue.first_at <= moment(1)
    assert issue.last_at == moment(13)
