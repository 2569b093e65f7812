"""The samples of a peer in one segment: unpacked as they were packed."""

import json
import random
import string
from typing import Any

import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.records import StoredSample
from aftercall.store.codecs.delta_shuffle import plane_lengths
from aftercall.store.codecs.plane_groups import take_apart
from aftercall.store.codecs.segment import pack, unpack

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(string.ascii_letters, max_size=4)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(string.ascii_letters, max_size=2), inner, max_size=4)
    ),
    max_leaves=12,
)


def sample(sequence: int, body: Any, at: int = 0) -> StoredSample:
    return StoredSample(
        peer_id="p",
        sequence=sequence,
        at=EpochMs(at),
        received_at=EpochMs(at + 5),
        body=json.dumps(body).encode(),
    )


def read(samples: list[StoredSample]) -> list[tuple[int, int, int, str]]:
    return [
        (s.sequence, s.at, s.received_at, json.dumps(json.loads(s.body), sort_keys=True))
        for s in samples
    ]


@given(st.lists(VALUES, min_size=1, max_size=8))
def test_any_json_is_unpacked_as_packed(bodies: list[Any]) -> None:
    samples = [sample(number, body, number * 7_000) for number, body in enumerate(bodies)]
    assert read(unpack("p", pack(samples))) == read(samples)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
@example([0.0, -0.0])
@example([1.5, -0.0])
@example([3.749999999999964, 5e-324, 1.7976931348623157e308])
def test_every_float_is_unpacked_to_the_last_bit(values: list[float]) -> None:
    samples = [sample(number, {"jitter": value}) for number, value in enumerate(values)]
    assert read(unpack("p", pack(samples))) == read(samples)


def test_a_stream_that_comes_and_goes_keeps_its_times() -> None:
    one, two = {"id": "a", "packetsSent": 5}, {"id": "b", "packetsSent": 9, "mid": "1"}
    bodies = [{"streams": s} for s in ([], [one], [one, two], [two], [], [one, two])]
    samples = [sample(number, body) for number, body in enumerate(bodies)]
    assert read(unpack("p", pack(samples))) == read(samples)


def test_streams_that_change_their_order_are_distinguished() -> None:
    streams = [
        {"connection": "pc", "direction": "receive", "ssrc": ssrc, "muted": bool(ssrc % 2)}
        for ssrc in range(5)
    ]
    dice = random.Random(5)
    bodies: list[Any] = [{"streams": dice.sample(streams, dice.randint(0, 5))} for _ in range(40)]
    bodies.append({"streams": [streams[0], streams[0]]})
    bodies.append({"streams": [{"id": "a\nb"}, {"mid": None}, 7]})
    for some in (bodies[:40], bodies[:41], bodies):
        samples = [sample(number, body) for number, body in enumerate(some)]
        assert read(unpack("p", pack(samples))) == read(samples)


def test_a_block_of_the_older_format_is_unpacked() -> None:
    old = {
        "sequence": {"ints": [3, 1, 2]},
        "at": {"ints": [7_000, 7_000, 7_001]},
        "received_at": {"ints": [7_005, 7_000, 7_001]},
        "body": {
            "members": {
                "id": [None, {"same": "a", "n": 3}],
                "jitter": [[0, 2], {"floats": [125, -25], "decimals": 2}],
                "stats": [None, {"items": [{"ints": [4, 0]}], "sizes": {"ints": [1, -1, 1]}}],
            },
            "n": 3,
        },
    }
    bodies = [
        {"id": "a", "jitter": 1.25, "stats": [4]},
        {"id": "a", "stats": []},
        {"id": "a", "jitter": 1.0, "stats": [4]},
    ]
    expected = [
        sample(number, body, at)
        for number, body, at in zip((3, 4, 6), bodies, (7_000, 14_000, 21_001), strict=True)
    ]
    block = zstandard.ZstdCompressor().compress(json.dumps(old).encode())
    assert read(unpack("p", block)) == read(expected)


def test_a_block_whose_planes_are_not_grouped_is_unpacked() -> None:
    dice = random.Random(5)
    bodies = [{"id": "a", "jitter": dice.random(), "bytes": step * step} for step in range(300)]
    samples = [sample(step, body, step * 7_000) for step, body in enumerate(bodies)]
    plain = zstandard.ZstdDecompressor().decompress(pack(samples))
    end = 5 + int.from_bytes(plain[1:5], "little")
    table = json.loads(plain[5:end])
    planes = take_apart(plain[end:], plane_lengths(table["numbers"]), table.pop("order"))
    head = json.dumps(table).encode()
    older = b"".join([b"\x02", len(head).to_bytes(4, "little"), head, *planes])
    block = zstandard.ZstdCompressor().compress(older)
    assert read(unpack("p", block)) == read(samples)


def test_steady_counters_take_almost_no_space() -> None:
    bodies = [
        {"id": "a", "bytesSent": step * 28_000, "totalEncodeTime": round(step * 0.011, 3)}
        for step in range(500)
    ]
    samples = [sample(step, body, step * 7_000) for step, body in enumerate(bodies)]
    assert len(pack(samples)) < 600
