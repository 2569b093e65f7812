"""Records the events of several deliveries in one database transaction.

An event is applied to its session, which is created if there is none. A session is loaded and
locked once, its rules are applied once and it is saved once, however many events change it. Samples
and events of peers that are present change no session: they are appended, and nothing else is read.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeGuard

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.events import (
    AnyEvent,
    ChatSent,
    EgressReported,
    LineSpoken,
    PeerEvent,
    PeerFact,
    PeerJoined,
    SampleTaken,
)
from aftercall.core.ids import NewId, id_from
from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.lifecycle.merging import merge
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.core.records import LeaveReason, Peer, Phase, Session
from aftercall.service.erased_people import ErasedPeople
from aftercall.service.recording.admission import FOREIGN_PEER, KICKED, Admission, may_speak_for
from aftercall.service.recording.appends import PeerKey, PendingAppends
from aftercall.service.recording.delivery import (
    ACCEPTED,
    DUPLICATE,
    Credentials,
    Delivery,
    Next,
    Outcome,
    Receipt,
    rejected,
    speaks_of_presence,
)
from aftercall.service.recording.egresses import in_known_session, record_egress
from aftercall.service.recording.erased import ErasedSenders
from aftercall.service.recording.past_retention import PAST_RETENTION, PastRetention
from aftercall.service.recording.plain_reports import is_plain_report, is_watched
from aftercall.service.recording.session_resolver import SessionResolver
from aftercall.service.retention_rule import RetentionRule
from aftercall.service.webhooks.announcer import Announcer
from aftercall.store import early_facts, peers
from aftercall.store.early_facts import (
    EarlyFact,
    EarlyPeerFact,
    EarlySessionFact,
    HeldFact,
    key_of_session,
)

CLOCK_TOLERANCE_MS: Final = 2_000
"""How far a client's clock may be off before its times are corrected or refused."""


_TALK_FULL: Final = rejected("talk_full", "The session has as much chat and transcript as it may.")
_TOO_EARLY: Final = rejected("bad_time", "The token's holder cannot have been there so early.")


class RecordTransaction:
    """Records deliveries within one transaction; used once."""

    def __init__(
        self,
        tx: AsyncConnection,
        *,
        now: EpochMs,
        new_id: NewId,
        policy: Policy,
        erased_people: ErasedPeople,
        most_talk: int = 0,
        retention: RetentionRule | None = None,
        announcer: Announcer | None = None,
    ) -> None:
        self._tx = tx
        self._announcer = announcer
        self._erased_people = erased_people
        self._erased = ErasedSenders({}, {})
        self._now = now
        self._past = PastRetention(tx, now=now, retention=retention)
        self._sessions = SessionResolver(
            tx, now=now, new_id=new_id, policy=policy, past=self._past, announcer=announcer
        )
        self._statuses: Mapping[PeerKey, peers.PeerStatus] = {}
        self._appends = PendingAppends(tx, most_talk=most_talk)

    async def record(self, deliveries: Sequence[Delivery]) -> list[Receipt]:
        """Record every event of every delivery; returns a receipt for each delivery, in order."""
        keys = {(d.app_id, id) for d in deliveries for id in _peer_ids(d)}
        if keys:
            self._statuses = await peers.statuses(self._tx, list(keys))
        for key, status in self._statuses.items():
            self._sessions.set_session_id_of(key, status.peer.session_id)
        self._erased = await ErasedSenders.of(
            self._tx, self._erased_people, deliveries, self._statuses
        )
        admission = Admission(self._tx, self._statuses, self._sessions.meeting)
        refusals = [
            self._erased.refusal_of_delivery(delivery) or await admission.refusal(delivery)
            for delivery in deliveries
        ]
        admitted = [d for d, no in zip(deliveries, refusals, strict=True) if no is None]
        for delivery in admitted:
            if delivery.peer_id is not None and delivery.heard_at is not None:
                key = (delivery.app_id, delivery.peer_id)
                self._sessions.add_heartbeat(key, delivery.heard_at, delivery.received_at)
        for delivery in admitted:
            await self._infer_join(delivery)
        taken = [
            await self._record_events(d) if no is None else [no] * len(d.events)
            for d, no in zip(deliveries, refusals, strict=True)
        ]
        for delivery in admitted:
            await self._record_heartbeat(delivery)
        await self._sessions.save_all()
        is_new = await self._appends.append(self._tx, self._statuses)
        return [
            self._receipt(delivery, [_outcome(outcome, is_new) for outcome in outcomes], refusal)
            for delivery, outcomes, refusal in zip(deliveries, taken, refusals, strict=True)
        ]

    async def record_early(self, app_id: str, key: str) -> None:
        """Record the facts that `store.early_facts` still holds under a key although their peer or
        session exists."""
        facts = await early_facts.release(self._tx, app_id, key)
        await self.record([_delivery_of(app_id, fact) for fact in facts])

    async def apply_rules_to_session(self, app_id: str, session_id: str) -> Session | None:
        """Apply the rules to a session whose deadline, or a peer's, may have passed; returns it, or
        `None` if there is none."""
        if await self._sessions.load(app_id, session_id) is None:
            return None
        await self._sessions.save_all()
        applied = self._sessions.applied(app_id, session_id)
        return applied.session if applied else None

    async def end_emptied(self, app_id: str, session_id: str) -> Session | None:
        """End a session that emptied longer ago than it is kept alive, although its facts came only
        now; returns it as it is then, or `None` if there is none."""
        loaded = await self._sessions.load(app_id, session_id)
        if loaded is None:
            return None
        session = loaded.work.session
        emptied_at = max(peer.left_at or self._now for peer in loaded.work.peers.values())
        kept_ms = session.keep_alive_s * SECOND_MS
        if session.phase is Phase.DRAINING and emptied_at + kept_ms <= self._now:
            loaded.work.session = replace(session, phase=Phase.ENDED)
        await self._sessions.save_all()
        return loaded.work.session

    async def _record_events(self, delivery: Delivery) -> list[Outcome | int]:
        """Record a delivery's events in the order of their times; returns an outcome for
        each, in the order given."""
        events = delivery.events
        outcomes: dict[int, Outcome | int] = {}
        for place in sorted(range(len(events)), key=lambda place: turn_of(events[place])):
            outcomes[place] = await self._record_event(delivery, events[place])
        return [outcomes[place] for place in range(len(events))]

    async def _record_event(self, delivery: Delivery, event: AnyEvent) -> Outcome | int:
        """Record an event; returns its outcome, or the number of its pending append."""
        status = self._status_of(delivery.app_id, event)
        if (erased := self._erased.refusal_of_event(delivery.app_id, event)) is not None:
            await self._drop_held(delivery.app_id, event)
            return erased
        if delivery.credentials is not None:
            who = delivery.credentials
            refusal = _refusal(event, status.peer, who) if status is not None else None
            if refusal is None and await self._is_too_early(delivery.app_id, who, event, status):
                refusal = _TOO_EARLY
            if refusal is not None:
                return refusal
        if status is not None and _is_append_only(event, status):
            if isinstance(event, PeerEvent):
                # As for one that is merged: whatever happens to a peer shows that it is there.
                key = (delivery.app_id, event.peer_id)
                self._appends.record_heartbeat(key, event.at, delivery.received_at)
            return self._appends.add(delivery, event, status.peer.session_id, status.peer)
        if isinstance(event, EarlyPeerFact) and self._is_early(delivery, event):
            return await self._hold(delivery, event)
        if isinstance(event, EgressReported):
            event = await in_known_session(self._tx, delivery.app_id, event)
        if isinstance(event, EarlySessionFact) and await self._is_of_nothing(delivery, event):
            return await self._hold(delivery, event)
        if isinstance(event, PeerJoined) and delivery.credentials is not None:
            event = await self._not_before_token(
                delivery.app_id, delivery.credentials, event, status
            )
        loaded = await self._sessions.find(delivery, event)
        if isinstance(loaded, Outcome):
            return loaded
        allowed = await self._past.allowed(loaded.work.session, event)
        if isinstance(allowed, Outcome):
            return allowed
        event, session_id = allowed, loaded.work.session.id
        if isinstance(event, EgressReported):
            return await record_egress(
                self._tx, loaded.work.session, event, delivery.received_at, self._announcer
            )
        if isinstance(event, ChatSent | LineSpoken):
            text = event.payload if isinstance(event, ChatSent) else event.text
            if not await self._appends.has_room(delivery.app_id, session_id, text):
                return _TALK_FULL
            peer = loaded.work.peers.get(event.peer_id) if event.peer_id else None
            return self._appends.add(delivery, event, session_id, peer)
        has_news = merge(
            loaded.work, event, source=delivery.source, received_at=delivery.received_at
        )
        if isinstance(event, PeerFact):
            self._sessions.set_session_id_of((delivery.app_id, event.peer_id), session_id)
        named_id = event.session_id
        if named_id is not None and self._sessions.was_created(delivery.app_id, named_id):
            await self._record_held(delivery, key_of_session(named_id))
        if isinstance(event, PeerEvent | SampleTaken):
            return self._appends.add(delivery, event, session_id, loaded.work.peers[event.peer_id])
        if isinstance(event, PeerJoined) and status is None:
            await self._record_held(delivery, event.peer_id)
        return ACCEPTED if has_news else DUPLICATE

    def _is_early(self, delivery: Delivery, event: EarlyPeerFact) -> bool:
        """Whether a fact is about a peer that has not joined: only a join creates a peer."""
        return self._sessions.session_id_of((delivery.app_id, event.peer_id)) is None

    async def _is_of_nothing(self, delivery: Delivery, event: EarlySessionFact) -> bool:
        """Whether a fact names a session that is not known: neither a close nor an egress creates
        one."""
        if event.session_id is None or event.meeting_id is None:
            return False
        return await self._sessions.named(delivery.app_id, event.session_id) is None

    async def _hold(self, delivery: Delivery, event: HeldFact) -> Outcome:
        """Hold a fact until its peer joins, or its session begins."""
        if delivery.credentials is None and event.meeting_id is None and event.session_id is None:
            return rejected(
                "unknown_session", "No such session or peer is known, and no meeting is named."
            )
        if await self._past.is_too_old(delivery.app_id, event.at):
            return PAST_RETENTION
        fact = EarlyFact(source=delivery.source, received_at=delivery.received_at, event=event)
        is_new = await early_facts.hold(self._tx, delivery.app_id, fact)
        return ACCEPTED if is_new else DUPLICATE

    async def _drop_held(self, app_id: str, event: AnyEvent) -> None:
        """Drop the facts that were held until the peer of a refused join would be there."""
        if isinstance(event, PeerJoined) and (app_id, event.peer_id) not in self._statuses:
            await early_facts.release(self._tx, app_id, event.peer_id)

    async def _record_held(self, delivery: Delivery, key: str) -> None:
        """Record the facts that were held for a peer or a session that exists from here on."""
        for fact in await early_facts.release(self._tx, delivery.app_id, key):
            await self._record_event(_delivery_of(delivery.app_id, fact), fact.event)

    async def _not_before_token(
        self, app_id: str, who: Credentials, join: PeerJoined, status: peers.PeerStatus | None
    ) -> PeerJoined:
        """A client's join, no earlier than its token allows; unchanged if the peer is known to have
        been present by then."""
        if status is not None and join.at >= status.peer.first_heard_at:
            return join
        return replace(join, at=max(join.at, await self._earliest(app_id, who)))

    async def _earliest(self, app_id: str, who: Credentials) -> EpochMs:
        """The earliest time at which a token's holder can have been present. A token or a meeting
        from the future was made before our clock was set back, or by a node whose clock is ahead:
        its holder may be present now."""
        meeting = await self._sessions.meeting(app_id, who.meeting_id)
        created_at = meeting.created_at if meeting is not None else EpochMs(0)
        return EpochMs(min(max(who.issued_at, created_at), self._now) - CLOCK_TOLERANCE_MS)

    async def _infer_join(self, delivery: Delivery) -> None:
        """Join a client whose join event was lost: its token identifies it, and a report shows that
        it is present."""
        who, peer_id = delivery.credentials, delivery.peer_id
        if who is None or peer_id is None or delivery.heard_at is None:
            return
        if self._sessions.session_id_of((delivery.app_id, peer_id)) is not None:
            return
        if not speaks_of_presence(delivery.events):
            return
        at = min((event.at for event in delivery.events), default=delivery.heard_at)
        join = PeerJoined(
            id=id_from(delivery.app_id, peer_id, "silent join"),
            at=at,
            peer_id=peer_id,
            identity=who.identity,
        )
        await self._record_event(delivery, join)

    def _status_of(self, app_id: str, event: AnyEvent) -> peers.PeerStatus | None:
        peer_id: str | None = getattr(event, "peer_id", None)
        return None if peer_id is None else self._statuses.get((app_id, peer_id))

    async def _is_too_early(
        self, app_id: str, who: Credentials, event: AnyEvent, status: peers.PeerStatus | None
    ) -> bool:
        """Whether an event is from before its token's holder can have been present."""
        if isinstance(event, PeerJoined):
            return False
        if status is not None and event.at >= status.peer.first_heard_at:
            return False
        return event.at < await self._earliest(app_id, who)

    async def _record_heartbeat(self, delivery: Delivery) -> None:
        """Record a heartbeat of the sender; its session is loaded if it had left by silence."""
        if delivery.peer_id is None or delivery.heard_at is None:
            return
        key = (delivery.app_id, delivery.peer_id)
        session_id = self._sessions.session_id_of(key)
        if session_id is None:
            return
        self._appends.record_heartbeat(key, delivery.heard_at, delivery.received_at)
        status = self._statuses.get(key)
        if status is not None and status.peer.left_reason is LeaveReason.SILENCE:
            await self._sessions.load(delivery.app_id, session_id)

    def _receipt(
        self, delivery: Delivery, outcomes: list[Outcome], refusal: Outcome | None
    ) -> Receipt:
        key = (delivery.app_id, delivery.peer_id or "")
        session_id = self._sessions.session_id_of(key)
        if session_id is None or refusal is FOREIGN_PEER:
            return Receipt(outcomes=outcomes, refusal=refusal)
        applied = self._sessions.applied(delivery.app_id, session_id)
        if applied is not None:
            peer, phase = applied.peers.get(key[1]), applied.session.phase
        else:
            peer, phase = self._statuses[key].peer, self._statuses[key].phase
        what_next = Next.CONTINUE
        if peer is not None and peer.kicked_at is not None:
            what_next = Next.KICKED
        elif phase is Phase.ENDED:
            what_next = Next.ENDED
        status = self._statuses.get(key)
        return Receipt(
            outcomes=outcomes,
            session_id=session_id,
            phase=phase,
            next=what_next,
            # Of a peer that has just joined it is not known: it asks again with its next sample.
            is_watched=status is None or is_watched(status.watched_until, delivery.received_at),
            refusal=refusal,
        )


def _delivery_of(app_id: str, fact: EarlyFact) -> Delivery:
    """The delivery that a held fact came by."""
    return Delivery(
        app_id=app_id, source=fact.source, received_at=fact.received_at, events=[fact.event]
    )


def _refusal(event: AnyEvent, peer: Peer, who: Credentials) -> Outcome | None:
    """Why a participant's client may not send this event about a known peer."""
    if not may_speak_for(who, meeting_id=peer.meeting_id, user_id=peer.user_id):
        return FOREIGN_PEER
    if peer.kicked_at is not None and event.at > peer.kicked_at:
        return KICKED
    return None


def turn_of(event: AnyEvent) -> tuple[EpochMs, bool]:
    """The sort key of a delivery's events: their times; of one time, joins first."""
    return event.at, not isinstance(event, PeerJoined)


def _peer_ids(delivery: Delivery) -> set[str]:
    ids = {id for event in delivery.events if (id := getattr(event, "peer_id", None))}
    ids |= {
        event.previous_peer_id
        for event in delivery.events
        if isinstance(event, PeerJoined) and event.previous_peer_id
    }
    return ids | {delivery.peer_id} if delivery.peer_id else ids


def _is_append_only(
    event: AnyEvent, status: peers.PeerStatus
) -> TypeGuard[PeerEvent | SampleTaken]:
    """Whether an event needs no more than to be appended: its peer is there and goes on."""
    peer = status.peer
    return isinstance(event, PeerEvent | SampleTaken) and is_plain_report(
        event.at,
        phase=status.phase,
        left_reason=peer.left_reason,
        joined_at=peer.joined_at,
        first_heard_at=peer.first_heard_at,
    )


def _outcome(outcome: Outcome | int, is_new: Sequence[bool]) -> Outcome:
    if isinstance(outcome, Outcome):
        return outcome
    return ACCEPTED if is_new[outcome] else DUPLICATE
