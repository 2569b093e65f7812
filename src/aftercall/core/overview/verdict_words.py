"""What a session's page says first: how the call was, in one sentence, for everybody or for one."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.overview.causes import Cause, causes_for
from aftercall.core.overview.digest import Digest
from aftercall.core.overview.session_summary import SessionQuality
from aftercall.core.quality.diagnosis.advice import ADVICE
from aftercall.core.quality.diagnosis.headlines import Tense, headline_with_time, reach_of
from aftercall.core.quality.diagnosis.named_text import MarkedPeople, Text
from aftercall.core.quality.diagnosis.nouns import noun_of
from aftercall.core.quality.diagnosis.wording import Mentions, join_words
from aftercall.core.quality.experience.levels import GOOD, UNKNOWN, WORDS, Level

MORE_KINDS: Final = 2
MORE_NAMED: Final = 2
"""The further causes that a verdict names, and the people of each. Chosen."""


class VerdictWords(msgspec.Struct, frozen=True, kw_only=True):
    """`who` and `what` are the sentence, `reach` who noticed, `more` what else is worth knowing,
    `advice` what to do, a clause. `cause` is the row that it is about. `worst_at` is a moment that
    shows it. Texts are empty if there is nothing to say."""

    level: Level
    who: Text
    what: Text
    reach: Text
    more: Text
    advice: Text
    cause: str | None
    worst_at: EpochMs | None


class Call(NamedTuple):
    """What verdicts are about. `now` is the time of a session that is live."""

    causes: Sequence[Cause]
    people: MarkedPeople
    now: EpochMs | None


def verdict_for_everybody(call: Call, quality: SessionQuality | None) -> VerdictWords:
    """The verdict on a session. Nothing about one of which nothing was measured."""
    level = quality.level if quality is not None else UNKNOWN
    if quality is None or level == UNKNOWN:
        return unjudged(level)
    mentions = Mentions(call.people)
    causes = _present_first(call, call.causes)
    culprit = causes[0] if causes and level < GOOD and not causes[0].is_note else None
    letters = quality.people_letters or quality.letters
    measured = sum(letters)
    if culprit is None:
        who = f"all {measured}" if measured > 1 else "the one who was measured"
        if level < GOOD:
            who = f"{letters[level - 1]} of {measured}"
        return _without_cause(call, level, who, _also(causes, mentions))
    return _about(call, level, culprit, mentions, [*causes[1:]], _rest(quality))


def verdict_for(
    participant_id: str, digest: Digest, call: Call, *, shown: Iterable[Cause] | None = None
) -> VerdictWords:
    """The verdict on a session as one of its people had it."""
    mentions = Mentions(call.people)
    causes = _present_first(call, causes_for(participant_id, shown or call.causes))
    level = digest.level
    if level == UNKNOWN:
        return unjudged(level)
    culprit = next((c for c in causes if UNKNOWN < c.levels[participant_id] < GOOD), None)
    if level == GOOD or culprit is None:
        name = mentions.name(participant_id)
        also = _also(causes, mentions)
        found = _without_cause(call, level, name, also)
    else:
        rest = [cause for cause in causes if cause is not culprit]
        found = _about(call, level, culprit, mentions, rest, "")
    return msgspec.structs.replace(found, worst_at=worst_moment(digest, culprit))


def unjudged(level: int) -> VerdictWords:
    """A verdict without words."""
    return VerdictWords(
        level=level, who=[], what=[], reach=[], more=[], advice=[], cause=None, worst_at=None
    )


def _present_first(call: Call, causes: Sequence[Cause]) -> list[Cause]:
    """Of a live session first what still goes on and is felt."""
    now = call.now
    if now is None:
        return list(causes)
    return sorted(causes, key=lambda c: not (c.is_lasting(now) and UNKNOWN < c.level < GOOD))


def _without_cause(call: Call, level: int, who: str, also: str) -> VerdictWords:
    what = f"A {WORDS[level]} call for {who}"
    if call.now is not None:
        what = f"A {WORDS[level]} call so far for {who}"
    if level < GOOD:
        what += ", and the reports do not show why"
    cut = call.people.cut
    return msgspec.structs.replace(unjudged(level), what=cut(f"{what}."), more=cut(also))


def _about(
    call: Call,
    level: int,
    culprit: Cause,
    mentions: Mentions,
    others: Sequence[Cause],
    rest: str,
) -> VerdictWords:
    cut, finding = call.people.cut, culprit.finding
    finding = msgspec.structs.replace(
        finding, affected=culprit.affected, spans=culprit.spans or finding.spans
    )
    tense = Tense(call.now is not None and culprit.is_lasting(call.now))
    who, what = headline_with_time(finding, mentions, tense)
    reach = reach_of(finding, mentions, tense)
    also = _also(others, mentions)
    subject = mentions.name(finding.subject) if finding.subject is not None else ""
    return VerdictWords(
        level=level,
        who=cut(who),
        what=cut(f" {what}."),
        reach=cut(f"{reach}." if reach else ""),
        more=cut(" ".join(part for part in (also, rest) if part)),
        advice=cut(f"{ADVICE[finding.cause].clause.format(name=subject)}."),
        cause=culprit.key,
        worst_at=None,
    )


def _also(causes: Sequence[Cause], mentions: Mentions) -> str:
    """`Also found: slow machine (Ann, Bob) and 2 more.`"""
    by_noun: dict[str, list[Cause]] = {}
    for cause in causes:
        if not cause.is_note:
            by_noun.setdefault(noun_of(cause.finding), []).append(cause)
    kinds = []
    for noun, alike in list(by_noun.items())[:MORE_KINDS]:
        names = [mentions.name(c.subject) for c in alike[:MORE_NAMED] if c.subject is not None]
        if len(alike) > MORE_NAMED:
            names = [*names, f"{len(alike) - MORE_NAMED} more"]
        lower = f"{noun[0].lower()}{noun[1:]}"
        kinds.append(f"{lower} ({', '.join(names)})" if names else lower)
    more = sum(len(alike) for alike in list(by_noun.values())[MORE_KINDS:])
    if more:
        kinds.append(f"{more} more")
    return f"Also found: {join_words(kinds)}." if kinds else ""


def _rest(quality: SessionQuality) -> str:
    """`The other 2 had a good call.`"""
    letters = quality.people_letters or quality.letters
    good = letters[GOOD - 1]
    if not good:
        return ""
    others = sum(letters) - letters[quality.level - 1]
    if good != others:
        return f"{good} had a good call."
    who = f"The other {good}" if good > 1 else "The other one"
    return f"{who} had a good call."


def worst_moment(digest: Digest, culprit: Cause | None) -> EpochMs | None:
    """The middle of the longest run of a person's worst level, within the time of the cause if
    there is one. `None` for a call that was good throughout."""
    scale, levels = digest.scale, digest.levels
    places: Sequence[int] = range(len(levels))
    if culprit is not None:
        places = [place for place in culprit.buckets(scale) if place < len(levels)]
    found = {levels[place] for place in places} - {UNKNOWN}
    worst = min(found, default=GOOD)
    if worst == GOOD:
        return None
    runs: list[list[int]] = []
    for place in [place for place in places if levels[place] == worst]:
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    longest = max(runs, key=len)
    middle = (longest[0] + longest[-1] + 1) / 2
    return EpochMs(round(scale.from_at + middle * scale.bucket_ms))
