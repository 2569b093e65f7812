"""A folded report as it is stored: a verdict and figures that are read each time, and long rows
that are handed on as they lie.

The bytes: the format's number, the length of the index (4 bytes, big endian), the index, and the
parts one after the other.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final

import msgspec
import zstandard

from aftercall.core.errors import Bug
from aftercall.core.quality.activity.stream_matching import StreamEnd
from aftercall.core.quality.report.fold import Details, Verdict
from aftercall.core.quality.report.receive_stats import PeerReception
from aftercall.service.reports.deflate import STORE_LEVEL, DeflatedJson

LEVEL: Final = 3
"""zstd level of what is read each time."""

_FORMAT: Final = b"\x02"
_LENGTH_BYTES: Final = 4
_verdicts: Final = msgspec.json.Decoder(Verdict)
_receptions: Final = msgspec.json.Decoder(list[PeerReception])

Ends = dict[str, list[StreamEnd]]
"""The other ends of a participant's streams, by what each stream is called."""

_ends: Final = msgspec.json.Decoder(Ends)


class _Rows(msgspec.Struct, array_like=True):
    family: str
    length: int
    size: int
    crc32: int


class _Index(msgspec.Struct, array_like=True):
    """The lengths of the parts, in their order: the verdict, the receptions, each family, the
    ends of streams."""

    verdict: int
    receptions: int
    rows: list[_Rows]
    ends: int = 0


_indexes: Final = msgspec.json.Decoder(_Index)


class PackedDetails(msgspec.Struct, frozen=True):
    """The details, compressed: a fraction of a long session's memory while it is folded."""

    receptions: bytes
    rows: dict[str, DeflatedJson]

    def unpacked(self) -> Details:
        """Leaves the rows packed here: many of these are held at once."""
        rows = {family: text.packed().plain for family, text in self.rows.items()}
        return _details_of(rows, _receptions_in(self.receptions))


class Report:
    """What there is to say about one participant of one session. Only what is asked for is
    decompressed."""

    def __init__(
        self,
        verdict: Verdict,
        receptions: bytes,
        rows: Mapping[str, DeflatedJson],
        ends: bytes = b"",
    ) -> None:
        self.verdict: Final = verdict
        self.rows: Final = rows
        """For each family, a JSON array of `core.quality.report.interval_rows.Row`."""
        self._receptions = receptions
        self._ends = ends

    @cached_property
    def receptions(self) -> list[PeerReception]:
        """One for each peer of the participant."""
        return _receptions_in(self._receptions)

    @cached_property
    def ends(self) -> Ends | None:
        """Who was at the other end of each stream; `None` where it was not stored."""
        return _ends.decode(_decompress(self._ends)) if self._ends else None

    @property
    def details(self) -> Details:
        """Everything, plain."""
        plain = {family: text.plain for family, text in self.rows.items()}
        return _details_of(plain, self.receptions)


def report_of(verdict: Verdict, details: Details) -> Report:
    """A report that was not stored."""
    rows = {family: DeflatedJson(bytes(raw)) for family, raw in details.rows.items()}
    report = Report(verdict, b"", rows)
    report.receptions = details.receptions
    return report


def pack_ends(ends: Ends) -> bytes:
    """The ends of a participant's streams, compressed."""
    return _compress(msgspec.json.encode(ends))


def pack(verdict: Verdict, details: PackedDetails, ends: bytes = b"") -> bytes:
    """The document; `ends` as `pack_ends` makes them."""
    parts = [_compress(msgspec.json.encode(verdict)), details.receptions]
    rows = []
    for family, text in details.rows.items():
        parts.append(text.deflated)
        rows.append(_Rows(family, len(text.deflated), text.size, text.crc32))
    parts.append(ends)
    index = msgspec.json.encode(_Index(len(parts[0]), len(parts[1]), rows, len(ends)))
    return b"".join([_FORMAT, len(index).to_bytes(_LENGTH_BYTES, "big"), index, *parts])


def pack_details(details: Details) -> PackedDetails:
    """Deflates the rows, which takes most of the time that storing a report takes."""
    rows = {
        family: DeflatedJson(bytes(raw), level=STORE_LEVEL).packed()
        for family, raw in details.rows.items()
    }
    return PackedDetails(_compress(msgspec.json.encode(details.receptions)), rows)


def is_readable(document: bytes) -> bool:
    """Whether it is written as documents are now; another is to be folded again."""
    return document.startswith(_FORMAT)


def unpack(document: bytes) -> Report:
    """Raises `Bug` for a document that no fold of this program wrote."""
    start = len(_FORMAT) + _LENGTH_BYTES
    if not is_readable(document):
        raise _unreadable()
    end = start + int.from_bytes(document[len(_FORMAT) : start], "big")
    try:
        index = _indexes.decode(document[start:end])
        parts = _Parts(document, end)
        verdict = _verdicts.decode(_decompress(parts.take(index.verdict)))
        receptions = parts.take(index.receptions)
        rows = dict(_rows_in(index, parts))
        ends = parts.take(index.ends)
    except (zstandard.ZstdError, msgspec.DecodeError) as error:
        raise _unreadable() from error
    return Report(verdict, receptions, rows, ends)


class _Parts:
    def __init__(self, document: bytes, start: int) -> None:
        self._document = document
        self._at = start

    def take(self, length: int) -> bytes:
        part = self._document[self._at : self._at + length]
        if len(part) != length:
            raise _unreadable()
        self._at += length
        return part


def _rows_in(index: _Index, parts: _Parts) -> Iterator[tuple[str, DeflatedJson]]:
    for each in index.rows:
        deflated = parts.take(each.length)
        yield each.family, DeflatedJson.from_deflated(deflated, size=each.size, crc32=each.crc32)


def _receptions_in(compressed: bytes) -> list[PeerReception]:
    try:
        return _receptions.decode(_decompress(compressed))
    except (zstandard.ZstdError, msgspec.DecodeError) as error:
        raise _unreadable() from error


def _details_of(rows: Mapping[str, bytes], receptions: list[PeerReception]) -> Details:
    raw = {family: msgspec.Raw(plain) for family, plain in rows.items()}
    return Details(rows=raw, receptions=receptions)


def _compress(text: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=LEVEL).compress(text)


def _decompress(packed: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(packed)


def _unreadable() -> Bug:
    return Bug("A stored report cannot be read.", code="report_unreadable")
