"""The rows and receptions of a stored report as columns, packed and written as JSON.

Rows are ordered by time. Their columns are packed stream by stream, so that a column continues as
it began.
"""

from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from aftercall.core.instants import EpochMs, format_iso, parse_iso
from aftercall.core.quality.report.receive_stats import (
    MediaReception,
    PeerReception,
    ReceptionPoint,
)
from aftercall.core.quality.stats.report_linker import Family
from aftercall.store.codecs import number_columns

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from aftercall.core.quality.report.row_columns import RowColumns

    Doubles = npt.NDArray[np.float64]


def pack_rows(rows: "RowColumns | None") -> bytes:
    """Compress the rows of a family; without rows there are no bytes."""
    import numpy as np  # noqa: PLC0415 - numpy

    if rows is None:
        return b""
    order = np.argsort(rows.words_index, kind="stable")
    columns = [rows.words_index.astype(np.float64)]
    columns += [column[order] for column in (rows.at, *rows.numbers.values())]
    return number_columns.pack([rows.words, list(rows.numbers)], columns)


def unpack_rows(family: str, packed: bytes) -> bytes:
    """The rows of a family as a JSON array. Raises `ZstdError` for bytes that are not whole."""
    if not packed:
        return b"[]"
    import numpy as np  # noqa: PLC0415 - numpy

    from aftercall.core.quality.report.row_columns import (  # noqa: PLC0415 - numpy
        RowColumns,
        write_columns,
    )

    (words, names), (words_index, *columns) = number_columns.unpack(packed)
    places = words_index.astype(np.intp)
    order = np.argsort(places, kind="stable")
    for place, column in enumerate(columns):
        columns[place] = np.empty_like(column)
        columns[place][order] = column
    at, *numbers = columns
    rows = RowColumns(
        at=at,
        words=[tuple(each) for each in words],
        words_index=places,
        numbers=dict(zip(names, numbers, strict=True)),
    )
    return write_columns(Family(family), rows)


_points: Final = msgspec.json.Decoder(list[ReceptionPoint])
_receptions: Final = msgspec.json.Decoder(list[PeerReception])
_NO_POINTS: Final = msgspec.Raw(b"[]")
_NUMBERS: Final = ReceptionPoint.__struct_fields__[1:]
_WHOLE: Final = frozenset(
    field.name for field in msgspec.structs.fields(ReceptionPoint) if field.type == int | None
)


def pack_receptions(receptions: list[PeerReception]) -> bytes:
    """Compress what the peers of a participant received."""
    columns: list[Doubles] = []
    names = [
        [_take_points(media, columns) for media in (each.audio, each.video)] for each in receptions
    ]
    totals = [
        replace(each, audio=_totals(each.audio), video=_totals(each.video)) for each in receptions
    ]
    return number_columns.pack([names, msgspec.json.encode(totals).decode()], columns)


def _totals(media: MediaReception) -> MediaReception:
    return replace(media, moments=_NO_POINTS)


def _take_points(media: MediaReception, columns: "list[Doubles]") -> list[str]:
    """Add the columns of what was received of one kind, and return their names."""
    import numpy as np  # noqa: PLC0415 - numpy

    points = _points.decode(media.moments)
    if not points:
        return []
    columns.append(np.array([parse_iso(point.timestamp) for point in points], dtype=np.float64))
    names = ["timestamp"]
    for name in _NUMBERS:
        column = np.array([getattr(point, name) for point in points], dtype=np.float64)
        if not np.isnan(column).all():
            columns.append(column)
            names.append(name)
    return names


def unpack_receptions(packed: bytes) -> list[PeerReception]:
    """The inverse of `pack_receptions`. Raises `ZstdError` for bytes that are not whole."""
    (names, totals), columns = number_columns.unpack(packed)
    receptions = _receptions.decode(totals)
    rest = iter(columns)
    for each, names_of_kinds in zip(receptions, names, strict=True):
        for media, members in zip((each.audio, each.video), names_of_kinds, strict=True):
            media.moments = _written_points({name: next(rest) for name in members})
    return receptions


def _written_points(columns: "dict[str, Doubles]") -> msgspec.Raw:
    if not columns:
        return _NO_POINTS
    lists: dict[str, list[Any]] = {
        name: _whole(column) if name in _WHOLE else _known(column)
        for name, column in columns.items()
    }
    lists["timestamp"] = [format_iso(EpochMs(int(at))) for at in columns["timestamp"].tolist()]
    members = ReceptionPoint.__struct_fields__
    points = list(map(ReceptionPoint, *(lists.get(name, repeat(None)) for name in members)))
    return msgspec.Raw(msgspec.json.encode(points))


def _known(column: "Doubles") -> list[float | None]:
    return [None if value != value else value for value in column.tolist()]


def _whole(column: "Doubles") -> list[int | None]:
    return [None if value is None else int(value) for value in _known(column)]
