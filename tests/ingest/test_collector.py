"""The collect protocol: what a batch becomes."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import Malformed
from aftercall.core.events import (
    ChatSent,
    Identity,
    LineSpoken,
    PeerEvent,
    PeerJoined,
    PeerLeft,
    SampleTaken,
)
from aftercall.core.instants import EpochMs
from aftercall.core.privacy import Privacy, shorten_body
from aftercall.core.quality.stats.getstats import decode_body, encode_body
from aftercall.ingest import collector
from tests.ingest import translation
from tests.ingest.translation import RedactedTranslation

NOW = EpochMs(1_795_224_208_672)
PEER = "57bbcb51-464d-446a-8713-6b90c1819f61"
ADA = Identity(user_id="member-1", display_name="Ada", custom_participant_id="ada")


def batch(*entries: dict[str, Any], **envelope: Any) -> bytes:
    body = {"v": 1, "peer_id": PEER, "sent_at": NOW, "entries": entries} | envelope
    return msgspec.json.encode(body)


def entry(kind: str, seq: int = 0, at: int = NOW, **members: Any) -> dict[str, Any]:
    return {"seq": seq, "at": at, "type": kind, **members}


def read(body: bytes, *, privacy: Privacy = Privacy.FULL) -> RedactedTranslation:
    return translation.translate(
        collector, body, meeting_id="weekly", identity=ADA, privacy=privacy, received_at=NOW
    )


def test_each_kind_of_entry_becomes_its_fact() -> None:
    found = read(
        batch(
            entry("join", 0, interval_ms=5_000, previous_peer_id="old"),
            entry("describe", 1, device={"cpus": 8}),
            entry("event", 2, name="audio_off", data={"by": "user"}),
            entry("sample", 3, connections=[{"id": "pc", "stats": []}], streams=[]),
            entry("chat", 4, text="hello"),
            entry("transcript", 5, start_at=NOW - 900, end_at=NOW - 100, text="good morning"),
            entry("leave", 6),
        )
    )
    kinds = [PeerJoined, PeerEvent, PeerEvent, SampleTaken, ChatSent, LineSpoken, PeerLeft]
    assert [type(event) for event in found.events] == kinds
    assert found.positions == [0, 1, 2, 3, 4, 5, 6]
    assert found.rejected == []
    join = found.events[0]
    assert isinstance(join, PeerJoined)
    assert (join.interval_ms, join.previous_peer_id) == (5_000, "old")
    assert join.identity == ADA
    line = found.events[5]
    assert isinstance(line, LineSpoken)
    assert (line.at, line.end_at) == (NOW - 900, NOW - 100)


def test_an_invalid_entry_is_rejected_alone() -> None:
    found = read(
        batch(
            entry("join", 0),
            entry("nonsense", 1),
            entry("event", 2, name="Not A Name"),
            entry("event", 3, at=-5, name="ok"),
            entry("sample", 4, connections=[{"id": "pc", "stats": "many"}]),
            entry("leave", 5),
        )
    )
    assert found.positions == [0, 5]
    assert [r.position for r in found.rejected] == [1, 2, 3, 4]
    assert [r.code for r in found.rejected] == [
        "bad_entry",
        "bad_name",
        "bad_entry",
        "sample_unreadable",
    ]


def test_a_wrong_clock_is_corrected_by_the_time_of_sending() -> None:
    years_off = NOW - 3 * 365 * 86_400_000
    found = read(batch(entry("join", 0, at=years_off - 5_000), sent_at=years_off))
    assert found.events[0].at == NOW - 5_000
    assert found.heard_at == NOW - 5_000


def test_a_backfill_keeps_its_times() -> None:
    found = read(batch(entry("join", 0, at=NOW - 3_600_000)))
    assert found.events[0].at == NOW - 3_600_000


def test_no_fact_is_later_than_its_receipt() -> None:
    found = read(batch(entry("leave", 0, at=NOW + 60_000)))
    assert found.events[0].at <= NOW + 2_000


def test_a_message_id_is_unique_to_its_sender() -> None:
    ours = read(batch(entry("chat", 0, id="m1", text="mine"))).events[0]
    again = read(batch(entry("chat", 9, id="m1", text="mine, edited", edited=True))).events[0]
    theirs = translation.translate(
        collector,
        batch(entry("chat", 0, id="m1", text="theirs")),
        meeting_id="weekly",
        identity=Identity(user_id="member-2"),
        received_at=NOW,
    ).events[0]
    assert ours.id == again.id
    assert ours.id != theirs.id


def test_addresses_depend_on_the_privacy_level() -> None:
    candidate = {"id": "c", "type": "local-candidate", "address": "203.0.113.77"}
    body = batch(entry("sample", 0, connections=[{"id": "pc", "stats": [candidate]}]))
    kept = {
        level: read(body, privacy=level).events[0].body  # type: ignore[union-attr]  # a sample
        for level in Privacy
    }
    assert b"203.0.113.77" in kept[Privacy.FULL]
    assert b"203.0.113.0" in kept[Privacy.TRUNCATE]
    assert b"203.0.113" not in kept[Privacy.NONE]


def test_members_unknown_to_getstats_are_dropped() -> None:
    stats = {"id": "o", "type": "outbound-rtp", "packetsSent": 7, "secret": "x"}
    odd = {"id": "z", "type": "certificate", "fingerprint": "AA"}
    body = batch(entry("sample", 0, connections=[{"id": "pc", "stats": [stats, odd]}]))
    event = read(body).events[0]
    assert isinstance(event, SampleTaken)
    assert b"packetsSent" in event.body
    assert b"secret" not in event.body
    assert b"fingerprint" not in event.body


def test_dropped_entries_are_recorded_as_a_peer_event() -> None:
    found = read(batch(entry("join", 0), dropped=17))
    note = found.events[-1]
    assert isinstance(note, PeerEvent)
    assert (note.name, note.data) == ("entries_dropped", {"count": 17})


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad_json"),
        (b"{", "bad_json"),
        (b"[1]", "bad_batch"),
        (b'{"v": 1}', "bad_batch"),
        (batch(v=2), "bad_version"),
        (batch(peer_id="42"), "bad_peer_id"),
        (batch(sent_at="soon"), "bad_batch"),
        (batch(sent_at=-1), "bad_batch"),
        (batch(dropped=-1), "bad_batch"),
        (b'{"v":1,"peer_id":"' + PEER.encode() + b'","sent_at":NaN}', "bad_json"),
        (batch(*[entry("leave", n) for n in range(501)]), "bad_batch"),
        (b"[" * 50_000, "bad_json"),
    ],
)
def test_a_malformed_batch_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(Malformed) as caught:
        read(body)
    assert caught.value.code in (code, "bad_batch")


def test_a_batch_decoded_entry_by_entry_gives_the_same_samples() -> None:
    stats = [
        {"id": "a", "type": "inbound-rtp", "kind": "audio", "packetsLost": -3, "jitter": 0.25},
        {"id": "l", "type": "local-candidate", "address": "2001:db8:1:2::3", "relatedPort": 9},
        {"id": "r", "type": "remote-candidate", "address": "203.0.113.77", "port": 443},
        {"id": "s", "type": "outbound-rtp", "bytesSent": "12", "qualityLimitationReason": "cpu"},
    ]
    tag = {"connection": "pc", "direction": "receive", "ssrc": 7, "score": 0.5}
    report: dict[str, Any] = {
        "connections": [{"id": "pc", "stats": stats}],
        "streams": [tag],
        "page_hidden": True,
    }
    alone = batch(entry("sample", 1, **report))
    in_company = batch(entry("nonsense", 0), entry("sample", 1, **report))
    for level in Privacy:
        first, second = (read(body, privacy=level).events[0] for body in (alone, in_company))
        assert isinstance(first, SampleTaken)
        assert first == second
        assert first.body == encode_body(
            shorten_body(decode_body(msgspec.json.encode(report)), level)
        )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
kinds = st.sampled_from(
    ["join", "leave", "describe", "event", "sample", "chat", "transcript", "what"]
)
odd_entries = st.builds(
    lambda kind, seq, at, more: {**more, "type": kind, "seq": seq, "at": at},
    kinds,
    st.integers(-1, 10) | json_values,
    st.just(NOW) | json_values,
    st.dictionaries(
        st.sampled_from(["text", "name", "data", "connections", "streams", "start_at", "device"]),
        json_values,
    ),
)


@given(st.lists(odd_entries, max_size=5))
def test_any_entries_become_facts_or_are_rejected(entries: list[dict[str, Any]]) -> None:
    try:
        body = msgspec.json.encode({"v": 1, "peer_id": PEER, "sent_at": NOW, "entries": entries})
    except (msgspec.MsgspecError, OverflowError, UnicodeEncodeError):
        return
    found = read(body)
    assert len(found.positions) + len(found.rejected) == len(entries)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_as_a_batch(body: bytes) -> None:
    with pytest.raises(Malformed):
        read(body)
