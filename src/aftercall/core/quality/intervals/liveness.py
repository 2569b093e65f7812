"""Where nothing flowed on purpose, as far as a stream's own intervals show."""

import numpy as np

from aftercall.core.quality.interval_columns.columns import BoolArray
from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.models import mos_video
from aftercall.core.quality.stats.report_linker import AUDIO, PRODUCERS, SCREENSHARES


def are_off(table: IntervalTable) -> BoolArray:
    """The intervals in which a stream was muted by its tag, its RTP sender was not active, it was
    off for a part (by its tag or the peer's events), or it had nothing to carry."""
    muted, active, was_off = table.columns("is_muted", "is_active", "was_off")
    off: BoolArray = (muted == 1) | (active == 0) | (was_off == 1)
    return off | are_idle(table)


def are_idle(table: IntervalTable) -> BoolArray:
    """The intervals in which a stream had nothing to carry; see `idle_sources`."""
    idle: BoolArray = table.get("is_idle") == 1
    return idle


def are_empty(table: IntervalTable) -> BoolArray:
    """The intervals of a received picture without payload and without a frame. Either the sender's
    camera was off or the network was down; neither is a bad picture."""
    if table.family in AUDIO or table.family in PRODUCERS:
        return np.zeros(len(table.at), dtype=np.bool_)
    frames, packets, received = table.columns("frames", "packets_received", "bytes_received")
    empty: BoolArray = (frames == 0) & ((packets == 0) | ((packets > 0) & (received == 0)))
    return empty


def are_still_screens(table: IntervalTable) -> BoolArray:
    """The intervals in which a shared screen had too few frames to be judged: a still page is sent
    about once a second, or not at all."""
    if table.family in AUDIO or table.family not in SCREENSHARES:
        return np.zeros(len(table.at), dtype=np.bool_)
    still: BoolArray = table.get("fps") < mos_video.LEAST_SCREEN_FPS
    return still


def are_unplayed(table: IntervalTable) -> BoolArray:
    """The intervals in which audio arrived and no sample was played, though the browser counts
    them: it discarded the packets, or played samples in other intervals."""
    if table.family not in AUDIO or table.family in PRODUCERS:
        return np.zeros(len(table.at), dtype=np.bool_)
    packets, discarded, played = table.columns(
        "packets_received", "packets_discarded", "total_samples_received"
    )
    is_counted = (2 * discarded >= packets) | (played > 0).any()
    unplayed: BoolArray = (packets > 0) & (played == 0) & is_counted
    return unplayed
