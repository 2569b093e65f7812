from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.quality.interval_columns.interval import Interval
from aftercall.core.quality.interval_columns.interval_table import IntervalTable
from aftercall.core.quality.intervals.scoring import LEAST_PACKETS, score_intervals
from aftercall.core.quality.models.mos_video import LOWEST
from aftercall.core.quality.stats.report_linker import Family
from tests.core.quality.interval_builder import interval, table_of

AUDIBLE: dict[str, Any] = {
    "codec": "opus",
    "packets_sent": 350,
    "packets_received": 350,
    "packets_expected": 350,
    "packets_lost": 0,
    "loss_percent": 0.0,
    "jitter_s": 0.005,
    "rtt_s": 0.05,
}
VISIBLE: dict[str, Any] = {
    "codec": "vp8",
    "packets_received": 700,
    "bytes_received": 400_000,
    "loss_percent": 0.0,
    "jitter_s": 0.005,
    "frames": 200,
    "fps": 30.0,
    "frame_width": 640,
    "frame_height": 360,
    "bitrate_bps": 900_000.0,
}


def _scored(*intervals: Interval, given: list[float] | None = None) -> IntervalTable:
    table = table_of(intervals)
    if given is not None:
        table.put("score_given", np.array(given))
    score_intervals(table)
    return table


def _scores(table: IntervalTable) -> list[tuple[float | None, float | None]]:
    columns = (table.get("score").tolist(), table.get("mos").tolist())
    return [
        (None if s != s else round(s, 9), None if m != m else round(m, 9))
        for s, m in zip(*columns, strict=True)
    ]


_AUDIO = st.fixed_dictionaries(
    {
        "codec": st.sampled_from(["opus", "opus", "pcmu", "g722", None, "unheard-of"]),
        "target_bitrate_bps": st.sampled_from([None, 6_000, 32_000, 64_000]),
        "loss_percent": st.floats(0, 20) | st.none() | st.floats(0, 100),
        "rtt_s": st.floats(0, 0.5) | st.none(),
        "jitter_s": st.floats(0, 0.2) | st.none(),
        "is_muted": st.sampled_from([False, False, False, True]),
        "is_gap": st.sampled_from([False, False, False, True]),
        "packets_sent": st.just(350) | st.integers(0, 400),
        "packets_expected": st.just(350) | st.integers(0, 400),
    }
)


@given(
    st.sampled_from([Family.AUDIO_PRODUCER, Family.AUDIO_CONSUMER]),
    st.lists(_AUDIO, min_size=1, max_size=12),
)
def test_audio_of_several_codecs_and_bitrates_is_scored_as_each_interval_alone(
    family: Family, members: list[dict[str, Any]]
) -> None:
    intervals = [interval(family, step, **each) for step, each in enumerate(members)]
    alone = [_scores(_scored(each))[0] for each in intervals]
    assert _scores(_scored(*intervals)) == alone


@pytest.mark.parametrize("reason", ["is_muted", "is_gap"])
def test_an_interval_that_cannot_be_scored_ignores_the_client_score(reason: str) -> None:
    family = Family.AUDIO_CONSUMER
    judged, silent = interval(family, 1, **AUDIBLE), interval(family, 2, **AUDIBLE | {reason: True})
    (score, mos), nothing = _scores(_scored(judged, silent, given=[0.25, 0.5]))
    assert score == 0.25
    assert mos is not None
    assert nothing == (None, None)


def test_audio_of_an_unknown_codec_has_a_score_and_no_mos() -> None:
    score, mos = _scores(
        _scored(interval(Family.AUDIO_CONSUMER, **AUDIBLE | {"codec": "unheard-of"}))
    )[0]
    assert score is not None
    assert mos is None


@pytest.mark.parametrize(
    ("packets", "is_judged"), [(LEAST_PACKETS - 1, False), (LEAST_PACKETS, True)]
)
def test_few_packets_give_no_mos(packets: int, is_judged: bool) -> None:
    members = AUDIBLE | {"packets_expected": packets, "packets_sent": packets}
    for family in (Family.AUDIO_CONSUMER, Family.AUDIO_PRODUCER):
        assert (_scores(_scored(interval(family, **members)))[0][1] is not None) is is_judged


def test_video_that_stops_has_the_lowest_mos() -> None:
    family = Family.VIDEO_CONSUMER
    moving = [interval(family, step, **VISIBLE) for step in (1, 2)]
    stopped = interval(family, 3, **VISIBLE | {"frames": 0, "fps": 0.0})
    *moved, (_, mos) = _scores(_scored(*moving, stopped))
    assert mos == LOWEST
    assert all(each is not None and each > LOWEST for _, each in moved)


def test_video_that_never_had_a_mos_gets_none_when_it_stops() -> None:
    family = Family.VIDEO_CONSUMER
    unknown = VISIBLE | {"frame_width": None, "frame_height": None, "bitrate_bps": None}
    moving = [interval(family, step, **unknown) for step in (1, 2, 3)]
    stopped = interval(family, 4, **unknown | {"frames": 0, "fps": 0.0})
    assert [mos for _, mos in _scores(_scored(*moving, stopped))] == [None] * 4
