from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.core.quality.connection_rules import ConnectionRules, ice_issues
from aftercall.core.quality.getstats import ConnectionBody, SampleBody, Stats
from aftercall.core.quality.issues import Issue, IssueName
from aftercall.core.quality.streams import normalise
from aftercall.core.records import PeerNote

STEP_MS = 7_000


def _issues(*reports: dict[str, Any]) -> list[Issue]:
    """The issues of a connection whose pair and candidates were like this, report by report."""
    rules = ConnectionRules("ada")
    for place, report in enumerate(reports):
        local: dict[str, Any] = {
            "candidate_type": "host",
            "address": "192.0.2.1",
            "port": 1,
            "protocol": "udp",
        }
        local |= report.pop("local", {})
        sends = report.pop("sends", True)
        remote: dict[str, Any] = {
            "candidate_type": "host",
            "address": "192.0.2.9",
            "port": 2,
            "protocol": "udp",
        }
        stats = [
            Stats(type="candidate-pair", id="P", nominated=True, **report),
            Stats(type="local-candidate", id="L", **local),
            Stats(type="remote-candidate", id="R", **remote),
        ]
        stats[0].local_candidate_id, stats[0].remote_candidate_id = "L", "R"
        if sends:
            stats.append(Stats(type="outbound-rtp", id="O", kind="video", ssrc=1))
        body = SampleBody(connections=[ConnectionBody(id="pc", stats=stats)])
        rules.take(normalise(body, EpochMs(place * STEP_MS)))
    return rules.finish()


def test_a_long_round_trip_is_raised_and_cleared() -> None:
    rtts = (0.1, 0.45, 0.45, 0.45, 0.2, 0.2, 0.2)
    [issue] = _issues(*({"current_round_trip_time": rtt} for rtt in rtts))
    assert issue.name is IssueName.HIGH_RTT
    assert (issue.first_at, issue.last_at) == (0, 3 * STEP_MS)
    assert issue.worst == {"rtt_ms": 450.0}
    assert not issue.is_open


def test_a_narrow_uplink_counts_only_while_video_is_sent() -> None:
    narrow = [{"available_outgoing_bitrate": 60_000.0} for _ in range(4)]
    [issue] = _issues(*(dict(report) for report in narrow))
    assert (issue.name, issue.worst) == (IssueName.LOW_AVAILABLE_BITRATE, {"available_kbps": 60.0})
    assert _issues(*({**report, "sends": False} for report in narrow)) == []


def test_a_relay_and_its_protocol_are_told() -> None:
    relay = {"local": {"candidate_type": "relay", "relay_protocol": "tls"}}
    found = _issues(*(dict(relay) for _ in range(3)))
    assert [issue.name for issue in found] == [IssueName.TURN_RELAYED, IssueName.TURN_RELAYED_TCP]
    assert found[0].sample_count == 3


def test_another_path_is_told_once() -> None:
    mobile: dict[str, Any] = {"local": {"address": "198.51.100.7"}}
    found = _issues({}, {}, dict(mobile), dict(mobile))
    assert [(issue.name, issue.first_at) for issue in found] == [
        (IssueName.TRANSPORT_PATH_CHANGED, 2 * STEP_MS)
    ]


def _note(at: int, state: str, name: str = "ice_connection_state") -> PeerNote:
    return PeerNote(
        app_id="app",
        session_id="session",
        peer_id="ada",
        id=f"{at}{state}",
        at=EpochMs(at),
        received_at=EpochMs(at),
        name=name,
        data={"connection": "pc", "state": state},
    )


def test_an_interruption_lasts_until_the_connection_is_back() -> None:
    [issue] = ice_issues("ada", [_note(9_000, "connected"), _note(2_000, "disconnected")], None)
    assert (issue.name, issue.first_at, issue.last_at) == (
        IssueName.ICE_RECONNECTING,
        2_000,
        9_000,
    )


def test_an_interruption_nothing_ended_lasts_until_the_leave() -> None:
    [issue] = ice_issues("ada", [_note(2_000, "disconnected")], EpochMs(30_000))
    assert issue.worst == {"outage_ms": 28_000.0}


def test_connecting_may_take_five_seconds() -> None:
    slow = [
        _note(0, "connecting", "connection_state"),
        _note(5_001, "connected", "connection_state"),
    ]
    quick = [_note(0, "checking"), _note(5_000, "completed")]
    assert [issue.name for issue in ice_issues("ada", slow, None)] == [IssueName.SLOW_CONNECT]
    assert ice_issues("ada", quick, None) == []
