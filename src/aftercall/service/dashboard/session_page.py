"""Reads what a session's page shows."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from aftercall.core.address_removal import event_without_addresses
from aftercall.core.download_kinds import Export
from aftercall.core.errors import NotFound
from aftercall.core.instants import Clock, EpochMs
from aftercall.core.list_queries import Cursor
from aftercall.core.overview.digest import Digest
from aftercall.core.overview.participant_verdict import subjects_of
from aftercall.core.overview.session_facts import (
    ListedSession,
    ParticipantFacts,
    SessionFacts,
    TalkPage,
)
from aftercall.core.overview.session_summary import (
    DigestedParticipant,
    SessionSummary,
    summarise_session,
)
from aftercall.core.records import (
    ChatMessage,
    Peer,
    Phase,
    Session,
    StoredPeerEvent,
    TranscriptLine,
)
from aftercall.core.retention import DataKind
from aftercall.service.api.links import Link, Links
from aftercall.service.dashboard.chat_transcript import chat_page, transcript_page
from aftercall.service.dashboard.session_list import SessionLists
from aftercall.service.recording.follow_ups import SETTLING_MS
from aftercall.service.reports.digests import Digests
from aftercall.service.retention_rule import Kept, RetentionRule
from aftercall.service.session_watches import SessionWatches
from aftercall.store import chat_transcript, egresses, participants, peer_events, peers
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows


class File(NamedTuple):
    """A download: what it is, in which format, and the link to it."""

    name: Literal["chat", "transcript", "summary"]
    format: str
    link: Link


class FoundPeers(NamedTuple):
    """A participant's peers, and the kinds of their session's data that may be read."""

    peers: Sequence[Peer]
    kept: Kept


class SessionPages:
    """The use cases of a session's page."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        calls: SessionLists,
        digests: Digests,
        links: Links,
        watches: SessionWatches,
        retention: RetentionRule,
    ) -> None:
        self._retention = retention
        self._db = db
        self._clock = clock
        self._calls = calls
        self._digests = digests
        self._links = links
        self._watches = watches

    async def find_session(self, app_id: str, session_id: str) -> SessionFacts:
        """Everything of a session. Raises `NotFound`."""
        async with self._db.read() as tx:
            session = await self._retention.find_session(tx, app_id, session_id)
            kept = await self._retention.kept_of(app_id, session, tx)
            every = await peers.peers_of_session(tx, app_id, session_id)
            participant_ids = _participant_ids(every)
            everybody = await participants.participants_of_session(tx, app_id, session_id)
            events = _as_kept(await peer_events.events_of_session(tx, app_id, session_id), kept)
            chat: TalkPage[ChatMessage] = TalkPage([], 0, None, participant_ids)
            if DataKind.CHAT in kept:
                chat = await chat_page(tx, app_id, session_id, participant_ids, None)
            transcript: TalkPage[TranscriptLine] = TalkPage([], 0, None, participant_ids)
            if DataKind.TRANSCRIPTS in kept:
                transcript = await transcript_page(tx, app_id, session_id, participant_ids, None)
            summary = None
            if DataKind.SUMMARIES in kept:
                summary = await chat_transcript.find_summary(tx, app_id, session_id)
            reported = await egresses.egresses_of_sessions(tx, app_id, [session_id])
            rooms = await session_rows.children_of(tx, app_id, session_id)
            rooms = await self._retention.only_kept(app_id, rooms, tx)
            parent_id = session.parent_session_id
            parent = (
                await session_rows.find_session(tx, app_id, parent_id)
                if parent_id is not None
                else None
            )
            if parent is not None:
                parent = next(iter(await self._retention.only_kept(app_id, [parent], tx)), None)
        await self._look(session)
        digest = await self._digests.session_digest_of(session)
        related: Sequence[ListedSession] = await self._calls.rows_of(
            [*rooms, *([parent] if parent is not None else [])], is_measured=False
        )
        return SessionFacts(
            session=session,
            participants=everybody,
            peers=every,
            peer_events=events,
            chat=chat,
            transcript=transcript,
            summary=summary,
            breakout_rooms=related[: len(rooms)],
            parent=related[-1] if parent is not None else None,
            scale=digest.scale,
            digests=digest.participants,
            now=self._clock(),
            settles_at=EpochMs(session.touched_at + SETTLING_MS),
            expired=[kind for kind in DataKind if kind not in kept],
            egresses=reported,
        )

    async def find_participant(self, app_id: str, session_id: str, any_id: str) -> ParticipantFacts:
        """A participant by its id or that of one of its peers. Raises `NotFound`."""
        async with self._db.read() as tx:
            session = await self._retention.find_session(tx, app_id, session_id)
            kept = await self._retention.kept_of(app_id, session, tx)
            participant = await participants.find_participant(tx, app_id, session_id, any_id)
            if participant is None:
                raise NotFound(f"No peer found with id {any_id}", code="peer_not_found")
            everybody = await participants.participants_of_session(tx, app_id, session_id)
            every = await peers.peers_of_session(tx, app_id, session_id)
            own = [peer for peer in every if peer.participant_id == participant.id]
            events = _as_kept(
                [
                    event
                    for peer in own
                    for event in await peer_events.events_of_peer(tx, app_id, peer.id)
                ],
                kept,
            )
        await self._look(session)
        summary, digest = await self._digest_of(session, participant.id)
        concerned: list[DigestedParticipant] = []
        if digest is not None:
            subjects = subjects_of(digest) - {participant.id}
            others = [each for each in everybody if each.id in subjects]
            concerned = [(participant, digest), *await self._digests.digests_of(session, others)]
        peer_ids: dict[str, set[str]] = {}
        for peer in every:
            peer_ids.setdefault(peer.participant_id, set()).add(peer.id)
        return ParticipantFacts(
            session=session,
            summary=summary,
            participant=participant,
            peers=own,
            peer_events=events,
            digest=digest,
            participants={each.id: each for each in everybody},
            peer_ids=peer_ids,
            now=self._clock(),
            kept=kept,
            concerned=concerned,
        )

    async def find_peers(self, app_id: str, session_id: str, any_id: str) -> FoundPeers:
        """The peers of a participant, by its id or that of one of them. Raises `NotFound`."""
        async with self._db.read() as tx:
            session = await self._retention.find_session(tx, app_id, session_id)
            kept = await self._retention.kept_of(app_id, session, tx)
            participant = await participants.find_participant(tx, app_id, session_id, any_id)
            if participant is None:
                raise NotFound(f"No peer found with id {any_id}", code="peer_not_found")
            own = await peers.peers_of_participants(tx, app_id, session_id, [participant.id])
        return FoundPeers(own, kept)

    async def _look(self, session: Session) -> None:
        if session.phase is not Phase.ENDED:
            await self._watches.look(session.app_id, session.id)

    async def _digest_of(
        self, session: Session, participant_id: str
    ) -> tuple[SessionSummary, Digest | None]:
        """The summary of a session, and the digest of one of its participants if there is one."""
        kept = await self._digests.stored_digest_of(session, participant_id)
        if kept is not None:
            return kept
        call = await self._digests.session_digest_of(session)
        is_over = session.phase is Phase.ENDED
        found = {participant.id: digest for participant, digest in call.participants}
        return summarise_session(call.scale, call.participants, is_final=is_over), found.get(
            participant_id
        )

    async def chat(
        self, app_id: str, session_id: str, cursor: Cursor | None
    ) -> TalkPage[ChatMessage]:
        """A page of the chat. Raises `NotFound`."""
        async with self._db.read() as tx:
            session = await self._retention.find_session(tx, app_id, session_id)
            await self._retention.kept_until(DataKind.CHAT, session, tx)
            every = await peers.peers_of_session(tx, app_id, session_id)
            return await chat_page(tx, app_id, session_id, _participant_ids(every), cursor)

    async def transcript(
        self, app_id: str, session_id: str, cursor: Cursor | None
    ) -> TalkPage[TranscriptLine]:
        """A page of the transcript. Raises `NotFound`."""
        async with self._db.read() as tx:
            session = await self._retention.find_session(tx, app_id, session_id)
            await self._retention.kept_until(DataKind.TRANSCRIPTS, session, tx)
            every = await peers.peers_of_session(tx, app_id, session_id)
            return await transcript_page(tx, app_id, session_id, _participant_ids(every), cursor)

    async def files(self, app_id: str, facts: SessionFacts) -> list[File]:
        """The downloads there are, each with a signed link."""
        session_id, found = facts.session.id, []
        if facts.chat.total:
            for format, export in (("csv", Export.CHAT_CSV), ("json", Export.CHAT_JSON)):
                link = await self._links.link_chat(app_id, session_id, export)
                found.append(File("chat", format, link))
        try:
            if facts.transcript.total:
                for format, export in _TRANSCRIPTS:
                    link = await self._links.link_transcript(app_id, session_id, export)
                    found.append(File("transcript", format, link))
            if facts.summary is not None and facts.summary.text is not None:
                format = "md" if facts.summary.is_markdown else "txt"
                link = await self._links.link_summary(app_id, session_id)
                found.append(File("summary", format, link))
        except NotFound:
            # A live session has no transcript to download, nor has one whose retention is over.
            return found
        return found


_TRANSCRIPTS: Final = (
    ("csv", Export.TRANSCRIPT_CSV),
    ("json", Export.TRANSCRIPT_JSON),
    ("srt", Export.TRANSCRIPT_SRT),
    ("vtt", Export.TRANSCRIPT_VTT),
)


def _as_kept(events: list[StoredPeerEvent], kept: Kept) -> list[StoredPeerEvent]:
    if DataKind.ADDRESSES in kept:
        return events
    return [event_without_addresses(event) for event in events]


def _participant_ids(every: Sequence[Peer]) -> dict[str, str]:
    """The participant of each peer."""
    return {peer.id: peer.participant_id for peer in every}
