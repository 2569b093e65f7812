"""Charts of a connection: available bitrate, RTT and audio level; and its path as a sentence."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.overview.connection_charts import connection_columns, describe_pairs
from aftercall.core.quality.report.fold import fold
from aftercall.core.quality.stats.peer_metadata import CandidatePair, CandidatePairs, Metadata
from aftercall.core.records import StoredSample
from tests.core.quality.synthetic_call import Call

START = 1_795_000_000_000


def sample(second: int, *stats: dict[str, Any], body: bytes | None = None) -> StoredSample:
    at = EpochMs(START + second * 1_000)
    encoded = json.dumps({"connections": [{"id": "pc", "stats": stats}]}).encode()
    return StoredSample(peer_id="ada", sequence=second, at=at, received_at=at, body=body or encoded)


def pair(**members: Any) -> dict[str, Any]:
    return {"type": "candidate-pair", "id": "pair", "nominated": True} | members


def source(level: float | None, id_: str = "microphone") -> dict[str, Any]:
    return {"type": "media-source", "id": id_, "audioLevel": level}


def test_a_sample_gives_available_bitrate_rtt_in_ms_and_audio_level() -> None:
    found = connection_columns(
        [
            sample(
                0,
                pair(availableOutgoingBitrate=300_000, currentRoundTripTime=0.0421239),
                source(0.123456),
            )
        ],
        points=10,
    )
    assert found.t == [START]
    assert found.available_outgoing_bps == [300_000]
    assert found.rtt_ms == [42.124]
    assert found.audio_level == [0.1235]


def test_the_charts_take_the_greatest_value_of_several_connections() -> None:
    found = connection_columns(
        [
            sample(
                0,
                pair(availableOutgoingBitrate=1, currentRoundTripTime=0.3),
                pair(availableOutgoingBitrate=2, currentRoundTripTime=0.1),
                source(0.2, "a"),
                source(0.1, "b"),
            )
        ],
        points=10,
    )
    assert (found.available_outgoing_bps, found.rtt_ms, found.audio_level) == ([2], [300], [0.2])


@pytest.mark.parametrize(
    ("members", "is_used"),
    [
        ({"nominated": True}, True),
        ({"nominated": False, "selected": True}, True),
        ({"nominated": False}, False),
        ({"nominated": None}, False),
    ],
)
def test_only_the_selected_pair_is_charted(members: dict[str, Any], is_used: bool) -> None:
    found = connection_columns([sample(0, pair(currentRoundTripTime=0.1, **members))], points=10)
    assert found.rtt_ms == ([100] if is_used else [])


def test_a_column_without_values_is_empty_and_others_have_nulls_for_missing_values() -> None:
    found = connection_columns(
        [sample(0, source(None)), sample(1, pair(currentRoundTripTime=0.0))], points=10
    )
    assert (found.available_outgoing_bps, found.audio_level) == ([], [])
    assert found.rtt_ms == [None, 0.0]


def test_unreadable_samples_are_left_out() -> None:
    samples = [sample(0), sample(1, body=b"\xff"), sample(2, body=b"[]"), sample(3, body=b"{}")]
    assert connection_columns(samples, points=10).t == [START, START + 3_000]


def test_time_bounds_are_inclusive() -> None:
    found = connection_columns(
        [sample(second) for second in range(6)],
        points=10,
        from_at=EpochMs(START + 1_000),
        to_at=EpochMs(START + 3_000),
    )
    assert [at - START for at in found.t] == [1_000, 2_000, 3_000]


@given(
    st.lists(st.none() | st.floats(0, 2), min_size=1, max_size=120),
    st.integers(8, 60),
)
def test_thinning_keeps_both_ends_the_minimum_and_the_maximum(
    trips_s: list[float | None], points: int
) -> None:
    samples = [sample(i, pair(currentRoundTripTime=trip_s)) for i, trip_s in enumerate(trips_s)]
    whole = connection_columns(samples, points=len(samples))
    thinned = connection_columns(samples, points=points)
    assert len(thinned.t) <= max(points, 2)
    assert thinned.t == sorted(set(thinned.t))
    assert (thinned.t[0], thinned.t[-1]) == (whole.t[0], whole.t[-1])
    known = [trip for trip in whole.rtt_ms if trip is not None]
    kept = [trip for trip in thinned.rtt_ms if trip is not None]
    assert bool(known) == bool(kept)
    if known:
        assert (min(kept), max(kept)) == (min(known), max(known))


def metadata(producing: list[CandidatePair], consuming: list[CandidatePair]) -> Metadata:
    call = Call(["ada"], minutes=1)
    folded = fold([call.facts("ada")], call.end_at)
    pairs = CandidatePairs(producing=producing, consuming=consuming)
    return replace(folded.verdict.metadata, candidate_pairs=pairs)


def sentence(**members: Any) -> str:
    [found] = describe_pairs(metadata([CandidatePair(**members)], []))
    return found.sentence


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({}, "UNKNOWN PROTOCOL directly"),
        (
            {
                "local_candidate_protocol": "udp",
                "local_candidate_type": "host",
                "remote_candidate_type": "host",
                "current_round_trip_time": 0.0404,
            },
            "UDP directly, within one network or to a public address, 40 ms",
        ),
        (
            {
                "local_candidate_protocol": "udp",
                "local_candidate_type": "srflx",
                "remote_candidate_type": "host",
                "local_candidate_network_type": "wifi",
            },
            "UDP directly over wifi",
        ),
        (
            {
                "local_candidate_protocol": "udp",
                "local_candidate_type": "srflx",
                "local_candidate_network_type": "unknown",
            },
            "UDP directly",
        ),
        (
            {
                "local_candidate_protocol": "udp",
                "local_candidate_type": "relay",
                "local_candidate_url": "turn:turn.example.org:3478?transport=tls",
                "local_candidate_relay_protocol": "tls",
            },
            "UDP through TURN (turn.example.org, TLS)",
        ),
        (
            {
                "local_candidate_protocol": "udp",
                "local_candidate_type": "relay",
                "local_candidate_url": "turn:[2001:db8::1]",
            },
            "UDP through TURN ([2001:db8::1])",
        ),
        (
            {
                "local_candidate_protocol": "tcp",
                "local_candidate_type": "relay",
                "local_candidate_url": "turns:[2001:db8::1]:443",
            },
            "TCP through TURN ([2001:db8::1])",
        ),
        (
            {
                "local_candidate_protocol": "udp",
                "local_candidate_type": "relay",
                "local_candidate_url": "turn:turn.example.org?transport=udp",
            },
            "UDP through TURN (turn.example.org)",
        ),
        (
            {"local_candidate_protocol": "udp", "local_candidate_type": "relay"},
            "UDP through TURN",
        ),
        (
            {
                "local_candidate_protocol": "udp",
                "local_candidate_type": "host",
                "remote_candidate_type": "relay",
            },
            "UDP through the other side's TURN",
        ),
    ],
)
def test_a_path_is_described_in_a_sentence(members: dict[str, Any], words: str) -> None:
    assert sentence(**members) == words


def test_selected_pairs_come_first_and_have_a_direction() -> None:
    idle, used = CandidatePair(), CandidatePair(is_selected=True, current_round_trip_time=0.0125)
    found = describe_pairs(metadata([idle], [idle, used]))
    assert [(each.direction, each.is_selected, each.rtt_ms) for each in found] == [
        ("consuming", True, 12.5),
        ("producing", False, None),
        ("consuming", False, None),
    ]
