from collections import Counter
from typing import Any

import msgspec
import pytest

from aftercall.core.ids import is_uuid
from aftercall.core.quality.stats.getstats import STATS_MEMBERS, decode_body
from aftercall.ingest.collect_batch import read_batch
from aftercall.simulator.call import Call, SentEntry
from aftercall.simulator.network_conditions import Kind

BEGIN_MS = 1_795_000_000_000
PEER_ID = "9f8b0e1c-9a58-4b7e-8a57-0f3f3b7a1c2d"


def call(*, seed: int = 1, number: int = 0, participants: int = 4, **more: Any) -> Call:
    return Call(
        seed=seed,
        number=number,
        participants=participants,
        **{"length_s": 300, "interval_s": 7, "begin_ms": BEGIN_MS, **more},
    )


def played(planned: Call) -> list[SentEntry]:
    return [stated for _, second in planned.play() for stated in second]


def entries(planned: Call, type_: str) -> list[dict[str, Any]]:
    return [stated.entry for stated in played(planned) if stated.entry["type"] == type_]


def test_a_seed_always_gives_the_same_call() -> None:
    first = [(stated.peer.id, stated.entry) for stated in played(call(seed=9))]
    second = [(stated.peer.id, stated.entry) for stated in played(call(seed=9))]
    other = [(stated.peer.id, stated.entry) for stated in played(call(seed=10))]
    assert first == second
    assert first != other


def test_calls_of_one_seed_share_no_peer() -> None:
    peers = [{stated.peer.id for stated in played(call(number=n))} for n in range(5)]
    assert len(set().union(*peers)) == sum(len(some) for some in peers)


@pytest.mark.parametrize("kind", Kind)
def test_every_peer_numbers_its_entries_without_gaps_within_the_call(kind: Kind) -> None:
    by_peer: dict[str, list[dict[str, Any]]] = {}
    for stated in played(call(kinds=(kind, kind))):
        by_peer.setdefault(stated.peer.id, []).append(stated.entry)
    for peer_id, reported in by_peer.items():
        assert is_uuid(peer_id)
        assert reported[0]["type"] == "join"
        numbers = [entry["seq"] for entry in reported]
        assert numbers == list(range(len(reported)))
        assert all(BEGIN_MS <= entry["at"] <= BEGIN_MS + 301_000 for entry in reported)


def test_every_peer_leaves_unless_its_connection_was_lost() -> None:
    planned = call(participants=6, kinds=(Kind.RECONNECTING,))
    reported = played(planned)
    joined = {stated.peer.id for stated in reported if stated.entry["type"] == "join"}
    left = {stated.peer.id for stated in reported if stated.entry["type"] == "leave"}
    continued = {s.entry["previous_peer_id"] for s in reported if "previous_peer_id" in s.entry}
    assert joined - left == continued
    assert len(continued) >= 1


def test_a_reconnecting_guest_continues_once_and_rejoins_once() -> None:
    reported = [stated for stated in played(call(kinds=(Kind.RECONNECTING,))) if stated.guest == 0]
    joins = [stated.entry for stated in reported if stated.entry["type"] == "join"]
    assert ["previous_peer_id" in join for join in joins] == [False, True, False]


NOT_KEPT = {
    *("bytesSent", "channels", "dtlsState", "iceState", "packetsReceived", "packetsSent"),
    *("payloadType", "qpSum", "remoteId", "responsesReceived", "selectedCandidatePairChanges"),
    *("totalDecodeTime", "totalEncodeTime", "transportId"),
}
"""Members that browsers report and the record leaves out."""


def test_samples_have_only_members_of_browsers_and_are_decoded() -> None:
    for sample in entries(call(kinds=tuple(Kind), participants=7), "sample"):
        body = decode_body(msgspec.json.encode(sample))
        assert body.connections
        for stats in sample["connections"][0]["stats"]:
            named = {"id", "type", "timestamp", *STATS_MEMBERS[stats["type"]]}
            assert set(stats) - named <= NOT_KEPT


def test_a_batch_of_a_call_is_valid_in_the_protocol() -> None:
    reported = [stated.entry for stated in played(call())][:300]
    batch = read_batch(
        msgspec.json.encode({"v": 1, "peer_id": PEER_ID, "sent_at": BEGIN_MS, "entries": reported})
    )
    assert len(batch.entries) == len(reported)


def test_a_sample_is_sent_every_interval_while_the_network_works() -> None:
    planned = call(kinds=(Kind.GOOD,) * 4)
    counts = Counter(stated.guest for stated in played(planned) if stated.entry["type"] == "sample")
    for guest in planned.guests:
        (stay,) = guest.stays
        assert counts[guest.number] == (stay.end_s - stay.start_s - 1) // 7


def test_a_silent_microphone_gives_no_transcript() -> None:
    kinds = (Kind.SILENT_MICROPHONE, Kind.GOOD, Kind.GOOD, Kind.GOOD)
    reported = played(call(kinds=kinds, length_s=600))
    speakers = {stated.guest for stated in reported if stated.entry["type"] == "transcript"}
    assert speakers
    assert 0 not in speakers


def test_a_lossy_uplink_is_counted_by_sender_and_listeners() -> None:
    planned = call(kinds=(Kind.LOSSY_UPLINK, Kind.GOOD, Kind.GOOD, Kind.GOOD))
    last = {
        stated.peer.id: stated for stated in played(planned) if stated.entry["type"] == "sample"
    }
    sender = next(stated.peer for stated in last.values() if stated.guest == 0)
    lost = sender.sendings["microphone"].far_counted["packetsLost"]
    sent = sender.sendings["microphone"].counted["packetsSent"]
    assert lost / sent > 0.01
    for stated in last.values():
        heard = stated.peer.receivings.get((sender.id, "microphone"))
        if heard is not None:
            assert heard.counted["packetsLost"] > 0.5 * lost


def test_a_call_below_the_minimum_length_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 30 s"):
        call(length_s=29)


def test_a_received_stream_keeps_its_mid_when_others_leave() -> None:
    mids: dict[tuple[str, int], set[str]] = {}
    for stated in played(call(kinds=(Kind.RECONNECTING, Kind.RECONNECTING), participants=5)):
        if stated.entry["type"] != "sample":
            continue
        received = [
            each
            for each in stated.entry["connections"][0]["stats"]
            if each["type"] == "inbound-rtp"
        ]
        assert len({each["mid"] for each in received}) == len(received)
        for each in received:
            mids.setdefault((stated.peer.id, each["ssrc"]), set()).add(each["mid"])
    assert {len(each) for each in mids.values()} == {1}
