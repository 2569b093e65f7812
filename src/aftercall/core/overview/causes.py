"""The causes of a session's trouble: the findings of all participants, each cause once.

A finding belongs to one participant's report. That of a listener about a sender's trouble is an
effect of the sender's own finding, and what the server did to everybody is one cause. How bad a
cause was for a person is read from that person's moments while it lasted; of moments that two
causes share, those count for the more severe. It is never worse than the call was for that person.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final

import msgspec
from msgspec.structs import replace

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.overview.digest import Digest
from aftercall.core.overview.session_summary import DigestedParticipant
from aftercall.core.quality.diagnosis.findings import Finding
from aftercall.core.quality.experience.levels import GOOD, UNKNOWN, overall_level
from aftercall.core.quality.experience.time_scale import TimeScale
from aftercall.core.quality.issues import SEVERITY_RANKS
from aftercall.core.spans import Span, length_ms, union

STILL_MS: Final = 30 * SECOND_MS
"""Trouble that was reported this short a time ago still lasts: reports come every few seconds, and
an issue ends some reports after its last sign. Chosen."""

SERVER: Final = "server"


class Cause(msgspec.Struct, kw_only=True, dict=True):
    """One cause with the findings that it explains. It is complete before it is read."""

    key: str
    """Stable while a session grows: the cause and its subject."""
    findings: list[Finding]
    """Of its subject, the most severe first."""
    effects: list[tuple[str, Finding]] = []
    """The findings of others about it, each with the participant whose report it is of."""
    levels: dict[str, int] = {}
    """How bad it was for each person concerned, as an overall level; 0 if that is not known."""

    @property
    def finding(self) -> Finding:
        """The finding that stands for the cause."""
        return self.findings[0]

    @property
    def subject(self) -> str | None:
        """The participant at whom the cause lies; `None` for the server."""
        return self.finding.subject

    @cached_property
    def affected(self) -> list[str]:
        """Everybody who suffered from it."""
        every = {each for finding in self.findings for each in finding.affected}
        return sorted(every | {participant_id for participant_id, _ in self.effects})

    @cached_property
    def concerned(self) -> list[str]:
        """Those who suffered, and the subject."""
        return sorted({*self.affected, *([] if self.subject is None else [self.subject])})

    @cached_property
    def spans(self) -> list[Span]:
        """When it lasted."""
        return union(span for finding in self.findings for span in finding.spans)

    @cached_property
    def level(self) -> int:
        """The worst level for anybody; 0 if no level is known."""
        return min((level for level in self.levels.values() if level), default=UNKNOWN)

    @property
    def is_note(self) -> bool:
        """Whether it is worth knowing and was no trouble for anybody."""
        return self.finding.severity == "information" and self.level in (UNKNOWN, GOOD)

    @cached_property
    def _buckets(self) -> dict[TimeScale, list[int]]:
        return {}

    def buckets(self, scale: TimeScale) -> list[int]:
        """The buckets that it touches; a moment lies in one."""
        found = self._buckets.get(scale)
        if found is None:
            found = self._buckets[scale] = self._touched(scale)
        return found

    def _touched(self, scale: TimeScale) -> list[int]:
        found: set[int] = set()
        for start, end in self.spans:
            first = max(0, (start - scale.from_at) // scale.bucket_ms)
            last = max(first, -(-(end - scale.from_at) // scale.bucket_ms) - 1)
            found.update(range(first, min(last, scale.buckets - 1) + 1))
        return sorted(found)

    def is_lasting(self, now: EpochMs) -> bool:
        """Whether it goes on at `now`."""
        spans = self.spans
        return bool(spans) and now - spans[-1][1] <= STILL_MS


def causes_of(digested: Sequence[DigestedParticipant]) -> list[Cause]:
    """The causes of a session, the worst first. Findings of hidden participants are left out."""
    shown = [(row.id, digest) for row, digest in digested if not row.is_hidden]
    causes = _fold((id, each) for id, digest in shown for each in digest.diagnosis)
    _measure(causes, dict(shown))
    return sorted(causes, key=rank_of)


def rank_of(cause: Cause) -> tuple[bool, int, int, int, int, EpochMs, str]:
    """The sort key: the worst level first, then by severity, reach and length."""
    return (
        cause.is_note,
        cause.level or GOOD + 1,
        SEVERITY_RANKS[cause.finding.severity],
        -len(cause.affected),
        -length_ms(cause.spans),
        cause.finding.first_at,
        cause.key,
    )


def causes_for(participant_id: str, causes: Iterable[Cause]) -> list[Cause]:
    """Those of a session's causes, in their order, that concern a person: the worst for that person
    first; of equals first what lies at that person's own end."""

    def rank(cause: Cause) -> tuple[bool, int, bool]:
        level = cause.levels[participant_id] or GOOD + 1
        return (cause.is_note, level, cause.subject != participant_id)

    return sorted((each for each in causes if participant_id in each.levels), key=rank)


def _fold(found: Iterable[tuple[str, Finding]]) -> list[Cause]:
    by_key: dict[str, Cause] = {}
    effects: list[tuple[str, Finding]] = []
    for participant_id, finding in found:
        if finding.cause == "sender":
            effects.append((participant_id, finding))
            continue
        key = _key_of(finding)
        known = by_key.get(key)
        if known is None:
            by_key[key] = Cause(key=key, findings=[finding])
        elif finding.subject is None:
            known.findings[0] = _joined(known.findings[0], finding)
        else:
            known.findings.append(finding)
    for cause in by_key.values():
        cause.findings.sort(key=_severity_and_length)
    by_subject: dict[str | None, list[Cause]] = {}
    for cause in by_key.values():
        by_subject.setdefault(cause.subject, []).append(cause)
    for participant_id, finding in effects:
        _add_effect(by_key, by_subject, participant_id, finding)
    return list(by_key.values())


def _key_of(finding: Finding) -> str:
    return f"{finding.cause}.{finding.subject or SERVER}"


def _severity_and_length(finding: Finding) -> tuple[int, int]:
    return (SEVERITY_RANKS[finding.severity], finding.first_at - finding.last_at)


def _joined(one: Finding, other: Finding) -> Finding:
    """One finding for what several reports show of the same trouble: the more severe, for all."""
    first, second = sorted((one, other), key=_severity_and_length)
    return replace(
        first,
        first_at=min(one.first_at, other.first_at),
        last_at=max(one.last_at, other.last_at),
        spans=union([*one.spans, *other.spans]),
        affected=sorted({*one.affected, *other.affected}),
        peer_ids=sorted({*one.peer_ids, *other.peer_ids}),
        media=first.media or second.media,
    )


def _add_effect(
    by_key: dict[str, Cause],
    by_subject: Mapping[str | None, Sequence[Cause]],
    participant_id: str,
    finding: Finding,
) -> None:
    """Fold an effect into the cause that it names, else into the sender's worst, else make a cause
    of what the listeners report."""
    of_subject = by_subject.get(finding.subject, [])
    named = [each for each in of_subject if each.finding.cause == finding.evidence.sender_cause]
    senders = [each for each in of_subject if each.finding.direction != "received"]
    for cause in (*named, *sorted(senders, key=lambda each: _severity_and_length(each.finding))):
        cause.effects.append((participant_id, finding))
        return
    key = _key_of(finding)
    known = by_key.get(key)
    if known is None:
        # Nobody else explains it, so it is more than information.
        by_key[key] = Cause(key=key, findings=[replace(finding, severity="warning")])
    else:
        known.findings[0] = _joined(known.findings[0], finding)


def _measure(causes: Sequence[Cause], digests: Mapping[str, Digest]) -> None:
    """Fill in how bad each cause was for each person concerned."""
    by_person: dict[str, list[Cause]] = {}
    for cause in causes:
        for participant_id in cause.concerned:
            by_person.setdefault(participant_id, []).append(cause)
    ranked = {cause.key: _severity_and_length(cause.finding) for cause in causes}
    places: dict[str, frozenset[int]] = {}
    for participant_id, own in by_person.items():
        digest = digests.get(participant_id)
        levels = [] if digest is None else digest.levels
        taken: set[int] = set()
        for cause in sorted(own, key=lambda each: ranked[each.key]):
            if digest is None or not levels:
                cause.levels[participant_id] = UNKNOWN
                continue
            if cause.key not in places:
                places[cause.key] = frozenset(cause.buckets(digest.scale))
            buckets = places[cause.key]
            free = (buckets - taken) or buckets
            level = overall_level([levels[bucket] for bucket in free])
            # No cause was worse for anybody than the call as a whole.
            cause.levels[participant_id] = max(level, digest.level) if level else UNKNOWN
            taken |= buckets
