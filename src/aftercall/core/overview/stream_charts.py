"""Chart columns of streams, from a report's rows, reduced without losing a peak."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from aftercall.core.instants import EpochMs, parse_iso
from aftercall.core.quality.activity.stream_matching import StreamId, stream_key
from aftercall.core.quality.report.interval_rows import LimitationRow
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS, SCREENSHARES, Family

ChartColumn = list[float | None]


class StreamColumns(msgspec.Struct, kw_only=True):
    """One stream over time. Every column is as long as `t`, or empty if nothing is known."""

    t: list[EpochMs]
    mos: ChartColumn = []
    score: ChartColumn = []
    loss_percent: ChartColumn = []
    rtt_ms: ChartColumn = []
    jitter_ms: ChartColumn = []
    bitrate_bps: ChartColumn = []
    jitter_buffer_ms: ChartColumn = []
    concealment_percent: ChartColumn = []
    fps: ChartColumn = []
    width: ChartColumn = []
    height: ChartColumn = []
    freeze_percent: ChartColumn = []
    limitation: list[str | None] = []


class StreamChart(msgspec.Struct, kw_only=True):
    """One stream with its columns. `points` is the number of points before the reduction."""

    key: str
    id: StreamId
    is_sent: bool
    kind: Literal["audio", "video"]
    is_screenshare: bool
    points: int
    columns: StreamColumns
    p10_mos: float | None
    avg_mos: float | None


Choose = Callable[[Sequence[StreamChart]], Collection[str]]
"""Which of the streams, given without their columns, to draw: their keys."""


class _ChartRow(msgspec.Struct, gc=False):
    timestamp: str
    mid: str | None = None
    ssrc: int | None = None
    producer_id: str | None = None
    consumer_id: str | None = None
    peer_id: str | None = None
    mos_quality: float | None = None
    mos: float | None = None
    jitter: float | None = None
    rtt: float | None = None
    loss_percent: float | None = None
    bitrate_bps: float | None = None
    frame_width: float | None = None
    frame_height: float | None = None
    frames_per_second: float | None = None
    quality_limitation_reason: str | None = None
    quality_limitation_durations: LimitationRow | None = None
    jitter_buffer_delay: float | None = None
    jitter_buffer_emitted_count: float | None = None
    concealment_percent: float | None = None
    freeze_share: float | None = None


_rows: Final = msgspec.json.Decoder(list[_ChartRow])
_MEASURES: Final = tuple(
    name for name in StreamColumns.__struct_fields__ if name not in ("t", "limitation")
)


def chart_streams(
    rows: Mapping[str, bytes | msgspec.Raw],
    *,
    points: int,
    from_at: EpochMs | None = None,
    to_at: EpochMs | None = None,
    choose: Choose | None = None,
) -> list[StreamChart]:
    """The streams of a report in the order of families, each with about `points` points, from the
    rows of each family between the two instants. With `choose` only those that it chooses have
    columns."""
    instants: dict[str, EpochMs] = {}
    found: list[StreamChart] = []
    rows_of: dict[str, list[tuple[EpochMs, _ChartRow]]] = {}
    for family in Family:
        name = family.value
        raw = rows.get(name)
        groups: dict[str, list[tuple[EpochMs, _ChartRow]]] = {}
        # What streams are called is worked out once for each, not for each row.
        by_name: dict[tuple[object, ...], list[tuple[EpochMs, _ChartRow]]] = {}
        for row in _rows.decode(raw) if raw is not None else []:
            # The rows of one interval have the same time.
            at = instants.get(row.timestamp)
            if at is None:
                at = instants[row.timestamp] = parse_iso(row.timestamp)
            if (from_at is not None and at < from_at) or (to_at is not None and at > to_at):
                continue
            called = (row.ssrc, row.mid, row.consumer_id, row.producer_id)
            group = by_name.get(called)
            if group is None:
                group = groups.setdefault(
                    stream_key(name, row.ssrc, row.mid, row.consumer_id, row.producer_id), []
                )
                by_name[called] = group
            group.append((at, row))
        found += [_stream(family, key, group) for key, group in groups.items()]
        rows_of |= groups
    drawn = rows_of if choose is None else choose(found)
    for stream in found:
        if stream.key in drawn:
            stream.columns = thin_out(_columns(rows_of[stream.key]), points)
    return found


def _stream(family: Family, key: str, group: Sequence[tuple[EpochMs, _ChartRow]]) -> StreamChart:
    """The stream without its columns."""
    last = group[-1][1]
    opinions = sorted(row.mos for _, row in group if row.mos is not None)
    return StreamChart(
        key=key,
        id=StreamId(
            family=family.value,
            ssrc=last.ssrc,
            mid=last.mid,
            producer_id=last.producer_id,
            consumer_id=last.consumer_id,
            from_peer_id=last.peer_id,
        ),
        is_sent=family in PRODUCERS,
        kind="audio" if family in AUDIO else "video",
        is_screenshare=family in SCREENSHARES,
        points=len(group),
        columns=StreamColumns(t=[]),
        p10_mos=opinions[(10 * len(opinions) + 99) // 100 - 1] if opinions else None,
        avg_mos=round(sum(opinions) / len(opinions), 3) if opinions else None,
    )


def _columns(group: Sequence[tuple[EpochMs, _ChartRow]]) -> StreamColumns:
    rows = [row for _, row in group]
    return StreamColumns(
        t=[at for at, _ in group],
        mos=_known([row.mos for row in rows]),
        score=_known([row.mos_quality for row in rows]),
        loss_percent=_known([row.loss_percent for row in rows]),
        rtt_ms=_known([_scaled(row.rtt, 1000) for row in rows]),
        jitter_ms=_known([_scaled(row.jitter, 1000) for row in rows]),
        bitrate_bps=_known([row.bitrate_bps for row in rows]),
        jitter_buffer_ms=_known([_buffer_ms(row) for row in rows]),
        concealment_percent=_known([row.concealment_percent for row in rows]),
        fps=_known([row.frames_per_second for row in rows]),
        width=_known([row.frame_width for row in rows]),
        height=_known([row.frame_height for row in rows]),
        freeze_percent=_known([_scaled(row.freeze_share, 100) for row in rows]),
        limitation=_known([_limitation(row) for row in rows]),
    )


def _known(values: list[Any]) -> list[Any]:
    return values if any(value is not None for value in values) else []


def _scaled(value: float | None, by: int) -> float | None:
    return None if value is None else round(value * by, 3)


def _buffer_ms(row: _ChartRow) -> float | None:
    """The mean delay of what was played; both counters are those of the interval."""
    delay_s, played = row.jitter_buffer_delay, row.jitter_buffer_emitted_count
    return round(1000 * delay_s / played, 3) if delay_s is not None and played else None


def _limitation(row: _ChartRow) -> str | None:
    """The reason that limited the encoder for the longest part of the interval."""
    spent = row.quality_limitation_durations
    if spent is None:
        return row.quality_limitation_reason
    seconds = {
        name: value
        for name in ("none", "cpu", "bandwidth", "other")
        if (value := getattr(spent, name))
    }
    if not seconds:
        return row.quality_limitation_reason
    return max(seconds, key=lambda name: seconds[name])


def thin_out(columns: StreamColumns, points: int) -> StreamColumns:
    """About `points` of the points: in every group of points those at which a column is least or
    greatest, the first and the last, so that no peak is lost in any column."""
    n = len(columns.t)
    if n <= points:
        return columns
    measured = {name: column for name in _MEASURES if (column := getattr(columns, name))}
    stretches = max(1, points // (2 + 2 * len(measured)))
    kept: set[int] = {0, n - 1}
    for stretch in range(stretches):
        start, end = stretch * n // stretches, (stretch + 1) * n // stretches
        kept.add(start)
        for column in measured.values():
            known = [place for place in range(start, end) if column[place] is not None]
            if known:
                kept.add(min(known, key=column.__getitem__))
                kept.add(max(known, key=column.__getitem__))
    places = sorted(kept)
    return StreamColumns(
        **{name: _pick(column, places) for name, column in _members(columns).items()}
    )


def _members(columns: StreamColumns) -> Mapping[str, list[Any]]:
    return {name: getattr(columns, name) for name in StreamColumns.__struct_fields__}


def _pick(column: list[Any], places: Sequence[int]) -> list[Any]:
    return [column[place] for place in places] if column else []
