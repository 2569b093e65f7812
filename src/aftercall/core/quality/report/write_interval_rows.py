"""The sample rows of a report, made a column at a time."""

from collections.abc import Iterable, Iterator
from itertools import repeat
from operator import attrgetter
from typing import Any, Final

import msgspec
import numpy as np

from aftercall.core.instants import EpochMs, format_iso
from aftercall.core.quality.frame.columns import (
    Numbers,
    coalesce,
    floats,
    rounded,
    whole_numbers,
)
from aftercall.core.quality.frame.interval_table import Table
from aftercall.core.quality.report.interval_rows import (
    AudioConsumerRow,
    AudioProducerRow,
    LimitationRow,
    Row,
    VideoConsumerRow,
    VideoProducerRow,
)
from aftercall.core.quality.stats.link import AUDIO, PRODUCERS, StreamDescription

AT_ONCE: Final = 4_096
"""Rows are made and written a few at a time, while their values are at hand."""

_ROWS: Final[dict[tuple[bool, bool], type[Row]]] = {
    (True, True): AudioProducerRow,
    (True, False): VideoProducerRow,
    (False, True): AudioConsumerRow,
    (False, False): VideoConsumerRow,
}
_NAMES: Final = {
    "mos_quality": "score",
    "jitter": "jitter_s",
    "rtt": "rtt_s",
    "jitter_buffer_delay": "jitter_buffer_delay_s",
    "frames_encoded": "frames",
    "frames_decoded": "frames",
    "key_frames_encoded": "key_frames",
    "key_frames_decoded": "key_frames",
}
"""What an interval calls these."""

_DECIMALS: Final = {
    "jitter": 6,
    "rtt": 6,
    "loss_percent": 4,
    "jitter_buffer_delay": 6,
    "concealment_percent": 4,
    "freeze_share": 4,
}
"""To how many decimals a quotient is given."""

_WORDS: Final = {
    "mid": "mid",
    "ssrc": "ssrc",
    "producer_id": "producer_id",
    "consumer_id": "consumer_id",
    "peer_id": "peer_id",
    "quality_limitation_reason": "limitation",
}
"""What a saying calls these."""

_ENCODER: Final = msgspec.json.Encoder()


def write_rows(tables: Iterable[Table]) -> bytes:
    """A JSON array of the rows of tables of one family, in their order."""
    written: list[bytes | memoryview] = []
    for table in tables:
        for piece in _pieces(table):
            written += [b",", memoryview(piece)[1:-1]]
    return b"".join([b"[", *written[1:], b"]"])


def _pieces(table: Table) -> Iterator[bytes]:
    make = _ROWS[table.family in PRODUCERS, table.family in AUDIO]
    for start in range(0, len(table.at), AT_ONCE):
        piece = table.taken(slice(start, start + AT_ONCE))
        columns = [_column(field, piece) for field in msgspec.structs.fields(make)]
        yield _ENCODER.encode(list(map(make, *columns)))


def _column(field: msgspec.structs.FieldInfo, table: Table) -> Iterable[Any]:
    name = field.name
    if name == "timestamp":
        return times(table.at)
    if name == "producer_id" and table.family in PRODUCERS:
        return table.said(_producer_id)
    if name in _WORDS:
        return table.said(attrgetter(_WORDS[name]))
    if name == "quality_limitation_durations":
        return _limits(table)
    if name == "frames_per_second":
        shown, counted = table.columns("frames_per_second", "fps")
        return floats(coalesce(shown, rounded(counted, 2)))
    column = table.numbers.get(_NAMES.get(name, name))
    if column is None:
        return repeat(None)
    if field.type == int | None:
        return whole_numbers(column)
    return floats(rounded(column, _DECIMALS[name]) if name in _DECIMALS else column)


def _producer_id(saying: StreamDescription) -> str:
    """What a sent stream is called: by its server, else as its track is, else as W3C calls it."""
    return saying.producer_id or saying.track_identifier or saying.stats_id


def times(at: Numbers) -> list[str]:
    """Moments as they are written; many rows share one."""
    moments, places = np.unique(at, return_inverse=True)
    written = [format_iso(EpochMs(moment)) for moment in moments.astype(np.int64).tolist()]
    return [written[place] for place in places.tolist()]


def _limits(table: Table) -> Iterable[LimitationRow | None]:
    columns = [table.get(f"limited_{name}_s") for name in LimitationRow.__struct_fields__]
    is_known = np.any([~np.isnan(column) for column in columns], axis=0)
    rows = map(LimitationRow, *(floats(rounded(column, 6)) for column in columns))
    return [row if known else None for row, known in zip(rows, is_known.tolist(), strict=True)]
