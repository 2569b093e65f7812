"""The causes of a session as rows of a page, in words."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.overview.causes import Cause
from aftercall.core.quality.diagnosis.advice import ADVICE
from aftercall.core.quality.diagnosis.explanations import followed, happened, known
from aftercall.core.quality.diagnosis.findings import Finding
from aftercall.core.quality.diagnosis.named_text import MarkedPeople, Text
from aftercall.core.quality.diagnosis.nouns import amount_of, noun_of
from aftercall.core.quality.diagnosis.wording import Mentions
from aftercall.core.quality.experience.levels import Level
from aftercall.core.spans import Span, union

ROWS_APART: Final = 8
"""So many causes have a row each; of more, those of one kind share a row. Chosen: they fit a screen
together with the people."""

MOST_SENTENCES: Final = 3
"""The findings of one cause that are worded; the others are counted."""

MOST_AT_ONCE: Final = 2
"""The people who are named in a row's advice; of more, the first stands for all."""


class CauseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A cause. `subjects` are those at whom it lies, none for the server; several share a row where
    there are many causes. `levels` says how bad it was for each person concerned, 0 if that is not
    known, and `level` the worst of it. `effects` counts the findings of others that it explains."""

    key: str
    cause: str
    noun: str
    amount: str
    level: Level
    levels: dict[str, Level]
    is_note: bool
    is_lasting: bool
    subjects: list[str]
    affected: list[str]
    reach: Text
    spans: list[Span]
    effects: int
    happened: list[Text]
    known: list[Text]
    followed: list[Text]
    advice: list[Text]
    advice_key: str


def rows_of(causes: Sequence[Cause], people: MarkedPeople, now: EpochMs | None) -> list[CauseRow]:
    """The rows of the causes, in their order. `now` is the time of a live session."""
    return [_row(alike, people, now) for alike in _grouped(causes)]


def _grouped(causes: Sequence[Cause]) -> list[list[Cause]]:
    """Causes that share a row: of one kind and level, unless there are few; the first is alone."""
    if len(causes) <= ROWS_APART:
        return [[cause] for cause in causes]
    groups: dict[tuple[object, ...], list[Cause]] = {}
    for place, cause in enumerate(causes):
        kind = (cause.finding.cause, noun_of(cause.finding), cause.level, cause.is_note)
        groups.setdefault((place,) if place == 0 else kind, []).append(cause)
    return list(groups.values())


def _row(causes: Sequence[Cause], people: MarkedPeople, now: EpochMs | None) -> CauseRow:
    first = causes[0]
    findings = [finding for cause in causes for finding in cause.findings]
    levels: dict[str, Level] = {}
    for cause in causes:
        for participant_id, level in cause.levels.items():
            known_level = levels.get(participant_id, 0)
            levels[participant_id] = min(level, known_level) if known_level and level else level
    subjects = [cause.subject for cause in causes if cause.subject is not None]
    return CauseRow(
        key=first.key,
        cause=first.finding.cause,
        noun=noun_of(first.finding),
        amount=amount_of(first.finding) if len(causes) == 1 else "",
        level=first.level,
        levels=levels,
        is_note=first.is_note,
        is_lasting=now is not None and any(cause.is_lasting(now) for cause in causes),
        subjects=subjects,
        affected=sorted({id for cause in causes for id in cause.affected}),
        reach=people.cut(_reach(causes, people)),
        spans=union(span for cause in causes for span in cause.spans),
        effects=sum(len(cause.effects) for cause in causes),
        happened=_sentences(findings, people),
        known=_explained(findings, people),
        followed=_followed(findings, people),
        advice=[
            people.cut(each) for each in _advice(first.finding, subjects[:MOST_AT_ONCE], people)
        ],
        advice_key=first.finding.advice_key,
    )


def _reach(causes: Sequence[Cause], people: MarkedPeople) -> str:
    """`heard by 3 of 3`, `Ann alone`, `2 people`."""
    if len(causes) > 1:
        return f"{len(causes)} people"
    [cause] = causes
    finding = cause.finding
    if finding.subject is None:
        return "everybody"
    others = [each for each in cause.affected if each != finding.subject]
    if not others:
        is_own = cause.affected == [finding.subject]
        return f"{people.short(finding.subject)} alone" if is_own else ""
    verb = "noticed"
    if finding.media:
        verb = "heard" if {"voice", "screen_sound"} & set(finding.media) else "seen"
    present = max(finding.evidence.listeners_present or 0, len(others))
    return f"{verb} by {len(others)} of {present}"


def _sentences(findings: Sequence[Finding], people: MarkedPeople) -> list[Text]:
    found = [people.cut(happened(each, Mentions(people))) for each in findings[:MOST_SENTENCES]]
    more = len(findings) - len(found)
    if more > 0:
        found += (people.cut(f"And {more} more of the kind."),)
    return found


def _explained(findings: Sequence[Finding], people: MarkedPeople) -> list[Text]:
    mentions = Mentions(people)
    return _once(known(findings[0], mentions), people)


def _followed(findings: Iterable[Finding], people: MarkedPeople) -> list[Text]:
    mentions = Mentions(people)
    return _once((each for finding in findings for each in followed(finding, mentions)), people)


def _once(sentences: Iterable[str], people: MarkedPeople) -> list[Text]:
    """The different ones of the sentences, a few at most."""
    return [people.cut(each) for each in list(dict.fromkeys(sentences))[: MOST_SENTENCES + 1]]


def _advice(finding: Finding, subjects: Sequence[str], people: MarkedPeople) -> list[str]:
    clause = ADVICE[finding.cause].clause
    return [_capital(f"{clause.format(name=people.short(subject))}.") for subject in subjects] or [
        _capital(f"{clause}.")
    ]


def _capital(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}"
