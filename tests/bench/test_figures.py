"""Figures of a bench's output are found by name and compared in units of a yardstick."""

import pytest
from bench.figures import Figure, changes, read_figures

OUTPUT = """\
| server | reports/s, least / median / most | CPU per report, µs |
|---|---|---|
| no-op | 1,000 / 20,700.5 / 30,000 | 24 |

20 streams, 514 samples of 6.4 kB
  decode        12.5 ms  21%
1.75 s of the processor, 210 MB at most
| all, people | 10 | 50 |
|---|---|---|
| end: fold | 159.0 ms | 1,798.2 ms (0.8), 896 kB (0.7) |
"""


def test_every_timed_figure_has_a_name() -> None:
    rates = "server | no-op | reports/s, least / median / most"
    assert read_figures(OUTPUT) == {
        rates: Figure(1_000, is_rate=True),
        f"{rates} [1]": Figure(20_700.5, is_rate=True),
        f"{rates} [2]": Figure(30_000, is_rate=True),
        "server | no-op | CPU per report, µs": Figure(24),
        "20 streams | decode": Figure(12.5),
        "processor, s": Figure(1.75),
        "all, people | end: fold | 10": Figure(159),
        "all, people | end: fold | 50": Figure(1_798.2),
    }


@pytest.mark.parametrize(
    ("before", "after", "ratio"),
    [
        (Figure(10), Figure(20), 1.0),
        (Figure(10), Figure(30), 1.5),
        (Figure(1_000, is_rate=True), Figure(500, is_rate=True), 1.0),
        (Figure(1_000, is_rate=True), Figure(250, is_rate=True), 2.0),
    ],
)
def test_a_slowdown_of_the_whole_machine_is_no_change(
    before: Figure, after: Figure, ratio: float
) -> None:
    [change] = changes(
        {"a": before, "gone": Figure(1)},
        {"a": after, "new": Figure(1)},
        yardstick_before_ms=50,
        yardstick_after_ms=100,
    )
    assert change.ratio == pytest.approx(ratio)
