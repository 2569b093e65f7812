"""Firefox' about:webrtc: "Copy Report", one moment of one connection, and "Copy History", a report
about every second."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from aftercall.ingest.dumps.dump_bytes import DumpBytes
from aftercall.ingest.dumps.entries import (
    CUT,
    BadDump,
    Describes,
    Entry,
    LeftOut,
    Signal,
    StatsReport,
)
from aftercall.ingest.dumps.json_parts import Cut, JsonParts
from aftercall.ingest.untyped_json import as_flag, as_number, as_object, as_text

FORMAT: Final = "about:webrtc"
HISTORY_FORMAT: Final = "about:webrtc history"

_ID: Final = re.compile(r"(\{[0-9a-fA-F-]+\}) (\d{1,20}) \(id=\d+ url=(.*)\)", re.DOTALL)
"""`{uuid} <creation in µs> (id=… url=…)`."""

_USER_AGENT: Final = "Mozilla/5.0 Gecko/20100101 Firefox/"
_MOST_REPORTS: Final = 100_000


def read_report(data: DumpBytes) -> Iterator[Entry]:
    """The entries of a copied report, or of several of them in one file."""
    parts = JsonParts(data)
    reader = _Reader()
    is_first = True
    try:
        for _ in parts.documents():
            report = as_object(parts.value())
            is_first = False
            yield from reader.read(report)
            yield from reader.descriptions(report)
    except Cut:
        if is_first:
            raise BadDump(
                "The report of about:webrtc ends in the middle, or is no JSON: copy it again."
            ) from None
        yield CUT


def read_history(data: DumpBytes) -> Iterator[Entry]:
    """The entries of a copied history, or of several of them in one file."""
    parts = JsonParts(data)
    reader = _Reader()
    try:
        for _ in parts.documents():
            for member in parts.members():
                if member == "reports":
                    for _ in parts.items():
                        yield from reader.read(as_object(parts.value()))
                elif member == "sdpHistories":
                    for _ in parts.items():
                        yield from reader.descriptions(as_object(parts.value()))
                else:
                    parts.skip()
    except Cut:
        yield CUT


class _Reader:
    """Reads reports in their order; the states of a connection are events when they change."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, str], str] = {}
        self._known: set[str] = set()

    def read(self, report: Mapping[str, Any]) -> Iterator[Entry]:
        at_ms = as_number(report.get("timestamp"))
        connection, created_ms, url = _connection(report)
        if at_ms is None:
            yield LeftOut("a report without a time")
            return
        if connection not in self._known and len(self._known) < 1_000:
            self._known.add(connection)
            yield Describes(user_agent=_USER_AGENT, url=url)
            began_ms = created_ms if created_ms is not None else at_ms
            yield Signal(began_ms, connection, "create", report.get("configuration"))
        stats = [
            _named(each)
            for member, listed in report.items()
            if member.endswith("Stats") and isinstance(listed, list)
            for each in listed
            if isinstance(each, dict) and isinstance(each.get("type"), str)
        ]
        for each in stats:
            if each["type"] == "transport":
                yield from self._change(at_ms, connection, "onconnectionstatechange", each)
                yield from self._change(at_ms, connection, "oniceconnectionstatechange", each)
        yield StatsReport(at_ms, connection, stats)
        if as_flag(report.get("closed")):
            yield Signal(at_ms, connection, "close", None)

    def _change(
        self, at_ms: float, connection: str, method: str, transport: dict[str, Any]
    ) -> Iterator[Entry]:
        is_ice = method == "oniceconnectionstatechange"
        state = as_text(transport.get("iceState" if is_ice else "dtlsState"))
        if state is not None and self._states.get((connection, method)) != state:
            self._states[connection, method] = state
            yield Signal(at_ms, connection, method, state)

    def descriptions(self, report: Mapping[str, Any]) -> Iterator[Entry]:
        """The descriptions that were set, from a report or from an item of `sdpHistories`."""
        connection, _, _ = _connection(report)
        history = report.get("sdpHistory")
        for each in history if isinstance(history, list) else ():
            each = as_object(each)
            at_ms = as_number(each.get("timestamp"))
            sdp = as_text(each.get("sdp"), longest=200_000)
            if at_ms is None or sdp is None:
                continue
            is_local = as_flag(each.get("isLocal")) is True
            method = "setLocalDescription" if is_local else "setRemoteDescription"
            yield Signal(at_ms, connection, method, {"sdp": sdp})


def _connection(report: Mapping[str, Any]) -> tuple[str, float | None, str | None]:
    """The id of the connection, when it was created, and the page's address."""
    id = as_text(report.get("pcid"), longest=2_048) or "connection"
    found = _ID.fullmatch(id)
    if found is None:
        return id[:128], None, None
    return found[1], int(found[2]) / 1_000, as_text(found[3], longest=1_024)


def _named(stats: dict[str, Any]) -> dict[str, Any]:
    """The object; in older versions only `mediaType` names the medium."""
    if "kind" not in stats and isinstance(stats.get("mediaType"), str):
        return {**stats, "kind": stats["mediaType"]}
    return stats
