"""A sample in its row: compressed, and restored unchanged."""

from concurrent.futures import ThreadPoolExecutor

import msgspec
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.quality.stats.getstats import decode_body, encode_body
from aftercall.simulator.call import Call
from aftercall.store.codecs.sample_row import (
    WRITTEN_WITH,
    compress_all,
    decompress,
    first_and_last,
    join,
    split,
)


def simulated(*, participants: int) -> list[bytes]:
    call = Call(
        seed=77, number=0, participants=participants, length_s=90, interval_s=7, begin_ms=10**12
    )
    reported = (stated.entry for _, second in call.play() for stated in second)
    return [
        encode_body(decode_body(msgspec.json.encode(entry)))
        for entry in reported
        if entry["type"] == "sample"
    ]


@given(st.lists(st.binary(min_size=1, max_size=3_000), min_size=1, max_size=20))
def test_decompressed_bodies_equal_the_compressed_ones(bodies: list[bytes]) -> None:
    assert [decompress(row) for row in compress_all(bodies)] == bodies


def test_rows_written_without_a_dictionary_are_decompressed() -> None:
    body = simulated(participants=2)[-1]
    old = zstandard.ZstdCompressor(level=3).compress(body)
    (new,) = compress_all([body])
    assert decompress(old) == decompress(new) == body
    assert zstandard.get_frame_parameters(new).dict_id == WRITTEN_WITH


def test_the_dictionary_halves_a_row() -> None:
    for participants in (2, 6):
        bodies = simulated(participants=participants)
        plain = zstandard.ZstdCompressor(level=3)
        alone = sum(len(plain.compress(body)) for body in bodies)
        assert sum(map(len, compress_all(bodies))) < 0.6 * alone


def test_several_threads_compress_and_decompress_concurrently() -> None:
    bodies = simulated(participants=3)

    def there_and_back(_: int) -> bool:
        return [decompress(row) for row in compress_all(bodies)] == bodies

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(there_and_back, range(40)))


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**53), st.integers(0, 2**53), st.dictionaries(st.text(), st.integers())
        ),
        min_size=1,
        max_size=8,
    )
)
def test_samples_of_a_row_are_split_as_they_were_joined(
    samples: list[tuple[int, int, dict[str, int]]],
) -> None:
    encoded = [(sequence, at, msgspec.json.encode(body)) for sequence, at, body in samples]
    found = split(join(encoded), *encoded[0][:2])
    assert [(each.sequence, each.at, bytes(each.body)) for each in found] == encoded


def test_a_row_of_four_samples_takes_a_quarter_less_than_four_rows() -> None:
    bodies = simulated(participants=2)[0:8:2]
    (together,) = compress_all([join([(n, n, body) for n, body in enumerate(bodies)])])
    assert len(together) < 0.75 * sum(map(len, compress_all(bodies)))


@given(st.lists(st.dictionaries(st.text("ab]["), st.integers()), min_size=1, max_size=5))
def test_the_first_and_the_last_body_are_cut_out_of_a_row(bodies: list[dict[str, int]]) -> None:
    encoded = [msgspec.json.encode(body) for body in bodies]
    text = join([(number, 10, body) for number, body in enumerate(encoded)])
    found = first_and_last(text)
    if len(encoded) == 1:
        assert found is None
    elif b"],[" not in b"".join(encoded):
        assert found == (encoded[0], encoded[-1])
