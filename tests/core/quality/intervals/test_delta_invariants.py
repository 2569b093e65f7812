"""Invariants of the intervals of any reports."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.quality.intervals.deltas import read_intervals
from tests.core.quality.stats_samples import Object, inbound, sample

_counts = st.integers(0, 2**40)
_members = st.fixed_dictionaries(
    {},
    optional={
        "packetsReceived": _counts,
        "packetsLost": st.integers(-1000, 2**40),
        "bytesReceived": _counts,
        "packetsDiscarded": _counts,
        "retransmittedPacketsReceived": _counts,
        "retransmittedBytesReceived": _counts,
        "jitter": st.floats(0, 10),
        "jitterBufferDelay": st.floats(0, 1e9),
        "jitterBufferEmittedCount": _counts,
        "totalSamplesReceived": _counts,
        "concealedSamples": _counts,
        "silentConcealedSamples": _counts,
        "concealmentEvents": _counts,
        "framesDecoded": _counts,
        "frameWidth": st.integers(0, 8000),
        "frameHeight": st.integers(0, 8000),
        "framesPerSecond": st.floats(0, 240),
        "totalFreezesDuration": st.floats(0, 1e6),
        "freezeCount": _counts,
    },
)
_reports = st.lists(
    st.tuples(st.integers(0, 200), st.sampled_from(["audio", "video"]), _members), max_size=8
)


@given(_reports)
def test_no_samples_give_negative_or_impossible_values(
    reports: list[tuple[int, str, Object]],
) -> None:
    intervals = read_intervals(
        [sample(at_s, inbound(kind, **members)) for at_s, kind, members in reports]
    )
    for interval in intervals:
        assert interval.dt_s > 0
        for name in ("packets_received", "bytes_received", "packets_lost", "packets_expected",
                     "packets_discarded", "frames", "freeze_s", "bitrate_bps", "fps"):  # fmt: skip
            value = getattr(interval, name)
            assert value is None or value >= 0, name
        for name in ("loss_percent", "residual_loss_percent", "concealment_percent"):
            value = getattr(interval, name)
            assert value is None or 0 <= value <= 100, name
        assert interval.score is None or 0 <= interval.score <= 1
        assert interval.mos is None or 1 <= interval.mos <= 5
        assert interval.freeze_share is None or 0 <= interval.freeze_share <= 1


@given(_reports, st.randoms(use_true_random=False))
def test_order_and_repetition_of_samples_do_not_matter(
    reports: list[tuple[int, str, Object]], dice: Any
) -> None:
    by_moment = {at_s: (kind, members) for at_s, kind, members in reports}
    samples = [sample(at_s, inbound(*each[:1], **each[1])) for at_s, each in by_moment.items()]
    shuffled = samples + dice.sample(samples, len(samples) // 2)
    dice.shuffle(shuffled)
    assert read_intervals(samples) == read_intervals(shuffled)
