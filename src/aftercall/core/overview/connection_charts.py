"""Chart columns of a participant's connections, and descriptions of their candidate pairs."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.quality.stats.peer_metadata import CandidatePair, Metadata
from aftercall.core.records import StoredSample

ChartColumn = list[float | None]


class ConnectionColumns(msgspec.Struct, kw_only=True):
    """The uplink estimate, the round trip of the selected pair, and the microphone level (0…1).
    Columns are as long as `t`."""

    t: list[EpochMs]
    available_outgoing_bps: ChartColumn
    rtt_ms: ChartColumn
    audio_level: ChartColumn


class CandidatePairText(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate pair, described for people."""

    sentence: str
    is_selected: bool
    direction: Literal["producing", "consuming"]
    local_type: str | None
    remote_type: str | None
    protocol: str | None
    relay_protocol: str | None
    local_address: str | None
    remote_address: str | None
    rtt_ms: float | None
    available_outgoing_bps: float | None


class _Stats(msgspec.Struct, rename="camel", gc=False):
    type: str
    kind: str | None = None
    nominated: bool | None = None
    selected: bool | None = None
    available_outgoing_bitrate: float | None = None
    current_round_trip_time: float | None = None
    audio_level: float | None = None


class _Connection(msgspec.Struct, gc=False):
    stats: list[_Stats]


class _Body(msgspec.Struct, gc=False):
    connections: list[_Connection] = []


_bodies: Final = msgspec.json.Decoder(_Body, strict=False)


def connection_columns(
    samples: Iterable[StoredSample],
    *,
    points: int,
    from_at: EpochMs | None = None,
    to_at: EpochMs | None = None,
) -> ConnectionColumns:
    """The columns of a participant's samples, ordered by time, reduced to about `points` points
    without losing the least and the greatest."""
    t: list[EpochMs] = []
    columns: tuple[ChartColumn, ChartColumn, ChartColumn] = ([], [], [])
    for sample in samples:
        if (from_at is not None and sample.at < from_at) or (
            to_at is not None and sample.at > to_at
        ):
            continue
        try:
            body = _bodies.decode(sample.body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        t.append(sample.at)
        for column, value in zip(columns, _values(body), strict=True):
            column.append(value)
    kept = _kept_indices(columns, len(t), points)
    return ConnectionColumns(
        t=[t[place] for place in kept],
        available_outgoing_bps=_pick(columns[0], kept),
        rtt_ms=_pick(columns[1], kept),
        audio_level=_pick(columns[2], kept),
    )


def _values(body: _Body) -> tuple[float | None, float | None, float | None]:
    every = [stats for connection in body.connections for stats in connection.stats]
    pairs = [
        stats
        for stats in every
        if stats.type == "candidate-pair" and (stats.selected or stats.nominated)
    ]
    room = [s.available_outgoing_bitrate for s in pairs if s.available_outgoing_bitrate is not None]
    trips = [s.current_round_trip_time for s in pairs if s.current_round_trip_time is not None]
    levels = [
        stats.audio_level
        for stats in every
        if stats.type == "media-source" and stats.audio_level is not None
    ]
    return (
        max(room, default=None),
        round(1000 * max(trips), 3) if trips else None,
        round(max(levels), 4) if levels else None,
    )


def _kept_indices(columns: Sequence[ChartColumn], n: int, points: int) -> list[int]:
    if n <= points:
        return list(range(n))
    stretches = max(1, points // (2 + 2 * len(columns)))
    kept = {0, n - 1}
    for stretch in range(stretches):
        start, end = stretch * n // stretches, (stretch + 1) * n // stretches
        kept.add(start)
        for column in columns:
            known = [(value, p) for p in range(start, end) if (value := column[p]) is not None]
            if known:
                kept |= {min(known)[1], max(known)[1]}
    return sorted(kept)


def _pick(column: ChartColumn, places: Sequence[int]) -> ChartColumn:
    values = [column[place] for place in places]
    return values if any(value is not None for value in values) else []


def describe_pairs(metadata: Metadata) -> list[CandidatePairText]:
    """The last reported candidate pairs, the selected ones first."""
    pairs = metadata.candidate_pairs
    found = [_pair(each, "producing") for each in pairs.producing]
    found += [_pair(each, "consuming") for each in pairs.consuming]
    return sorted(found, key=lambda pair: not pair.is_selected)


def _pair(pair: CandidatePair, direction: Literal["producing", "consuming"]) -> CandidatePairText:
    trip_s = pair.current_round_trip_time
    return CandidatePairText(
        sentence=_sentence(pair),
        is_selected=pair.is_selected,
        direction=direction,
        local_type=pair.local_candidate_type,
        remote_type=pair.remote_candidate_type,
        protocol=pair.local_candidate_protocol,
        relay_protocol=pair.local_candidate_relay_protocol,
        local_address=pair.local_candidate_address,
        remote_address=pair.remote_candidate_address,
        rtt_ms=None if trip_s is None else round(1000 * trip_s, 3),
        available_outgoing_bps=pair.available_outgoing_bitrate,
    )


def _sentence(pair: CandidatePair) -> str:
    """`UDP through TURN (turn.example.org, TLS), 40 ms`."""
    protocol = (pair.local_candidate_protocol or "unknown protocol").upper()
    if pair.local_candidate_type == "relay":
        server = _host(pair.local_candidate_url)
        way = [
            part for part in (server, (pair.local_candidate_relay_protocol or "").upper()) if part
        ]
        route = "through TURN" + (f" ({', '.join(way)})" if way else "")
    elif pair.remote_candidate_type == "relay":
        route = "through the other side's TURN"
    elif pair.local_candidate_type == pair.remote_candidate_type == "host":
        route = "directly, within one network or to a public address"
    else:
        route = "directly"
    network = pair.local_candidate_network_type
    over = f" over {network}" if network and network != "unknown" else ""
    trip_s = pair.current_round_trip_time
    time = f", {1000 * trip_s:.0f} ms" if trip_s is not None else ""
    return f"{protocol} {route}{over}{time}"


def _host(url: str | None) -> str:
    """The server of `turn:host:port?transport=udp`."""
    if not url:
        return ""
    rest = url.partition(":")[2].partition("?")[0]
    return rest.rpartition(":")[0] if ":" in rest and not rest.endswith("]") else rest
