"""Lanes for a session's page, where everybody's stand together: as long as people are many, not
as the streams between them. The participant's own page has all of it."""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from aftercall.core.instants import SECOND_MS
from aftercall.service.lanes import Lane, LaneIssue

MOST_FINDINGS: Final = 20
"""Sentences of one participant. Chosen: more are not read on a page about everybody."""

MOST_ISSUES: Final = 50

WITHIN_MS: Final = 15 * SECOND_MS
"""Issues of streams this close are one: two reports at the usual pace. Chosen."""

_LOW_IS_BAD: Final = frozenset({"mos", "fps", "width_px", "available_kbps"})


def shortened(lane: Lane) -> Lane:
    """The lane with what befell several of its streams at a time told once."""
    return replace(
        lane,
        issues=merged(lane.issues)[:MOST_ISSUES],
        diagnosis=lane.diagnosis[:MOST_FINDINGS],
    )


def merged(issues: Sequence[LaneIssue]) -> list[LaneIssue]:
    """Issues of one name, severity and origin that overlap as one, with the worst of all and how
    many streams had it; in order of time."""
    found: dict[tuple[str, str, str | None], list[LaneIssue]] = {}
    streams: dict[int, set[str | None]] = {}
    for issue in sorted(issues, key=lambda issue: issue.first_at):
        alike = found.setdefault((issue.name, issue.severity, issue.origin), [])
        if alike and issue.first_at - alike[-1].last_at <= WITHIN_MS:
            had = streams.pop(id(alike[-1]))
            had.add(issue.stream)
            alike[-1] = _together(alike[-1], issue, len(had))
        else:
            had = {issue.stream}
            alike.append(issue)
        streams[id(alike[-1])] = had
    return sorted(
        (issue for alike in found.values() for issue in alike),
        key=lambda issue: (issue.first_at, issue.name),
    )


def _together(one: LaneIssue, other: LaneIssue, streams: int) -> LaneIssue:
    worst = dict(one.worst)
    for name, value in other.worst.items():
        known = worst.get(name, value)
        worst[name] = min(known, value) if name in _LOW_IS_BAD else max(known, value)
    return replace(
        one,
        last_at=max(one.last_at, other.last_at),
        is_open=one.is_open or other.is_open,
        sample_count=max(one.sample_count, other.sample_count),
        worst=worst,
        family=one.family if one.family == other.family else None,
        stream=one.stream if one.stream == other.stream else None,
        streams=streams,
    )
