"""The listeners that a sender's trouble affected, and how badly."""

from collections.abc import Sequence
from statistics import fmean
from typing import Final, NamedTuple

from aftercall.core.quality.comparison.comparison import Comparison, Impairment
from aftercall.core.quality.diagnosis.issue_groups import IssueGroup, during
from aftercall.core.quality.issues import Issue, IssueName
from aftercall.core.spans import Span

_HEARD_BADLY: Final = frozenset(
    {
        IssueName.AUDIO_CONCEALMENT,
        IssueName.LOW_AUDIO_MOS,
        IssueName.LOW_VIDEO_MOS,
        IssueName.VIDEO_FROZEN,
    }
)

KNOWN_SHARE: Final = 0.5
"""A score of the voice stands for all affected listeners if it is known for this share of them.
Chosen."""


class AffectedListeners(NamedTuple):
    """The listeners present, those of them affected, and how the sender was received."""

    present: set[str]
    affected: set[str]
    voice_mos: float | None = None
    video_mos: float | None = None
    concealment_percent: float | None = None


def affected_listeners_of(
    comparison: Comparison, sender: str, spans: Sequence[Span], impairment: Impairment
) -> AffectedListeners:
    """The listeners affected by the sender's trouble. Those who received everybody badly at the
    time had trouble of their own and do not count."""
    present: set[str] = set()
    affected: set[str] = set()
    badly_received: list[Issue] = []
    for span in spans:
        listeners, missing = comparison.listeners_missing(sender, span, impairment)
        present |= listeners
        affected |= missing
    for participant_id in sorted(present):
        issues = _from(comparison, participant_id, sender, spans)
        is_own = any(
            comparison.misses_nearly_all(participant_id, span, impairment) for span in spans
        )
        if issues and not is_own:
            affected.add(participant_id)
        badly_received += issues if participant_id in affected else []
    return AffectedListeners(
        present=present,
        affected=affected,
        voice_mos=_mean(badly_received, IssueName.LOW_AUDIO_MOS, "mos", len(affected)),
        video_mos=_mean(badly_received, IssueName.LOW_VIDEO_MOS, "mos", len(affected)),
        concealment_percent=_mean(
            badly_received, IssueName.AUDIO_CONCEALMENT, "concealment_percent", len(affected)
        ),
    )


def _from(comparison: Comparison, listener: str, sender: str, spans: Sequence[Span]) -> list[Issue]:
    """The listener's issues with the sender's media in that time."""
    found = comparison.issues.of_sender(listener, sender)
    return during([issue for issue in found if issue.name in _HEARD_BADLY], spans)


def _mean(issues: Sequence[Issue], name: IssueName, measure: str, people: int) -> float | None:
    """The mean over the people for whom the measure is known."""
    by_person: dict[str, list[Issue]] = {}
    for issue in issues:
        if issue.name is name and measure in issue.typical:
            by_person.setdefault(issue.stream.peer_id, []).append(issue)
    if not people or len(by_person) < KNOWN_SHARE * people:
        return None
    means = [IssueGroup(each).mean(measure) for each in by_person.values()]
    known = [mean for mean in means if mean is not None]
    return round(fmean(known), 2) if known else None
