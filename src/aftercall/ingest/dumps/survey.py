"""What a dump holds, before anything of it is recorded: who was in it, on which connections, when,
and what ties it to other dumps of the same call."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.ingest.dumps.entries import (
    EARLIEST_MS,
    Client,
    Describes,
    Entry,
    LeftOut,
    Signal,
    StatsReport,
)
from aftercall.ingest.dumps.rtcstats_file import MOST_CONNECTIONS
from aftercall.ingest.dumps.signalling import fingerprints_of
from aftercall.ingest.untyped_json import as_count, as_number, as_text

NO_TIME: Final = "an entry whose time is not that of a past call"

_IN: Final = "inbound-rtp"
_OUT: Final = "outbound-rtp"


class StreamFigures(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What the last report says of one stream."""

    direction: str
    """`sent` or `received`."""
    kind: str | None = None
    ssrc: int
    packets: int | None = None
    packets_lost: int | None = None
    """Of a sent stream, as its receiver reported."""


class ConnectionSurvey(msgspec.Struct, kw_only=True):
    """One connection of a dump."""

    id: str
    client: str = ""
    first_ms: float
    last_ms: float
    reports: int = 0
    first_report_ms: float | None = None
    last_report_ms: float | None = None
    is_closed: bool = False
    url: str | None = None
    sent: dict[int, StreamFigures] = {}
    received: dict[int, StreamFigures] = {}
    local_fingerprints: set[str] = set()
    remote_fingerprints: set[str] = set()


class ClientSurvey(msgspec.Struct, kw_only=True):
    """Somebody who took part."""

    id: str
    name: str | None = None
    user_agent: str | None = None
    url: str | None = None
    call_id: str | None = None
    cpus: int | None = None
    memory_gb: float | None = None
    left_ms: float | None = None
    """When the page reported that it left."""
    first_ms: float | None = None
    """Of anything on the page."""
    last_ms: float | None = None


class Survey(msgspec.Struct, kw_only=True):
    """What a dump holds."""

    connections: dict[tuple[str, str], ConnectionSurvey] = {}
    """By client and id."""
    clients: dict[str, ClientSurvey] = {}
    left_out: dict[str, int] = {}
    """What was not read, and how often."""
    media_requests: int = 0
    """Calls of getUserMedia and getDisplayMedia."""
    media_failures: int = 0
    """How many of them failed."""


def is_possible(at_ms: float, now: EpochMs) -> bool:
    """Whether a time can be that of a call which is over by now."""
    return EARLIEST_MS <= at_ms <= now + DAY_MS


def survey(entries: Iterable[Entry], now: EpochMs) -> Survey:
    """What the entries of a dump hold."""
    found = Survey(connections={}, clients={}, left_out={})
    client = _client(found, "")
    url: str | None = None
    for entry in entries:
        match entry:
            case Client():
                client = _client(found, entry.id)
            case Describes():
                url = entry.url or url
                _describe(client, entry)
            case LeftOut():
                found.left_out[entry.reason] = found.left_out.get(entry.reason, 0) + entry.times
            case StatsReport() | Signal():
                if not is_possible(entry.at_ms, now):
                    found.left_out[NO_TIME] = found.left_out.get(NO_TIME, 0) + 1
                    continue
                _add(found, client, entry, url)
    return found


def _client(found: Survey, id: str) -> ClientSurvey:
    return found.clients.setdefault(id, ClientSurvey(id=id))


def _describe(client: ClientSurvey, entry: Describes) -> None:
    client.user_agent = client.user_agent or entry.user_agent
    client.url = client.url or entry.url
    client.name = client.name or entry.name
    client.call_id = client.call_id or entry.call_id
    client.cpus = client.cpus or entry.cpus
    client.memory_gb = client.memory_gb or entry.memory_gb


def _add(found: Survey, client: ClientSurvey, entry: StatsReport | Signal, url: str | None) -> None:
    at_ms = entry.at_ms
    client.first_ms = at_ms if client.first_ms is None else min(client.first_ms, at_ms)
    client.last_ms = at_ms if client.last_ms is None else max(client.last_ms, at_ms)
    if isinstance(entry, Signal):
        if entry.method == "client_left":
            client.left_ms = at_ms
        if entry.method in _REQUESTS:
            found.media_requests += 1
        if entry.method.removesuffix("OnFailure") in _REQUESTS and entry.method not in _REQUESTS:
            found.media_failures += 1
    if entry.connection is None:
        return
    key = (client.id, entry.connection)
    connection = found.connections.get(key)
    if connection is None:
        if len(found.connections) >= MOST_CONNECTIONS:
            reason = "an entry of a connection beyond the first thousand"
            found.left_out[reason] = found.left_out.get(reason, 0) + 1
            return
        connection = found.connections[key] = ConnectionSurvey(
            id=entry.connection,
            client=client.id,
            first_ms=at_ms,
            last_ms=at_ms,
            url=url,
            sent={},
            received={},
            local_fingerprints=set(),
            remote_fingerprints=set(),
        )
    connection.first_ms = min(connection.first_ms, at_ms)
    connection.last_ms = max(connection.last_ms, at_ms)
    if isinstance(entry, StatsReport):
        _add_report(connection, entry)
    elif entry.method == "close":
        connection.is_closed = True
    elif entry.method == "setLocalDescription":
        connection.local_fingerprints |= fingerprints_of(entry.value)
    elif entry.method == "setRemoteDescription":
        connection.remote_fingerprints |= fingerprints_of(entry.value)


_REQUESTS: Final = frozenset(
    {"navigator.mediaDevices.getUserMedia", "navigator.mediaDevices.getDisplayMedia"}
)


def _add_report(connection: ConnectionSurvey, report: StatsReport) -> None:
    connection.reports += 1
    if connection.first_report_ms is None:
        connection.first_report_ms = report.at_ms
    connection.last_report_ms = report.at_ms
    for stats in report.stats:
        type_, ssrc = stats.get("type"), as_count(stats.get("ssrc"))
        if ssrc is None or stats.get("isRemote") is True:
            continue
        if type_ == _IN:
            _figures(connection.received, "received", stats, ssrc, "packetsReceived")
        elif type_ == _OUT:
            _figures(connection.sent, "sent", stats, ssrc, "packetsSent")
        elif type_ == "remote-inbound-rtp" and ssrc in connection.sent:
            connection.sent[ssrc].packets_lost = _signed(stats.get("packetsLost"))


def _figures(
    streams: dict[int, StreamFigures],
    direction: str,
    stats: dict[str, Any],
    ssrc: int,
    counter: str,
) -> None:
    figures = streams.get(ssrc)
    if figures is None:
        if len(streams) >= 10_000:
            return
        figures = streams[ssrc] = StreamFigures(direction=direction, ssrc=ssrc)
    figures.kind = as_text(stats.get("kind")) or as_text(stats.get("mediaType")) or figures.kind
    figures.packets = as_count(stats.get(counter))
    if direction == "received":
        figures.packets_lost = _signed(stats.get("packetsLost"))


def _signed(value: object) -> int | None:
    number = as_number(value)
    return None if number is None else int(number)
