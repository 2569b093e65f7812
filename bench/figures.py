"""The figures in a bench's output, and a comparison that finds the worse ones.

A figure is a number with a unit in a Markdown table or in a line such as `  report   54.1 ms`. Its
name is the table's first header, the row's label and the column, so that it is the same in every
run. Figures of one bench are compared in units of a yardstick that ran beside that bench: the speed
of a shared machine changes by a factor of two from hour to hour, and the ratio hardly does.

Lists that were measured at several numbers of sessions have the exponent of their growth.

In the table of all figures each stands beside its yardstick: a row that its bench measures for it
(a no-op server, as many bytes from memory, one row by its key), or the fixed work that ran beside
it.
"""

import json
import math
import os
import platform
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, NamedTuple

_NUMBER: Final = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
_TIMED: Final = re.compile(r"^ *(?P<label>[a-z][\w ,]*?) +(?P<ms>\d[\d,]*\.\d+) ms\b")
_SIZE: Final = re.compile(r"^(?P<size>\d[\d,]* \w+), ")
_SESSIONS: Final = re.compile(r"\b(\d[\d,]*) sessions\b")
_EXPONENT: Final = re.compile(r" ms \((-?\d+(?:\.\d+)?)\)")
_PROCESSOR: Final = re.compile(r"^(?P<s>\d+\.\d+) s of the processor, (?P<mb>\d+) MB at most")
_SCALED_BY_SPEED: Final = re.compile(r"\b(?:ms|µs|s)\b")
_HIGHER_IS_BETTER: Final = re.compile(r"/s\b")
_OF_SIZE: Final = re.compile(r"\b(?:bytes|KB|MB)\b")


class Figure(NamedTuple):
    """A measured value; `is_rate`: higher is better; `is_size`: bytes, whatever the speed;
    `exponent`: how it grew from the column before, if its bench says so."""

    value: float
    is_rate: bool = False
    is_size: bool = False
    exponent: float | None = None


class Change(NamedTuple):
    """A figure beside the one it is compared with. A `ratio` above 1, in yardsticks, is worse."""

    name: str
    before: float
    after: float
    ratio: float


def read_figures(output: str) -> dict[str, Figure]:
    """The figures of a bench's output by name."""
    return dict(_figures(output))


def _figures(output: str) -> Iterator[tuple[str, Figure]]:
    header: list[str] = []
    size = ""
    for line in output.splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if set(line) <= set("|-: "):
                continue
            if not header:
                header = cells
                continue
            yield from _row(header, cells)
        else:
            header = []
            if found := _SIZE.match(line):
                size = f"{found['size']} | "
            elif found := _TIMED.match(line):
                yield size + found["label"].strip(), Figure(_number(found["ms"]))
            elif found := _PROCESSOR.match(line):
                yield "processor, s", Figure(float(found["s"]))
                yield "memory, MB", Figure(float(found["mb"]), is_size=True)


def _row(header: list[str], cells: list[str]) -> Iterator[tuple[str, Figure]]:
    for column, cell in zip(header[1:], cells[1:], strict=False):
        unit = f"{column} {cell}"
        is_size = _OF_SIZE.search(unit) is not None
        if not (is_size or _SCALED_BY_SPEED.search(unit) or _HIGHER_IS_BETTER.search(unit)):
            continue
        is_rate = bool(_HIGHER_IS_BETTER.search(unit))
        grown = _EXPONENT.search(cell)
        exponent = float(grown[1]) if grown else None
        for place, text in enumerate(_NUMBER.findall(_without_exponents(cell))):
            name = f"{header[0]} | {cells[0]} | {column}"
            figure = Figure(_number(text), is_rate, is_size, exponent)
            yield (f"{name} [{place}]" if place else name), figure


def _without_exponents(cell: str) -> str:
    """A cell of `growth.py` without exponents and sizes: `12.3 ms (0.9), 40 kB` → `12.3 ms`."""
    return re.sub(r"\([^)]*\)|, [\d,]+ kB", "", cell)


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def changes(
    before: Mapping[str, Figure],
    after: Mapping[str, Figure],
    *,
    yardstick_before_ms: float,
    yardstick_after_ms: float,
) -> list[Change]:
    """Figures that both runs have, the worst first. What took longer only because the yardstick did
    has a ratio of 1."""
    speed = yardstick_after_ms / yardstick_before_ms
    found = []
    for name in before.keys() & after.keys():
        was, now = before[name].value, after[name].value
        if was <= 0 or now <= 0:
            continue
        if after[name].is_size:
            ratio = now / was
        else:
            ratio = was / (now * speed) if after[name].is_rate else now / (was * speed)
        found.append(Change(name, was, now, ratio))
    return sorted(found, key=lambda change: (-change.ratio, change.name))


ROW_OF_YARDSTICK: Final = {
    "intake": "no-op ASGI on uvicorn",
    "reports": "as many bytes, from memory",
    "lists": "one row by key",
}
"""The row that the other rows of a table are compared with, by bench."""


def ratios(bench: str, figures: Mapping[str, Figure], fixed_work_ms: float) -> dict[str, float]:
    """Each figure in units of its yardstick, by name: the cell of the yardstick's row in the same
    column of the same table, or for a time in ms the fixed work."""
    row = ROW_OF_YARDSTICK.get(bench)
    found: dict[str, float] = {}
    for name, figure in figures.items():
        table, _, rest = name.partition(" | ")
        column = rest.rpartition(" | ")[2]
        unit = figures.get(f"{table} | {row} | {column}")
        if unit is not None and unit.value:
            found[name] = figure.value / unit.value
        elif row is None and not (figure.is_rate or figure.is_size) and name_is_in_ms(name):
            found[name] = figure.value / fixed_work_ms
    return found


def name_is_in_ms(name: str) -> bool:
    """Whether a figure of this name is a time in ms: cells of `growth.py` and stages of `fold.py`
    are, and columns that say so."""
    column = name.rpartition(" | ")[2]
    return "µs" not in column and ", s" not in name


def exponents(figures: Mapping[str, Figure]) -> dict[str, float]:
    """How figures grow, by name: as their bench says, or with the number of sessions from the size
    before, where a table was printed for several sizes. 0 does not grow, 1 is linear."""
    grown = {name: each.exponent for name, each in figures.items() if each.exponent is not None}
    sizes: dict[str, list[tuple[int, str]]] = {}
    for name in figures:
        if found := _SESSIONS.search(name):
            sizes.setdefault(_SESSIONS.sub("", name), []).append((int(_number(found[1])), name))
    for entries in sizes.values():
        for (fewer, before), (more, after) in pairwise(sorted(entries)):
            was, now = figures[before].value, figures[after].value
            if was > 0 and now > 0:
                grown[after] = math.log(now / was) / math.log(more / fewer)
    return grown


def table(runs: Mapping[str, tuple[Mapping[str, Figure], float]]) -> str:
    """All figures in Markdown; `runs` holds those of each bench and its fixed work in ms."""
    lines = ["| bench | figure | value | × yardstick | exponent |", "|---|---|---|---|---|"]
    for bench, (figures, fixed_work_ms) in runs.items():
        beside = ratios(bench, figures, fixed_work_ms)
        grown = exponents(figures)
        for name, figure in figures.items():
            ratio = f"{beside[name]:.2f}" if name in beside else ""
            exponent = f"{grown[name]:.2f}" if name in grown else ""
            label = name.replace(" | ", ", ")
            lines.append(f"| {bench} | {label} | {figure.value:,g} | {ratio} | {exponent} |")
    return "\n".join(lines)


def json_lines(
    runs: Mapping[str, tuple[Mapping[str, Figure], float]], at: datetime
) -> Iterator[str]:
    """The facts of the machine on the first line, then one line for each figure."""
    yield json.dumps({"at": at.isoformat(timespec="seconds"), **machine_facts()})
    for bench, (figures, fixed_work_ms) in runs.items():
        beside = ratios(bench, figures, fixed_work_ms)
        grown = exponents(figures)
        for name, figure in figures.items():
            line: dict[str, Any] = {"bench": bench, "figure": name, "value": figure.value}
            if name in beside:
                line["ratio"] = round(beside[name], 3)
            if name in grown:
                line["exponent"] = round(grown[name], 2)
            yield json.dumps(line, ensure_ascii=False)


def machine_facts() -> dict[str, Any]:
    """What the figures depend on beside the program."""
    return {
        "cores": os.cpu_count(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }
