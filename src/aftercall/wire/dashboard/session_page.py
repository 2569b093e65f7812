"""One session as its page shows it: everything in one answer."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.overview.session_facts import ListedSession, SessionFacts
from aftercall.core.overview.session_summary import DigestedParticipant, summarise_session
from aftercall.core.records import Peer, Phase, StoredPeerEvent
from aftercall.wire.dashboard.chat_transcript import (
    ChatPage,
    SummaryText,
    TranscriptPage,
    encode_chat,
    encode_summary,
    encode_transcript,
)
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
MOST_SENTENCES: Final = 200
"""The worst; chosen: far more than anybody reads."""


ArtefactName = Literal["chat", "transcript", "summary"]


class Artefact(msgspec.Struct, frozen=True, kw_only=True):
    name: ArtefactName
    format: str
    url: str
    expires_at: EpochMs


class SessionPage(msgspec.Struct, frozen=True, kw_only=True):
    """A session's page. Bucket `i` of a lane begins at `from_at + i * bucket_ms`."""

    call: SessionRow
    now: EpochMs
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


def encode_session_page(facts: SessionFacts, artefacts: Sequence[Artefact]) -> SessionPage:
    session, now = facts.session, facts.now
    digests = {row.id: short for row, short in facts.digests}
    chains: dict[str, list[Peer]] = {row.id: [] for row in facts.participants}
    for peer in facts.peers:
        if peer.participant_id in chains:
            chains[peer.participant_id].append(peer)
    row_of = {peer.id: id for id, chain in chains.items() for peer in chain}
    noted: dict[str, list[StoredPeerEvent]] = {}
    for note in facts.peer_events:
        if note.peer_id in row_of:
            noted.setdefault(row_of[note.peer_id], []).append(note)
    minutes = {row.id: minutes_of(row, chains[row.id], now) for row in facts.participants}
    lanes = [
        timeline_of(
            row,
            chains[row.id],
            noted.get(row.id, []),
            digests.get(row.id),
            minutes=minutes[row.id],
        )
        for row in sorted(
            facts.participants, key=lambda row: (row.is_hidden, row.joined_at, row.id)
        )
    ]
    is_over = session.phase is Phase.ENDED
    spent = round(sum(minutes[row.id] for row in facts.participants if not row.is_hidden), 4)
    events = call_events_of(row_of, facts.peer_events, facts.peers)
    sentences = _sentences(facts.digests)
    return SessionPage(
        call=encode_session_row(
            ListedSession(
                session,
                summarise_session(facts.scale, facts.digests, is_final=is_over),
                session.minutes_consumed if is_over else spent,
            )
        ),
        now=now,
        from_at=facts.scale.from_at,
        to_at=facts.scale.to_at,
        bucket_ms=facts.scale.bucket_ms,
        buckets=facts.scale.buckets,
        lanes=lanes,
        diagnosis=sentences[:MOST_SENTENCES],
        diagnosis_is_cut=len(sentences) > MOST_SENTENCES,
        events=events[:MOST_EVENTS],
        events_are_cut=len(events) > MOST_EVENTS,
        chat=encode_chat(facts.chat),
        transcript=encode_transcript(facts.transcript),
        summary=encode_summary(facts.summary),
        breakout_rooms=[encode_session_row(each) for each in facts.breakout_rooms],
        parent=encode_session_row(facts.parent) if facts.parent is not None else None,
        artefacts=list(artefacts),
    )


_RANKS: Final = {"severe": 0, "warning": 1, "information": 2}


def _sentences(reported: Sequence[DigestedParticipant]) -> list[TimelineFinding]:
    """All diagnoses together, the worst first, then the longest."""
    found = [
        finding_of(each, row)
        for row, short in reported
        if not row.is_hidden
        for each in short.diagnosis
    ]
    return sorted(found, key=lambda f: (_RANKS[f.severity], f.first_at - f.last_at, f.first_at))
