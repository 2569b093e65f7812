"""Figures of a bench's output are found by name and compared in units of a yardstick."""

import json
from datetime import UTC, datetime

import pytest
from bench.figures import (
    Figure,
    changes,
    exponents,
    json_lines,
    ratios,
    read_figures,
    table,
)

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
        "memory, MB": Figure(210, is_size=True),
        "all, people | end: fold | 10": Figure(159),
        "all, people | end: fold | 50": Figure(1_798.2, exponent=0.8),
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


INTAKE = {
    "server | no-op ASGI on uvicorn | reports/s": Figure(40_000, is_rate=True),
    "server | SQLite | reports/s": Figure(10_000, is_rate=True),
    "server | no-op ASGI on uvicorn | CPU per report, µs": Figure(25),
    "server | SQLite | CPU per report, µs": Figure(100),
}
FOLD = {"20 streams | report": Figure(60), "processor, s": Figure(2)}


def test_a_figure_is_compared_with_the_yardstick_of_its_table_and_column() -> None:
    assert ratios("intake", INTAKE, 15) == {
        "server | no-op ASGI on uvicorn | reports/s": 1,
        "server | SQLite | reports/s": 0.25,
        "server | no-op ASGI on uvicorn | CPU per report, µs": 1,
        "server | SQLite | CPU per report, µs": 4,
    }


def test_a_time_without_a_yardstick_is_given_in_units_of_the_fixed_work() -> None:
    assert ratios("fold", FOLD, 15) == {"20 streams | report": 4}


def test_the_table_has_a_row_for_each_figure() -> None:
    lines = table({"intake": (INTAKE, 15), "fold": (FOLD, 15)}).splitlines()
    assert len(lines) == 2 + len(INTAKE) + len(FOLD)
    assert lines[3] == "| intake | server, SQLite, reports/s | 10,000 | 0.25 |  |"
    assert lines[-1] == "| fold | processor, s | 2 |  |  |"


def test_json_lines_begin_with_the_facts_of_the_machine() -> None:
    moment = datetime(2026, 11, 21, 12, tzinfo=UTC)
    first, *others = map(json.loads, json_lines({"fold": (FOLD, 15)}, moment))
    assert first["at"] == "2026-11-21T12:00:00+00:00"
    assert first["cores"] >= 1
    assert others[0] == {"bench": "fold", "figure": "20 streams | report", "value": 60, "ratio": 4}
    assert others[1] == {"bench": "fold", "figure": "processor, s", "value": 2}


def test_lists_of_several_sizes_have_the_exponent_of_their_growth() -> None:
    figures = read_figures("""\
| sqlite, 10,000 sessions | p50 ms |
|---|---|
| first page | 2.0 |

| sqlite, 100,000 sessions | p50 ms |
|---|---|
| first page | 20.0 |

| sqlite, 1,000,000 sessions | p50 ms |
|---|---|
| first page | 20.0 |
""")
    assert exponents(figures) == {
        "sqlite, 100,000 sessions | first page | p50 ms": pytest.approx(1),
        "sqlite, 1,000,000 sessions | first page | p50 ms": pytest.approx(0),
    }
    assert "| lists | sqlite, 100,000 sessions, first page, p50 ms | 20 | 2.00 | 1.00 |" in table(
        {"lists": (figures | {"sqlite, 100,000 sessions | one row by key | p50 ms": Figure(10)}, 1)}
    )
