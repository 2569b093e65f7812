"""A folded report as it is stored: a verdict and figures that are read each time, and rows as
columns, of which JSON is written for an answer that contains them.

The bytes: the format's number, the length of the index (4 bytes, big endian), the index, and the
parts one after the other. Documents of format 2 hold the rows and receptions as JSON, compressed.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, partial
from typing import Final, TypeVar

import msgspec
import zstandard
from msgspec.structs import replace

from aftercall.core.address_removal import verdict_without_addresses
from aftercall.core.errors import Bug
from aftercall.core.quality.activity.stream_matching import StreamEnd
from aftercall.core.quality.report.fold import ReportColumns, ReportDetails, Verdict
from aftercall.core.quality.report.receive_stats import PeerReception
from aftercall.service.reports.column_parts import (
    pack_receptions,
    pack_rows,
    unpack_receptions,
    unpack_rows,
)
from aftercall.service.reports.deflate import DeflatedJson
from aftercall.store.codecs.trimmed import trimmed

LEVEL: Final = 3
"""zstd level of what is read each time."""

_FORMAT: Final = b"\x03"
_DEFLATED_FORMAT: Final = b"\x02"
_FORMATS: Final = (_FORMAT, _DEFLATED_FORMAT)
_LENGTH_BYTES: Final = 4
_verdicts: Final = msgspec.json.Decoder(Verdict)
_receptions: Final = msgspec.json.Decoder(list[PeerReception])

Ends = dict[str, list[StreamEnd]]
"""The other ends of a participant's streams, by what each stream is called."""

_ends: Final = msgspec.json.Decoder(Ends)


class _Rows(msgspec.Struct, array_like=True):
    """The part of one family. `size` and `crc32` are those of the JSON, in format 2."""

    family: str
    length: int
    size: int = 0
    crc32: int = 0


class _Index(msgspec.Struct, array_like=True):
    """The lengths of the parts, in their order: the verdict, the receptions, each family, the
    ends of streams."""

    verdict: int
    receptions: int
    rows: list[_Rows]
    ends: int = 0


class _ProvisionalIndex(_Index, array_like=True):
    """The index of a provisional report, which has one part more: the fold it is about."""

    fold: int = 0


class _ImportedIndex(_ProvisionalIndex, array_like=True):
    """The index of a report that was imported, which has one part more: what the other system
    answered. A document with another verdict loses it."""

    answers: int = 0


_indexes: Final = msgspec.json.Decoder(_Index)
_provisional_indexes: Final = msgspec.json.Decoder(_ProvisionalIndex)
_imported_indexes: Final = msgspec.json.Decoder(_ImportedIndex)
IndexT = TypeVar("IndexT", bound=_Index)


class PackedDetails(msgspec.Struct, frozen=True):
    """The details of a report, compressed as they are stored."""

    receptions: bytes
    rows: list[tuple[_Rows, bytes]]
    format: bytes = _FORMAT


class Report:
    """The report on one participant of one session. Each part is decompressed on first use."""

    def __init__(
        self,
        verdict: Verdict,
        receptions: bytes,
        rows: Mapping[str, DeflatedJson],
        ends: bytes = b"",
        *,
        format: bytes = _FORMAT,
        answers: bytes = b"",
    ) -> None:
        self.verdict: Final = verdict
        self.rows: Final = rows
        """For each family, a JSON array of `core.quality.report.interval_rows.Row`."""
        self._receptions = receptions
        self._format = format
        self._ends = ends
        self._answers = answers

    @cached_property
    def imported_answers(self) -> bytes | None:
        """What the system that recorded the session answered, for an imported report."""
        return _decompress(self._answers) if self._answers else None

    @cached_property
    def receptions(self) -> list[PeerReception]:
        """One for each peer of the participant."""
        return _receptions_in(self._receptions, self._format)

    @cached_property
    def ends(self) -> Ends | None:
        """Who was at the other end of each stream; `None` where it was not stored."""
        return _ends.decode(_decompress(self._ends)) if self._ends else None

    @property
    def details(self) -> ReportDetails:
        """The rows and receptions, decompressed."""
        plain = {family: text.plain for family, text in self.rows.items()}
        return _details_of(plain, self.receptions)


def report_of(verdict: Verdict, details: ReportDetails) -> Report:
    """A report that is not stored, from what was folded."""
    rows = {family: DeflatedJson(bytes(raw)) for family, raw in details.rows.items()}
    report = Report(verdict, b"", rows)
    report.receptions = details.receptions
    return report


def without_addresses(report: Report) -> Report:
    """The report without addresses; its rows hold none."""
    return Report(
        verdict_without_addresses(report.verdict),
        report._receptions,
        report.rows,
        report._ends,
        format=report._format,
    )


def pack_ends(ends: Ends) -> bytes:
    """The ends of a participant's streams, compressed."""
    return _compress(msgspec.json.encode(ends))


def pack_verdict(verdict: Verdict) -> bytes:
    """A verdict, compressed."""
    return _compress(msgspec.json.encode(verdict))


def pack(verdict: Verdict, details: PackedDetails, ends: bytes = b"") -> bytes:
    """The document; `ends` as `pack_ends` makes them."""
    return _packed(pack_verdict(verdict), details, ends)


def _packed(head: bytes, details: PackedDetails, ends: bytes) -> bytes:
    rows = [each for each, _ in details.rows]
    index = _Index(len(head), len(details.receptions), rows, len(ends))
    return _joined(index, head, details, ends)


def pack_imported(verdict: Verdict, rows: Mapping[str, bytes], answers: bytes) -> bytes:
    """The document of an imported report, with the rows of each family and what the other system
    answered. It has format 2, whose rows stay as they were written."""
    head, last = pack_verdict(verdict), _compress(answers)
    texts = {family: DeflatedJson(text) for family, text in rows.items()}
    details = PackedDetails(
        _compress(b"[]"),
        [
            (_Rows(family, len(each.deflated), each.size, each.crc32), each.deflated)
            for family, each in texts.items()
        ],
        _DEFLATED_FORMAT,
    )
    index = _ImportedIndex(
        len(head), len(details.receptions), [each for each, _ in details.rows], 0, 0, len(last)
    )
    return _joined(index, head, details, last)


def is_imported(document: bytes) -> bool:
    """Whether a document holds what another system answered."""
    return is_readable(document) and bool(_index_in(document, _imported_indexes)[0].answers)


def pack_provisional(verdict: Verdict, details: PackedDetails, fold: bytes) -> bytes:
    """The document of a participant who has not been compared with the others yet; `fold` is what
    the comparison needs. It reads like any other document, with a verdict that is not final."""
    head = pack_verdict(replace(verdict, is_final=False))
    rows = [each for each, _ in details.rows]
    index = _ProvisionalIndex(len(head), len(details.receptions), rows, 0, len(fold))
    return _joined(index, head, details, fold)


def fold_in(document: bytes) -> bytes:
    """The `fold` of a provisional document; empty in a complete one."""
    index, _ = _index_in(document, _provisional_indexes)
    return document[len(document) - index.fold :] if index.fold else b""


def document_without_addresses(document: bytes) -> bytes:
    """A complete document without addresses. Raises `Bug` for one that cannot be read."""
    packed, details, ends = _taken_apart(document)
    return pack(verdict_without_addresses(_verdicts.decode(_decompress(packed))), details, ends)


def completed(document: bytes, verdict: bytes, ends: bytes) -> bytes:
    """A document with another verdict, as `pack_verdict` makes it, and other ends; its rows are
    copied as they are stored."""
    _, details, _ = _taken_apart(document)
    return _packed(verdict, details, ends)


def with_verdict(document: bytes, verdict: Verdict) -> bytes:
    """A complete document with another verdict; all else is copied as it is stored."""
    _, details, ends = _taken_apart(document)
    return pack(verdict, details, ends)


def _taken_apart(document: bytes) -> tuple[bytes, PackedDetails, bytes]:
    """The verdict, details and ends of a document, as they are stored."""
    index, start = _index_in(document, _indexes)
    parts = _Parts(document, start)
    verdict, receptions = parts.take(index.verdict), parts.take(index.receptions)
    rows = [(each, parts.take(each.length)) for each in index.rows]
    return verdict, PackedDetails(receptions, rows, document[:1]), parts.take(index.ends)


def _joined(index: _Index, verdict: bytes, details: PackedDetails, last: bytes) -> bytes:
    head = msgspec.json.encode(index)
    return b"".join(
        [
            details.format,
            len(head).to_bytes(_LENGTH_BYTES, "big"),
            head,
            verdict,
            details.receptions,
            *(packed for _, packed in details.rows),
            last,
        ]
    )


def pack_details(details: ReportColumns) -> PackedDetails:
    """Compress details."""
    packed = [(family, pack_rows(columns)) for family, columns in details.rows.items()]
    rows = [(_Rows(family, len(part)), part) for family, part in packed]
    return PackedDetails(pack_receptions(details.receptions), rows)


def is_readable(document: bytes) -> bool:
    """Whether this program reads a document's format; a report in another one is folded again."""
    return document.startswith(_FORMATS)


def unpack(document: bytes) -> Report:
    """Raises `Bug` for a document that no fold of this program wrote."""
    packed, details, ends = _taken_apart(document)
    answers, _ = _index_in(document, _imported_indexes)
    try:
        verdict = _verdicts.decode(_decompress(packed))
    except (zstandard.ZstdError, msgspec.DecodeError) as error:
        raise _unreadable() from error
    return Report(
        verdict,
        details.receptions,
        dict(_texts_of(details)),
        ends,
        format=details.format,
        answers=document[len(document) - answers.answers :] if answers.answers else b"",
    )


def _index_in(document: bytes, decoder: "msgspec.json.Decoder[IndexT]") -> tuple[IndexT, int]:
    """The index of a document, and where its parts begin."""
    start = len(_FORMAT) + _LENGTH_BYTES
    if not is_readable(document):
        raise _unreadable()
    end = start + int.from_bytes(document[len(_FORMAT) : start], "big")
    try:
        return decoder.decode(document[start:end]), end
    except msgspec.DecodeError as error:
        raise _unreadable() from error


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


def _texts_of(details: PackedDetails) -> Iterator[tuple[str, DeflatedJson]]:
    for each, part in details.rows:
        if details.format == _DEFLATED_FORMAT:
            text = DeflatedJson.from_deflated(part, size=each.size, crc32=each.crc32)
        else:
            text = DeflatedJson.from_writer(partial(_written, each.family, part))
        yield each.family, text


def _written(family: str, part: bytes) -> Iterable[bytes | memoryview]:
    try:
        return unpack_rows(family, part)
    except (zstandard.ZstdError, msgspec.DecodeError) as error:
        raise _unreadable() from error


def _receptions_in(compressed: bytes, format: bytes) -> list[PeerReception]:
    try:
        if format == _DEFLATED_FORMAT:
            return _receptions.decode(_decompress(compressed))
        return unpack_receptions(compressed)
    except (zstandard.ZstdError, msgspec.DecodeError) as error:
        raise _unreadable() from error


def _details_of(rows: Mapping[str, bytes], receptions: list[PeerReception]) -> ReportDetails:
    raw = {family: msgspec.Raw(plain) for family, plain in rows.items()}
    return ReportDetails(rows=raw, receptions=receptions)


def _compress(text: bytes) -> bytes:
    return trimmed(zstandard.ZstdCompressor(level=LEVEL).compress(text))


def _decompress(packed: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(packed)


def _unreadable() -> Bug:
    return Bug("A stored report cannot be read.", code="report_unreadable")
