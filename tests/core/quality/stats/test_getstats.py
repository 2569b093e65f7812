import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import Malformed
from aftercall.core.quality.stats.getstats import STATS_MEMBERS, Stats, decode_body, encode_body


def body_of(*stats: dict[str, Any], **rest: Any) -> bytes:
    return json.dumps({"connections": [{"id": "pc", "stats": list(stats)}]} | rest).encode()


INBOUND = {"id": "I", "type": "inbound-rtp"}


def test_every_stored_member_is_a_field() -> None:
    names = {field.encode_name for field in msgspec.structs.fields(Stats)}
    kept = {member for members in STATS_MEMBERS.values() for member in members}
    assert names - {"id", "type", "timestamp"} == kept


def test_other_members_are_dropped_and_absent_ones_stay_absent() -> None:
    data = body_of(
        INBOUND | {"packetsLost": -3, "jitter": 0.01, "googSecret": "x"},
        {"id": "C", "type": "certificate", "base64Certificate": "MII="},
        page_hidden=False,
        seq=12,
    )
    assert json.loads(encode_body(decode_body(data))) == {
        "connections": [{"id": "pc", "stats": [INBOUND | {"packetsLost": -3, "jitter": 0.01}]}],
        "page_hidden": False,
    }


def test_an_encoded_body_decodes_to_the_same_values() -> None:
    tag = {"connection": "pc", "direction": "send", "ssrc": 4, "source": "screen", "muted": True}
    data = body_of(
        {"id": "O", "type": "outbound-rtp", "qualityLimitationDurations": {"cpu": 1.5}},
        streams=[tag],
    )
    once = decode_body(data)
    assert decode_body(encode_body(once)) == once
    assert json.loads(encode_body(once))["streams"] == [tag]


def test_counters_written_as_strings_or_floats_are_counters() -> None:
    (stats,) = (
        decode_body(
            body_of(INBOUND | {"bytesReceived": "9007199254740991", "packetsReceived": 12.0})
        )
        .connections[0]
        .stats
    )
    assert (stats.bytes_received, stats.packets_received) == (2**53 - 1, 12)


@pytest.mark.parametrize(
    "members",
    [
        {"packetsReceived": -1},
        {"packetsReceived": 2**53 + 1},
        {"packetsReceived": 1.5},
        {"packetsReceived": "many"},
        {"packetsReceived": [1]},
        {"jitter": -0.1},
        {"jitter": 1e300},
        {"frameWidth": 70_000},
    ],
)
def test_impossible_numbers_count_as_absent(members: dict[str, Any]) -> None:
    [read] = decode_body(body_of(INBOUND | members)).connections[0].stats
    without = {name: value for name, value in INBOUND.items() if name not in members}
    assert [read] == decode_body(body_of(without)).connections[0].stats


@pytest.mark.parametrize("members", [{"id": "x" * 300}, {"id": None}])
def test_stats_objects_without_an_id_are_left_out(members: dict[str, Any]) -> None:
    assert decode_body(body_of(INBOUND | members)).connections[0].stats == []


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'{"connections": 1}', b'{"streams": [{}]}', b'{"page_hidden":"\xff"}'],
)
def test_a_body_that_is_no_sample_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode_body(data)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["connections", "streams", "stats", "id", "type", "ssrc", "kind"])
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(_json | st.builds(lambda stats: {"connections": [{"id": "a", "stats": stats}]}, _json))
def test_any_json_is_a_sample_or_malformed(value: Any) -> None:
    try:
        body = decode_body(json.dumps(value).encode())
    except Malformed:
        return
    assert decode_body(encode_body(body)) == body


@given(st.binary(max_size=64))
def test_any_bytes_are_a_sample_or_malformed(data: bytes) -> None:
    try:
        decode_body(data)
    except Malformed:
        return
