"""Activity read column by column against activity read interval by interval."""

from math import log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.read_stream_activity import (
    CLEAR_BANDWIDTH_LIMITED_PERCENT,
    CLEAR_CONCEALMENT_PERCENT,
    CLEAR_FREEZE_SHARE,
    CLEAR_JITTER_BUFFER_MS,
    CLEAR_JITTER_S,
    CLEAR_LOSS_PERCENT,
    SLOW_FPS,
    TOLERATED_GAP_MS,
    VOICE_BPS,
    read_stream_activity,
)
from aftercall.core.quality.activity.stream_activity import (
    FrameCount,
    FrameSizeSpan,
    StreamActivity,
)
from aftercall.core.quality.interval_columns.interval import Interval
from aftercall.core.quality.issues import StreamRef
from aftercall.core.quality.rules.microphone_rules import SILENT_LEVEL
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS, SCREENSHARES, Family
from aftercall.core.spans import Span
from tests.core.quality.interval_builder import (
    interval,
    single_row_tables,
    stream_intervals,
    table_of,
)


def _walked(intervals: list[Interval]) -> list[StreamActivity]:
    found: dict[int | None, StreamActivity] = {}
    for i in intervals:
        each = found.setdefault(i.ssrc, _begun(i))
        each.has_loss = each.has_loss or i.loss_percent is not None
        each.is_shown = each.is_shown or bool(i.expected_width)
        each.life = (each.life[0] or EpochMs(i.at - round(i.dt_s * 1_000)), i.at)
        _extend(each.listed, EpochMs(i.at - round(i.dt_s * 1_000)), i.at)
        if i.expected_width:
            _extend(each.shown, EpochMs(i.at - round(i.dt_s * 1_000)), i.at)
        if (
            i.family not in AUDIO
            and i.frames
            and i.frame_width
            and i.frame_height
            and not (i.expected_width is not None and i.frame_width >= i.expected_width)
        ):
            _resize(each.sizes, i, round(log2(i.frame_width * i.frame_height)))
        is_sent = i.family in PRODUCERS
        is_slow = i.fps is not None and i.fps < SLOW_FPS
        if i.family not in AUDIO and i.frames is not None and (is_slow or i.family in SCREENSHARES):
            start_at = EpochMs(i.at - round(i.dt_s * 1_000))
            each.counted.append(FrameCount(start_at, i.at, i.frames))
        packets = i.packets_sent if is_sent else i.packets_received
        if packets is None:
            packets = i.bytes_sent if is_sent else i.bytes_received
        if packets is None or i.is_gap:
            continue
        start_at = EpochMs(i.at - round(i.dt_s * 1_000))
        if (i.loss_percent or 0) >= CLEAR_LOSS_PERCENT:
            _extend(each.lossy, start_at, i.at)
        if (i.jitter_s or 0) >= CLEAR_JITTER_S:
            _extend(each.jittery, start_at, i.at)
        if packets and _is_late(i):
            _extend(each.late, start_at, i.at)
        if packets and i.family in PRODUCERS - AUDIO and _is_narrow(i):
            _extend(each.narrow, start_at, i.at)
        if packets:
            _extend(each.flowing, start_at, i.at)
            is_told = any(j.audio_level is not None for j in intervals if j.ssrc == i.ssrc)
            is_loud = (i.audio_level or 0) > SILENT_LEVEL
            if i.family in PRODUCERS and not is_told:
                is_loud = (i.bitrate_bps or 0) >= VOICE_BPS
            if i.family in AUDIO and is_loud:
                _extend(each.voiced, start_at, i.at)
        elif not i.is_muted and i.is_active is not False:
            _extend(each.stalled, start_at, i.at)
    return list(found.values())


def _begun(i: Interval) -> StreamActivity:
    ref = StreamRef(
        peer_id="ada",
        connection_id=i.connection_id,
        family=i.family.value,
        ssrc=i.ssrc,
        mid=i.mid,
        producer_id=i.producer_id,
        consumer_id=i.consumer_id,
        from_peer_id=i.peer_id,
    )
    return StreamActivity(
        ref=ref,
        family=i.family,
        flowing=[],
        stalled=[],
        voiced=[],
        lossy=[],
        jittery=[],
        has_loss=False,
        is_shown=False,
    )


def _is_late(i: Interval) -> bool:
    if i.family in PRODUCERS | (SCREENSHARES - AUDIO):
        return False
    if i.family in AUDIO:
        waited_ms = i.jitter_buffer_ms or 0
        return (
            i.concealment_percent or 0
        ) >= CLEAR_CONCEALMENT_PERCENT or waited_ms >= CLEAR_JITTER_BUFFER_MS
    return (i.freeze_share or 0) >= CLEAR_FREEZE_SHARE


def _is_narrow(i: Interval) -> bool:
    percent = 100 * (i.limited_bandwidth_s or 0) / i.dt_s
    return i.quality_limitation_reason == "bandwidth" or percent >= CLEAR_BANDWIDTH_LIMITED_PERCENT


def _resize(sizes: list[FrameSizeSpan], i: Interval, level: int) -> None:
    start_at = EpochMs(i.at - round(i.dt_s * 1_000))
    last = sizes[-1] if sizes else None
    if last and last.level == level and start_at - last.end_at <= TOLERATED_GAP_MS:
        sizes[-1] = last._replace(end_at=i.at)
    else:
        sizes.append(FrameSizeSpan(start_at, i.at, level))


def _extend(spans: list[Span], start_at: EpochMs, end_at: EpochMs) -> None:
    if spans and start_at - spans[-1][1] <= TOLERATED_GAP_MS:
        spans[-1] = (spans[-1][0], end_at)
    else:
        spans.append((start_at, end_at))


@pytest.mark.parametrize("family", list(Family))
@given(data=st.data())
@settings(max_examples=40)
def test_the_column_reader_finds_the_activity_of_an_interval_loop(
    family: Family, data: st.DataObject
) -> None:
    intervals = data.draw(stream_intervals(family))
    tables = [table_of(intervals)] if intervals else []
    assert read_stream_activity("ada", tables, {}) == _walked(intervals)


def test_streams_are_ordered_by_their_first_interval() -> None:
    first = interval(Family.VIDEO_CONSUMER, 1, ssrc=9)
    others = [interval(Family.AUDIO_CONSUMER, 2, ssrc=ssrc) for ssrc in (5, 7)]
    tables = [table_of(others), *single_row_tables([first])]
    assert [each.ref.ssrc for each in read_stream_activity("ada", tables, {})] == [9, 5, 7]
