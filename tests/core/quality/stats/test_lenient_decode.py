import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import Malformed
from aftercall.core.quality.stats.getstats import decode_body
from aftercall.core.quality.stats.lenient_decode import MOST, decode_possible


def _sample(*stats: dict[str, Any]) -> bytes:
    return json.dumps({"connections": [{"id": "pc1", "stats": list(stats)}]}).encode()


SENT = {"id": "O", "type": "outbound-rtp", "kind": "audio", "ssrc": 7, "packetsSent": 350}


@pytest.mark.parametrize(
    "member",
    [
        {"roundTripTime": -0.001},
        {"audioLevel": -1},
        {"packetsSent": -5},
        {"packetsSent": "many"},
        {"bytesSent": 2**60},
        {"qualityLimitationDurations": {"cpu": -1.0}},
    ],
)
def test_an_invalid_member_is_left_out_alone(member: dict[str, Any]) -> None:
    wrong = {**SENT, "id": "W", "nackCount": 3} | member
    body = decode_body(_sample(SENT, wrong))
    right, kept = body.connections[0].stats
    assert right.packets_sent == 350
    assert (kept.id, kept.nack_count) == ("W", 3)
    [name] = member
    stated = json.loads(msgspec.json.encode(kept))
    assert not stated.get(name)


def test_an_object_with_an_invalid_required_member_is_left_out() -> None:
    body = decode_body(_sample({**SENT, "id": 7.5}, SENT))
    assert [each.id for each in body.connections[0].stats] == ["O"]


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "7",
        '{"connections": 1}',
        '{"streams": [{}]}',
        '{"connections": 7, "x"',
        '{"connections": [{"stats": []}]',
        "\xff",
    ],
)
def test_malformed_json_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as refusal:
        decode_body(text.encode("latin-1"))
    assert refusal.value.code == "sample_unreadable"


@pytest.mark.parametrize(
    "member",
    [
        {"packetsSent": -1},
        {"timestamp": "yesterday"},
        {"timestamp": -5},
        {"qualityLimitationDurations": {"cpu": "much", "none": 3.0}},
    ],
)
def test_an_invalid_member_in_every_object_leaves_all_other_members(member: dict[str, Any]) -> None:
    wrong = [{**SENT, "id": str(number)} | member for number in range(10 * MOST)]
    kept = decode_body(_sample(*wrong)).connections[0].stats
    assert len(kept) == len(wrong)
    [name] = member
    assert {each.ssrc for each in kept} == {7}
    stated = [json.loads(msgspec.json.encode(each)).get(name) for each in kept]
    assert all(value in (None, {"none": 3.0}) for value in stated)


def test_an_invalid_object_of_an_ignored_type_is_skipped() -> None:
    certificate = {"id": 5, "type": "certificate", "timestamp": "never"}
    assert [each.id for each in decode_body(_sample(certificate, SENT)).connections[0].stats] == [
        "O"
    ]


MOMENT_MS = 1_795_255_200_123


@pytest.mark.parametrize(
    "stated",
    [
        MOMENT_MS * 1000,
        MOMENT_MS * 1_000_000,
        float(MOMENT_MS) * 1000,
        str(MOMENT_MS * 1000),
        "2026-11-21T10:00:00.123Z",
        "2026-11-21T10:00:00.123+00:00",
        "2026-11-21 10:00:00.123456",
        "2026-11-21T11:00:00.123+01:00",
    ],
)
def test_a_timestamp_in_another_unit_is_converted(stated: Any) -> None:
    body = decode_body(_sample({**SENT, "timestamp": stated}, SENT))
    assert body.connections[0].stats[0].timestamp == pytest.approx(MOMENT_MS, abs=1)


@pytest.mark.parametrize(
    ("stated", "read"),
    [
        (2**64 - 1, -1),
        (str(2**64 - 3), -3),
        (float(2**64), 0),
        (-2, -2),
        ("-2", -2),
        (2**63 - 1, None),
        ("lots", None),
        (1.5, None),
    ],
)
def test_a_signed_64_bit_count_has_its_sign(stated: Any, read: int | None) -> None:
    remote = {"id": "R", "type": "remote-inbound-rtp", "packetsLost": stated}
    odd = {**SENT, "packetsSent": -1}
    assert decode_body(_sample(odd, remote)).connections[0].stats[1].packets_lost == read


def test_an_invalid_tag_is_left_out_alone() -> None:
    right = {"connection": "pc1", "direction": "send", "ssrc": 7}
    wrong = {"connection": "pc1", "direction": "both", "ssrc": 8}
    odd = {**right, "ssrc": 9, "kind": "smell"}
    text = json.loads(_sample(SENT)) | {"streams": [right, wrong, odd]}
    tags = decode_body(json.dumps(text).encode()).streams
    assert [(tag.ssrc, tag.kind) for tag in tags] == [(7, None), (9, None)]


class _Pair(msgspec.Struct):
    at_least_1: int | None = None
    text: str | None = None


@given(
    st.lists(st.sampled_from([{"at_least_1": 1}, {"at_least_1": "x"}, {"text": 5}, 9]), max_size=9)
)
def test_valid_members_are_decoded_beside_any_invalid_ones(stated: list[Any]) -> None:
    decoder = msgspec.json.Decoder(list[list[list[_Pair]]])
    [[pairs]] = decode_possible(decoder, json.dumps([[stated]]).encode())
    objects = [each for each in stated if isinstance(each, dict)]
    assert len(pairs) == len(objects)
    assert [p.at_least_1 for p in pairs] == [
        each.get("at_least_1") if each.get("at_least_1") == 1 else None for each in objects
    ]
