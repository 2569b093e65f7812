import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import Malformed
from aftercall.core.quality.intervals.getstats import decode_body
from aftercall.core.quality.intervals.impossible import MOST, decode_possible


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
def test_a_member_that_cannot_be_is_left_out_alone(member: dict[str, Any]) -> None:
    wrong = {**SENT, "id": "W", "nackCount": 3} | member
    body = decode_body(_sample(SENT, wrong))
    right, kept = body.connections[0].stats
    assert right.packets_sent == 350
    assert (kept.id, kept.nack_count) == ("W", 3)
    [name] = member
    said = json.loads(msgspec.json.encode(kept))
    assert not said.get(name)


def test_an_object_that_cannot_do_without_the_member_is_left_out() -> None:
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
def test_what_is_no_sample_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as refusal:
        decode_body(text.encode("latin-1"))
    assert refusal.value.code == "sample_unreadable"


def test_a_text_with_too_much_wrong_is_refused() -> None:
    wrong = [{**SENT, "id": str(number), "packetsSent": -1} for number in range(MOST + 1)]
    with pytest.raises(Malformed):
        decode_body(_sample(*wrong))
    assert len(decode_body(_sample(*wrong[:MOST])).connections[0].stats) == MOST


class _Pair(msgspec.Struct):
    at_least_1: int | None = None
    text: str | None = None


@given(
    st.lists(st.sampled_from([{"at_least_1": 1}, {"at_least_1": "x"}, {"text": 5}, 9]), max_size=9)
)
def test_what_is_possible_is_kept_whatever_stands_beside_it(said: list[Any]) -> None:
    decoder = msgspec.json.Decoder(list[list[list[_Pair]]])
    [[pairs]] = decode_possible(decoder, json.dumps([[said]]).encode())
    objects = [each for each in said if isinstance(each, dict)]
    assert len(pairs) == len(objects)
    assert [p.at_least_1 for p in pairs] == [
        each.get("at_least_1") if each.get("at_least_1") == 1 else None for each in objects
    ]
