"""Files that Jitsi's rtcstats-server wrote: a JSON array a line, `[method, connection, value, ms]`
with the time of day in each, and reports as differences by the rules of protocol 3.1."""

from collections.abc import Iterator
from typing import Any, Final

from aftercall.ingest.dumps.dump_bytes import DumpBytes
from aftercall.ingest.dumps.entries import (
    CUT,
    EARLIEST_MS,
    BadDump,
    Describes,
    Entry,
    LeftOut,
    Signal,
    StatsReport,
)
from aftercall.ingest.dumps.lines import BROKEN, read_lines
from aftercall.ingest.dumps.rtcstats_file import MOST_CONNECTIONS
from aftercall.ingest.rtcstats.delta import NamedDelta, TooManyObjects
from aftercall.ingest.rtcstats.legacy import is_legacy, translate_legacy
from aftercall.ingest.untyped_json import as_number, as_object, as_text

FORMAT: Final = "Jitsi rtcstats"

_TEXTS: Final = frozenset({"createOfferOnSuccess", "createAnswerOnSuccess"})


def is_entry(line: object) -> bool:
    """Whether a line has the form of such a file: only here the fourth member is a time of day in
    every line."""
    if not isinstance(line, list) or len(line) < 4 or not isinstance(line[0], str):
        return False
    at_ms = as_number(line[3])
    return at_ms is not None and at_ms >= EARLIEST_MS


def read(data: DumpBytes) -> Iterator[Entry]:
    """The entries of a file."""
    decoders: dict[str, NamedDelta] = {}
    broken = 0
    for line in read_lines(data):
        if line is BROKEN:
            broken += 1
            continue
        if broken:
            yield LeftOut("a line that is no JSON", broken)
            broken = 0
        if not isinstance(line, list) or len(line) < 4:
            continue
        method, connection, value, at_ms = as_text(line[0]), line[1], line[2], as_number(line[3])
        if method is None or at_ms is None:
            yield LeftOut("a line without a time")
        elif method in ("connectionInfo", "identity"):
            # Its time may be another: the server's, or that of a copy.
            yield _description(as_object(value))
        elif method in ("getstats", "getStats"):
            if not isinstance(connection, str) or not isinstance(value, dict):
                yield LeftOut("a report without a connection")
                continue
            if connection not in decoders and len(decoders) >= MOST_CONNECTIONS:
                raise BadDump("The dump has more connections than any page opens.")
            decoder = decoders.setdefault(connection, NamedDelta())
            yield StatsReport(at_ms, connection, _whole(decoder, value))
        elif method not in _TEXTS:
            yield Signal(at_ms, connection if isinstance(connection, str) else None, method, value)
    if broken:
        yield CUT


def _description(value: Any) -> Describes:
    return Describes(
        user_agent=as_text(value.get("userAgent"), longest=512),
        name=as_text(value.get("displayName")),
        call_id=as_text(value.get("meetingUniqueId")),
    )


def _whole(decoder: NamedDelta, value: dict[str, Any]) -> list[dict[str, Any]]:
    try:
        stats = [each for each in decoder.decode(value).values() if "type" in each]
    except TooManyObjects as error:
        raise BadDump(
            "A connection of the dump has more statistics than any browser keeps."
        ) from error
    return list(translate_legacy(stats)) if is_legacy(stats) else stats
