from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.core.quality.issues import Issue, IssueName
from aftercall.core.quality.rules.rtt_bandwidth_turn_rules import ConnectionRules
from aftercall.core.quality.stats.getstats import ConnectionBody, SampleBody, Stats
from aftercall.core.quality.stats.report_linker import normalise

STEP_MS = 7_000


def _issues(*reports: dict[str, Any]) -> list[Issue]:
    """The issues of a connection with these members of its pair and candidates, sample by
    sample."""
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


def test_a_high_rtt_is_raised_and_cleared() -> None:
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


def test_a_relay_and_its_protocol_raise_issues() -> None:
    relay = {"local": {"candidate_type": "relay", "relay_protocol": "tls"}}
    found = _issues(*(dict(relay) for _ in range(3)))
    assert [issue.name for issue in found] == [IssueName.TURN_RELAYED, IssueName.TURN_RELAYED_TCP]
    assert found[0].sample_count == 3


def test_a_changed_path_is_raised_once() -> None:
    mobile: dict[str, Any] = {"local": {"address": "198.51.100.7"}}
    found = _issues({}, {}, {}, dict(mobile), dict(mobile))
    assert [(issue.name, issue.first_at) for issue in found] == [
        (IssueName.TRANSPORT_PATH_CHANGED, 3 * STEP_MS)
    ]


def test_paths_tried_while_connecting_are_no_changes() -> None:
    relayed = {"local": {"candidate_type": "relay", "address": "203.0.113.5"}}
    other = {"local": {"address": "192.0.2.2"}}
    found = _issues(dict(relayed), dict(other), {}, {})
    assert [issue.name for issue in found] == [IssueName.TURN_RELAYED]


def test_members_missing_from_a_candidate_are_no_path_change() -> None:
    for member in ("port", "address", "protocol"):
        hidden: dict[str, Any] = {"local": {member: None}}
        assert _issues({}, dict(hidden), {}, dict(hidden)) == []
        assert _issues(dict(hidden), {}, dict(hidden), {}) == []
        mobile: dict[str, Any] = {"local": {"address": "198.51.100.7"}}
        [issue] = _issues({}, {}, dict(hidden), dict(mobile))
        assert issue.name is IssueName.TRANSPORT_PATH_CHANGED


def _arrivals(*counts: tuple[int | None, int | None]) -> list[tuple[int, int]]:
    """Between which reports something arrived when the transport's bytes and a stream's packets
    were these."""
    rules = ConnectionRules("ada")
    for place, (bytes_received, packets_received) in enumerate(counts):
        stats = [Stats(type="transport", id="T", bytes_received=bytes_received)]
        if packets_received is not None:
            stats.append(
                Stats(
                    type="inbound-rtp",
                    id="I",
                    kind="audio",
                    ssrc=1,
                    packets_received=packets_received,
                )
            )
        body = SampleBody(connections=[ConnectionBody(id="pc", stats=stats)])
        rules.take(normalise(body, EpochMs(place)))
    assert {each.connection_id for each in rules.arrivals()} <= {"pc"}
    return [(each.start_at, each.end_at) for each in rules.arrivals()]


def test_arrivals_are_read_from_the_bytes_of_the_transport() -> None:
    assert _arrivals((0, 5), (0, 6), (9, 6), (9, 6), (11, 7)) == [(1, 2), (3, 4)]


def test_without_transport_bytes_arrivals_are_read_from_stream_packets() -> None:
    assert _arrivals((None, 5), (None, 5), (None, 9), (None, 2), (None, 3)) == [(1, 2), (3, 4)]


def test_without_counters_there_are_no_arrivals() -> None:
    assert _arrivals((None, None), (None, None)) == []
