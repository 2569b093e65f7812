"""Which session an event belongs to.

An event belongs to its peer's session; else to the session it names; else to the session of its
meeting that covers its time; else a session is created. In a transaction a session is loaded and
locked once, its rules are applied once, and it is saved once.
"""

from collections import defaultdict
from typing import Final

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.events import (
    AnyEvent,
    ChatSent,
    EgressReported,
    LineSpoken,
    PeerJoined,
    SessionClosed,
    SessionOpened,
)
from aftercall.core.ids import NewId
from aftercall.core.instants import MINUTE_MS, SECOND_MS, EpochMs
from aftercall.core.lifecycle.merging import SessionState, new_session
from aftercall.core.lifecycle.presence import participants_of
from aftercall.core.lifecycle.session_news import news_of_change
from aftercall.core.lifecycle.state_machine import Policy, RulesApplied, apply_rules
from aftercall.core.records import Meeting, MeetingStatus, Participant, Peer, Phase, Session
from aftercall.core.webhooks import News
from aftercall.service.recording.appends import PeerKey
from aftercall.service.recording.delivery import Delivery, Outcome, rejected
from aftercall.service.recording.follow_ups import job_of_end, job_of_late_facts
from aftercall.service.recording.past_retention import PAST_RETENTION, PastRetention
from aftercall.service.webhooks.announcer import Announcer
from aftercall.store import jobs, meetings, participants, peers, session_aliases
from aftercall.store.sessions import rows as session_rows

DEFAULT_KEEP_ALIVE_S: Final = 60
ADOPTED_BEFORE_MS: Final = 10 * MINUTE_MS
"""How long before the first client reported a session may have had an id. Chosen: a page that is
there from the start reports within seconds, and an earlier session of the meeting is older."""
SessionKey = tuple[str, str]
"""App and session."""


class LoadedSession:
    """A session as stored (`before`), and as the transaction's events change it (`work`)."""

    def __init__(
        self, before: Session | None, peers_before: dict[str, Peer], applied: RulesApplied | None
    ) -> None:
        self.before = before
        self.peers_before = peers_before
        self.applied = applied
        assert applied is not None or before is not None
        session = applied.session if applied else before
        assert session is not None
        self.work = SessionState(
            session=session, peers=dict(applied.peers) if applied else dict(peers_before)
        )


class SessionResolver:
    """Finds, loads and saves the sessions of one transaction."""

    def __init__(
        self,
        tx: AsyncConnection,
        *,
        now: EpochMs,
        new_id: NewId,
        policy: Policy,
        past: PastRetention,
        announcer: Announcer | None = None,
    ) -> None:
        self._tx = tx
        self._announcer = announcer
        self._past = past
        self._now = now
        self._new_id = new_id
        self._policy = policy
        self._sessions: dict[SessionKey, LoadedSession] = {}
        self._meetings: dict[tuple[str, str], Meeting | None] = {}
        self._session_ids: dict[PeerKey, str] = {}
        self._heartbeats: dict[PeerKey, tuple[EpochMs, EpochMs]] = {}
        self._created: set[SessionKey] = set()
        self._news: dict[str, list[News]] = defaultdict(list)
        """What is to be announced, by app."""

    def set_session_id_of(self, key: PeerKey, session_id: str) -> None:
        self._session_ids[key] = session_id

    def was_created(self, app_id: str, session_id: str) -> bool:
        """Whether a session was created since the last call for it."""
        key = (app_id, session_id)
        is_created = key in self._created
        self._created.discard(key)
        return is_created

    def session_id_of(self, key: PeerKey) -> str | None:
        """The id of a peer's session, if it is known."""
        return self._session_ids.get(key)

    def add_heartbeat(self, key: PeerKey, heard_at: EpochMs, received_at: EpochMs) -> None:
        """Add a peer's heartbeat, which counts when its session is loaded."""
        old_heard, old_received = self._heartbeats.get(key, (heard_at, received_at))
        self._heartbeats[key] = (max(heard_at, old_heard), max(received_at, old_received))

    def applied(self, app_id: str, session_id: str) -> RulesApplied | None:
        """A session after its rules were applied, if it was loaded in this transaction."""
        loaded = self._sessions.get((app_id, session_id))
        return loaded.applied if loaded else None

    async def meeting(self, app_id: str, meeting_id: str) -> Meeting | None:
        key = (app_id, meeting_id)
        if key not in self._meetings:
            self._meetings[key] = await meetings.find_meeting(self._tx, app_id, meeting_id)
        return self._meetings[key]

    async def load(self, app_id: str, session_id: str) -> LoadedSession | None:
        """A session with its peers, locked, its deadlines applied as of now."""
        key = (app_id, session_id)
        if key in self._sessions:
            return self._sessions[key]
        before = await session_rows.lock_session(self._tx, app_id, session_id)
        if before is None:
            return None
        known = {p.id: p for p in await peers.peers_of_session(self._tx, app_id, session_id)}
        heard = {id: self._with_heartbeat(peer) for id, peer in known.items()}
        applied = apply_rules(
            SessionState(session=before, peers=heard), now=self._now, policy=self._policy
        )
        loaded = self._sessions[key] = LoadedSession(before, known, applied)
        return loaded

    def _with_heartbeat(self, peer: Peer) -> Peer:
        heartbeat = self._heartbeats.get((peer.app_id, peer.id))
        if heartbeat is None:
            return peer
        return replace(
            peer,
            last_heard_at=max(peer.last_heard_at, heartbeat[0]),
            last_received_at=max(peer.last_received_at, heartbeat[1]),
        )

    async def find(self, delivery: Delivery, event: AnyEvent) -> LoadedSession | Outcome:
        """The session an event belongs to, created if necessary, or why there is none."""
        app_id = delivery.app_id
        meeting_id = delivery.credentials.meeting_id if delivery.credentials else event.meeting_id
        if loaded := await self._of_peer(app_id, event, meeting_id):
            return loaded
        if event.session_id is not None and (loaded := await self.named(app_id, event.session_id)):
            return loaded
        if meeting_id is None:
            return rejected(
                "unknown_session", "No such session or peer is known, and no meeting is named."
            )
        if event.session_id is None and (
            loaded := await self._session_at(app_id, meeting_id, _began_at(event))
        ):
            return loaded
        if loaded := await self._adopted(delivery, event, meeting_id):
            return loaded
        if isinstance(event, ChatSent | LineSpoken | EgressReported):
            return rejected("no_session", "The meeting had no session at that time.")
        if isinstance(event, SessionClosed) and event.session_id is None:
            return rejected("no_session", "The meeting had no session to close at that time.")
        return await self._create_session(delivery, event, meeting_id)

    async def named(self, app_id: str, session_id: str) -> LoadedSession | None:
        """The session that has this id, or to which a source gave it."""
        if loaded := await self.load(app_id, session_id):
            return loaded
        other_id = await session_aliases.find(self._tx, app_id, session_id)
        return None if other_id is None else await self.load(app_id, other_id)

    async def _adopted(
        self, delivery: Delivery, event: AnyEvent, meeting_id: str
    ) -> LoadedSession | None:
        """The session that the participants' clients began, who know no id of it, before the
        source was heard that has one: the id is that session's, too. `None` if there is none."""
        app_id, named_id = delivery.app_id, event.session_id
        is_client = delivery.source in self._policy.client_sources
        if named_id is None or is_client or not isinstance(event, PeerJoined):
            return None
        loaded = await self._session_at(app_id, meeting_id, event.at)
        if loaded is None:
            return None
        session, there = loaded.work.session, loaded.work.peers.values()
        is_named = session.opened_at is not None or any(
            peer.source not in self._policy.client_sources for peer in there
        )
        if is_named or not there or event.at < session.started_at - ADOPTED_BEFORE_MS:
            return None
        if await session_aliases.has_alias(self._tx, app_id, session.id):
            return None
        await session_aliases.add(self._tx, app_id, named_id, session.id)
        self._created.add((app_id, named_id))
        return loaded

    async def _of_peer(
        self, app_id: str, event: AnyEvent, meeting_id: str | None
    ) -> LoadedSession | None:
        """The session of the event's peer, or of the peer of the same meeting whose connection
        it continues."""
        peer_id: str | None = getattr(event, "peer_id", None)
        if peer_id is not None and (session_id := self._session_ids.get((app_id, peer_id))):
            return await self.load(app_id, session_id)
        if isinstance(event, PeerJoined) and event.previous_peer_id is not None:
            session_id = self._session_ids.get((app_id, event.previous_peer_id))
            loaded = await self.load(app_id, session_id) if session_id else None
            if (
                loaded is not None
                and meeting_id in (None, loaded.work.session.meeting_id)
                and _is_open_at(loaded.work.session, event.at)
            ):
                return loaded
        return None

    async def _session_at(self, app_id: str, meeting_id: str, at: EpochMs) -> LoadedSession | None:
        """The meeting's session that covers a time."""
        for (app, _), loaded in list(self._sessions.items()):
            session = loaded.work.session
            if (app, session.meeting_id) == (app_id, meeting_id) and _covers(session, at):
                return loaded
        covering = await session_rows.find_session_covering(self._tx, app_id, meeting_id, at)
        if covering is not None:
            return await self.load(app_id, covering.id)
        return await self._current(app_id, meeting_id, at)

    async def _current(self, app_id: str, meeting_id: str, at: EpochMs) -> LoadedSession | None:
        """The meeting's session that has not ended, if it accepts events of this time."""
        for (app, _), loaded in list(self._sessions.items()):
            session = loaded.work.session
            if (app, session.meeting_id) == (app_id, meeting_id) and _is_open_at(session, at):
                return loaded
        current = await session_rows.find_current_session(self._tx, app_id, meeting_id)
        loaded_now = await self.load(app_id, current.id) if current else None
        if loaded_now is None or not _is_open_at(loaded_now.work.session, at):
            return None
        return loaded_now

    async def _create_session(
        self, delivery: Delivery, event: AnyEvent, meeting_id: str
    ) -> LoadedSession | Outcome:
        app_id = delivery.app_id
        if await self._past.is_too_old(app_id, event.at):
            return PAST_RETENTION
        meeting = await self._meeting_for(delivery, event, meeting_id)
        if meeting is None:
            return rejected("unknown_meeting", "There is no such meeting.")
        await self._save_ended_of(app_id, meeting_id)
        session = new_session(
            app_id=app_id,
            id=event.session_id or self._new_id(),
            meeting_id=meeting_id,
            title=meeting.title,
            keep_alive_s=meeting.keep_alive_s,
            at=event.at,
            received_at=delivery.received_at,
            parent_session_id=await self._parent_session_id(meeting, event.at),
        )
        if not await session_rows.insert_session(self._tx, session):
            current = await session_rows.find_current_session(self._tx, app_id, meeting_id)
            rival = await self.load(app_id, current.id) if current else None
            if rival is None:
                return rejected("try_again", "The meeting's session was being changed: try again.")
            if event.session_id is None:
                return rival
            is_room = delivery.source in self._policy.room_sources
            session = await self._supersede(rival, session, is_room=is_room)
        self._created.add((app_id, session.id))
        loaded = self._sessions[app_id, session.id] = LoadedSession(session, {}, None)
        return loaded

    async def _supersede(self, rival: LoadedSession, session: Session, *, is_room: bool) -> Session:
        """End the earlier of two sessions that a source names in one meeting: it ended, at the
        latest, when the other began; `is_room`: when last heard, as its source reports whatever
        happens in it. Returns the new session as it was saved."""
        other = rival.work.session
        if session.started_at >= other.started_at:
            if is_room:
                rival.work.session = replace(other, phase=Phase.ENDED)
            else:
                rival.work.session = replace(other, closed_at=session.started_at)
            await self.save(rival)
            await session_rows.insert_session(self._tx, session)
            return session
        closed_at = None if is_room else other.started_at
        session = replace(session, closed_at=closed_at, phase=Phase.ENDED)
        await session_rows.save_session(self._tx, session)
        return session

    async def _save_ended_of(self, app_id: str, meeting_id: str) -> None:
        """Save the meeting's loaded sessions: one that has ended makes room for the next."""
        for (app, _), loaded in list(self._sessions.items()):
            if (app, loaded.work.session.meeting_id) == (app_id, meeting_id):
                await self.save(loaded)

    async def _meeting_for(
        self, delivery: Delivery, event: AnyEvent, meeting_id: str
    ) -> Meeting | None:
        """The meeting; created if a trusted source names it for the first time."""
        meeting, who = await self.meeting(delivery.app_id, meeting_id), delivery.credentials
        if meeting is not None or (who is not None and who.is_member):
            return meeting
        opened = event if isinstance(event, SessionOpened) else None
        title = opened.title if opened else None
        if isinstance(event, PeerJoined):
            title = event.meeting_title or (who.meeting_title if who else None)
        meeting = Meeting(
            app_id=delivery.app_id,
            id=meeting_id,
            title=title or "",
            status=MeetingStatus.ACTIVE,
            keep_alive_s=DEFAULT_KEEP_ALIVE_S,
            parent_meeting_id=opened.parent_meeting_id if opened else None,
            created_at=delivery.received_at,
            updated_at=delivery.received_at,
        )
        await meetings.save_meeting(self._tx, meeting)
        self._meetings[delivery.app_id, meeting_id] = meeting
        return meeting

    async def _parent_session_id(self, meeting: Meeting, at: EpochMs) -> str | None:
        """The session of the parent meeting at this time, for a breakout room."""
        if meeting.parent_meeting_id is None:
            return None
        parent = await self._session_at(meeting.app_id, meeting.parent_meeting_id, at)
        return parent.work.session.id if parent else None

    async def save_all(self) -> None:
        """Save what changed of every session, and announce it."""
        for loaded in list(self._sessions.values()):
            await self.save(loaded)
        for app_id, news in self._news.items():
            assert self._announcer is not None
            await self._announcer.announce(self._tx, app_id, news)
        self._news.clear()

    async def save(self, loaded: LoadedSession) -> None:
        """Apply the rules to a session and save what changed, with the jobs that follow."""
        applied = apply_rules(loaded.work, now=self._now, policy=self._policy)
        before, session = loaded.before, applied.session
        changed = [p for p in applied.peers.values() if loaded.peers_before.get(p.id) != p]
        if session != before:
            await session_rows.save_session(self._tx, session)
        if changed:
            await peers.save_peers(self._tx, changed)
            await self._save_rows(session, participants_of(loaded.peers_before), applied)
        if changed or session != before:
            await self._note_news(loaded, applied)
        if session.phase is Phase.ENDED and (changed or session != before):
            was_ended = before is not None and before.phase is Phase.ENDED
            if was_ended:
                await jobs.add_unless_waiting(self._tx, job_of_late_facts(session, self._now))
            else:
                await jobs.add(self._tx, [job_of_end(session, self._now)])
        loaded.before, loaded.peers_before, loaded.applied = session, applied.peers, applied
        loaded.work = SessionState(session=session, peers=dict(applied.peers))

    async def _note_news(self, loaded: LoadedSession, applied: RulesApplied) -> None:
        """Note what is to be announced of the change. The sessions stay locked, so that what is
        written for all of them at the end is in the order of each."""
        app_id = applied.session.app_id
        if self._announcer is None or not await self._announcer.has_listeners(self._tx, app_id):
            return
        self._news[app_id] += news_of_change(
            loaded.before, loaded.peers_before, applied.session, applied.peers, now=self._now
        )

    async def _save_rows(
        self, session: Session, before: dict[str, Participant], applied: RulesApplied
    ) -> None:
        await participants.save_participants(
            self._tx, [row for id, row in applied.participants.items() if before.get(id) != row]
        )
        if gone := [id for id in before if id not in applied.participants]:
            await participants.delete_participants(self._tx, session.app_id, session.id, gone)


def _began_at(event: AnyEvent) -> EpochMs:
    """When what an event is about began: the file of a recording is ready when the call is over."""
    return event.earliest_at if isinstance(event, EgressReported) else event.at


def _is_open_at(session: Session, at: EpochMs) -> bool:
    """Whether a session accepts events of a time."""
    if session.closed_at is not None and at > session.closed_at:
        return False
    return session.phase is not Phase.ENDED


def _covers(session: Session, at: EpochMs) -> bool:
    """Whether a time lies within an ended session, its keep-alive time included."""
    if session.ended_at is None:
        return False
    grace_ms = 0 if session.closed_at is not None else session.keep_alive_s * SECOND_MS
    return session.started_at <= at <= session.ended_at + grace_ms
