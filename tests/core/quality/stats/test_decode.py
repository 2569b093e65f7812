import json
from math import isnan
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import Malformed
from aftercall.core.quality.stats.decode import NUMBERS, SampleReader, numbers_of
from aftercall.core.quality.stats.getstats import STATS_MEMBERS, Stats, decode_body, encode_body

TAG = {"connection": "pc", "direction": "send", "ssrc": 4}
INBOUND = {"id": "I", "type": "inbound-rtp"}


def body_of(*stats: dict[str, Any], **rest: Any) -> bytes:
    return json.dumps({"connections": [{"id": "pc", "stats": list(stats)}]} | rest).encode()


_MEMBERS = {field.name: field.encode_name for field in msgspec.structs.fields(Stats)}
_STATS = st.builds(
    lambda type_, counters: {"id": "x", "type": type_, "timestamp": 5.5} | counters,
    st.sampled_from([*STATS_MEMBERS, "certificate"]),
    st.dictionaries(
        st.sampled_from(["packetsSent", "packetsReceived", "ssrc", "bytesSent", "framesDecoded"]),
        st.integers(0, 2**53),
    ),
)


@given(st.lists(_STATS, max_size=6))
def test_the_fast_reader_decodes_a_stored_sample_as_the_slow_one(
    stats: list[dict[str, Any]],
) -> None:
    stored = encode_body(decode_body(body_of(*stats, page_hidden=True, streams=[TAG])))
    slow, fast = decode_body(stored), SampleReader().read(stored)
    assert fast.page_hidden is True and fast.streams == slow.streams
    for one, other in zip(slow.connections[0].stats, fast.connections[0].stats, strict=True):
        for name, written in _MEMBERS.items():
            kept = {"id", "type", "timestamp", *STATS_MEMBERS[one.type]}
            value = getattr(other, name)
            if name in NUMBERS.get(one.type, ()) and getattr(one, name) is None:
                assert isnan(value)
            else:
                assert value == (getattr(one, name) if written in kept else None)


@given(_STATS.filter(lambda stats: stats["type"] in NUMBERS))
def test_an_object_has_the_same_numbers_from_either_reader(stats: dict[str, Any]) -> None:
    [slow] = decode_body(body_of(stats)).connections[0].stats
    [fast] = SampleReader().read(body_of(stats)).connections[0].stats
    for each in (slow, fast):
        assert [None if isnan(value) else value for value in numbers_of(each)] == [
            getattr(slow, name) for name in NUMBERS[slow.type]
        ]


def test_repeated_tags_are_decoded_once() -> None:
    reader = SampleReader()
    first = reader.read(body_of(streams=[TAG]))
    again = reader.read(body_of(streams=[TAG], page_hidden=True))
    other = reader.read(body_of(streams=[TAG | {"muted": True}]))
    assert again.streams is first.streams
    assert [tag.muted for tag in other.streams] == [True]
    assert reader.read(body_of()).streams == []


def test_the_fast_reader_decodes_a_sample_that_was_not_normalised() -> None:
    body = SampleReader().read(body_of({"id": "C", "type": "certificate"}, INBOUND))
    assert [each.type for each in body.connections[0].stats] == ["inbound-rtp"]
    counted = SampleReader().read(body_of(INBOUND | {"packetsReceived": "12", "jitter": None}))
    assert counted.connections[0].stats[0].packets_received == 12


@pytest.mark.parametrize("data", [b"{", b'{"streams": [{}]}', b'{"streams": 1}'])
def test_the_fast_reader_refuses_malformed_bytes(data: bytes) -> None:
    with pytest.raises(Malformed):
        SampleReader().read(data)
