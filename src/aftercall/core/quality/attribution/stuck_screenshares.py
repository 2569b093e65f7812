"""Shared screens that were stuck at a listener: what the sender encoded against what the listener
decoded in the same time. A page that stands still is encoded as seldom as it is decoded."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from aftercall.core.instants import SECOND_MS
from aftercall.core.quality.activity.stream_activity import Counted, StreamActivity
from aftercall.core.quality.comparison.comparison import Session
from aftercall.core.quality.comparison.parties import covers
from aftercall.core.quality.frame.columns import Numbers, numbers
from aftercall.core.quality.issues import WARM_UP_MS, Issue, IssueName
from aftercall.core.quality.models.mos_video import LEAST_SCREEN_FPS
from aftercall.core.quality.rules.hysteresis import HysteresisRule, uninterrupted
from aftercall.core.quality.stats.link import Family

STUCK_SHARE: Final = 0.2
"""A screen is stuck when less than this share of its frames is shown. A server that leaves out
temporal layers still forwards a quarter. Chosen."""

MOVING_SHARE: Final = 0.5

_HYSTERESIS: Final = HysteresisRule(IssueName.VIDEO_FROZEN, raise_after=2, window=3)


def stuck_screens(row_id: str, session: Session) -> list[Issue]:
    """The screens that moved at their sender, and came, and were not shown."""
    found: list[Issue] = []
    for trace in session.parties[row_id].traces:
        if trace.family is not Family.SCREENSHARE_VIDEO_CONSUMER or not trace.counted:
            continue
        sender = session.sender_of(row_id, trace.ref)
        sent = [] if sender is None else _sent_screens(session.parties[sender].traces)
        if sent:
            found += _stuck(trace, sent)
    return found


def _sent_screens(traces: Iterable[StreamActivity]) -> list[Sequence[Counted]]:
    return [
        trace.counted
        for trace in traces
        if trace.family is Family.SCREENSHARE_VIDEO_PRODUCER and trace.counted
    ]


def _stuck(trace: StreamActivity, sent: Sequence[Sequence[Counted]]) -> list[Issue]:
    reports = [each for each in trace.counted if each.start_at >= _ready_at(trace)]
    starts, ends, shown = (
        numbers([getattr(each, name) for each in reports]) for name in Counted._fields
    )
    # The busiest simulcast layer stands for the screen.
    encoded = np.max([_between(layer, starts, ends) for layer in sent], axis=0)
    seconds = (ends - starts) / SECOND_MS
    came = np.array([covers(trace.flowing, (each.start_at, each.end_at)) for each in reports])
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
        trace.ref, uninterrupted(starts, ends, measured, is_bad=is_bad, is_good=is_good)
    )


def _ready_at(trace: StreamActivity) -> int:
    return trace.counted[0].start_at + WARM_UP_MS


def _between(layer: Sequence[Counted], starts: Numbers, ends: Numbers) -> Numbers:
    """How many frames fall into each of these times, as if they came evenly in each report."""
    edges = numbers([edge for each in layer for edge in (each.start_at, each.end_at)])
    steps = [step for each in layer for step in (0.0, float(each.frames))]
    total = np.cumsum(numbers(steps))
    counted: Numbers = np.interp(ends, edges, total) - np.interp(starts, edges, total)
    return counted


def _shifted(column: Numbers, by: int) -> Numbers:
    """The column moved by one place, with nothing at its end."""
    moved = np.zeros_like(column)
    if by > 0:
        moved[1:] = column[:-1]
    else:
        moved[:-1] = column[1:]
    return moved
