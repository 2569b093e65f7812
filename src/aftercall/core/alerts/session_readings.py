"""What rules about live sessions find in one of them, from the digests of its participants."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from aftercall.core.alerts.alert import AlertContent, Observation, Reading, without_names
from aftercall.core.alerts.rules import IssueCondition, LiveCondition, LiveQualityCondition
from aftercall.core.instants import MINUTE_MS, EpochMs
from aftercall.core.overview.cause_rows import rows_of
from aftercall.core.overview.causes import STILL_MS, Cause, causes_of
from aftercall.core.overview.digest import Digest
from aftercall.core.overview.session_summary import DigestedParticipant
from aftercall.core.quality.diagnosis.named_text import MarkedPeople, Text, TextPart
from aftercall.core.quality.experience.levels import UNKNOWN
from aftercall.core.quality.issues import SEVERITY_RANKS

RAISED_FROM: Final = 0.8
"""The share of a person's measured moments at or below the level from which on they count as bad
throughout. Chosen: one good moment in five does not end the trouble."""

CLEAR_TO: Final = 0.5
"""And up to which they no longer do."""

LEAST_MEASURED: Final = 0.5
"""The share of the moments that must have been measured. Chosen."""

MOST_LISTED: Final = 50
"""The people and causes that an alert lists."""


class SessionLook(NamedTuple):
    """A live session as it is evaluated. Its newest reports are up to `lag_ms` old, as clients hold
    them."""

    session_id: str
    digested: Sequence[DigestedParticipant]
    now: EpochMs
    lag_ms: int


def read_session(condition: LiveCondition, look: SessionLook) -> Observation:
    """The reading of a session."""
    if isinstance(condition, IssueCondition):
        return _read_issues(condition, look)
    return _read_quality(condition, look)


def _read_issues(condition: IssueCondition, look: SessionLook) -> Observation:
    causes = [
        cause
        for cause in causes_of(look.digested)
        if _is_meant(condition, cause) and _is_lasting(cause, look)
    ]
    suffering = {person for cause in causes for person in (cause.affected or cause.concerned)}
    if not causes or len(suffering) < condition.people:
        return Observation(look.session_id, Reading.CLEAR)
    return Observation(look.session_id, Reading.RAISED, _content(causes, sorted(suffering), look))


def _is_meant(condition: IssueCondition, cause: Cause) -> bool:
    finding = cause.finding
    if condition.causes and finding.cause not in condition.causes:
        return False
    least = SEVERITY_RANKS[condition.least_severity]
    return not cause.is_note and SEVERITY_RANKS[finding.severity] <= least


def _is_lasting(cause: Cause, look: SessionLook) -> bool:
    spans = cause.spans
    return bool(spans) and look.now - spans[-1][1] <= STILL_MS + look.lag_ms


def _read_quality(condition: LiveQualityCondition, look: SessionLook) -> Observation:
    shares = {
        row.id: share
        for row, digest in look.digested
        if not row.is_hidden
        and row.left_at is None
        and (share := _bad_share(condition, digest, look)) is not None
    }
    bad = sorted(id for id, share in shares.items() if share >= RAISED_FROM)
    if len(bad) >= condition.people:
        own = [
            cause
            for cause in causes_of(look.digested)
            if any(UNKNOWN < cause.levels.get(id, UNKNOWN) <= condition.level_number for id in bad)
        ]
        lasting = [cause for cause in own if _is_lasting(cause, look)]
        content = _content(lasting or own, bad, look)
        return Observation(look.session_id, Reading.RAISED, _headed(condition, content, bad))
    if sum(share > CLEAR_TO for share in shares.values()) >= condition.people:
        return Observation(look.session_id, Reading.BETWEEN)
    return Observation(look.session_id, Reading.CLEAR)


def _bad_share(condition: LiveQualityCondition, digest: Digest, look: SessionLook) -> float | None:
    """The share of the last minutes' moments that are at the level or worse; `None` if too few were
    measured."""
    scale, levels = digest.scale, digest.levels
    end_at = look.now - look.lag_ms
    first = max(0, (end_at - condition.minutes * MINUTE_MS - scale.from_at) // scale.bucket_ms)
    last = (end_at - scale.from_at) // scale.bucket_ms
    if end_at - condition.minutes * MINUTE_MS < scale.from_at:
        return None
    moments = levels[first : max(last, first + 1)]
    measured = [level for level in moments if level != UNKNOWN]
    if not measured or len(measured) < LEAST_MEASURED * max(1, last - first):
        return None
    return sum(level <= condition.level_number for level in measured) / len(measured)


def _content(causes: Sequence[Cause], people: Sequence[str], look: SessionLook) -> AlertContent:
    """What there is to say about the first of the causes, which is the worst."""
    names = _names(look.digested)
    listed = [cause.finding.cause for cause in causes[:MOST_LISTED]]
    fingerprint = ",".join(sorted({cause.key for cause in causes})[:MOST_LISTED])
    if not causes:
        return AlertContent(people=list(people[:MOST_LISTED]), sessions=[look.session_id])
    worst = causes[0]
    [row] = rows_of([worst], MarkedPeople(names), look.now)
    amount = f", {row.amount}" if row.amount else ""
    summary: Text = [TextPart(f"{row.noun}{amount}")]
    if worst.subject is not None:
        summary += [TextPart(": "), TextPart("", worst.subject)]
    sentence = [part for text in row.happened[:1] for part in text]
    reach = _as_sentence(row.reach)
    return AlertContent(
        summary=without_names(summary),
        sentence=without_names([*sentence, *reach]),
        advice=without_names(row.advice[0] if row.advice else []),
        causes=listed,
        figures={
            figure.name: figure.worst
            for figure in worst.finding.figures
            if figure.worst is not None
        },
        people=list(people[:MOST_LISTED]),
        sessions=[look.session_id],
        at=worst.spans[-1][0] if worst.spans else None,
        fingerprint=fingerprint,
    )


def _as_sentence(reach: Text) -> Text:
    """Who noticed, as a sentence that follows another."""
    if not reach:
        return []
    first = reach[0]
    text = f" {first.text[:1].upper()}{first.text[1:]}"
    opening = [TextPart(text)] if first.participant_id is None else [TextPart(" "), first]
    return [*opening, *reach[1:], TextPart(".")]


def _headed(
    condition: LiveQualityCondition, content: AlertContent, bad: Sequence[str]
) -> AlertContent:
    """The content below how many people have had such a call, and for how long."""
    who: Text = [TextPart("", bad[0])] if len(bad) == 1 else [TextPart(f"{len(bad)} people")]
    verb = "has" if len(bad) == 1 else "have"
    minutes = "a minute" if condition.minutes == 1 else f"{condition.minutes} minutes"
    head = [*who, TextPart(f" {verb} had a {condition.level} call for {minutes}")]
    because = [TextPart("; "), *content.summary] if content.summary else []
    return replace(
        content,
        summary=[*head, *because],
        sentence=content.sentence or [*head, TextPart(", and the reports do not show why.")],
        fingerprint=f"{content.fingerprint}#{_size(len(bad))}",
    )


def _size(people: int) -> int:
    """So that one person more is no news where there are many: powers of two."""
    return people.bit_length()


def _names(digested: Sequence[DigestedParticipant]) -> Mapping[str, str]:
    return {row.id: row.display_name or "" for row, _ in digested}
