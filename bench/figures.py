"""The figures in a bench's output, and a comparison that finds the worse ones.

A figure is a number with a unit in a Markdown table or in a line such as `  report   54.1 ms`. Its
name is the table's first header, the row's label and the column, so that it is the same in every
run. Figures of one bench are compared in units of a yardstick that ran beside that bench: the speed
of a shared machine changes by a factor of two from hour to hour, and the ratio hardly does.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

_NUMBER: Final = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
_TIMED: Final = re.compile(r"^ *(?P<label>[a-z][\w ,]*?) +(?P<ms>\d[\d,]*\.\d+) ms\b")
_SIZE: Final = re.compile(r"^(?P<size>\d[\d,]* \w+), ")
_PROCESSOR: Final = re.compile(r"^(?P<s>\d+\.\d+) s of the processor, (?P<mb>\d+) MB at most")
_SCALED_BY_SPEED: Final = re.compile(r"\b(?:ms|µs|s)\b")
_HIGHER_IS_BETTER: Final = re.compile(r"/s\b")


class Figure(NamedTuple):
    """A measured value; `is_rate`: higher is better."""

    value: float
    is_rate: bool = False


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


def _row(header: list[str], cells: list[str]) -> Iterator[tuple[str, Figure]]:
    for column, cell in zip(header[1:], cells[1:], strict=False):
        unit = f"{column} {cell}"
        if not _SCALED_BY_SPEED.search(unit) and not _HIGHER_IS_BETTER.search(unit):
            continue
        is_rate = bool(_HIGHER_IS_BETTER.search(unit))
        for place, text in enumerate(_NUMBER.findall(_without_exponents(cell))):
            name = f"{header[0]} | {cells[0]} | {column}"
            yield (f"{name} [{place}]" if place else name), Figure(_number(text), is_rate)


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
        ratio = was / (now * speed) if after[name].is_rate else now / (was * speed)
        found.append(Change(name, was, now, ratio))
    return sorted(found, key=lambda change: (-change.ratio, change.name))
