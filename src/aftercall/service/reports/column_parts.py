"""The rows and receptions of a stored report as columns, packed and written as JSON.

Rows are ordered by time. Their columns are packed stream by stream, so that a column continues as
it began.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from aftercall.core.instants import parse_iso
from aftercall.core.quality.report.listed_column import ListedColumn
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


def unpack_rows(family: str, packed: bytes) -> Iterator[bytes | memoryview]:
    """The rows of a family as a JSON array, in pieces. Raises `ZstdError` for bytes that are not
    whole."""
    if not packed:
        return iter((b"[]",))
    import numpy as np  # noqa: PLC0415 - numpy

    from aftercall.core.quality.report.write_row_columns import (  # noqa: PLC0415 - numpy
        write_row_columns,
    )

    (words, names), (words_index, *columns) = number_columns.unpack(packed)
    places = _doubles(words_index).astype(np.intp)
    packed_at = np.empty_like(places)
    packed_at[np.argsort(places, kind="stable")] = np.arange(len(places))
    at, *numbers = (column.take(packed_at) for column in columns)
    rows = dict(zip(names, numbers, strict=True))
    return write_row_columns(Family(family), _doubles(at), words, places, rows)


def _doubles(column: "Doubles | ListedColumn") -> "Doubles":
    return column.doubles if isinstance(column, ListedColumn) else column


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


def _written_points(columns: "dict[str, Doubles | ListedColumn]") -> msgspec.Raw:
    if not columns:
        return _NO_POINTS
    from aftercall.core.quality.report.write_members import (  # noqa: PLC0415 - numpy
        Member,
        member_of,
        times,
        write_objects,
    )

    at = _doubles(columns.pop("timestamp"))
    members: dict[str, Member] = {
        name: member_of(column, is_whole=name in _WHOLE) for name, column in columns.items()
    }
    members["timestamp"] = times(at)
    names = ReceptionPoint.__struct_fields__
    return msgspec.Raw(b"".join(write_objects(names, len(at), members)))
