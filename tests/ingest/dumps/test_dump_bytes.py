import gzip
import json
import tracemalloc
from io import BytesIO

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.errors import Malformed
from aftercall.ingest.dumps.dump_bytes import DumpBytes
from aftercall.ingest.dumps.entries import BadDump
from tests.sample_dumps import read_entries, survey_of

MEGABYTE = 1024**2


def read_all(raw: bytes, *, most_bytes: int = 8 * MEGABYTE) -> bytes:
    data = DumpBytes(BytesIO(raw), most_bytes=most_bytes)
    return b"".join(iter(data.read, b""))


@given(st.binary(max_size=200_000).map(lambda raw: b"x" + raw), st.integers(1, 3))
def test_what_was_compressed_is_read_as_it_was(raw: bytes, members: int) -> None:
    assert read_all(b"".join(gzip.compress(raw) for _ in range(members))) == raw * members
    assert read_all(zstandard.compress(raw)) == raw


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_a_bomb_is_refused_before_it_is_unpacked(compress: object) -> None:
    assert callable(compress)
    bomb = compress(b'{"PeerConnections": {"' + b'" "' * (40 * MEGABYTE))
    tracemalloc.start()
    with pytest.raises(BadDump):
        read_all(bomb, most_bytes=10 * MEGABYTE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30 * MEGABYTE


def test_a_small_file_that_grows_without_end_is_refused() -> None:
    bomb = gzip.compress(b'{"a": "b"}' * (8 * MEGABYTE))
    with pytest.raises(BadDump, match="bomb"):
        read_all(bomb, most_bytes=1024 * MEGABYTE)


def test_a_text_without_end_is_refused() -> None:
    with pytest.raises(BadDump, match="longer than"):
        read_entries(b'{"PeerConnections": {"' + b"a" * (9 * MEGABYTE))


@pytest.mark.parametrize(
    "raw",
    [
        b'{"getUserMedia": ' + b"[" * 100_000,
        b'{"PeerConnections": ' + b'{"a":' * 100_000,
        b'{"clientId": "a", "peerConnections": ' + b"[" * 100_000,
    ],
)
def test_deep_nesting_is_refused(raw: bytes) -> None:
    with pytest.raises(BadDump, match="deep"):
        read_entries(raw)


def test_a_line_without_end_is_refused() -> None:
    line = b'["getStats", "1", ' + b'"", ' * (5 * MEGABYTE)
    with pytest.raises(BadDump, match="line"):
        read_entries(b'RTCStatsDump\n{"fileFormat": 3}\n' + line)


def test_a_part_of_too_many_values_is_refused() -> None:
    raw = b'{"getUserMedia": [[' + b"1," * 600_000 + b"1]]}"
    with pytest.raises(BadDump, match="more values"):
        read_entries(raw)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "stats",
                    "updateLog",
                    "values",
                    "timestamp",
                    "type",
                    "value",
                    "error",
                    "ssrc",
                    "url",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
SERIES = st.dictionaries(
    st.sampled_from(["OT1-ssrc", "OT1-timestamp", "OT1-type", "IT1-packetsLost", "x", "a-[b]"]),
    st.fixed_dictionaries(
        {},
        optional={
            "values": VALUES | st.lists(VALUES, max_size=3).map(json.dumps),
            "startTime": VALUES | st.just("2026-11-26T06:29:13.979Z"),
            "endTime": VALUES | st.just("2026-11-26T06:29:19.979Z"),
            "statsType": VALUES | st.sampled_from(["outbound-rtp", "inbound-rtp"]),
        },
    ),
)
INTERNALS = st.fixed_dictionaries(
    {
        "PeerConnections": VALUES
        | st.dictionaries(
            st.text(max_size=5),
            VALUES | st.fixed_dictionaries({"stats": SERIES | VALUES, "updateLog": VALUES}),
            max_size=2,
        ),
        "getUserMedia": VALUES,
        "UserAgent": VALUES,
    }
).map(lambda value: json.dumps(value).encode())
RTCSTATS = st.lists(
    st.lists(VALUES, min_size=4, max_size=5)
    | st.tuples(
        st.sampled_from(["getStats", "g", "create", "39", "65", "6", "20"]),
        st.sampled_from(["PC_0", None]),
        VALUES | st.dictionaries(st.sampled_from(["1", "t"]), VALUES),
        st.floats(0, 2e12),
    )
    | VALUES
).map(
    lambda lines: (
        b'RTCStatsDump\n{"fileFormat":3,"clientProtocol":"rtcstats#5.0"}\n'
        + b"\n".join(json.dumps(line).encode() for line in lines)
    )
)
FIREFOX = st.fixed_dictionaries(
    {
        "pcid": VALUES,
        "timestamp": VALUES | st.just(1_795_674_553_000),
        "inboundRtpStreamStats": VALUES,
        "sdpHistory": VALUES,
    }
).map(lambda value: json.dumps(value).encode())
OBSERVERTC = st.lists(
    st.fixed_dictionaries(
        {
            "clientId": VALUES,
            "timestamp": VALUES | st.just(1_795_674_553_000),
            "peerConnections": VALUES
            | st.lists(
                st.fixed_dictionaries({"peerConnectionId": VALUES, "iceCandidatePairs": VALUES}),
                max_size=2,
            ),
            "clientEvents": VALUES,
            "clientMetaItems": VALUES,
        }
    ),
    min_size=1,
    max_size=3,
).map(lambda value: json.dumps(value).encode())


@given(INTERNALS | RTCSTATS | FIREFOX | OBSERVERTC)
def test_members_of_any_kind_are_read_or_refused(raw: bytes) -> None:
    try:
        survey_of(raw)
    except Malformed as error:
        assert error.message


@given(INTERNALS | RTCSTATS | FIREFOX | OBSERVERTC, st.data())
def test_damaged_files_are_read_or_refused(raw: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(raw) - 1))
    damaged = raw[:at] + data.draw(st.binary(max_size=3)) + raw[at + data.draw(st.integers(0, 3)) :]
    for form in (damaged, gzip.compress(damaged), gzip.compress(raw)[: max(at, 12)]):
        try:
            survey_of(form)
        except Malformed as error:
            assert error.message
