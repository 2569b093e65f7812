"""One transaction's worth of facts on their way into the record.

Each event finds its session or gives birth to it; a session that facts moved is loaded (and
locked) once, settled once and saved once, however many events moved it. Samples and notes of
peers that are simply there go the short way: they are appended, and nothing else is read.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeGuard

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.events import (
    AnyEvent,
    ChatSent,
    LineSpoken,
    PeerEvent,
    PeerFact,
    PeerJoined,
    SampleTaken,
    SessionClosed,
)
from aftercall.core.ids import NewId, id_from
from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.merging import merge
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.core.records import LeaveReason, Peer, Phase, Session
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
)
from aftercall.service.recording.fast_path import is_plain_report
from aftercall.service.recording.session_resolver import SessionResolver
from aftercall.store import early_facts, peers
from aftercall.store.early_facts import EarlyFact, EarlyPeerFact, HeldFact, key_of_session

CLOCK_TOLERANCE_MS: Final = 2_000
"""How far a client's clock may be off and be taken at its word."""


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
        most_talk: int = 0,
    ) -> None:
        self._tx = tx
        self._now = now
        self._places = SessionResolver(tx, now=now, new_id=new_id, policy=policy)
        self._states: Mapping[PeerKey, peers.PeerStatus] = {}
        self._quiet = PendingAppends(tx, most_talk=most_talk)

    async def record(self, deliveries: Sequence[Delivery]) -> list[Receipt]:
        """Take every event of every delivery; a receipt for each delivery, in order."""
        keys = {(d.app_id, id) for d in deliveries for id in _peer_ids(d)}
        if keys:
            self._states = await peers.states(self._tx, list(keys))
        for key, state in self._states.items():
            self._places.note_home(key, state.peer.session_id)
        admission = Admission(self._tx, self._states, self._places.meeting)
        refusals = [await admission.refusal(delivery) for delivery in deliveries]
        admitted = [d for d, no in zip(deliveries, refusals, strict=True) if no is None]
        for delivery in admitted:
            if delivery.peer_id is not None and delivery.heard_at is not None:
                key = (delivery.app_id, delivery.peer_id)
                self._places.note_sign(key, delivery.heard_at, delivery.received_at)
        for delivery in admitted:
            await self._join_silently(delivery)
        taken = [
            await self._take_all(d) if no is None else [no] * len(d.events)
            for d, no in zip(deliveries, refusals, strict=True)
        ]
        for delivery in admitted:
            await self._hear(delivery)
        await self._places.save_all()
        fresh = await self._quiet.append(self._tx, self._states)
        return [
            self._receipt(delivery, [_told(outcome, fresh) for outcome in outcomes], refusal)
            for delivery, outcomes, refusal in zip(deliveries, taken, refusals, strict=True)
        ]

    async def record_early(self, app_id: str, key: str) -> None:
        """Take the facts that are kept under a key (`store.early_facts`) though what they are
        about is there."""
        facts = await early_facts.release(self._tx, app_id, key)
        await self.record([_delivery_of(app_id, fact) for fact in facts])

    async def apply_rules_to_session(self, app_id: str, session_id: str) -> Session | None:
        """Apply the rules to a session whose deadline, or a peer's, may have passed."""
        if await self._places.load(app_id, session_id) is None:
            return None
        await self._places.save_all()
        settled = self._places.settled(app_id, session_id)
        return settled.session if settled else None

    async def _take_all(self, delivery: Delivery) -> list[Outcome | int]:
        """The outcomes of a delivery's events, which are taken in the order of their moments."""
        events = delivery.events
        outcomes: dict[int, Outcome | int] = {}
        for place in sorted(range(len(events)), key=lambda place: turn_of(events[place])):
            outcomes[place] = await self._take(delivery, events[place])
        return [outcomes[place] for place in range(len(events))]

    async def _take(self, delivery: Delivery, event: AnyEvent) -> Outcome | int:
        """The outcome of an event, or the number under which its quiet fact will report it."""
        state = self._state_of(delivery.app_id, event)
        if delivery.credentials is not None:
            who = delivery.credentials
            refusal = _refusal(event, state.peer, who) if state is not None else None
            if refusal is None and await self._is_too_early(delivery.app_id, who, event, state):
                refusal = _TOO_EARLY
            if refusal is not None:
                return refusal
        if state is not None and _is_append_only(event, state):
            return self._quiet.take(delivery, event, state.peer.session_id, state.peer)
        if isinstance(event, EarlyPeerFact) and self._is_early(delivery, event):
            return await self._hold(delivery, event)
        if isinstance(event, SessionClosed) and await self._is_of_nothing(delivery, event):
            return await self._hold(delivery, event)
        if isinstance(event, PeerJoined) and delivery.credentials is not None:
            event = await self._bounded(delivery.app_id, delivery.credentials, event, state)
        loaded = await self._places.find(delivery, event)
        if isinstance(loaded, Outcome):
            return loaded
        session_id = loaded.work.session.id
        if isinstance(event, ChatSent | LineSpoken):
            text = event.payload if isinstance(event, ChatSent) else event.text
            if not await self._quiet.has_room(delivery.app_id, session_id, text):
                return _TALK_FULL
            peer = loaded.work.peers.get(event.peer_id) if event.peer_id else None
            return self._quiet.take(delivery, event, session_id, peer)
        has_news = merge(
            loaded.work, event, source=delivery.source, received_at=delivery.received_at
        )
        if isinstance(event, PeerFact):
            self._places.note_home((delivery.app_id, event.peer_id), session_id)
        if event.session_id is not None and self._places.was_created(delivery.app_id, session_id):
            await self._take_early(delivery, key_of_session(session_id))
        if isinstance(event, PeerEvent | SampleTaken):
            return self._quiet.take(delivery, event, session_id, loaded.work.peers[event.peer_id])
        if isinstance(event, PeerJoined) and state is None:
            await self._take_early(delivery, event.peer_id)
        return ACCEPTED if has_news else DUPLICATE

    def _is_early(self, delivery: Delivery, event: EarlyPeerFact) -> bool:
        """Whether a fact is about a peer whose arrival is not known: only that brings it in."""
        return self._places.home_of((delivery.app_id, event.peer_id)) is None

    async def _is_of_nothing(self, delivery: Delivery, event: SessionClosed) -> bool:
        """Whether a close is of a session of which nothing else is known: it makes none."""
        if event.session_id is None or event.meeting_id is None:
            return False
        return await self._places.load(delivery.app_id, event.session_id) is None

    async def _hold(self, delivery: Delivery, event: HeldFact) -> Outcome:
        """Keep a fact for the time its peer has arrived, or its session begun."""
        if delivery.credentials is None and event.meeting_id is None and event.session_id is None:
            return rejected(
                "unknown_session", "No such session or peer is known, and no meeting is named."
            )
        fact = EarlyFact(source=delivery.source, received_at=delivery.received_at, event=event)
        is_new = await early_facts.hold(self._tx, delivery.app_id, fact)
        return ACCEPTED if is_new else DUPLICATE

    async def _take_early(self, delivery: Delivery, key: str) -> None:
        """Take what was known of a peer, or a session, before it was there."""
        for fact in await early_facts.release(self._tx, delivery.app_id, key):
            await self._take(_delivery_of(delivery.app_id, fact), fact.event)

    async def _bounded(
        self, app_id: str, who: Credentials, join: PeerJoined, state: peers.PeerStatus | None
    ) -> PeerJoined:
        """A client's own word of its arrival, no earlier than its token lets it have been there;
        unless somebody who may say so has the peer there already."""
        if state is not None and join.at >= state.peer.first_heard_at:
            return join
        return replace(join, at=max(join.at, await self._earliest(app_id, who)))

    async def _earliest(self, app_id: str, who: Credentials) -> EpochMs:
        """Since when a token's holder can have been there. What was made later than now was made
        before our clock was set back, or by a node whose clock is ahead: that forbids nobody to
        be there now."""
        meeting = await self._places.meeting(app_id, who.meeting_id)
        born_at = meeting.created_at if meeting is not None else EpochMs(0)
        return EpochMs(min(max(who.issued_at, born_at), self._now) - CLOCK_TOLERANCE_MS)

    async def _join_silently(self, delivery: Delivery) -> None:
        """Let a participant's client in whose own word of joining was lost: its token says who
        it is, and that it speaks says that it is there."""
        who, peer_id = delivery.credentials, delivery.peer_id
        if who is None or peer_id is None or delivery.heard_at is None:
            return
        if self._places.home_of((delivery.app_id, peer_id)) is not None:
            return
        if not _speaks_of_presence(delivery.events):
            return
        at = min((event.at for event in delivery.events), default=delivery.heard_at)
        join = PeerJoined(
            id=id_from(delivery.app_id, peer_id, "silent join"),
            at=at,
            peer_id=peer_id,
            identity=who.identity,
        )
        await self._take(delivery, join)

    def _state_of(self, app_id: str, event: AnyEvent) -> peers.PeerStatus | None:
        peer_id: str | None = getattr(event, "peer_id", None)
        return None if peer_id is None else self._states.get((app_id, peer_id))

    async def _is_too_early(
        self, app_id: str, who: Credentials, event: AnyEvent, state: peers.PeerStatus | None
    ) -> bool:
        """Whether a token's holder cannot have been there at an event's moment."""
        if isinstance(event, PeerJoined):
            return False
        if state is not None and event.at >= state.peer.first_heard_at:
            return False
        return event.at < await self._earliest(app_id, who)

    async def _hear(self, delivery: Delivery) -> None:
        """Note that the sender is there, and bring back one that had only been silent."""
        if delivery.peer_id is None or delivery.heard_at is None:
            return
        key = (delivery.app_id, delivery.peer_id)
        home = self._places.home_of(key)
        if home is None:
            return
        self._quiet.hear(key, delivery.heard_at, delivery.received_at)
        state = self._states.get(key)
        if state is not None and state.peer.left_reason is LeaveReason.SILENCE:
            await self._places.load(delivery.app_id, home)

    def _receipt(
        self, delivery: Delivery, outcomes: list[Outcome], refusal: Outcome | None
    ) -> Receipt:
        key = (delivery.app_id, delivery.peer_id or "")
        home = self._places.home_of(key)
        if home is None or refusal is FOREIGN_PEER:
            return Receipt(outcomes=outcomes, refusal=refusal)
        settled = self._places.settled(delivery.app_id, home)
        if settled is not None:
            peer, phase = settled.peers.get(key[1]), settled.session.phase
        else:
            peer, phase = self._states[key].peer, self._states[key].phase
        what_next = Next.CONTINUE
        if peer is not None and peer.kicked_at is not None:
            what_next = Next.KICKED
        elif phase is Phase.ENDED:
            what_next = Next.ENDED
        return Receipt(
            outcomes=outcomes, session_id=home, phase=phase, next=what_next, refusal=refusal
        )


def _delivery_of(app_id: str, fact: EarlyFact) -> Delivery:
    """The delivery by which a fact that was kept had come."""
    return Delivery(
        app_id=app_id, source=fact.source, received_at=fact.received_at, events=[fact.event]
    )


def _refusal(event: AnyEvent, peer: Peer, who: Credentials) -> Outcome | None:
    """Why a participant's client may not say this of a peer that is known."""
    if not may_speak_for(who, meeting_id=peer.meeting_id, user_id=peer.user_id):
        return FOREIGN_PEER
    if peer.kicked_at is not None and event.at > peer.kicked_at:
        return KICKED
    return None


def turn_of(event: AnyEvent) -> tuple[EpochMs, bool]:
    """What the events of a delivery are sorted by: their moments; of one moment, arrivals first."""
    return event.at, not isinstance(event, PeerJoined)


def _speaks_of_presence(events: Sequence[AnyEvent]) -> bool:
    """Whether a client whose arrival is not known shows that it is there: by a report, be it one
    that cannot be read, or by a sign of life without any fact."""
    if any(isinstance(event, PeerJoined) for event in events):
        return False
    return not events or any(
        isinstance(event, SampleTaken)
        or (isinstance(event, PeerEvent) and event.data.get("is_sample") is True)
        for event in events
    )


def _peer_ids(delivery: Delivery) -> set[str]:
    ids = {id for event in delivery.events if (id := getattr(event, "peer_id", None))}
    ids |= {
        event.previous_peer_id
        for event in delivery.events
        if isinstance(event, PeerJoined) and event.previous_peer_id
    }
    return ids | {delivery.peer_id} if delivery.peer_id else ids


def _is_append_only(event: AnyEvent, state: peers.PeerStatus) -> TypeGuard[PeerEvent | SampleTaken]:
    """Whether an event needs no more than to be appended: its peer is there and goes on."""
    peer = state.peer
    return isinstance(event, PeerEvent | SampleTaken) and is_plain_report(
        event.at,
        phase=state.phase,
        left_reason=peer.left_reason,
        joined_at=peer.joined_at,
        first_heard_at=peer.first_heard_at,
    )


def _told(outcome: Outcome | int, fresh: Sequence[bool]) -> Outcome:
    if isinstance(outcome, Outcome):
        return outcome
    return ACCEPTED if fresh[outcome] else DUPLICATE
