"""Writes the sample rows of a report, column by column."""

from collections.abc import Iterable
from hashlib import sha256
from itertools import repeat
from operator import attrgetter
from typing import Any, Final

import msgspec
import numpy as np

from aftercall.core.instants import EpochMs, format_iso
from aftercall.core.quality.interval_columns.columns import (
    FloatArray,
    coalesce,
    floats,
    rounded,
    whole_numbers,
)
from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.report.interval_rows import (
    AudioConsumerRow,
    AudioProducerRow,
    LimitationRow,
    Row,
    VideoConsumerRow,
    VideoProducerRow,
)
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS, Family, StreamDescription

AT_ONCE: Final = 4_096
"""The number of rows that are made and encoded at a time, while their values are in the cache."""

KNOWN_AT_ONCE: Final = 1_024
"""The same where rows are kept: a new row makes its chunk be written again. Chosen."""

ROW_TYPES: Final[dict[tuple[bool, bool], type[Row]]] = {
    (True, True): AudioProducerRow,
    (True, False): VideoProducerRow,
    (False, True): AudioConsumerRow,
    (False, False): VideoConsumerRow,
}
INTERVAL_NAMES: Final = {
    "mos_quality": "score",
    "jitter": "jitter_s",
    "rtt": "rtt_s",
    "jitter_buffer_delay": "jitter_buffer_delay_s",
    "frames_encoded": "frames",
    "frames_decoded": "frames",
    "key_frames_encoded": "key_frames",
    "key_frames_decoded": "key_frames",
}
"""The names of these members in an interval."""

_DECIMALS: Final = {
    "jitter": 6,
    "rtt": 6,
    "loss_percent": 4,
    "jitter_buffer_delay": 6,
    "concealment_percent": 4,
    "freeze_share": 4,
}
"""The decimals of quotients."""

WORDS: Final = {
    "mid": "mid",
    "ssrc": "ssrc",
    "producer_id": "producer_id",
    "consumer_id": "consumer_id",
    "peer_id": "peer_id",
    "quality_limitation_reason": "limitation",
}
"""The names of these members in a stream description."""

JOINED: Final = {
    "frames_per_second": ("frames_per_second", "fps"),
    "quality_limitation_durations": tuple(
        f"limited_{name}_s" for name in LimitationRow.__struct_fields__
    ),
}
"""The columns of these members, which have several."""

_COLUMNS: Final = {
    make: tuple(
        column
        for name in make.__struct_fields__
        if name not in WORDS and name != "timestamp"
        for column in JOINED.get(name, (INTERVAL_NAMES.get(name, name),))
    )
    for make in ROW_TYPES.values()
}
"""The columns that rows are written from, beside their instants."""

_ROUNDED: Final = {
    **{INTERVAL_NAMES.get(name, name): decimals for name, decimals in _DECIMALS.items()},
    **dict.fromkeys(JOINED["quality_limitation_durations"], 6),
}
"""The decimals of columns that are rounded where they are written."""

_ENCODER: Final = msgspec.json.Encoder()


class WrittenRows:
    """Rows of one peer that were written before, by their values. While a call lasts, its past rows
    hardly ever change: a later report takes them from here."""

    def __init__(self) -> None:
        self._known: dict[bytes, bytes] = {}
        self._used: dict[bytes, bytes] = {}

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return sum(map(len, self._known.values()))

    def write(self, chunk: IntervalTable) -> bytes:
        """A JSON array of the rows."""
        name = _fingerprint(chunk)
        found = self._used[name] = self._known.get(name) or _encode(chunk)
        return found

    def drop_unused(self) -> None:
        """Keep only what was written since the last call."""
        self._known, self._used = self._used, {}


def write_rows(
    tables: Iterable[IntervalTable], known: Iterable[WrittenRows] | None = None
) -> bytes:
    """A JSON array of the rows of tables of one family, in their order; `known` are the rows
    written before, for each table."""
    written: list[bytes | memoryview] = []
    for table, rows in zip(tables, repeat(None) if known is None else known, strict=False):
        step = AT_ONCE if rows is None else KNOWN_AT_ONCE
        for start in range(0, len(table.at), step):
            chunk = table.take(slice(start, start + step))
            piece = _encode(chunk) if rows is None else rows.write(chunk)
            written += [b",", memoryview(piece)[1:-1]]
    return b"".join([b"[", *written[1:], b"]"])


def _encode(chunk: IntervalTable) -> bytes:
    make = _row_type(chunk)
    columns = [_column(field, chunk) for field in msgspec.structs.fields(make)]
    return _ENCODER.encode(list(map(make, *columns)))


def _row_type(table: IntervalTable) -> type[Row]:
    return ROW_TYPES[table.family in PRODUCERS, table.family in AUDIO]


def _fingerprint(chunk: IntervalTable) -> bytes:
    """A hash of all that the rows are written from."""
    places, index = np.unique(chunk.description_index, return_inverse=True)
    words = [
        (producer_id_of(description), *(getattr(description, name) for name in WORDS.values()))
        for description in (chunk.descriptions[place] for place in places)
    ]
    found = sha256(_ENCODER.encode((chunk.family, len(chunk.at), words)))
    found.update(index.astype(np.int32).tobytes())
    found.update(chunk.at.tobytes())
    for name in _COLUMNS[_row_type(chunk)]:
        column = chunk.numbers.get(name)
        if column is not None:
            found.update(name.encode())
            found.update(column.tobytes())
    return found.digest()


def _column(field: msgspec.structs.FieldInfo, table: IntervalTable) -> Iterable[Any]:
    name = field.name
    if name == "timestamp":
        return iso_times(table.at)
    if name == "producer_id" and table.family in PRODUCERS:
        return table.from_descriptions(producer_id_of)
    if name in WORDS:
        return table.from_descriptions(attrgetter(WORDS[name]))
    if name == "quality_limitation_durations":
        return _limits(table)
    if name == "frames_per_second":
        shown, counted = table.columns(*JOINED[name])
        return floats(coalesce(shown, rounded(counted, 2)))
    column = table.numbers.get(INTERVAL_NAMES.get(name, name))
    if column is None:
        return repeat(None)
    if field.type == int | None:
        return whole_numbers(column)
    return floats(rounded(column, _DECIMALS[name]) if name in _DECIMALS else column)


def words_of(description: StreamDescription, family: Family) -> tuple[Any, ...]:
    """The members of rows of a stream that are no numbers, in the order of `WORDS`."""
    return tuple(
        producer_id_of(description)
        if name == "producer_id" and family in PRODUCERS
        else getattr(description, member)
        for name, member in WORDS.items()
    )


def shown_numbers(table: IntervalTable) -> dict[str, FloatArray]:
    """The columns that rows are written from, as they are written: rounded, and without those of
    which no value is known. The rows of a table with these columns are the same."""
    row_type = _row_type(table)
    whole = {
        INTERVAL_NAMES.get(field.name, field.name)
        for field in msgspec.structs.fields(row_type)
        if field.type == int | None
    }
    found: dict[str, FloatArray] = {}
    for name in _COLUMNS[row_type]:
        column = table.numbers.get(name)
        if column is None:
            continue
        if name in whole:
            column = np.rint(column)
        elif name in _ROUNDED:
            column = rounded(column, _ROUNDED[name])
        found[name] = column
    if "fps" in found:
        shown, counted = table.columns(*JOINED["frames_per_second"])
        found["frames_per_second"] = coalesce(shown, rounded(counted, 2))
        del found["fps"]
    return {name: column for name, column in found.items() if not np.isnan(column).all()}


def producer_id_of(description: StreamDescription) -> str:
    """The id of a sent stream: its producer id, else its track id, else the id of its stats
    object."""
    return description.producer_id or description.track_identifier or description.stats_id


def iso_times(at: FloatArray) -> list[str]:
    """Instants in ISO 8601; equal ones are formatted once."""
    moments, places = np.unique(at, return_inverse=True)
    written = [format_iso(EpochMs(moment)) for moment in moments.astype(np.int64).tolist()]
    return [written[place] for place in places.tolist()]


def _limits(table: IntervalTable) -> Iterable[LimitationRow | None]:
    columns = list(table.columns(*JOINED["quality_limitation_durations"]))
    is_known = np.any([~np.isnan(column) for column in columns], axis=0)
    rows = map(LimitationRow, *(floats(rounded(column, 6)) for column in columns))
    return [row if known else None for row, known in zip(rows, is_known.tolist(), strict=True)]
