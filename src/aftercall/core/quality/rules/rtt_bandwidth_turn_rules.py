"""The catalogue's rules about connections: round trip, uplink estimate, relays, changes of path;
and when something arrived on a connection."""

from array import array
from math import isnan
from typing import Final, NamedTuple

import numpy as np

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.issues import WARM_UP_MS, Issue, IssueName, StreamRef, single
from aftercall.core.quality.rules.connection_state_rules import Arrival
from aftercall.core.quality.rules.hysteresis import HysteresisRule, single_section
from aftercall.core.quality.stats.getstats import Stats
from aftercall.core.quality.stats.report_linker import Connection, Family, Sample

HIGH_RTT_S: Final = 0.400
GOOD_RTT_S: Final = 0.300
"""Twilio warns at 400 ms; the clear value is chosen."""

LOW_BITRATE_BPS: Final = 100_000
GOOD_BITRATE_BPS: Final = 150_000
"""From webrtc-issue-detector; "low" begins at the second value in Vidyo's client."""

_HIGH_RTT: Final = HysteresisRule(IssueName.HIGH_RTT)
_LOW_BITRATE: Final = HysteresisRule(IssueName.LOW_AVAILABLE_BITRATE, low_is_bad=True)
_TCP: Final = frozenset({"tcp", "tls"})


class ConnectionRules:
    """The issues of one peer's connections, fed report by report."""

    def __init__(self, peer_id: str) -> None:
        self._peer_id = peer_id
        self._connections: dict[str, _ConnectionIssues] = {}
        self._received: dict[str, array[float]] = {}
        """Instant and count of each report, in one array for each connection."""

    def take(self, sample: Sample) -> None:
        """Add a sample."""
        for connection in sample.connections:
            self._count(connection, sample.at)
            issues = self._connections.get(connection.id)
            if issues is None:
                ref = StreamRef(peer_id=self._peer_id, connection_id=connection.id)
                issues = self._connections[connection.id] = _ConnectionIssues(ref)
            issues.take(connection, sample.at)

    def _count(self, connection: Connection, at: EpochMs) -> None:
        received = _received(connection)
        if received is not None:
            self._received.setdefault(connection.id, array("d")).extend((at, received))

    def arrivals(self) -> list[Arrival]:
        """The report intervals in which something arrived on a connection, ordered by time."""
        found: list[Arrival] = []
        for connection_id, counts in self._received.items():
            at, received = np.array(counts).reshape(-1, 2).T
            order = np.lexsort((received, at))
            at, received = at[order], received[order]
            grown = np.flatnonzero(np.diff(received) > 0)
            edges = zip(at[grown].tolist(), at[grown + 1].tolist(), strict=True)
            found += [
                Arrival(connection_id, EpochMs(int(start_at)), EpochMs(int(end_at)))
                for start_at, end_at in edges
            ]
        return sorted(found, key=lambda arrival: (arrival.end_at, arrival.connection_id))

    def finish(self) -> list[Issue]:
        """The issues of all connections so far."""
        found = [each.finish() for each in self._connections.values()]
        return [issue for issues in found for issue in issues]


def _received(connection: Connection) -> float | None:
    """A count that grows when anything arrives: the transport's bytes, else the streams'
    packets."""
    if connection.transport is not None and connection.transport.bytes_received is not None:
        return connection.transport.bytes_received
    counts = [stream.stats.packets_received for stream in connection.received]
    packets = [count for count in counts if count is not None and not isnan(count)]
    return sum(packets) if packets else None


class _StateSpan:
    """A state that lasts from report to report, as one issue."""

    def __init__(self, name: IssueName, ref: StreamRef) -> None:
        self._name = name
        self._ref = ref
        self._first_at: EpochMs | None = None
        self._last_at: EpochMs | None = None
        self._count = 0
        self._closed: list[Issue] = []

    def take(self, at: EpochMs, is_on: bool) -> None:
        if is_on:
            self._first_at = at if self._first_at is None else self._first_at
            self._last_at = at
            self._count += 1
        elif self._first_at is not None:
            self._closed = self.issues
            self._first_at, self._count = None, 0

    @property
    def issues(self) -> list[Issue]:
        """The issues so far; the last one may go on."""
        if self._first_at is None or self._last_at is None:
            return self._closed
        last = single(
            self._name, self._ref, self._first_at, self._last_at, sample_count=self._count
        )
        return [*self._closed, last]


class _ConnectionIssues:
    """The issues of one connection."""

    def __init__(self, ref: StreamRef) -> None:
        self._ref = ref
        self._rtts = array("d")
        """Start, end and round trip of each interval, in one array."""
        self._bitrates = array("d")
        """Start, end, uplink estimate and wanted bitrate of each interval, in one array."""
        self._relayed = _StateSpan(IssueName.TURN_RELAYED, ref)
        self._relayed_tcp = _StateSpan(IssueName.TURN_RELAYED_TCP, ref)
        self._path: _Path | None = None
        self._changes: list[Issue] = []
        self._first_at: EpochMs | None = None
        self._last_at: EpochMs | None = None

    def take(self, connection: Connection, at: EpochMs) -> None:
        pair = connection.pair
        last_at = at if self._last_at is None else self._last_at
        self._last_at = at
        if self._first_at is None:
            self._first_at = at
        if pair is None:
            return
        local = connection.local_candidate
        is_relayed = local is not None and local.candidate_type == "relay"
        is_tcp = local is not None and (local.relay_protocol in _TCP or local.protocol == "tcp")
        self._relayed.take(at, is_relayed)
        self._relayed_tcp.take(at, is_relayed and is_tcp)
        path, ends = self._path, _ends(connection)
        if path is None or pair.id != path.pair_id or ends != path.ends:
            # ICE goes on looking for a better pair for a while after the first that works.
            is_settled = last_at >= self._first_at + WARM_UP_MS
            self._turn_to(_Path(pair.id, ends), at, is_settled)
        if pair.current_round_trip_time is not None:
            self._rtts.extend((last_at, at, pair.current_round_trip_time))
        self._take_bitrate(pair, connection, last_at, at)

    def _turn_to(self, path: "_Path", at: EpochMs, is_settled: bool) -> None:
        if is_settled and self._path is not None and path.has_left(self._path):
            self._changes.append(single(IssueName.TRANSPORT_PATH_CHANGED, self._ref, at, at))
        self._path = path if self._path is None else path.with_known(self._path)

    def _take_bitrate(
        self, pair: Stats, connection: Connection, last_at: EpochMs, at: EpochMs
    ) -> None:
        """Record the uplink estimate, unless the connection was never short of bandwidth."""
        bps = pair.available_outgoing_bitrate
        if bps is None or (bps >= GOOD_BITRATE_BPS and not self._bitrates):
            return
        wanted_bps = _wanted_bps(connection)
        if wanted_bps is not None:
            self._bitrates.extend((last_at, at, bps, wanted_bps))

    def finish(self) -> list[Issue]:
        return [
            *self._high_rtts(),
            *self._low_bitrates(),
            *self._relayed.issues,
            *self._relayed_tcp.issues,
            *self._changes,
        ]

    def _high_rtts(self) -> list[Issue]:
        if not self._rtts:
            return []
        starts, ends, rtts_s = np.array(self._rtts).reshape(-1, 3).T
        samples = single_section(
            starts,
            ends,
            ("rtt_ms", rtts_s * SECOND_MS),
            is_bad=rtts_s >= HIGH_RTT_S,
            is_good=rtts_s < GOOD_RTT_S,
        )
        return _HIGH_RTT.issues(self._ref, samples)

    def _low_bitrates(self) -> list[Issue]:
        if not self._bitrates:
            return []
        starts, ends, bps, wanted_bps = np.array(self._bitrates).reshape(-1, 4).T
        samples = single_section(
            starts,
            ends,
            ("available_kbps", bps / 1_000),
            is_bad=bps < wanted_bps,
            is_good=bps > np.maximum(wanted_bps, GOOD_BITRATE_BPS),
        )
        return _LOW_BITRATE.issues(self._ref, samples)


def _wanted_bps(connection: Connection) -> float | None:
    """The bitrate that the connection must carry: the least for video, else the audio encoder's
    target."""
    wanted: float | None = None
    for stream in connection.sent:
        description, stats = stream.description, stream.stats
        if stats.active is False or (description.tag is not None and description.tag.muted):
            continue
        if description.family in (Family.VIDEO_PRODUCER, Family.SCREENSHARE_VIDEO_PRODUCER):
            return LOW_BITRATE_BPS
        bps = stats.target_bitrate
        if description.family is Family.AUDIO_PRODUCER and bps is not None and not isnan(bps):
            wanted = bps
    return wanted


_Ends = tuple[str | int | None, ...]


class _Path(NamedTuple):
    """A candidate pair and its two ends, if they are reported."""

    pair_id: str
    ends: _Ends | None

    def has_left(self, before: "_Path") -> bool:
        """Whether the path differs by the reported members of both ends; by its pair if an end is
        not reported."""
        if self.ends is None or before.ends is None:
            return self.pair_id != before.pair_id
        both = zip(self.ends, before.ends, strict=True)
        return any(one is not None and other is not None and one != other for one, other in both)

    def with_known(self, before: "_Path") -> "_Path":
        """This path, with the members of `before` that are no longer reported."""
        if self.has_left(before) or before.ends is None:
            return self
        ends = self.ends or (None,) * len(before.ends)
        both = zip(ends, before.ends, strict=True)
        return _Path(self.pair_id, tuple(one if one is not None else other for one, other in both))


def _ends(connection: Connection) -> _Ends | None:
    local, remote = connection.local_candidate, connection.remote_candidate
    if local is None or local.port is None or remote is None or remote.port is None:
        return None
    return (
        *(local.address, local.port, local.protocol),
        *(remote.address, remote.port, remote.protocol),
    )
