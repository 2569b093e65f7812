"""Figures of issues, as numbers and in words."""

import pytest
from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.quality.diagnosis.figures import Figure, figures_of, led_by, median_figures
from aftercall.core.quality.diagnosis.issue_groups import IssueGroup
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single


def _issue(ssrc: int, length_s: int, worst: dict[str, float], typical: dict[str, float]) -> Issue:
    ref = StreamRef(peer_id="ada", family="audio_consumer", ssrc=ssrc)
    made = single(
        IssueName.POOR_NETWORK_DOWNLINK, ref, EpochMs(0), EpochMs(1_000 * length_s), worst
    )
    return replace(made, typical=typical)


def _lossy(ssrc: int, worst: float, typical: float, length_s: int = 60) -> Issue:
    return _issue(ssrc, length_s, {"loss_percent": worst}, {"loss_percent": typical})


def test_the_mean_is_over_affected_time_and_the_worst_is_of_one_interval() -> None:
    [loss] = figures_of(IssueGroup([_lossy(1, 12, 6, 90), _lossy(2, 30, 10, 30)]))
    assert loss == Figure(name="loss_percent", unit="%", typical=7.0, worst=30)


def test_the_worst_of_a_measure_that_is_bad_when_low_is_the_minimum() -> None:
    slow = [_issue(n, 60, {"fps": fps}, {}) for n, fps in enumerate([9.0, 4.0, 6.0])]
    assert figures_of(IssueGroup(slow)) == [
        Figure(name="fps", unit="frames/s", typical=None, worst=4.0)
    ]


def test_the_figures_of_a_path_are_the_medians_of_its_streams() -> None:
    streams = IssueGroup([_lossy(1, 8, 5), _lossy(2, 9, 6), _lossy(3, 60, 40)])
    assert median_figures(streams) == [Figure(name="loss_percent", unit="%", typical=6.0, worst=9)]


def test_the_figure_that_a_cause_is_about_comes_first() -> None:
    figures = figures_of(
        IssueGroup([_issue(1, 60, {"mos": 2.0, "rtt_ms": 400, "jitter_ms": 60}, {})])
    )
    assert [figure.name for figure in figures] == ["jitter_ms", "rtt_ms", "mos"]
    assert [figure.name for figure in led_by(figures, "rtt_ms", "fps", "jitter_ms")] == [
        "rtt_ms",
        "jitter_ms",
    ]


@pytest.mark.parametrize(
    ("name", "unit", "typical", "worst", "words"),
    [
        ("loss_percent", "%", 8.2, 14.0, "about 8 %, at worst 14 %"),
        ("loss_percent", "%", 8.2, 8.4, "about 8 %"),
        ("loss_percent", "%", None, 14.0, "up to 14 %"),
        ("fps", "frames/s", None, 4.0, "down to 4 frames a second"),
    ],
)
def test_a_figure_in_words_states_equal_values_once(
    name: str, unit: str, typical: float | None, worst: float, words: str
) -> None:
    figure = Figure(name=name, unit=unit, typical=typical, worst=worst)
    assert figure.in_full() == words
    assert figure.usual() == (worst if typical is None else typical)
