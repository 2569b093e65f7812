"""CSV: Aftercall's and RealtimeKit's without a header, Dyte's with one, and any table whose header
names a start and a text."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from itertools import islice
from typing import Final, NamedTuple

from aftercall.core.errors import Malformed, TooLarge
from aftercall.core.instants import HOUR_MS, MINUTE_MS, SECOND_MS
from aftercall.core.uploaded_transcript import MOST_LINES, UploadedLine
from aftercall.wire.chat_transcript_files import unguard_formula
from aftercall.wire.times import parse_time
from aftercall.wire.transcript_upload.file_text import (
    LONGEST_TEXT,
    bad_line,
    checked_name,
    checked_text,
)

_PLAIN_COLUMNS: Final = ("start_ms", "peer_id", "user_id", "custom_id", "speaker", "text")
"""Of a table without a header."""

_NAMES: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("start", "starttime", "begin", "from", "offset", "time", "timestamp"), "start"
    ),
    **dict.fromkeys(("startms", "starttimems", "offsetms"), "start_ms"),
    **dict.fromkeys(("starts", "startseconds", "starttimes"), "start_s"),
    **dict.fromkeys(("end", "endtime", "stop", "to"), "end"),
    **dict.fromkeys(("endms", "endtimems"), "end_ms"),
    **dict.fromkeys(("ends", "endseconds", "endtimes"), "end_s"),
    **dict.fromkeys(("participantid", "peerid"), "peer_id"),
    "userid": "user_id",
    **dict.fromkeys(("customparticipantid", "customid", "cpi"), "custom_id"),
    **dict.fromkeys(("participantname", "speaker", "name", "displayname"), "speaker"),
    **dict.fromkeys(("transcript", "text", "sentence", "content"), "text"),
}
"""Columns by the letters of their headers."""

_NO_LETTER: Final = re.compile(r"[^a-z]")
_NUMBER: Final = re.compile(r"\d{1,12}(\.\d{1,9})?")
_CLOCK: Final = re.compile(r"(?:(\d{1,6}):)?(\d{1,2}):(\d{2})(?:[.,](\d{1,3})\d*)?")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]")
_DELIMITERS: Final = ("\t", ",", ";")


class Table(NamedTuple):
    """The rows of a table, and whether its times are dates."""

    lines: Iterator[UploadedLine]
    has_dates: bool


class _Row(NamedTuple):
    number: int
    cells: dict[str, str]


def is_table(text: str) -> bool:
    """Whether the text begins as a table of one of these forms does."""
    first = next(_read(text[:LONGEST_TEXT], is_strict=False), None)
    return first is not None and (_is_plain(first[1]) or _columns_of(first[1]) is not None)


def read_table(text: str) -> Table:
    """Raises `Malformed`, which names the line; so does going through the lines."""
    rows = list(islice(_rows(text), MOST_LINES + 1))
    if len(rows) > MOST_LINES:
        raise TooLarge(f"A transcript has at most {MOST_LINES:,} lines.", code="too_large")
    starts = [row.cells.get("start", "") for row in rows]
    has_dates = any(map(_DATE.match, starts))
    # Whisper writes whole ms, others seconds with a fraction; nobody writes both in one table.
    factor = SECOND_MS if any("." in each for each in starts if _NUMBER.fullmatch(each)) else 1
    times = _Times(has_dates=has_dates, factor=factor)
    return Table((line for row in rows if (line := _line(row, times)) is not None), has_dates)


class _Times(NamedTuple):
    """How the times of a table are read. `factor`: ms of a number without a unit."""

    has_dates: bool
    factor: int

    def read(self, row: _Row, edge: str) -> int | None:
        """The `start` or `end` of a row, if it has one."""
        for name, factor in ((edge, self.factor), (f"{edge}_ms", 1), (f"{edge}_s", SECOND_MS)):
            text = row.cells.get(name, "").strip()
            if text:
                return self._ms(text, factor, row.number)
        return None

    def _ms(self, text: str, factor: int, number: int) -> int:
        if self.has_dates:
            try:
                return parse_time(text, field="start")
            except Malformed:
                raise bad_line(number, "a time must be a date, as in the other lines") from None
        if _NUMBER.fullmatch(text) is not None:
            return round(float(text) * factor)
        found = _CLOCK.fullmatch(text)
        if found is None:
            raise bad_line(number, "a time must be a number or as 00:00:01.500")
        hours, minutes, seconds, fraction = found.groups()
        return (
            int(hours or 0) * HOUR_MS
            + int(minutes) * MINUTE_MS
            + int(seconds) * SECOND_MS
            + int((fraction or "0").ljust(3, "0"))
        )


def _line(row: _Row, times: _Times) -> UploadedLine | None:
    start_ms, end_ms = times.read(row, "start"), times.read(row, "end")
    if start_ms is None:
        raise bad_line(row.number, "it has no start")
    if end_ms is not None and end_ms < start_ms:
        raise bad_line(row.number, "it ends before it begins")

    def cell(name: str) -> str:
        return unguard_formula(row.cells.get(name, ""))

    if not row.cells.get("text"):
        return None
    return UploadedLine(
        number=row.number,
        start_ms=start_ms,
        end_ms=start_ms if end_ms is None else end_ms,
        text=checked_text(cell("text"), row.number),
        speaker=checked_name(cell("speaker"), row.number),
        peer_id=checked_name(cell("peer_id"), row.number),
        user_id=checked_name(cell("user_id"), row.number),
        custom_participant_id=checked_name(cell("custom_id"), row.number),
    )


def _rows(text: str) -> Iterator[_Row]:
    columns: Sequence[str] | None = None
    for number, cells in _read(text):
        if columns is None:
            if (named := _columns_of(cells)) is not None:
                columns = named
                continue
            columns = _PLAIN_COLUMNS
            if not _is_plain(cells):
                raise bad_line(number, "neither a header nor a line of a transcript")
        if len(cells) != len(columns):
            raise bad_line(number, f"{len(cells)} columns, not {len(columns)}")
        yield _Row(number, dict(zip(columns, cells, strict=True)))


def _read(text: str, *, is_strict: bool = True) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the number of its first line."""
    csv.field_size_limit(2 * LONGEST_TEXT)
    head = text[:LONGEST_TEXT].partition("\n")[0]
    delimiter = next((each for each in _DELIMITERS if each in head), ",")
    rows = csv.reader(
        StringIO(text, newline=""),
        delimiter=delimiter,
        skipinitialspace=True,
        strict=is_strict,
    )
    number = 1
    try:
        for cells in rows:
            if any(cells):
                yield number, cells
            number = rows.line_num + 1
    except csv.Error as error:
        raise bad_line(number, "a quote that does not end, or a cell that is too long") from error


def _is_plain(cells: Sequence[str]) -> bool:
    return len(cells) == len(_PLAIN_COLUMNS) and _NUMBER.fullmatch(cells[0]) is not None


def _columns_of(cells: Sequence[str]) -> list[str] | None:
    """What the columns of a header hold; `None` if it is no header of a transcript. Columns that
    are not known have a name that nobody reads."""
    found = [
        _NAMES.get(_NO_LETTER.sub("", cell.lower()), f"#{at}") for at, cell in enumerate(cells)
    ]
    has_start = any(each.startswith("start") for each in found)
    return found if has_start and "text" in found and len(set(found)) == len(found) else None
