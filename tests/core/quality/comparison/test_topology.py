"""Connections between two browsers are distinguished from those to a server."""

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import (
    ConnectionActivity,
    StreamActivity,
    TransportAddress,
)
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.comparison.topology import Topology
from aftercall.core.quality.issues import StreamRef
from aftercall.core.quality.stats.report_linker import Family
from tests.core.quality.comparison_builder import activity_of

CALL = (EpochMs(0), EpochMs(600_000))
SERVER = TransportAddress("198.51.100.1", 3478)


def _stream(who: str, connection: str, family: Family, ssrc: int) -> StreamActivity:
    ref = StreamRef(peer_id=who, connection_id=connection, family=family.value, ssrc=ssrc)
    return activity_of(
        ref,
        flowing=[CALL],
    )


def _connection(
    who: str,
    name: str,
    own: TransportAddress | None = None,
    chosen: TransportAddress | None = None,
    role: str | None = None,
) -> ConnectionActivity:
    return ConnectionActivity(
        peer_id=who,
        connection_id=name,
        reported=[CALL],
        own=[] if own is None else [own],
        chosen=[] if chosen is None else [chosen],
        roles=[] if role is None else [role],
    )


def _participant(
    who: str, *streams: StreamActivity, connections: tuple[ConnectionActivity, ...] = ()
) -> ComparedParticipant:
    return ComparedParticipant(
        participant_id=who,
        peer_ids=frozenset({who}),
        issues=[],
        streams=streams,
        connections=connections,
    )


def _pair(ada: ConnectionActivity, bob: ConnectionActivity) -> Topology:
    """Each received the stream that the other sent, under the same SSRC."""
    sent, heard = Family.AUDIO_PRODUCER, Family.AUDIO_CONSUMER
    participants = [
        _participant(
            "ada", _stream("ada", "pc", sent, 1), _stream("ada", "pc", heard, 2), connections=(ada,)
        ),
        _participant(
            "bob", _stream("bob", "pc", sent, 2), _stream("bob", "pc", heard, 1), connections=(bob,)
        ),
    ]
    return Topology({participant.participant_id: participant for participant in participants})


AT_ADA = StreamRef(peer_id="ada", connection_id="pc")
ADA, BOB = TransportAddress("192.0.2.1", 50_001), TransportAddress("192.0.2.2", 50_002)


@pytest.mark.parametrize(
    ("ada", "bob", "far"),
    [
        (_connection("ada", "pc", ADA, BOB), _connection("bob", "pc", BOB, ADA), "bob"),
        (_connection("ada", "pc", ADA, SERVER), _connection("bob", "pc", BOB, SERVER), None),
        (
            _connection("ada", "pc", ADA, SERVER),
            _connection("bob", "pc", BOB, SERVER._replace(port=3479)),
            None,
        ),
        (
            _connection(
                "ada", "pc", TransportAddress(None, 50_001), TransportAddress(None, 50_002)
            ),
            _connection(
                "bob", "pc", TransportAddress(None, 50_002), TransportAddress(None, 50_001)
            ),
            "bob",
        ),
        (
            _connection("ada", "pc", role="controlling"),
            _connection("bob", "pc", role="controlling"),
            None,
        ),
        (
            _connection("ada", "pc", role="controlling"),
            _connection("bob", "pc", role="controlled"),
            "bob",
        ),
    ],
    ids=["candidates", "one server", "its other port", "ports alone", "one role", "both roles"],
)
def test_two_peers_with_the_same_ssrcs_are_connected_directly_unless_a_server_is_evident(
    ada: ConnectionActivity, bob: ConnectionActivity, far: str | None
) -> None:
    assert _pair(ada, bob).far_end(AT_ADA) == far


def test_a_stream_received_by_several_peers_goes_through_a_server() -> None:
    sent = _participant("ada", _stream("ada", "pc", Family.AUDIO_PRODUCER, 1))
    heard = [
        _participant(who, _stream(who, "pc", Family.AUDIO_CONSUMER, 1)) for who in ("bob", "cyd")
    ]
    topology = Topology({participant.participant_id: participant for participant in (sent, *heard)})
    assert topology.far_end(AT_ADA) is None


def test_in_a_mesh_each_connection_leads_to_one_other() -> None:
    sent = _participant(
        "ada",
        _stream("ada", "to bob", Family.AUDIO_PRODUCER, 1),
        _stream("ada", "to cyd", Family.AUDIO_PRODUCER, 2),
    )
    bob = _participant("bob", _stream("bob", "pc", Family.AUDIO_CONSUMER, 1))
    cyd = _participant("cyd", _stream("cyd", "pc", Family.AUDIO_CONSUMER, 2))
    topology = Topology(
        {participant.participant_id: participant for participant in (sent, bob, cyd)}
    )
    assert topology.far_end(StreamRef(peer_id="ada", connection_id="to bob")) == "bob"
    assert topology.far_end(StreamRef(peer_id="ada", connection_id="to cyd")) == "cyd"


def test_a_connection_that_carries_streams_of_others_is_to_a_server() -> None:
    ada = _participant("ada", _stream("ada", "pc", Family.AUDIO_PRODUCER, 1))
    bob = _participant(
        "bob",
        _stream("bob", "pc", Family.AUDIO_CONSUMER, 1),
        _stream("bob", "pc", Family.AUDIO_CONSUMER, 99),
    )
    assert Topology({"ada": ada, "bob": bob}).far_end(AT_ADA) is None


def test_a_producer_named_only_by_listeners_belongs_to_the_one_that_does_not_receive_it() -> None:
    def heard(who: str) -> StreamActivity:
        ref = StreamRef(peer_id=who, producer_id="p")
        activity = _stream(who, "pc", Family.AUDIO_CONSUMER, 7)
        activity.ref = ref
        return activity

    participants = {
        "ada": _participant("ada", _stream("ada", "pc", Family.AUDIO_PRODUCER, 1)),
        "bob": _participant("bob", heard("bob")),
        "cyd": _participant("cyd", heard("cyd")),
    }
    ref = StreamRef(peer_id="bob", producer_id="p")
    assert Topology(participants).sender_of("bob", ref) == "ada"
