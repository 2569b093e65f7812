"""Reports as they lie in the database, read to see whether they can be."""

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
"""What reading raises of bytes that nobody wrote as they are."""


def read_sample(body: bytes) -> Any:
    """A report that came, as JSON says it."""
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
