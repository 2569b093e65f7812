"""Shared screens that were stuck at a listener: frames the sender encoded against frames the
listener decoded in the same time. A still page is encoded as rarely as it is decoded."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from aftercall.core.instants import SECOND_MS
from aftercall.core.quality.activity.stream_activity import FrameCount, StreamActivity
from aftercall.core.quality.comparison.comparison import Comparison
from aftercall.core.quality.interval_columns.columns import FloatArray, numbers
from aftercall.core.quality.issues import WARM_UP_MS, Issue, IssueName
from aftercall.core.quality.models.mos_video import LEAST_SCREEN_FPS
from aftercall.core.quality.rules.hysteresis import HysteresisRule, single_section
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.spans import covers

STUCK_SHARE: Final = 0.2
"""A screen is stuck if less than this share of its frames is shown. An SFU that drops temporal
layers still forwards a quarter. Chosen."""

MOVING_SHARE: Final = 0.5

_HYSTERESIS: Final = HysteresisRule(IssueName.VIDEO_FROZEN, raise_after=2, window=3)


def stuck_screens(participant_id: str, comparison: Comparison) -> list[Issue]:
    """The issues of screens that moved at their sender, arrived, and were not shown."""
    found: list[Issue] = []
    for activity in comparison.participants[participant_id].streams:
        if activity.family is not Family.SCREENSHARE_VIDEO_CONSUMER or not activity.counted:
            continue
        sender = comparison.sender_of(participant_id, activity.ref)
        sent = [] if sender is None else _sent_screens(comparison.participants[sender].streams)
        if sent:
            found += _stuck(activity, sent)
    return found


def _sent_screens(activities: Iterable[StreamActivity]) -> list[Sequence[FrameCount]]:
    return [
        activity.counted
        for activity in activities
        if activity.family is Family.SCREENSHARE_VIDEO_PRODUCER and activity.counted
    ]


def _stuck(activity: StreamActivity, sent: Sequence[Sequence[FrameCount]]) -> list[Issue]:
    reports = [each for each in activity.counted if each.start_at >= _ready_at(activity)]
    starts, ends, shown = (
        numbers([getattr(each, name) for each in reports]) for name in FrameCount._fields
    )
    # The busiest simulcast layer stands for the screen.
    encoded = np.max([_between(layer, starts, ends) for layer in sent], axis=0)
    seconds = (ends - starts) / SECOND_MS
    came = np.array([covers(activity.flowing, (each.start_at, each.end_at)) for each in reports])
    is_moving = (encoded >= LEAST_SCREEN_FPS * seconds) & came.astype(np.bool_)
    is_lacking = is_moving & (shown < STUCK_SHARE * encoded)
    # The frames of a page that turned near the end of a report may be counted in the next.
    around = shown + _shifted(shown, 1) + _shifted(shown, -1)
    is_sure = is_moving & (around < STUCK_SHARE * encoded)
    is_bad = is_lacking & (is_sure | _shifted(is_sure, 1) | _shifted(is_sure, -1))
    missing = np.divide(shown, encoded, out=np.ones(len(shown)), where=encoded > 0)
    percents = 100 * (1 - np.minimum(missing, 1.0))
    is_good = ~is_moving | (shown >= MOVING_SHARE * encoded)
    measured = ("frozen_percent", percents)
    return _HYSTERESIS.issues(
        activity.ref, single_section(starts, ends, measured, is_bad=is_bad, is_good=is_good)
    )


def _ready_at(activity: StreamActivity) -> int:
    return activity.counted[0].start_at + WARM_UP_MS


def _between(layer: Sequence[FrameCount], starts: FloatArray, ends: FloatArray) -> FloatArray:
    """The number of frames in each of these times, if they were evenly spaced in each report."""
    edges = numbers([edge for each in layer for edge in (each.start_at, each.end_at)])
    steps = [step for each in layer for step in (0.0, float(each.frames))]
    total = np.cumsum(numbers(steps))
    counted: FloatArray = np.interp(ends, edges, total) - np.interp(starts, edges, total)
    return counted


def _shifted(column: FloatArray, by: int) -> FloatArray:
    """The column moved by one place, with zero at the free end."""
    moved = np.zeros_like(column)
    if by > 0:
        moved[1:] = column[:-1]
    else:
        moved[:-1] = column[1:]
    return moved
