"""Whose statistics count where two sources measure one participant."""

import pytest
from msgspec import structs

from aftercall.core.instants import EpochMs
from aftercall.core.quality.report.fold import AccumulatedPeer, accumulate
from aftercall.core.quality.report.measured_peers import measured_once
from tests.core.quality.peer_builder import StatsObject, peer_of
from tests.core.quality.synthetic_call import CALL_START

STREAM = StatsObject(
    type="inbound-rtp",
    id="in",
    fixed={"ssrc": 7, "kind": "audio"},
    steps=[{"packetsReceived": 500}] * 3,
)
NOW = EpochMs(CALL_START + 100_000)


def _peer(source: str, start_s: int, end_s: int | None) -> AccumulatedPeer:
    """A peer with four samples, and a stay in seconds from the start of the call."""
    facts = peer_of([STREAM])
    joined_at = EpochMs(CALL_START + start_s * 1_000)
    left_at = None if end_s is None else EpochMs(CALL_START + end_s * 1_000)
    peer = structs.replace(facts.peer, source=source, joined_at=joined_at, left_at=left_at)
    return accumulate(structs.replace(facts, peer=peer))


def _are_measured(*peers: AccumulatedPeer) -> list[bool]:
    found = measured_once(peers, NOW)
    assert [each.peer.id for each in found] == [each.peer.id for each in peers]
    return [len(each.samples) > 0 for each in found]


def test_the_clients_statistics_count_where_the_server_took_them_too() -> None:
    assert _are_measured(_peer("janus", 0, 60), _peer("collector", 0, 60)) == [False, True]
    assert _are_measured(_peer("janus", 0, None), _peer("collector", 0, None)) == [False, True]


def test_two_clients_of_one_participant_both_count() -> None:
    assert _are_measured(_peer("collector", 0, 60), _peer("jitsi", 0, 60)) == [True, True]


def test_a_server_alone_counts() -> None:
    assert _are_measured(_peer("janus", 0, 60), _peer("janus", 60, 90)) == [True, True]


@pytest.mark.parametrize(("covered_s", "counts"), [(29, True), (30, False)])
def test_a_server_counts_unless_a_client_was_there_for_half_of_the_stay(
    covered_s: int, counts: bool
) -> None:
    client = _peer("collector", 0, covered_s)
    assert _are_measured(_peer("janus", 0, 60), client) == [counts, True]


def test_a_client_without_statistics_replaces_none() -> None:
    client = accumulate(structs.replace(peer_of([STREAM]), samples=[]))
    assert _are_measured(_peer("janus", 0, 60), client) == [True, False]


def test_a_peer_whose_statistics_are_left_out_is_expected_to_have_none() -> None:
    server, _ = measured_once([_peer("janus", 0, 60), _peer("collector", 0, 60)], NOW)
    assert server.peer.interval_ms == 0
