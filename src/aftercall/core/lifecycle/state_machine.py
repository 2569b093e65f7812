"""The life of a session: how facts change its phase, and when it ends.

A session is OPEN when it is known but nobody has been in it, LIVE while somebody is present,
DRAINING when everybody has left but may come back within the meeting's keep-alive time, and ENDED
for good. Its triggers are derived from the facts and the clock, never from the order in which the
facts arrived:

    closed     somebody ended it for everybody
    occupied   somebody (not hidden) is present
    emptied    somebody has been here, nobody is present
    deadline   its deadline has passed

If several hold at once, the first of this order decides: closed, occupied, emptied, deadline. An
end for all participants outweighs presence, and presence outweighs a passed deadline. The rules
are applied until nothing changes. An ended session merges late facts into its record but is never
live again: a later join to the same meeting starts another session.

`core.lifecycle.merging` merges facts into a session; this module decides its next phase. Neither
knows where facts come from, where records are stored or what time it is.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.lifecycle.downtime import Downtime
from aftercall.core.lifecycle.merging import SessionState
from aftercall.core.lifecycle.presence import (
    Counts,
    continued_in,
    count,
    participants_of,
    root_of,
    shared_roots,
    stay_of,
    with_stay,
)
from aftercall.core.lifecycle.rooms import Room
from aftercall.core.records import EndReason, Participant, Peer, Phase, Session


class Trigger(StrEnum):
    """What moves a session to another phase."""

    OCCUPIED = "occupied"
    EMPTIED = "emptied"
    CLOSED = "closed"
    DEADLINE = "deadline"


TRANSITIONS: Final[Mapping[Phase, Mapping[Trigger, Phase]]] = {
    Phase.OPEN: {
        Trigger.CLOSED: Phase.ENDED,
        Trigger.OCCUPIED: Phase.LIVE,
        Trigger.EMPTIED: Phase.DRAINING,
        Trigger.DEADLINE: Phase.ENDED,
    },
    Phase.LIVE: {
        Trigger.CLOSED: Phase.ENDED,
        Trigger.EMPTIED: Phase.DRAINING,
    },
    Phase.DRAINING: {
        Trigger.CLOSED: Phase.ENDED,
        Trigger.OCCUPIED: Phase.LIVE,
        Trigger.DEADLINE: Phase.ENDED,
    },
    Phase.ENDED: {},
}
"""The next phase by phase and trigger; a pair that is absent leaves the phase as it is."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The time limits after which a silent peer has left and an unused session ends."""

    silent_intervals: int = 3
    """The number of reporting intervals without a report after which a peer has left."""
    silence_floor_ms: int = 30 * SECOND_MS
    """The least silence after which a peer has left."""
    quiet_source_ms: int = 4 * 3600 * SECOND_MS
    """The silence after which a peer has left whose source never reports by itself."""
    unvisited_ms: int = 300 * SECOND_MS
    """How long a session waits for its first participant."""
    samples_held: Mapping[str, int] = {}
    """How many samples clients of a source may hold before they send them together; 1 where none
    is given. Silence is noticed as much later."""
    client_sources: frozenset[str] = frozenset()
    """Sources that are the participants' own clients, which name no session."""
    room_sources: frozenset[str] = frozenset()
    """Sources whose server reports what happens in rooms, and nothing of those to whom nothing
    happens: whoever it has not reported gone is there for as long as anything is heard of the
    room (see `core.lifecycle.rooms`)."""
    downtime: Downtime = Downtime()
    """When the node could not receive; that time does not count for silence."""


class RulesApplied(msgspec.Struct, frozen=True, kw_only=True):
    """A session after its rules were applied: the records to save."""

    session: Session
    peers: dict[str, Peer]
    participants: dict[str, Participant]
    has_just_ended: bool


def silence_limit_ms(interval_ms: int, policy: Policy, *, source: str = "") -> int:
    """How long a peer of a source with this reporting interval may be silent before it counts as
    gone, in ms. It grows with the interval, except for 0, the interval of sources that never report
    by themselves."""
    if interval_ms <= 0:
        return policy.quiet_source_ms
    held_ms = (policy.samples_held.get(source, 1) - 1) * interval_ms
    return max(policy.silent_intervals * interval_ms, policy.silence_floor_ms) + held_ms


class SilenceBounds(NamedTuple):
    """A peer from which something was received at or after these instants is not silent, whatever
    its interval: the first is for peers that report by themselves, the second for those that never
    do."""

    reporting_at: EpochMs
    quiet_at: EpochMs


def silence_bounds(now: EpochMs, policy: Policy) -> SilenceBounds:
    """The bounds by which possibly silent peers are looked up; `is_silent` decides."""
    return SilenceBounds(
        reporting_at=EpochMs(now - silence_limit_ms(1, policy)),
        quiet_at=EpochMs(now - silence_limit_ms(0, policy)),
    )


def apply_rules(state: SessionState, *, now: EpochMs, policy: Policy) -> RulesApplied:
    """Apply the rules to a session at `now`, until nothing changes."""
    before = state.session.phase
    session, peers = state.session, state.peers
    while True:
        peers = _settled_peers(session, peers, now=now, policy=policy)
        session = _begun(session, peers)
        participants = participants_of(peers)
        counts = count(peers, participants)
        deadline_at = _deadline(session, participants, counts, policy, now)
        phase = _next_phase(session, counts, deadline_at, now)
        if phase is session.phase:
            break
        session = replace(session, phase=phase)
    session = _with_verdict(session, peers, participants, counts, deadline_at)
    return RulesApplied(
        session=session,
        peers=peers,
        participants=participants,
        has_just_ended=before is not Phase.ENDED and session.phase is Phase.ENDED,
    )


def _begun(session: Session, peers: Mapping[str, Peer]) -> Session:
    """The session with its start: its opening or the first stay, whichever is earlier."""
    starts = [peer.created_at for peer in peers.values()]
    if session.opened_at is not None:
        starts.append(session.opened_at)
    started_at = min(starts, default=session.started_at)
    return replace(session, created_at=started_at, started_at=started_at)


def _settled_peers(
    session: Session, peers: Mapping[str, Peer], *, now: EpochMs, policy: Policy
) -> dict[str, Peer]:
    settled: dict[str, Peer] = {}
    continued = continued_in(peers)
    room = Room.of(peers, policy.room_sources)
    for each in peers.values():
        limit_ms = silence_limit_ms(each.interval_ms, policy, source=each.source)
        peer = room.received(each) if is_silent(each, now, policy) else each
        stay = stay_of(
            peer if peer.is_missed else room.heard(peer),
            closed_at=room.closed_at(peer, session.closed_at),
            silence_limit_ms=limit_ms,
            is_silent=peer.is_missed or is_silent(peer, now, policy),
            is_continued=peer.id in continued,
            has_ended=session.phase is Phase.ENDED,
        )
        root = root_of(peer, peers)
        settled[peer.id] = with_stay(
            peer if root == peer.participant_id else replace(peer, participant_id=root), stay
        )
    roots = shared_roots(settled)
    return {
        id: peer if roots[id] == peer.participant_id else replace(peer, participant_id=roots[id])
        for id, peer in settled.items()
    }


def is_silent(peer: Peer, now: EpochMs, policy: Policy) -> bool:
    """Whether a peer was silent for longer than its limit, downtime excluded."""
    silent_ms = policy.downtime.silent_ms(peer.last_received_at, now)
    return silent_ms > silence_limit_ms(peer.interval_ms, policy, source=peer.source)


def _next_phase(
    session: Session, counts: Counts, deadline_at: EpochMs | None, now: EpochMs
) -> Phase:
    moves = TRANSITIONS[session.phase]
    for trigger, holds in (
        (Trigger.CLOSED, session.closed_at is not None),
        (Trigger.OCCUPIED, counts.live_participants > 0),
        (Trigger.EMPTIED, counts.live_participants == 0 and counts.total_participants > 0),
        (Trigger.DEADLINE, deadline_at is not None and now >= deadline_at),
    ):
        if holds and trigger in moves:
            return moves[trigger]
    return session.phase


def _deadline(
    session: Session,
    participants: Mapping[str, Participant],
    counts: Counts,
    policy: Policy,
    now: EpochMs,
) -> EpochMs | None:
    """The instant at which the session ends if no further fact arrives; `None` while it is live.

    It counts from the instant at which the session emptied, or from the last receipt of a fact if
    that is later: facts that arrive late, such as a backfill, all belong to one session. Downtime
    is added.
    """
    if session.phase is Phase.ENDED or counts.live_participants > 0:
        return None
    learned_at = max(session.touched_at, policy.downtime.listening_since)
    if counts.total_participants == 0:
        since, patience_ms = max(session.started_at, learned_at), policy.unvisited_ms
    else:
        since = max(_emptied_at(session, participants), learned_at)
        patience_ms = session.keep_alive_s * SECOND_MS
    return policy.downtime.postponed(EpochMs(since + patience_ms), since=EpochMs(since), now=now)


def _emptied_at(session: Session, participants: Mapping[str, Participant]) -> EpochMs:
    leaves = [
        participant.left_at
        for participant in participants.values()
        if participant.left_at is not None and not participant.is_hidden
    ]
    return max(leaves, default=session.started_at)


def _with_verdict(
    session: Session,
    peers: Mapping[str, Peer],
    participants: Mapping[str, Participant],
    counts: Counts,
    deadline_at: EpochMs | None,
) -> Session:
    """The session with the counters and instants that follow from its facts."""
    ended_at: EpochMs | None = None
    end_reason: EndReason | None = None
    if session.phase is Phase.ENDED:
        end_reason = EndReason.EMPTIED if session.closed_at is None else EndReason.CLOSED
        ended_at = session.closed_at or _emptied_at(session, participants)
        stays = [peer.left_at for peer in peers.values() if not peer.is_hidden and peer.left_at]
        if session.closed_at is not None and max(stays, default=EpochMs(0)) > session.closed_at:
            ended_at = max(stays)
    changes = [session.started_at, *(peer.updated_at for peer in peers.values())]
    return replace(
        session,
        ended_at=ended_at,
        end_reason=end_reason,
        updated_at=max([*changes, ended_at] if ended_at is not None else changes),
        deadline_at=deadline_at,
        live_participants=counts.live_participants,
        total_participants=counts.total_participants,
        max_concurrent_participants=counts.max_concurrent_participants,
        minutes_consumed=counts.minutes_consumed,
        minutes_by_view=counts.minutes_by_view,
    )
