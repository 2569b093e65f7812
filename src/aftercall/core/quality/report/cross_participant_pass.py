"""Completes a session's verdicts with what only all of them together show."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import PeerActivity
from aftercall.core.quality.attribution.origin import AttributedIssues
from aftercall.core.quality.comparison.comparison import ComparedParticipant, Comparison
from aftercall.core.quality.diagnosis.diagnosis import diagnose
from aftercall.core.quality.diagnosis.findings import Subject
from aftercall.core.quality.diagnosis.wording import People
from aftercall.core.quality.experience.levels import Experience
from aftercall.core.quality.issues import Issue
from aftercall.core.quality.report.fold import Verdict
from aftercall.core.spans import Span

if TYPE_CHECKING:
    from aftercall.core.quality.experience.mos_over_time import StreamMoments


def complete(
    verdicts: Mapping[str, Verdict],
    activities: Mapping[str, PeerActivity],
    names: Mapping[str, str],
    now: EpochMs,
    moments: "Mapping[str, StreamMoments] | None" = None,
) -> Iterator[tuple[str, Verdict]]:
    """The verdicts of one session's participants, by participant id, with the origins of their
    issues, the issues between participants, the diagnosis and, if `moments` are given for all, the
    experience. `names` are display names. They come one after the other, so that a caller that
    stores each does not hold what all pairs of participants give."""
    comparison = Comparison(
        ComparedParticipant(
            participant_id=participant_id,
            peer_ids=frozenset(span.peer_id for span in verdict.spans),
            issues=verdict.issues,
            streams=activities[participant_id].streams if participant_id in activities else [],
            connections=activities[participant_id].connections
            if participant_id in activities
            else [],
            left_at={s.peer_id: s.end_at for s in verdict.spans if s.end_at is not None},
        )
        for participant_id, verdict in verdicts.items()
    )
    attributed = AttributedIssues(comparison)
    experienced = _experienced(verdicts, attributed, comparison, moments or {}, now)
    people = People(names)
    for participant_id, verdict in verdicts.items():
        issues = attributed[participant_id]
        subject = Subject(
            participant_id=participant_id,
            issues=issues,
            stays=_stays(verdict, now),
            device_choices=verdict.metadata.chosen_devices,
            names=names,
        )
        yield (
            participant_id,
            replace(
                verdict,
                issues=issues,
                diagnosis=diagnose(subject, comparison, people),
                experience=experienced.get(participant_id),
            ),
        )


def _experienced(
    verdicts: Mapping[str, Verdict],
    issues: Mapping[str, list[Issue]],
    comparison: Comparison,
    moments: "Mapping[str, StreamMoments]",
    now: EpochMs,
) -> dict[str, Experience]:
    if not moments:
        return {}
    # numpy is imported lazily: a server that folds nothing does without it.
    from aftercall.core.quality.experience import session_experience  # noqa: PLC0415 - numpy

    inputs = {
        participant_id: session_experience.ExperienceInput(
            streams=moments[participant_id],
            read_issues=partial(issues.__getitem__, participant_id),
            stays=_stays(verdict, now),
        )
        for participant_id, verdict in verdicts.items()
    }
    return session_experience.experiences(inputs, comparison.sender_of)


def _stays(verdict: Verdict, now: EpochMs) -> list[Span]:
    return [(span.start_at, now if span.end_at is None else span.end_at) for span in verdict.spans]
