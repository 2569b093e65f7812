"""Who was present and for how long: participants, minutes and peaks from join and leave facts.

Everything here is computed from the set of facts, so it is the same for every order of arrival. A
peer's stay is the half-open interval from its join to its leave; a participant's is the union of
its peers' stays. Hidden peers (recorders) have participants, but are not counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Final, NamedTuple

from msgspec.structs import replace

from aftercall.core.events import ENDPOINT_PREFIX
from aftercall.core.instants import MINUTE_MS, EpochMs
from aftercall.core.records import LeaveReason, Participant, Peer
from aftercall.core.spans import Span, length_ms, union

_FOREVER: Final = EpochMs(2**62)


class Stay(NamedTuple):
    """A peer's stay; `end` is `None` while the peer is present."""

    start: EpochMs
    end: EpochMs | None
    reason: LeaveReason | None


class Counts(NamedTuple):
    """The counters of a session."""

    live_participants: int
    total_participants: int
    max_concurrent_participants: int
    minutes_consumed: float
    minutes_by_view: dict[str, float]


def stay_of(
    peer: Peer,
    *,
    closed_at: EpochMs | None,
    silence_limit_ms: int,
    is_silent: bool = False,
    is_continued: bool = False,
    has_ended: bool = False,
) -> Stay:
    """The stay that follows from the facts about a peer.

    The stay ends at the earliest of an announced leave (if no later join took it back), a kick and
    the close of the session. A peer without an announced leave left when it was last known to be
    present in these cases: it fell silent (`is_silent`, by our clock), another peer continued its
    connection (`is_continued`), or the session was closed more than `silence_limit_ms` later. A
    peer that was present until the close left with it.
    """
    start = peer.present_from
    is_back = (peer.last_joined_at or 0) > (peer.left_said_at or 0)
    ends = [
        (moment, reason)
        for moment, reason in (
            (None if is_back else peer.left_said_at, LeaveReason.SAID),
            (peer.kicked_at, LeaveReason.KICKED),
        )
        if moment is not None
    ]
    was_silent = closed_at is not None and closed_at - peer.last_heard_at > silence_limit_ms
    if not ends and (is_silent or is_continued or was_silent):
        ends.append((peer.last_heard_at, LeaveReason.SILENCE))
    if closed_at is not None:
        ends.append((closed_at, LeaveReason.SESSION_ENDED))
    if not ends and has_ended:
        ends.append((peer.last_heard_at, LeaveReason.SILENCE))
    if not ends:
        return Stay(start, None, None)
    end, reason = min(ends)
    return Stay(start, max(start, end), reason)


def with_stay(peer: Peer, stay: Stay) -> Peer:
    """The peer with this stay; the same object if nothing changes."""
    updated_at = stay.start if stay.end is None else stay.end
    old = (peer.left_at, peer.left_reason, peer.created_at, peer.updated_at)
    if old == (stay.end, stay.reason, stay.start, updated_at):
        return peer
    return replace(
        peer,
        left_at=stay.end,
        left_reason=stay.reason,
        created_at=stay.start,
        updated_at=updated_at,
    )


def root_of(peer: Peer, peers: Mapping[str, Peer]) -> str:
    """The id of the first peer in the chain of reconnects that ends in `peer`; it is the
    participant's id.

    A link counts only between peers of the same user. A circle of links breaks at its smallest id,
    so that every member of it finds the same root.
    """
    seen = {peer.id}
    while (previous_id := peer.previous_peer_id) is not None:
        previous = peers.get(previous_id)
        if previous is None or previous.user_id != peer.user_id:
            break
        if previous_id in seen:
            return min(seen)
        seen.add(previous_id)
        peer = previous
    return peer.id


MOST_COMPARED: Final = 32
"""With how many present peers of the same id one is compared. Chosen: more have one custom id only
if it is nobody's, such as `guest`."""


class _Reach(NamedTuple):
    """How far the stays of one person's peers reach, and the participant they are of."""

    until: float
    root: str
    peer: Peer


def shared_roots(peers: Mapping[str, Peer]) -> dict[str, str]:
    """The participant id of each peer, by peer id, if peers of one person that are present at the
    same time (two tabs, two devices, two sources) count as one participant. `participant_id` must
    be the root of the peer's chain.

    A person is a user, or who has the same custom id: another source knows nothing of a user.
    """
    reach: dict[tuple[str, str, bool], list[_Reach]] = {}
    merged: dict[str, str] = {}

    def final(root: str) -> str:
        while root in merged:
            root = merged[root]
        return root

    for peer in sorted(peers.values(), key=lambda peer: (peer.present_from, peer.id)):
        end = inf if peer.left_at is None else peer.left_at
        for name, id in (("user", peer.user_id), ("custom", peer.custom_participant_id)):
            if not id:
                continue
            earlier = reach.setdefault((name, id, peer.is_hidden), [])
            there = [each for each in earlier if each.until > peer.present_from]
            earlier[:] = there[-MOST_COMPARED:]
            for each in earlier:
                own, root = final(peer.participant_id), final(each.root)
                if own != root and _are_one_person(peer, each.peer):
                    merged[own] = root
            earlier.append(_Reach(end, peer.participant_id, peer))
    return {id: final(peer.participant_id) for id, peer in peers.items()}


def _are_one_person(one: Peer, other: Peer) -> bool:
    """Whether two peers that share an id are of one person. One source that knows two users knows
    better than a custom id that they share."""
    if one.user_id == other.user_id or one.source != other.source:
        return True
    return not (_is_person(one.user_id) and _is_person(other.user_id))


def _is_person(user_id: str | None) -> bool:
    return user_id is not None and not user_id.startswith(ENDPOINT_PREFIX)


def continued_in(peers: Mapping[str, Peer]) -> set[str]:
    """The ids of the peers whose connection another peer of the same user continued."""
    return {
        previous.id
        for peer in peers.values()
        if (previous := peers.get(peer.previous_peer_id or "")) is not None
        and previous.user_id == peer.user_id
        and previous.id != peer.id
    }


def by_participant(peers: Iterable[Peer]) -> dict[str, list[Peer]]:
    """The peers of each participant, by participant id, in the given order."""
    found: dict[str, list[Peer]] = {}
    for peer in peers:
        found.setdefault(peer.participant_id, []).append(peer)
    return found


def participants_of(peers: Mapping[str, Peer]) -> dict[str, Participant]:
    """The participants of one session, by id, from all its peers (with `left_at` decided)."""
    return {id: _participant(id, found) for id, found in by_participant(peers.values()).items()}


def _participant(participant_id: str, peers: list[Peer]) -> Participant:
    peers.sort(key=lambda peer: (peer.present_from, peer.id))
    last = peers[-1]
    joined_at = peers[0].present_from
    is_present = any(peer.left_at is None for peer in peers)
    final = max(peers, key=lambda peer: (peer.left_at or 0, peer.id))
    return Participant(
        app_id=last.app_id,
        session_id=last.session_id,
        id=participant_id,
        user_id=_latest(peers, "user_id"),
        custom_participant_id=_latest(peers, "custom_participant_id"),
        display_name=_latest(peers, "display_name"),
        picture=_latest(peers, "picture"),
        preset_name=_latest(peers, "preset_name"),
        view_type=last.view_type,
        is_hidden=all(peer.is_hidden for peer in peers),
        joined_at=joined_at,
        left_at=None if is_present else final.left_at,
        left_is_inferred=not is_present and final.left_reason is LeaveReason.SILENCE,
        duration_minutes=credited_minutes(peers),
        created_at=joined_at,
        updated_at=max(peer.updated_at for peer in peers),
    )


def _latest(peers: Sequence[Peer], name: str) -> str | None:
    for peer in reversed(peers):
        value: str | None = getattr(peer, name)
        if value is not None:
            return value
    return None


def credited_minutes(peers: Iterable[Peer]) -> float:
    """Minutes credited to a participant: the union of its peers' finished stays, four decimals.

    A stay is credited when it ends, as in the hosted service.
    """
    return _minutes((peer.present_from, peer.left_at) for peer in peers if peer.left_at is not None)


def running_minutes(peers: Iterable[Peer], now: EpochMs) -> float:
    """Minutes of a participant up to `now`, unfinished stays included, four decimals."""
    return _minutes(
        (peer.present_from, now if peer.left_at is None else peer.left_at) for peer in peers
    )


def _minutes(stays: Iterable[Span]) -> float:
    """The minutes that any of the stays covers; one that ends before it starts covers none."""
    spans = ((start, max(start, end)) for start, end in stays)
    return round(length_ms(union(spans)) / MINUTE_MS, 4)


def peak(intervals: Iterable[tuple[int, int | None]]) -> int:
    """The largest number of half-open intervals that contain one instant.

    An end of `None` means that the interval goes on. An empty stay (joined and left in the same
    millisecond) counts for that millisecond.
    """
    changes: list[tuple[int, int]] = []
    for start, end in intervals:
        changes.append((start, 1))
        if end is not None:
            changes.append((max(end, start + 1), -1))
    changes.sort()
    highest = present = 0
    for _, change in changes:
        present += change
        highest = max(highest, present)
    return highest


def count(peers: Mapping[str, Peer], participants: Mapping[str, Participant]) -> Counts:
    """The session's counters, from its peers and participants."""
    visible = [participant for participant in participants.values() if not participant.is_hidden]
    by_view: dict[str, float] = {}
    for participant in visible:
        by_view[participant.view_type] = round(
            by_view.get(participant.view_type, 0.0) + participant.duration_minutes, 4
        )
    return Counts(
        live_participants=sum(participant.left_at is None for participant in visible),
        total_participants=len(visible),
        max_concurrent_participants=_peak_of_participants(peers, participants),
        minutes_consumed=round(sum(participant.duration_minutes for participant in visible), 4),
        minutes_by_view=by_view,
    )


def _peak_of_participants(
    peers: Mapping[str, Peer], participants: Mapping[str, Participant]
) -> int:
    stays: dict[str, list[tuple[EpochMs, EpochMs | None]]] = {}
    for peer in peers.values():
        if not participants[peer.participant_id].is_hidden:
            stays.setdefault(peer.participant_id, []).append((peer.present_from, peer.left_at))
    return peak(stay for each in stays.values() for stay in _merged(each))


def _merged(stays: Iterable[tuple[EpochMs, EpochMs | None]]) -> list[tuple[int, int | None]]:
    """The stays of one participant with overlaps joined, so that it counts once at any instant."""
    spans = union((start, _FOREVER if end is None else end) for start, end in stays)
    return [(start, None if end == _FOREVER else end) for start, end in spans]
