"""The activity of a peer's connections: with whom each was made, when nothing arrived on it, when
more arrived than its reports list, and when its round trips were long."""

from array import array
from collections.abc import Iterable
from math import nan
from typing import Final

import numpy as np

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.activity.stream_activity import ConnectionActivity, TransportAddress
from aftercall.core.quality.interval_columns.columns import BoolArray, FloatArray
from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.stats.getstats import Stats
from aftercall.core.quality.stats.report_linker import PRODUCERS, Connection, Sample
from aftercall.core.spans import Span, union

LONGEST_MS: Final = 60 * SECOND_MS
"""Reports further apart say nothing about the time between them."""

SLOW_TIMES: Final = 2.0
SLOW_S: Final = 0.1
"""A round trip is slow if it is this many times as long as the median, and longer by this much.
Chosen."""

FEEDBACK_BPS: Final = 25_000
"""The most that feedback on a sent picture takes (RFC 8888, a packet for every 50–100 ms); audio
with its headers takes more. Chosen."""

HEADER_BYTES: Final = 48
"""The bytes of an RTP packet besides its payload: header, extensions and the SRTP tag. Rounded
up."""

UNLISTED_SHARE: Final = 0.2
"""Of what the listed streams received: retransmissions and padding may be listed nowhere.
Chosen."""

_NAMES: Final = ".local"
"""The suffix of names that browsers give to hosts on their own network instead of addresses
(mDNS)."""


class ConnectionActivityReader:
    """Collects the samples of one peer."""

    def __init__(self, peer_id: str) -> None:
        self._peer_id = peer_id
        self._known: dict[str, _ConnectionColumns] = {}

    def take(self, sample: Sample) -> None:
        """Add a sample."""
        for connection in sample.connections:
            columns_of_connection = self._known.get(connection.id)
            if columns_of_connection is None:
                columns_of_connection = self._known[connection.id] = _ConnectionColumns()
            columns_of_connection.take(connection, sample.at)

    def finish(self, tables: Iterable[IntervalTable]) -> list[ConnectionActivity]:
        """The activity of all connections; `tables` are the intervals of the peer's streams."""
        received = _received(tables)
        no_rows = np.empty((0, 2))
        return [
            columns_of_connection.activity(self._peer_id, name, received.get(name, no_rows))
            for name, columns_of_connection in self._known.items()
        ]


class _ConnectionColumns:
    """The columns of one connection, and its endpoints."""

    def __init__(self) -> None:
        self._readings = array("d")
        """Instant, bytes received and round trip of each report, in one array."""
        self._candidates: tuple[object, ...] = ()
        self._own: dict[TransportAddress, None] = {}
        self._chosen: dict[TransportAddress, None] = {}
        self._roles: dict[str, None] = {}

    def take(self, connection: Connection, at: EpochMs) -> None:
        pair, transport = connection.pair, connection.transport
        received = None if transport is None else transport.bytes_received
        rtt_s = None
        if pair is not None:
            received = pair.bytes_received if received is None else received
            rtt_s = pair.current_round_trip_time
        self._readings.extend((at, _or_nan(received), _or_nan(rtt_s)))
        role = None if transport is None else transport.ice_role
        state = (role, None if pair is None else pair.id, len(connection.candidates))
        if state != self._candidates:
            self._candidates = state
            self._look(connection)

    def _look(self, connection: Connection) -> None:
        """Read what hardly ever changes: candidates and the ICE role."""
        for candidate in connection.candidates.values():
            end = _end(candidate)
            if end is not None and candidate.type == "local-candidate":
                self._own[end] = None
        end = None if connection.remote_candidate is None else _end(connection.remote_candidate)
        if end is not None:
            self._chosen[end] = None
        role = None if connection.transport is None else connection.transport.ice_role
        if role in ("controlling", "controlled"):
            self._roles[role] = None

    def activity(self, peer_id: str, connection_id: str, listed: FloatArray) -> ConnectionActivity:
        """The activity of the connection. `listed` are instants, and the bytes that a stream
        received in the interval ending there."""
        readings = np.frombuffer(self._readings).reshape(-1, 3)
        at, received, rtts_s = readings[np.argsort(readings[:, 0], kind="stable")].T
        lengths_ms = np.diff(at)
        is_near = (lengths_ms > 0) & (lengths_ms <= LONGEST_MS)
        arrived_bps = 8 * SECOND_MS * np.diff(received) / np.maximum(lengths_ms, 1)
        listed_bps = _bps(listed, at, lengths_ms)
        is_slow: BoolArray = np.zeros(len(at), dtype=np.bool_)
        if not np.isnan(rtts_s).all():
            usual_s = float(np.nanmedian(rtts_s))
            is_slow = rtts_s >= max(SLOW_TIMES * usual_s, usual_s + SLOW_S)
        return ConnectionActivity(
            peer_id=peer_id,
            connection_id=connection_id,
            reported=_between(at, is_near),
            pace_ms=int(np.median(lengths_ms[is_near])) if is_near.any() else 0,
            silent=_between(at, is_near & (np.diff(received) == 0)),
            busy=_between(at, is_near & (arrived_bps >= FEEDBACK_BPS)),
            quiet=_between(at, is_near & (arrived_bps < FEEDBACK_BPS)),
            unlisted=_between(at, is_near & _is_unlisted(arrived_bps, listed_bps)),
            slow=_between(at, is_near & is_slow[1:]),
            own=list(self._own),
            chosen=list(self._chosen),
            roles=list(self._roles),
        )


def _received(tables: Iterable[IntervalTable]) -> dict[str, FloatArray]:
    """By connection, the instants of the streams' intervals and the bytes that each received,
    headers included."""
    found: dict[str, list[FloatArray]] = {}
    for table in tables:
        if table.family in PRODUCERS or not len(table.at):
            continue
        bytes_, packets = table.columns("bytes_received", "packets_received")
        columns = np.stack((table.at, np.nan_to_num(bytes_ + HEADER_BYTES * packets)), axis=1)
        names: dict[str, int] = {}
        numbers = [
            names.setdefault(description.key[0], len(names)) for description in table.descriptions
        ]
        whose = np.array(numbers)[table.description_index]
        for name, number in names.items():
            found.setdefault(name, []).append(columns[whose == number])
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _bps(listed: FloatArray, at: FloatArray, lengths_ms: FloatArray) -> FloatArray:
    """The bitrate of the listed streams between two reports."""
    places = np.searchsorted(at, listed[:, 0], side="left") - 1
    is_within = (places >= 0) & (places < len(lengths_ms))
    bytes_ = np.bincount(places[is_within], weights=listed[is_within, 1], minlength=len(lengths_ms))
    rates: FloatArray = 8 * SECOND_MS * bytes_ / np.maximum(lengths_ms, 1)
    return rates


def _is_unlisted(arrived_bps: FloatArray, listed_bps: FloatArray) -> BoolArray:
    """Where far more arrived than the listed streams and feedback account for."""
    is_more: BoolArray = arrived_bps - listed_bps >= np.maximum(
        FEEDBACK_BPS, UNLISTED_SHARE * listed_bps
    )
    return is_more


def _between(at: FloatArray, is_so: BoolArray) -> list[Span]:
    """The report intervals for which the condition holds, joined."""
    places = np.flatnonzero(is_so)
    if not len(places):
        return []
    is_apart = places[1:] - places[:-1] != 1
    starts = at[places[np.concatenate([[True], is_apart])]]
    ends = at[places[np.concatenate([is_apart, [True]])] + 1]
    spans = zip(starts.tolist(), ends.tolist(), strict=True)
    return union((EpochMs(int(start)), EpochMs(int(end))) for start, end in spans)


def _end(candidate: Stats) -> TransportAddress | None:
    if candidate.port is None or candidate.port <= 9:
        # Port 9 means "none yet" in candidates of active TCP (RFC 6544).
        return None
    address = candidate.address or None
    return TransportAddress(
        None if address is None or address.endswith(_NAMES) else address, candidate.port
    )


def _or_nan(value: float | None) -> float:
    return nan if value is None else value
