from random import Random

from aftercall.simulator.media import CAMERA, MICROPHONE, Sending
from aftercall.simulator.network_conditions import Conditions
from aftercall.simulator.stats_report import Connection

CALM = Conditions(round_trip_ms=40, jitter_ms=2)


def connection(**more: object) -> Connection:
    sendings = {
        source.name: Sending(source, ssrc=10 + n, mid=str(n), random=Random(1))
        for n, source in enumerate((MICROPHONE, CAMERA))
    }
    for sending in sendings.values():
        sending.pass_second(CALM, level=0.2, share_bps=2_000_000)
    members: dict[str, object] = {
        "id": "pc1",
        "peer_id": "one",
        "guest": 0,
        "address": "192.0.2.41",
        "is_relayed": False,
        "conditions": CALM,
        "total_round_trip_s": 1.0,
        "round_trips": 20,
        "sendings": sendings,
        "receivings": {},
    }
    return Connection(**{**members, **more})  # type: ignore[arg-type]


def test_what_the_transport_carried_is_the_sum_of_its_streams() -> None:
    stats = connection().stats(1_000)
    (transport,) = (one for one in stats if one["type"] == "transport")
    sent = [one for one in stats if one["type"] == "outbound-rtp"]
    assert transport["packetsSent"] == sum(one["packetsSent"] for one in sent) > 0


def test_ids_that_one_object_names_are_ids_of_others() -> None:
    stats = connection().stats(1_000)
    ids = {one["id"] for one in stats}
    named = {
        one[member]
        for one in stats
        for member in ("codecId", "transportId", "mediaSourceId", "localId", "remoteId")
        if member in one
    }
    assert named <= ids


def test_a_relayed_path_is_named_by_its_turn_server() -> None:
    stats = connection(is_relayed=True).stats(1_000)
    (local,) = (one for one in stats if one["type"] == "local-candidate")
    assert (local["candidateType"], local["relayProtocol"]) == ("relay", "tcp")


def test_the_far_end_of_a_mesh_is_the_other_peer() -> None:
    stats = connection(other_peer_id="two", other_address="198.51.100.17").stats(1_000)
    (remote,) = (one for one in stats if one["type"] == "remote-candidate")
    assert remote["address"] == "198.51.100.17"
