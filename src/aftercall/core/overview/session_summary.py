"""What lists show of a session: its participants, its quality, its worst issue.

Summaries are computed once, when a session is folded, from the digests of its participants; a list
computes nothing when it is read.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec
from msgspec.structs import replace

from aftercall.core.ids import id_from
from aftercall.core.instants import EpochMs
from aftercall.core.overview.digest import Digest, lower, worst_finding, worst_issue
from aftercall.core.pseudonyms import is_pseudonym
from aftercall.core.quality.diagnosis.findings import Finding
from aftercall.core.quality.diagnosis.nouns import amount_of, noun_of
from aftercall.core.quality.experience.levels import BAD as BAD_LEVEL
from aftercall.core.quality.experience.levels import (
    GOOD,
    Level,
    LevelCounts,
    level_counts,
    sparkline_of,
    worst_level,
)
from aftercall.core.quality.experience.time_scale import TimeScale
from aftercall.core.quality.issues import SEVERITY_RANKS, Severity
from aftercall.core.records import Participant, Record, Session

MOST_NAMES: Final = 8
SPARKLINE_POINTS: Final = 40
MOST_FACETS: Final = 4_000
"""The number of a session's facets; a thousand participants need far fewer. Chosen."""


class ParticipantBrief(msgspec.Struct, frozen=True, kw_only=True):
    """One participant, for a list."""

    id: str
    name: str | None
    person: str
    level: Level = 0
    """The overall level: 4 good, 3 fair, 2 poor, 1 bad, 0 not judged."""
    is_bad: bool = False


class WorstIssue(msgspec.Struct, frozen=True, kw_only=True):
    """The worst finding or issue, in a sentence, and at whom it lies. Of a finding also its
    shortest words: `noun` with `amount`, as `Uplink loss` with `12 %, worst 21 %`, and how many
    others noticed it."""

    name: str
    severity: Severity
    sentence: str
    participant_id: str
    participant_name: str | None
    noun: str = ""
    amount: str = ""
    others_affected: int = 0
    cause: str = ""
    """The finding's cause; empty of an issue."""


class SessionQuality(msgspec.Struct, frozen=True, kw_only=True):
    """The quality of a session: the worst overall level of any participant, and how many have it;
    level 0 if reports came and nothing could be judged. The MOS are the lowest of the participants'
    worst tenths. `shares` is the quality over time: the level counts of all moments in each of
    the equal spans that follow `shares_from_at`."""

    fold_version: int = 0
    is_final: bool
    level: Level
    affected_participants: int = 0
    """The number of participants with that level."""
    letters: LevelCounts = (0, 0, 0, 0)
    """The numbers of bad, poor, fair and good participants."""
    mos_audio: float | None
    mos_video: float | None
    measured_participants: int
    """The number of participants with an overall level."""
    bad_participants: int
    people_letters: LevelCounts | msgspec.UnsetType = msgspec.UNSET
    """The same numbers of people: who came back as another participant is counted once, by the
    worse of both. Unset in a summary that was stored without."""
    is_bad: bool
    shares: list[LevelCounts] = []
    shares_from_at: EpochMs
    shares_bucket_ms: int
    """The length of the span that each entry of `shares` covers."""


class SessionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a list's row that is computed when the session is folded."""

    participants: list[ParticipantBrief] = []
    people: int | msgspec.UnsetType = msgspec.UNSET
    """How many people took part, however often each of them joined. Unset in a summary
    that was stored without."""
    quality: SessionQuality | None = None
    worst_issue: WorstIssue | None = None
    browsers: list[str] = []
    os: list[str] = []
    countries: list[str] = []
    networks: list[str] = []
    relays: list[str] = []


class PeerSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A person's part in one session, for a list of that person's calls."""

    fold_version: int = 0
    session_id: str
    meeting_id: str
    title: str
    participant_id: str
    joined_at: EpochMs
    left_at: EpochMs | None
    minutes: float
    mos_audio: float | None
    mos_video: float | None
    level: Level
    is_bad: bool
    is_measured: bool
    worst_issue: WorstIssue | None
    browser: str | None
    os: str | None
    country: str | None
    network: str | None
    relay: str | None


class PeerVerdict(Record, frozen=True, kw_only=True):
    """A participant's summary and digest, as stored."""

    app_id: str
    session_id: str
    participant_id: str
    person: str
    joined_at: EpochMs
    summary: PeerSummary
    digest: Digest


class FacetCount(NamedTuple):
    """A session's contribution to a facet's daily counts: measured and bad participants."""

    measured: int
    bad: int


class CallFacets(NamedTuple):
    """One call: its facets, whether it has an overall level, and whether that is bad."""

    facets: frozenset[str]
    is_judged: bool
    is_bad: bool


class SessionVerdict(Record, frozen=True, kw_only=True):
    """A session's summary, as stored. `facets` are counted, `calls` counted and found by them,
    `marks` only searched."""

    app_id: str
    session_id: str
    created_at: EpochMs
    rank: float | None
    """The sort key of a list that begins with the worst."""
    summary: SessionSummary
    is_bad: bool
    facets: dict[str, FacetCount]
    calls: list[CallFacets]
    marks: list[str]


FACET_ALL: Final = "all"
FACET_BAD: Final = "bad"


def facet(kind: str, value: str) -> str:
    """The name of a facet: `browser:Chrome`."""
    return f"{kind}:{value}"


class Identified(Protocol):
    """A participant, by what it is known across sessions."""

    @property
    def id(self) -> str: ...
    @property
    def display_name(self) -> str | None: ...
    @property
    def custom_participant_id(self) -> str | None: ...
    @property
    def user_id(self) -> str | None: ...


def person_of(app_id: str, participant: Identified) -> str:
    """The id of a person across sessions: by the custom participant id, else by the name. One who
    was erased is another person in every session."""
    if is_pseudonym(participant.user_id):
        return id_from(app_id, "user_id", participant.user_id or "")
    if participant.custom_participant_id:
        return id_from(app_id, "custom_participant_id", participant.custom_participant_id)
    if participant.display_name:
        return id_from(app_id, "display_name", participant.display_name)
    return id_from(app_id, "user_id", participant.user_id or participant.id)


def worst_of(
    participant: Participant, digest: Digest, others: Mapping[str, Participant] | None = None
) -> WorstIssue | None:
    """The worst of a participant's call: the first finding, else the worst issue. It lies at the
    one of the `others` whom the finding is about, otherwise at the participant."""
    finding = _finding_of(digest)
    if finding is not None:
        subject = (others or {}).get(finding.subject or "", participant)
        return WorstIssue(
            name=finding.issues[0].value if finding.issues else finding.cause,
            severity=finding.severity,
            sentence=finding.sentence,
            participant_id=subject.id,
            participant_name=subject.display_name,
            noun=noun_of(finding),
            amount=amount_of(finding),
            others_affected=len(set(finding.affected) - {subject.id}),
            cause=finding.cause,
        )
    issue = worst_issue(digest.issues)
    if issue is None:
        return None
    return WorstIssue(
        name=issue.name.value,
        severity=issue.severity,
        sentence=issue.name.value.replace("_", " ").capitalize(),
        participant_id=participant.id,
        participant_name=participant.display_name,
    )


def _finding_of(digest: Digest) -> Finding | None:
    return worst_finding(digest.diagnosis) or next(iter(digest.diagnosis), None)


def _order_of(digest: Digest, worst: WorstIssue, *, is_own: bool) -> tuple[int, bool, int, bool]:
    """Where the worst of a participant stands among those of a session: first that of those who
    were worst off; of equals what lies at the participant, then by severity."""
    return (
        digest.level or GOOD + 1,
        not is_own,
        SEVERITY_RANKS[worst.severity],
        not digest.diagnosis,
    )


def brief_digest(digest: Digest) -> Digest:
    """The digest with those issues and findings alone that a session's summary and facets read:
    the worst of each, and one issue of each name."""
    finding = _finding_of(digest)
    issue = worst_issue(digest.issues)
    by_name = {each.name: each for each in digest.issues}
    return replace(
        digest,
        issues=[*([] if issue is None else [issue]), *by_name.values()],
        diagnosis=[] if finding is None else [finding],
    )


DigestedParticipant = tuple[Participant, Digest]


def summarise_session(
    scale: TimeScale, digested: Sequence[DigestedParticipant], *, is_final: bool
) -> SessionSummary:
    """The summary of a session, from its participants in the order of joining. Hidden ones are left
    out."""
    shown = [(participant, digest) for participant, digest in digested if not participant.is_hidden]
    others = {participant.id: participant for participant, _ in shown}
    worsts = [
        (_order_of(digest, worst, is_own=worst.participant_id == participant.id), worst)
        for participant, digest in shown
        if (worst := worst_of(participant, digest, others)) is not None
    ]
    places = [digest.where for _, digest in shown]
    return SessionSummary(
        participants=[
            ParticipantBrief(
                id=participant.id,
                name=participant.display_name,
                person=person_of(participant.app_id, participant),
                level=digest.level,
                is_bad=digest.is_bad,
            )
            for participant, digest in shown[:MOST_NAMES]
        ],
        people=count_people(participant for participant, _ in shown),
        quality=_quality(scale, shown, is_final=is_final),
        worst_issue=min(worsts, key=lambda each: each[0])[1] if worsts else None,
        browsers=_distinct([place.browser for place in places]),
        os=_distinct([place.os for place in places]),
        countries=_distinct([place.country for place in places]),
        networks=_distinct([place.network for place in places]),
        relays=_distinct([place.relay for place in places]),
    )


def count_people(participants: Iterable[Participant]) -> int:
    """How many people they are: who came back as another participant is counted once."""
    return len({person_of(each.app_id, each) for each in participants})


def _people_letters(digested: Sequence[DigestedParticipant]) -> LevelCounts:
    worst: dict[str, Level] = {}
    for participant, digest in digested:
        if digest.is_judged:
            person = person_of(participant.app_id, participant)
            worst[person] = min(digest.level, worst.get(person, digest.level))
    return level_counts(worst.values())


def _quality(
    scale: TimeScale, digested: Sequence[DigestedParticipant], *, is_final: bool
) -> SessionQuality | None:
    digests = [digest for _, digest in digested]
    measured = [digest for digest in digests if digest.is_measured or digest.is_judged]
    if not measured:
        return None
    judged = [digest for digest in measured if digest.is_judged]
    mos_audio = mos_video = None
    for each in judged:
        mos_audio = lower(mos_audio, each.p10_mos_audio)
        mos_video = lower(mos_video, each.p10_mos_video)
    level, affected = worst_level(each.level for each in judged)
    letters = level_counts(each.level for each in judged)
    shares, width = sparkline_of([each.levels for each in judged], scale.buckets, SPARKLINE_POINTS)
    return SessionQuality(
        fold_version=max(each.fold_version for each in measured),
        is_final=is_final and all(digest.is_final for digest in digests),
        level=level,
        affected_participants=affected,
        letters=letters,
        mos_audio=mos_audio,
        mos_video=mos_video,
        measured_participants=len(judged),
        bad_participants=letters[0],
        people_letters=_people_letters(digested),
        is_bad=level == BAD_LEVEL,
        shares=shares,
        shares_from_at=scale.from_at,
        shares_bucket_ms=width * scale.bucket_ms,
    )


def rank_of(quality: SessionQuality) -> float | None:
    """The sort key of a list that begins with the worst: by level, then by the share of people who
    have it. `None` if nobody has a level."""
    if not quality.measured_participants:
        return None
    share = quality.affected_participants / quality.measured_participants
    return quality.level + (1 - share) * MOST_WITHIN_LEVEL


MOST_WITHIN_LEVEL: Final = 0.999
"""Keeps a level that nearly nobody has before the next better level."""


def _distinct(words: Sequence[str | None]) -> list[str]:
    return list(dict.fromkeys(word for word in words if word))[:MOST_NAMES]


def summarise_peer(session: Session, participant: Participant, digest: Digest) -> PeerSummary:
    """A person's part in a session."""
    return PeerSummary(
        fold_version=digest.fold_version,
        session_id=session.id,
        meeting_id=session.meeting_id,
        title=session.title,
        participant_id=participant.id,
        joined_at=participant.joined_at,
        left_at=participant.left_at,
        minutes=participant.duration_minutes,
        mos_audio=digest.p10_mos_audio,
        mos_video=digest.p10_mos_video,
        level=digest.level,
        is_bad=digest.is_bad,
        is_measured=digest.is_judged,
        worst_issue=worst_of(participant, digest),
        browser=digest.where.browser,
        os=digest.where.os,
        country=digest.where.country,
        network=digest.where.network,
        relay=digest.where.relay,
    )
