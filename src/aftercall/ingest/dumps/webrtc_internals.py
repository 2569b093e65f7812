"""chrome://webrtc-internals, "Create Dump": one JSON object, in the forms of Chrome 86 to 156."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from heapq import merge
from operator import attrgetter
from typing import Any, Final

from aftercall.ingest.dumps.dump_bytes import DumpBytes
from aftercall.ingest.dumps.entries import (
    CUT,
    BadDump,
    Client,
    Describes,
    Entry,
    LeftOut,
    Signal,
    StatsReport,
)
from aftercall.ingest.dumps.json_parts import Cut, JsonParts
from aftercall.ingest.dumps.lines import decode_text
from aftercall.ingest.dumps.series import CELLS_AT_ONCE, SeriesTable
from aftercall.ingest.untyped_json import as_count, as_number, as_object, as_text

FORMAT: Final = "webrtc-internals"

MOST_HELD: Final = 24 * 1024**2
"""Bytes of compressed series that are held. Chosen: a dump of 50 MB has fewer, and one
of 500 MB takes less than 200 MB of memory."""

MOST_DUMPS: Final = 64
"""Dumps in one file."""

MOST_LOG: Final = 50_000
"""Entries of a connection's log."""

_OLD_NAMES: Final = {
    "icecandidate": "onicecandidate",
    "icecandidateerror": "onicecandidateerror",
    "iceconnectionstatechange": "oniceconnectionstatechange",
    "connectionstatechange": "onconnectionstatechange",
    "signalingstatechange": "onsignalingstatechange",
    "icegatheringstatechange": "onicegatheringstatechange",
    "negotiationneeded": "onnegotiationneeded",
    "stop": "close",
}
"""The names of a log before Chrome 138, in lower case, and those from then on."""

_ZONE_STEP_MS: Final = 15 * 60_000
_MOST_ZONE_MS: Final = 15 * 3_600_000
_FORMS: Final = ("%m/%d/%Y, %I:%M:%S %p", "%d/%m/%Y, %H:%M:%S", "%m/%d/%Y, %H:%M:%S")
_PAIR: Final = re.compile(r"(sdpMid|sdpMLineIndex|candidate|type|sdp): ", re.ASCII)


def read(data: DumpBytes) -> Iterator[Entry]:
    """The entries of a dump, or of several of them in one file."""
    parts = JsonParts(data)
    try:
        for number, _ in enumerate(parts.documents()):
            if number >= MOST_DUMPS:
                raise BadDump(f"There are more than {MOST_DUMPS} dumps in the file.")
            if number:
                yield Client(f"dump {number + 1}")
            yield from _dump(parts)
    except Cut:
        yield CUT


def _dump(parts: JsonParts) -> Iterator[Entry]:
    """The entries of one dump: reports of all connections in order of time, unless they are too
    many to be held. Raises `Cut` after them."""
    cut: Cut | None = None
    tables: dict[str, SeriesTable] = {}
    about: dict[str, Any] = {}
    try:
        for member in parts.members():
            if member == "PeerConnections":
                for connection in parts.members():
                    table = tables[connection] = SeriesTable()
                    yield from _connection(parts, connection, table)
                    if sum(each.size for each in tables.values()) > MOST_HELD:
                        yield from _reports(tables)
                        tables.clear()
            elif member == "getUserMedia":
                for _ in parts.items():
                    yield from _media_request(as_object(parts.value()))
            elif member in ("UserAgent", "deviceMemory", "hardwareConcurrency"):
                about[member] = parts.value()
            else:
                parts.skip()
    except Cut as error:
        cut = error
    yield from _reports(tables)
    yield Describes(
        user_agent=as_text(about.get("UserAgent"), longest=512),
        cpus=as_count(about.get("hardwareConcurrency")),
        memory_gb=as_number(about.get("deviceMemory")),
    )
    if cut is not None:
        raise cut


def _reports(tables: Mapping[str, SeriesTable]) -> Iterator[Entry]:
    def of(connection: str, table: SeriesTable) -> Iterator[StatsReport]:
        for at_ms, stats in table.reports(CELLS_AT_ONCE // len(tables)):
            yield StatsReport(at_ms, connection, stats)

    yield from merge(
        *(of(connection, table) for connection, table in tables.items()), key=attrgetter("at_ms")
    )
    unreadable = sum(table.unreadable for table in tables.values())
    if unreadable:
        yield LeftOut("a series of statistics that cannot be read", unreadable)


def _connection(parts: JsonParts, connection: str, table: SeriesTable) -> Iterator[Entry]:
    """Read a connection's statistics into `table`; yields the rest."""
    log: list[dict[str, Any]] = []
    configuration: object = None
    is_cut = False
    try:
        for member in parts.members():
            if member == "stats":
                for key in parts.members():
                    table.add(key, dict(as_object(parts.value())))
            elif member == "updateLog":
                for _ in parts.items():
                    if len(log) < MOST_LOG:
                        log.append(dict(as_object(parts.value())))
                    else:
                        parts.skip()
            elif member == "rtcConfiguration":
                configuration = parts.value()
            elif member == "url":
                yield Describes(url=as_text(parts.value(), longest=1_024))
            else:
                parts.skip()
    except Cut:
        is_cut = True
    signals = list(_signals(connection, log, table.first_ms))
    timed = [each.at_ms for each in signals if isinstance(each, Signal)]
    if table.first_ms is not None:
        timed.append(table.first_ms)
    if timed:
        yield Signal(min(timed), connection, "create", _decoded(configuration))
    yield from signals
    if is_cut:
        raise Cut


def _signals(connection: str, log: list[dict[str, Any]], first_ms: float | None) -> Iterator[Entry]:
    """The log of a connection. Old logs have the user's local time and no zone: the zone is the
    difference to the first report, in quarters of an hour. Where the clock is put back at the end
    of summer time, the rest is later by as much."""
    local = list(_without_steps(_local_ms(entry.get("time")) for entry in log))
    known = [each for each in local if each is not None]
    zone_ms = 0.0
    if known and first_ms is not None:
        zone_ms = round((first_ms - known[0]) / _ZONE_STEP_MS) * _ZONE_STEP_MS
    is_zone = first_ms is not None and abs(zone_ms) <= _MOST_ZONE_MS
    untimed = 0
    for entry, local_ms in zip(log, local, strict=True):
        at_ms = as_number(entry.get("timestamp"))
        if at_ms is None and local_ms is not None and is_zone:
            at_ms = local_ms + zone_ms
        name = as_text(entry.get("type"))
        if name is None or at_ms is None:
            untimed += 1
            continue
        method = _OLD_NAMES.get(name.lower(), name)
        yield Signal(at_ms, connection, method, _decoded(entry.get("value")))
    if untimed:
        yield LeftOut("an entry of a log whose time is not known", untimed)


def _without_steps(times: Iterable[float | None]) -> Iterator[float | None]:
    last, step_ms = 0.0, 0.0
    for each in times:
        if each is None:
            yield None
            continue
        back_ms = round((last - each - step_ms) / _ZONE_STEP_MS) * _ZONE_STEP_MS
        if 2 * _ZONE_STEP_MS <= back_ms <= _MOST_ZONE_MS:
            step_ms += back_ms
        last = max(last, each + step_ms)
        yield each + step_ms


def _media_request(entry: Any) -> Iterator[Entry]:
    """A call of getUserMedia, or what came of it, under rtcstats' names."""
    at_ms = as_number(entry.get("timestamp"))
    if at_ms is None:
        yield LeftOut("a request for a camera or microphone without a time")
        return
    kind = as_text(entry.get("request_type")) or "getUserMedia"
    name = f"navigator.mediaDevices.{kind}"
    error = as_text(entry.get("error"))
    if error is not None:
        message = as_text(entry.get("error_message"))
        yield Signal(at_ms, None, f"{name}OnFailure", {"name": error, "message": message})
    elif "stream_id" in entry:
        yield Signal(at_ms, None, f"{name}OnSuccess", None)
    else:
        wanted = {kind: True for kind in ("audio", "video") if kind in entry}
        yield Signal(at_ms, None, name, wanted)
        if url := as_text(entry.get("url"), longest=1_024):
            yield Describes(url=url)


def _decoded(value: object) -> object:
    """A value of a log: JSON text, or in old logs `type: offer, sdp: …` and bare words."""
    if not isinstance(value, str) or not value:
        return value
    decoded = decode_text(value)
    if decoded is not value:
        return decoded
    pieces = _PAIR.split(value)
    if len(pieces) < 3 or pieces[0]:
        return value
    # Of an SDP, everything after its name belongs to it.
    if "sdp" in pieces[1::2]:
        at = pieces.index("sdp", 1)
        pieces = [*pieces[:at], "sdp", value.partition("sdp: ")[2]]
    return {
        name: text.rstrip().removesuffix(",") if name != "sdp" else text
        for name, text in zip(pieces[1::2], pieces[2::2], strict=False)
    }


def _local_ms(text: object) -> float | None:
    if not isinstance(text, str):
        return None
    plain = text.replace("\u202f", " ")
    for form in _FORMS:
        try:
            return datetime.strptime(plain, form).replace(tzinfo=UTC).timestamp() * 1_000
        except ValueError:
            continue
    return None
