"""Figures of a group of issues: the measures with their units."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from aftercall.core.quality.diagnosis.issue_groups import IssueGroup
from aftercall.core.quality.diagnosis.wording import format_amount


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measure of a group of issues. `typical` is the mean over the time affected, `worst` the
    worst value of one report."""

    name: str
    unit: str
    typical: float | None
    worst: float

    def about(self) -> str:
        """`about 8 %`, or `up to 14 %` if only the worst value is known."""
        if self.typical is None:
            bound = "down to" if MEASURES[self.name].is_low_bad else "up to"
            return f"{bound} {format_amount(self.worst, self.unit)}"
        return f"about {format_amount(self.typical, self.unit)}"

    def at_worst(self) -> str:
        """`, at worst 14 %`, unless that is the same number."""
        worst = format_amount(self.worst, self.unit)
        if self.typical is None or worst == format_amount(self.typical, self.unit):
            return ""
        return f", at worst {worst}"

    def usual(self) -> float:
        """The typical value if it is known, else the worst."""
        return self.worst if self.typical is None else self.typical

    def in_full(self) -> str:
        """`about 8 %, at worst 14 %`."""
        return self.about() + self.at_worst()


class Measure(NamedTuple):
    """The unit of a measure, and whether a low value is the bad one."""

    unit: str
    is_low_bad: bool = False


MEASURES: Final[dict[str, Measure]] = {
    "loss_percent": Measure("%"),
    "jitter_ms": Measure("ms"),
    "rtt_ms": Measure("ms"),
    "jitter_buffer_ms": Measure("ms"),
    "concealment_percent": Measure("%"),
    "frozen_percent": Measure("%"),
    "mean_freeze_ms": Measure("ms"),
    "dropped_percent": Measure("%"),
    "limited_percent": Measure("%"),
    "fps": Measure("frames/s", is_low_bad=True),
    "width_px": Measure("px", is_low_bad=True),
    "requests_per_s": Measure("times/s"),
    "available_kbps": Measure("kbit/s", is_low_bad=True),
    "silent_ms": Measure("ms"),
    "outage_ms": Measure("ms"),
    "connect_ms": Measure("ms"),
    "gap_ms": Measure("ms"),
    "loudest_level": Measure("0..1"),
    "level": Measure("0..1"),
    "mos": Measure("1..5", is_low_bad=True),
}
"""By name; the most significant measures of a cause come first."""


def figures_of(group: IssueGroup) -> list[Figure]:
    """Every known measure of the issues, in the order of `MEASURES`."""
    known = {name for issue in group.issues for name in issue.worst}
    return [
        Figure(name=name, unit=measure.unit, typical=group.mean(name), worst=worst)
        for name, measure in MEASURES.items()
        if name in known and (worst := group.worst(name, lowest=measure.is_low_bad)) is not None
    ]


def median_figures(group: IssueGroup) -> list[Figure]:
    """The same for a path: the medians over its streams."""
    return [
        Figure(name=name, unit=measure.unit, typical=group.median_mean(name), worst=worst)
        for name, measure in MEASURES.items()
        if not measure.is_low_bad and (worst := group.median_worst(name)) is not None
    ]


def led_by(figures: Iterable[Figure], *names: str) -> list[Figure]:
    """The figures of these names, in this order; the others are dropped."""
    known = {figure.name: figure for figure in figures}
    return [known[name] for name in names if name in known]
