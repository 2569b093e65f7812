"""Who was there and for how long: from join and leave facts to rows, minutes and peaks.

Everything here is computed from the set of facts, so it is the same for every order in which
they arrived. A peer's stay is the half-open interval from its join to its leave; a row's is the
union of its peers'. Hidden peers (recorders) have rows, but count nowhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import NamedTuple

from msgspec.structs import replace

from aftercall.core.instants import MINUTE_MS, EpochMs
from aftercall.core.records import LeaveReason, Participant, Peer


class Stay(NamedTuple):
    """A peer's stay; `end` is `None` while it is present."""

    start: EpochMs
    end: EpochMs | None
    reason: LeaveReason | None


class Counts(NamedTuple):
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
    """The stay that follows from what is known of a peer.

    A leave that was said (and not taken back by a later join) and a kick end it, at the earlier of
    them, and the session's close at the latest. A peer that said nothing left when it was last
    heard, if it fell silent (`is_silent`, by our clock), if another peer continued its connection
    (`is_continued`), or if the session was closed more than `silence_limit_ms` later; one that was
    there till the close left with it.
    """
    start = peer.joined_at if peer.joined_at is not None else peer.first_heard_at
    came_back = (peer.last_joined_at or 0) > (peer.left_said_at or 0)
    said = [
        (moment, reason)
        for moment, reason in (
            (None if came_back else peer.left_said_at, LeaveReason.SAID),
            (peer.kicked_at, LeaveReason.KICKED),
        )
        if moment is not None
    ]
    was_silent = closed_at is not None and closed_at - peer.last_heard_at > silence_limit_ms
    if not said and (is_silent or is_continued or was_silent):
        said.append((peer.last_heard_at, LeaveReason.SILENCE))
    if closed_at is not None:
        said.append((closed_at, LeaveReason.SESSION_ENDED))
    if not said and has_ended:
        said.append((peer.last_heard_at, LeaveReason.SILENCE))
    if not said:
        return Stay(start, None, None)
    end, reason = min(said)
    return Stay(start, max(start, end), reason)


def with_stay(peer: Peer, stay: Stay) -> Peer:
    """The peer with its stay as now known; the same object if nothing changes."""
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
    """The first peer of the chain of reconnects that ends in `peer`; its id is the row's.

    A link counts only between peers of the same user, and a circle of links breaks at the
    smallest id, so that every member of it finds the same root.
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


def shared_roots(peers: Mapping[str, Peer]) -> dict[str, str]:
    """The row of each peer, by its id, when peers of one user that are there at the same time (two
    tabs, two devices) are one participant; `participant_id` is taken as the row of its chain."""
    roots = {id: peer.participant_id for id, peer in peers.items()}
    reach: dict[tuple[str, bool], tuple[float, str]] = {}
    merged: dict[str, str] = {}

    def final(root: str) -> str:
        while root in merged:
            root = merged[root]
        return root

    for peer in sorted(peers.values(), key=lambda peer: (_start(peer), peer.id)):
        if peer.user_id is None:
            continue
        who = (peer.user_id, peer.is_hidden)
        end = inf if peer.left_at is None else peer.left_at
        until, root = reach.get(who, (-inf, ""))
        own = final(peer.participant_id)
        if _start(peer) < until:
            root = final(root)
            if own != root:
                merged[own] = root
            reach[who] = (max(until, end), root)
        else:
            reach[who] = (end, own)
    return {id: final(root) for id, root in roots.items()}


def continued_in(peers: Mapping[str, Peer]) -> set[str]:
    """The peers whose connection another peer of the same user continued."""
    return {
        previous.id
        for peer in peers.values()
        if (previous := peers.get(peer.previous_peer_id or "")) is not None
        and previous.user_id == peer.user_id
        and previous.id != peer.id
    }


def by_participant(peers: Iterable[Peer]) -> dict[str, list[Peer]]:
    """The peers of each participant, by its id, in the order given."""
    found: dict[str, list[Peer]] = {}
    for peer in peers:
        found.setdefault(peer.participant_id, []).append(peer)
    return found


def rows_of(peers: Mapping[str, Peer]) -> dict[str, Participant]:
    """The participant rows of one session, by id, from all its peers (`left_at` settled)."""
    return {id: _row(id, found) for id, found in by_participant(peers.values()).items()}


def _row(participant_id: str, chain: list[Peer]) -> Participant:
    chain.sort(key=lambda peer: (_start(peer), peer.id))
    last = chain[-1]
    joined_at = _start(chain[0])
    is_present = any(peer.left_at is None for peer in chain)
    final = max(chain, key=lambda peer: (peer.left_at or 0, peer.id))
    return Participant(
        app_id=last.app_id,
        session_id=last.session_id,
        id=participant_id,
        user_id=last.user_id,
        custom_participant_id=_latest(chain, "custom_participant_id"),
        display_name=_latest(chain, "display_name"),
        picture=_latest(chain, "picture"),
        preset_name=_latest(chain, "preset_name"),
        view_type=last.view_type,
        is_hidden=all(peer.is_hidden for peer in chain),
        joined_at=joined_at,
        left_at=None if is_present else final.left_at,
        left_is_inferred=not is_present and final.left_reason is LeaveReason.SILENCE,
        duration_minutes=credited_minutes(chain),
        created_at=joined_at,
        updated_at=max(peer.updated_at for peer in chain),
    )


def _latest(chain: Sequence[Peer], name: str) -> str | None:
    for peer in reversed(chain):
        value: str | None = getattr(peer, name)
        if value is not None:
            return value
    return None


def _start(peer: Peer) -> EpochMs:
    return peer.joined_at if peer.joined_at is not None else peer.first_heard_at


def union_ms(intervals: Iterable[tuple[int, int]]) -> int:
    """The length covered by any of the half-open intervals, in ms."""
    covered = 0
    reach: int | None = None
    for start, end in sorted(intervals):
        if reach is None or start > reach:
            covered += max(0, end - start)
            reach = end
        elif end > reach:
            covered += end - reach
            reach = end
    return covered


def credited_minutes(chain: Iterable[Peer]) -> float:
    """Minutes credited to a row: the union of its finished stays, four decimals.

    A stay that goes on is credited when it ends, as the hosted service does.
    """
    finished = [(_start(peer), peer.left_at) for peer in chain if peer.left_at is not None]
    return round(union_ms(finished) / MINUTE_MS, 4)


def running_minutes(chain: Iterable[Peer], now: EpochMs) -> float:
    """Minutes of a row up to `now`, with the stays that go on counted as far as they have come."""
    stays = [
        (_start(peer), peer.left_at if peer.left_at is not None else max(_start(peer), now))
        for peer in chain
    ]
    return round(union_ms(stays) / MINUTE_MS, 4)


def peak(intervals: Iterable[tuple[int, int | None]]) -> int:
    """The largest number of half-open intervals that hold at one moment.

    `None` as an end means that it goes on. An empty stay (joined and left in the same
    millisecond) still was there for that moment.
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


def count(peers: Mapping[str, Peer], rows: Mapping[str, Participant]) -> Counts:
    """The session's numbers, from its settled peers and their rows."""
    visible = [row for row in rows.values() if not row.is_hidden]
    by_view: dict[str, float] = {}
    for row in visible:
        by_view[row.view_type] = round(by_view.get(row.view_type, 0.0) + row.duration_minutes, 4)
    return Counts(
        live_participants=sum(row.left_at is None for row in visible),
        total_participants=len(visible),
        max_concurrent_participants=_peak_of_rows(peers, rows),
        minutes_consumed=round(sum(row.duration_minutes for row in visible), 4),
        minutes_by_view=by_view,
    )


def _peak_of_rows(peers: Mapping[str, Peer], rows: Mapping[str, Participant]) -> int:
    stays: dict[str, list[tuple[int, int | None]]] = {}
    for peer in peers.values():
        if not rows[peer.participant_id].is_hidden:
            stays.setdefault(peer.participant_id, []).append((_start(peer), peer.left_at))
    return peak(stay for chain in stays.values() for stay in _merged(chain))


def _merged(stays: list[tuple[int, int | None]]) -> list[tuple[int, int | None]]:
    """The stays of one row with overlaps joined, so that it counts once at any moment."""
    merged: list[tuple[int, int | None]] = []
    for start, end in sorted(stays, key=lambda stay: stay[0]):
        if merged:
            last_start, last_end = merged[-1]
            if last_end is None:
                continue
            if start <= last_end:
                merged[-1] = (last_start, None if end is None else max(end, last_end))
                continue
        merged.append((start, end))
    return merged
