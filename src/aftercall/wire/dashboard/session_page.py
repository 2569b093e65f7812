"""One session as its page shows it: everything in one answer."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.overview.cause_rows import CauseRow, rows_of
from aftercall.core.overview.causes import causes_of
from aftercall.core.overview.polls import Poll as CountedPoll
from aftercall.core.overview.polls import polls_of
from aftercall.core.overview.session_facts import ListedSession, SessionFacts
from aftercall.core.overview.session_summary import (
    DigestedParticipant,
    count_people,
    summarise_session,
)
from aftercall.core.overview.verdict_words import (
    Call,
    VerdictWords,
    verdict_for,
    verdict_for_everybody,
)
from aftercall.core.quality.diagnosis.named_text import MarkedPeople
from aftercall.core.quality.issues import SEVERITY_RANKS
from aftercall.core.records import Peer, Phase, StoredPeerEvent
from aftercall.wire.dashboard.chat_transcript import (
    ChatPage,
    SummaryText,
    TranscriptPage,
    encode_chat,
    encode_summary,
    encode_transcript,
)
from aftercall.wire.dashboard.egresses import SessionEgress, encode_egresses
from aftercall.wire.dashboard.session_list import SessionRow, encode_session_row
from aftercall.wire.dashboard.timeline import (
    CallEvent,
    ParticipantTimeline,
    TimelineFinding,
    call_events_of,
    finding_of,
    minutes_of,
    timeline_of,
)

MOST_EVENTS: Final = 5_000
MOST_FINDINGS: Final = 200
"""The worst; chosen: far more than anybody reads."""


ArtefactName = Literal["chat", "transcript", "summary"]


class Artefact(msgspec.Struct, frozen=True, kw_only=True):
    name: ArtefactName
    format: str
    url: str
    expires_at: EpochMs


class PollOption(msgspec.Struct, frozen=True, kw_only=True):
    text: str
    votes: int


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """A poll. `answers` is how many people answered it."""

    id: str
    question: str
    at: EpochMs
    options: list[PollOption]
    answers: int


class SessionPage(msgspec.Struct, frozen=True, kw_only=True):
    """A session's page. Bucket `i` of a lane begins at `from_at + i * bucket_ms`. `personal` is the
    verdict as each participant had the call, by id. `heard_at` is when anybody present was last
    heard of. After the end the figures may change until `is_final`, expected at `settles_at`."""

    call: SessionRow
    now: EpochMs
    heard_at: EpochMs | None
    is_final: bool
    settles_at: EpochMs | None
    verdict: VerdictWords
    personal: dict[str, VerdictWords]
    causes: list[CauseRow]
    from_at: EpochMs
    to_at: EpochMs
    bucket_ms: int
    buckets: int
    lanes: list[ParticipantTimeline]
    diagnosis: list[TimelineFinding]
    diagnosis_is_cut: bool
    events: list[CallEvent]
    events_are_cut: bool
    chat: ChatPage
    transcript: TranscriptPage
    summary: SummaryText | None
    breakout_rooms: list[SessionRow]
    parent: SessionRow | None
    artefacts: list[Artefact] = []
    expired: list[str] = []
    """The kinds of data that were kept for a time, which is over."""
    egresses: list[SessionEgress] = []
    """The first to be invoked first."""
    polls: list[Poll] = []


def encode_session_page(facts: SessionFacts, artefacts: Sequence[Artefact]) -> SessionPage:
    session, now = facts.session, facts.now
    digests = {participant.id: digest for participant, digest in facts.digests}
    peers_of: dict[str, list[Peer]] = {each.id: [] for each in facts.participants}
    for peer in facts.peers:
        if peer.participant_id in peers_of:
            peers_of[peer.participant_id].append(peer)
    participant_ids = {peer.id: id for id, own in peers_of.items() for peer in own}
    events_of: dict[str, list[StoredPeerEvent]] = {}
    for event in facts.peer_events:
        if event.peer_id in participant_ids:
            events_of.setdefault(participant_ids[event.peer_id], []).append(event)
    minutes = {each.id: minutes_of(each, peers_of[each.id], now) for each in facts.participants}
    timelines = [
        timeline_of(
            each,
            peers_of[each.id],
            events_of.get(each.id, []),
            digests.get(each.id),
            minutes=minutes[each.id],
        )
        for each in sorted(
            facts.participants, key=lambda each: (each.is_hidden, each.joined_at, each.id)
        )
    ]
    is_over = session.phase is Phase.ENDED
    spent = round(sum(minutes[each.id] for each in facts.participants if not each.is_hidden), 4)
    events = call_events_of(participant_ids, facts.peer_events, facts.peers)
    findings = _findings(facts.digests)
    summary = summarise_session(facts.scale, facts.digests, is_final=is_over)
    # Also of those who sent no report.
    people = count_people(each for each in facts.participants if not each.is_hidden)
    summary = msgspec.structs.replace(summary, people=people)
    quality = summary.quality
    is_final = is_over and (now >= facts.settles_at if quality is None else quality.is_final)
    causes = causes_of(facts.digests)
    names = {each.id: each.display_name or "" for each in facts.participants}
    call = Call(causes, MarkedPeople(names), None if is_over else now)
    return SessionPage(
        call=encode_session_row(
            ListedSession(session, summary, session.minutes_consumed if is_over else spent)
        ),
        now=now,
        heard_at=max((each.last_received_at for each in facts.peers), default=None),
        is_final=is_final,
        settles_at=facts.settles_at if is_over and not is_final else None,
        verdict=verdict_for_everybody(call, quality),
        personal={
            participant.id: verdict_for(participant.id, digest, call)
            for participant, digest in facts.digests
        },
        causes=rows_of(causes, call.people, call.now),
        from_at=facts.scale.from_at,
        to_at=facts.scale.to_at,
        bucket_ms=facts.scale.bucket_ms,
        buckets=facts.scale.buckets,
        lanes=timelines,
        diagnosis=findings[:MOST_FINDINGS],
        diagnosis_is_cut=len(findings) > MOST_FINDINGS,
        events=events[:MOST_EVENTS],
        events_are_cut=len(events) > MOST_EVENTS,
        chat=encode_chat(facts.chat),
        transcript=encode_transcript(facts.transcript),
        summary=encode_summary(facts.summary),
        breakout_rooms=[encode_session_row(each) for each in facts.breakout_rooms],
        parent=encode_session_row(facts.parent) if facts.parent is not None else None,
        artefacts=list(artefacts),
        expired=[kind.value for kind in facts.expired],
        egresses=encode_egresses(facts.egresses),
        polls=[_poll(each) for each in polls_of(facts.peer_events, participant_ids)],
    )


def _poll(poll: CountedPoll) -> Poll:
    options = [PollOption(text=each.text, votes=each.votes) for each in poll.options]
    return Poll(
        id=poll.id, question=poll.question, at=poll.at, options=options, answers=poll.answers
    )


def _findings(reported: Sequence[DigestedParticipant]) -> list[TimelineFinding]:
    """All diagnoses together, the worst first, then the longest."""
    found = [
        finding_of(each, participant)
        for participant, digest in reported
        if not participant.is_hidden
        for each in digest.diagnosis
    ]
    return sorted(
        found, key=lambda f: (SEVERITY_RANKS[f.severity], f.first_at - f.last_at, f.first_at)
    )
