"""One session as the dashboard's page shows it: everything in one answer."""

import asyncio
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import NotFound
from aftercall.core.exports import Export
from aftercall.core.instants import Clock, EpochMs
from aftercall.core.lifecycle.presence import running_minutes
from aftercall.core.overview.digest import Digest
from aftercall.core.overview.session_summary import (
    DigestedParticipant,
    SessionSummary,
    summarise_session,
)
from aftercall.core.quality.experience.time_scale import TimeScale
from aftercall.core.records import Participant, Peer, Phase, Session, StoredPeerEvent, Summary
from aftercall.service.api.links import Link, Links
from aftercall.service.dashboard.session_list import SessionLists, SessionRow, session_row_of
from aftercall.service.dashboard.talk import (
    ChatPage,
    SummaryText,
    TranscriptPage,
    chat_page,
    summary_text,
    transcript_page,
)
from aftercall.service.dashboard.timeline import (
    CallEvent,
    FullParticipantTimeline,
    ParticipantTimeline,
    TimelineFinding,
    call_events_of,
    finding_of,
    full_timeline_of,
    timeline_of,
)
from aftercall.service.reports.digests import Digests
from aftercall.store import conversation, participants, peer_events, peers
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows

MOST_EVENTS: Final = 5_000
MOST_SENTENCES: Final = 200
"""The worst; chosen: far more than anybody reads."""


ArtefactName = Literal["chat", "transcript", "summary"]


class File(NamedTuple):
    """A download: what it is, in which format, and the link to it."""

    name: ArtefactName
    format: str
    link: Link


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


class _Facts(NamedTuple):
    session: Session
    rows: list[Participant]
    every: list[Peer]
    notes: list[StoredPeerEvent]
    chat: ChatPage
    transcript: TranscriptPage
    summary: Summary | None
    rooms: list[Session]
    parent: Session | None


class ParticipantDigest(NamedTuple):
    """One participant of a session with its lane, and who else was there. `rows` and `peer_ids`
    are by row."""

    session: Session
    call: SessionRow
    lane: FullParticipantTimeline
    row: Participant
    chain: list[Peer]
    events: list[CallEvent]
    rows: dict[str, Participant]
    peer_ids: dict[str, set[str]]


class SessionPages:
    """The use cases of a session's page."""

    def __init__(
        self, *, db: Database, clock: Clock, calls: SessionLists, digests: Digests, links: Links
    ) -> None:
        self._db = db
        self._clock = clock
        self._calls = calls
        self._digests = digests
        self._links = links

    async def details(self, app_id: str, session_id: str) -> SessionPage:
        """Everything of a session. Raises `NotFound`."""
        async with self._db.read() as tx:
            facts = await _facts(tx, app_id, session_id)
        told = await self._digests.session_digest_of(facts.session)
        related = await self._calls.rows_of(
            [*facts.rooms, *([facts.parent] if facts.parent is not None else [])],
            is_measured=False,
        )
        rooms = len(facts.rooms)
        return await asyncio.to_thread(
            self._put_together, facts, told.scale, told.participants, related, rooms
        )

    async def participant(self, app_id: str, session_id: str, any_id: str) -> ParticipantDigest:
        """A participant, by the id of its row or of one of its peers. Raises `NotFound`."""
        async with self._db.read() as tx:
            session = await _session(tx, app_id, session_id)
            row = await participants.find_participant(tx, app_id, session_id, any_id)
            if row is None:
                raise NotFound.of("peer", any_id)
            rows = await participants.participants_of_session(tx, app_id, session_id)
            every = await peers.peers_of_session(tx, app_id, session_id)
            chain = [peer for peer in every if peer.participant_id == row.id]
            told_of = [
                note
                for peer in chain
                for note in await peer_events.events_of_peer(tx, app_id, peer.id)
            ]
        summary, short = await self._told_of(session, row.id)
        peer_ids: dict[str, set[str]] = {}
        for peer in every:
            peer_ids.setdefault(peer.participant_id, set()).add(peer.id)
        minutes = _minutes(row, chain, self._clock())
        lane = full_timeline_of(row, chain, told_of, short, minutes=minutes)
        return ParticipantDigest(
            session=session,
            call=session_row_of(session, summary),
            lane=lane,
            row=row,
            chain=chain,
            events=call_events_of({peer.id: row.id for peer in chain}, told_of, chain),
            rows={each.id: each for each in rows},
            peer_ids=peer_ids,
        )

    async def _told_of(self, session: Session, row_id: str) -> tuple[SessionSummary, Digest | None]:
        """What is said of a session in short, and of one of its participants."""
        kept = await self._digests.stored_digest_of(session, row_id)
        if kept is not None:
            return kept
        call = await self._digests.session_digest_of(session)
        is_over = session.phase is Phase.ENDED
        found = {row.id: short for row, short in call.participants}
        return summarise_session(call.scale, call.participants, is_final=is_over), found.get(row_id)

    async def chat(self, app_id: str, session_id: str, cursor: str | None) -> ChatPage:
        """A page of the chat. Raises `NotFound`, and `Malformed` for a bad cursor."""
        async with self._db.read() as tx:
            await _session(tx, app_id, session_id)
            every = await peers.peers_of_session(tx, app_id, session_id)
            return await chat_page(tx, app_id, session_id, _rows_of(every), cursor)

    async def transcript(self, app_id: str, session_id: str, cursor: str | None) -> TranscriptPage:
        """A page of the transcript. Raises `NotFound`, and `Malformed` for a bad cursor."""
        async with self._db.read() as tx:
            await _session(tx, app_id, session_id)
            every = await peers.peers_of_session(tx, app_id, session_id)
            return await transcript_page(tx, app_id, session_id, _rows_of(every), cursor)

    async def files(self, app_id: str, details: SessionPage) -> list[File]:
        """The downloads there are, each with a signed link."""
        session_id, found = details.call.id, []
        if details.chat.total:
            for format, export in (("csv", Export.CHAT_CSV), ("json", Export.CHAT_JSON)):
                link = await self._links.link_chat(app_id, session_id, export)
                found.append(File("chat", format, link))
        try:
            if details.transcript.total:
                for format, export in _TRANSCRIPTS:
                    link = await self._links.link_transcript(app_id, session_id, export)
                    found.append(File("transcript", format, link))
            if details.summary is not None and details.summary.text is not None:
                format = "md" if details.summary.is_markdown else "txt"
                link = await self._links.link_summary(app_id, session_id)
                found.append(File("summary", format, link))
        except NotFound:
            # While it goes on, and when its retention is over, there is nothing to download.
            return found
        return found

    def _put_together(
        self,
        facts: _Facts,
        scale: TimeScale,
        told: Sequence[DigestedParticipant],
        related: list[SessionRow],
        rooms: int,
    ) -> SessionPage:
        session, now = facts.session, self._clock()
        digests = {row.id: short for row, short in told}
        chains: dict[str, list[Peer]] = {row.id: [] for row in facts.rows}
        for peer in facts.every:
            if peer.participant_id in chains:
                chains[peer.participant_id].append(peer)
        row_of = {peer.id: id for id, chain in chains.items() for peer in chain}
        noted: dict[str, list[StoredPeerEvent]] = {}
        for note in facts.notes:
            if note.peer_id in row_of:
                noted.setdefault(row_of[note.peer_id], []).append(note)
        minutes = {row.id: _minutes(row, chains[row.id], now) for row in facts.rows}
        lanes = [
            timeline_of(
                row,
                chains[row.id],
                noted.get(row.id, []),
                digests.get(row.id),
                minutes=minutes[row.id],
            )
            for row in sorted(facts.rows, key=lambda row: (row.is_hidden, row.joined_at, row.id))
        ]
        is_over = session.phase is Phase.ENDED
        spent = round(sum(minutes[row.id] for row in facts.rows if not row.is_hidden), 4)
        events = call_events_of(row_of, facts.notes, facts.every)
        sentences = _sentences(told)
        return SessionPage(
            call=session_row_of(
                session,
                summarise_session(scale, told, is_final=is_over),
                None if is_over else spent,
            ),
            now=now,
            from_at=scale.from_at,
            to_at=scale.to_at,
            bucket_ms=scale.bucket_ms,
            buckets=scale.buckets,
            lanes=lanes,
            diagnosis=sentences[:MOST_SENTENCES],
            diagnosis_is_cut=len(sentences) > MOST_SENTENCES,
            events=events[:MOST_EVENTS],
            events_are_cut=len(events) > MOST_EVENTS,
            chat=facts.chat,
            transcript=facts.transcript,
            summary=summary_text(facts.summary),
            breakout_rooms=related[:rooms],
            parent=related[rooms] if len(related) > rooms else None,
        )


_TRANSCRIPTS: Final = (
    ("csv", Export.TRANSCRIPT_CSV),
    ("json", Export.TRANSCRIPT_JSON),
    ("srt", Export.TRANSCRIPT_SRT),
    ("vtt", Export.TRANSCRIPT_VTT),
)


_RANKS: Final = {"severe": 0, "warning": 1, "information": 2}


def _sentences(told: Sequence[DigestedParticipant]) -> list[TimelineFinding]:
    """All diagnoses together, the worst first, then the longest."""
    found = [
        finding_of(each, row)
        for row, short in told
        if not row.is_hidden
        for each in short.diagnosis
    ]
    return sorted(found, key=lambda f: (_RANKS[f.severity], f.first_at - f.last_at, f.first_at))


def _minutes(row: Participant, chain: Sequence[Peer], now: EpochMs) -> float:
    if row.left_at is not None or not chain:
        return row.duration_minutes
    return running_minutes(chain, now)


def _rows_of(every: Sequence[Peer]) -> dict[str, str]:
    return {peer.id: peer.participant_id for peer in every}


async def _session(tx: AsyncConnection, app_id: str, session_id: str) -> Session:
    session = await session_rows.find_session(tx, app_id, session_id)
    if session is None:
        raise NotFound.of("session", session_id)
    return session


async def _facts(tx: AsyncConnection, app_id: str, session_id: str) -> _Facts:
    session = await _session(tx, app_id, session_id)
    every = await peers.peers_of_session(tx, app_id, session_id)
    row_of = _rows_of(every)
    parent = session.parent_session_id
    return _Facts(
        session=session,
        rows=await participants.participants_of_session(tx, app_id, session_id),
        every=every,
        notes=await peer_events.events_of_session(tx, app_id, session_id),
        chat=await chat_page(tx, app_id, session_id, row_of, None),
        transcript=await transcript_page(tx, app_id, session_id, row_of, None),
        summary=await conversation.find_summary(tx, app_id, session_id),
        rooms=await session_rows.children_of(tx, app_id, session_id),
        parent=await session_rows.find_session(tx, app_id, parent) if parent is not None else None,
    )
