"""A getStats report as its writer got it wrong."""

import pytest

from aftercall.core.errors import Malformed
from aftercall.core.quality.stats.getstats import decode_body
from aftercall.ingest.getstats_reader import read_sample

GOOD = b'{"connections":[{"id":"pc","stats":[{"type":"outbound-rtp","id":"A","bytesSent":12}]}]}'


def test_a_valid_report_is_decoded_unchanged() -> None:
    assert read_sample(GOOD) == decode_body(GOOD)


@pytest.mark.parametrize(
    ("before", "after", "id"),
    [
        (b'"A"', b'"A\xff"', "A\ufffd"),
        (b'"A"', b'"A\\ud800"', "A\ufffd"),
        (b'"bytesSent":12', b'"bytesSent":12,"pliCount":NaN', "A"),
        (b'"bytesSent":12', b'"bytesSent":12,"pliCount":1e999', "A"),
    ],
)
def test_an_invalid_text_or_number_is_left_out_alone(before: bytes, after: bytes, id: str) -> None:
    broken = GOOD.replace(before, after)
    assert broken != GOOD
    ((stats,),) = [connection.stats for connection in read_sample(broken).connections]
    assert (stats.id, stats.bytes_sent) == (id, 12)


@pytest.mark.parametrize("raw", [b"", b"[", b"[]", b"7", GOOD[:-2]])
def test_a_malformed_report_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        read_sample(raw)
    assert refused.value.code == "sample_unreadable"
