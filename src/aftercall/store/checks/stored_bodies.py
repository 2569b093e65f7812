"""Reads stored reports, to check that they can be read."""

from typing import Any, Final

import msgspec
import zstandard

from aftercall.store.codecs.sample_row import decompress
from aftercall.store.codecs.segment import unpack
from aftercall.store.segments import runs_of

UNREADABLE: Final = (
    zstandard.ZstdError,
    msgspec.MsgspecError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    OSError,
)
"""The errors that reading corrupt bytes raises."""


def read_sample(body: bytes) -> Any:
    """A stored sample's body, decoded from JSON."""
    return msgspec.json.decode(decompress(body))


def check_segment(row: Any) -> None:
    """Raises one of `UNREADABLE` for a segment that cannot be read, or does not hold the reports
    that it lists."""
    runs = msgspec.json.decode(row.sequences, type=list[tuple[int, int]])
    found = unpack(row.peer_id, row.body)
    if runs_of(sorted(sample.sequence for sample in found)) != runs or len(found) != row.samples:
        raise ValueError("the segment does not hold what it lists")
    for sample in found:
        msgspec.json.decode(sample.body)
