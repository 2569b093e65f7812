"""rtcstats files: `RTCStatsDump`, a header, then a JSON array a line. Chromium's own button writes
names and whole reports, rtcstats' clients of protocol 4 and 5 numbers and differences."""

from collections.abc import Iterator
from typing import Any, Final

from aftercall.ingest.dumps.dump_bytes import DumpBytes
from aftercall.ingest.dumps.entries import (
    CUT,
    EARLIEST_MS,
    BadDump,
    Client,
    Describes,
    Entry,
    LeftOut,
    Signal,
    StatsReport,
)
from aftercall.ingest.dumps.lines import BROKEN, decode_text, read_lines
from aftercall.ingest.rtcstats.delta import NumberedDelta, Report, TooManyObjects
from aftercall.ingest.rtcstats.tables import METHODS
from aftercall.ingest.untyped_json import as_count, as_number, as_object, as_text

FORMAT: Final = "rtcstats"
MAGIC: Final = b"RTCStatsDump"

MOST_CONNECTIONS: Final = 1_000
"""Connections of one file."""

_REQUESTS: Final = "navigator.mediaDevices.get"


def read(data: DumpBytes) -> Iterator[Entry]:
    """The entries of a file."""
    file = _File(is_delta=False)
    files = broken = 0
    for line in read_lines(data):
        if line is BROKEN:
            broken += 1
            continue
        if isinstance(line, dict) and (not files or "fileFormat" in line):
            # The line before is no JSON: it names the format.
            broken = max(0, broken - 1)
            files += 1
            if files > 1:
                yield Client(f"dump {files}")
            yield from _header(line)
            file = _File(is_delta=as_text(line.get("clientProtocol")) is not None)
        if broken:
            yield LeftOut("a line that is no JSON", broken)
            broken = 0
        if isinstance(line, list) and len(line) >= 4:
            files = files or 1
            yield from file.read_line(line)
    if broken:
        yield CUT


def _header(header: dict[str, Any]) -> Iterator[Entry]:
    version = as_count(header.get("fileFormat"))
    if version is not None and version > 3:
        raise BadDump(f"The dump is of rtcstats' format {version}, which is newer than 3.")
    yield Describes(
        user_agent=as_text(header.get("userAgent"), longest=512),
        url=_page(header),
    )


class _File:
    """Reads line by line: each has a time that counts from the line before."""

    def __init__(self, *, is_delta: bool) -> None:
        self._at_ms = 0.0
        self._is_delta = is_delta
        self._decoders: dict[str, NumberedDelta] = {}
        self._descriptions: dict[str, dict[str, Any]] = {}

    def read_line(self, line: list[Any]) -> Iterator[Entry]:
        named, connection, value, *extra, passed_ms = line
        step = as_number(passed_ms)
        if step is None:
            yield LeftOut("a line without a time")
            return
        # The first time of a file is one of day, and others count from the line before.
        self._at_ms = step if step >= EARLIEST_MS else self._at_ms + step
        method = METHODS.get(str(named), str(named)) if self._is_delta else str(named)
        if connection == "undefined-undefined" or not isinstance(connection, str):
            connection = None
        if method in ("getStats", "getstats"):
            yield from self._report(connection, value)
        elif method == "create" and connection is None:
            about = as_object(value)
            yield Describes(
                cpus=as_count(about.get("hardwareConcurrency")),
                memory_gb=as_number(about.get("deviceMemory")),
            )
        else:
            if method == "create" and extra and isinstance(extra[0], str):
                yield Describes(url=as_text(extra[0], longest=1_024))
            if method.startswith(_REQUESTS):
                # Chromium names a frame here, which is no connection.
                connection = None
            yield Signal(self._at_ms, connection, method, self._whole(connection, method, value))

    def _report(self, connection: str | None, value: object) -> Iterator[Entry]:
        if connection is None or not isinstance(value, dict):
            yield LeftOut("a report without a connection")
            return
        report: Report
        if self._is_delta:
            if connection not in self._decoders and len(self._decoders) >= MOST_CONNECTIONS:
                raise BadDump("The dump has more connections than any page opens.")
            decoder = self._decoders.setdefault(connection, NumberedDelta())
            try:
                report = decoder.decode(value)
            except TooManyObjects as error:
                raise BadDump(
                    "A connection of the dump has more statistics than any browser keeps."
                ) from error
        else:
            report = {
                id: {**each, "id": id} for id, each in value.items() if isinstance(each, dict)
            }
        yield StatsReport(self._at_ms, connection, [each for each in report.values()])

    def _whole(self, connection: str | None, method: str, value: Any) -> Any:
        """The value; in a description, the parts that the page created and did not repeat."""
        if isinstance(value, str):
            return decode_text(value)
        if connection is None or not isinstance(value, dict):
            return value
        if method in ("createOfferOnSuccess", "createAnswerOnSuccess"):
            if len(self._descriptions) < MOST_CONNECTIONS:
                self._descriptions[connection] = value
        elif method == "setLocalDescription" and str(value.get("sdp", "")).startswith("v=\r"):
            created = self._descriptions.get(connection, {})
            if created.get("type") in (None, value.get("type")):
                return {**value, "sdp": created.get("sdp", "")}
        return value


def _page(header: Any) -> str | None:
    origin, path = as_text(header.get("origin")), as_text(header.get("url"), longest=1_024)
    if origin is not None and (path is None or path.startswith("/")):
        return f"{origin}{path or ''}"
    return path
