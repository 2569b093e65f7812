import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.quality.stats.getstats import SampleBody, decode_body
from aftercall.core.quality.stats.last_sent import last_sent_at

BEGIN_MS = 1_800_000_000_000


def _read(seconds: float, packets: int, stream: str = "audio") -> SampleBody:
    stats = {
        "type": "outbound-rtp",
        "id": stream,
        "timestamp": BEGIN_MS + 1_000 * seconds,
        "packetsSent": packets,
    }
    return decode_body(json.dumps({"connections": [{"id": "pc", "stats": [stats]}]}).encode())


def test_the_last_interval_is_sent_for_its_share_of_packets() -> None:
    readings = [_read(0, 0), _read(5, 250), _read(10, 500), _read(15, 560), _read(20, 560)]
    assert last_sent_at(readings) == pytest.approx(BEGIN_MS + 11_200)


def test_the_last_time_sent_is_that_of_the_longest_stream() -> None:
    video = [_read(1, 20, "video"), _read(2, 40, "video"), _read(3, 42, "video")]
    audio = [_read(1, 50), _read(2, 100), _read(3, 130)]
    every = [each for pair in zip(video, audio, strict=True) for each in pair]
    assert last_sent_at(every) == pytest.approx(BEGIN_MS + 2_600)


def test_a_stream_that_grew_once_was_sent_until_that_sample() -> None:
    assert last_sent_at([_read(0, 0), _read(1, 20), _read(2, 20)]) == BEGIN_MS + 1_000


@pytest.mark.parametrize("readings", [[], [_read(0, 7)], [_read(0, 7), _read(1, 7)]])
def test_without_a_growing_counter_the_last_time_sent_is_unknown(
    readings: list[SampleBody],
) -> None:
    assert last_sent_at(readings) is None


@given(
    period_s=st.integers(1, 10),
    whole=st.integers(2, 5),
    part=st.floats(0.05, 0.95),
    silent=st.integers(0, 3),
)
def test_a_steady_stream_ends_when_its_packets_end(
    period_s: int, whole: int, part: float, silent: int
) -> None:
    stopped_s = (whole + part) * period_s
    moments = [n * period_s for n in range(whole + 2 + silent)]
    readings = [_read(at, int(50 * min(at, stopped_s))) for at in moments]
    found = last_sent_at(readings)
    assert found == pytest.approx(BEGIN_MS + 1_000 * stopped_s, abs=21)
