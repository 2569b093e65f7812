"""Finds the peers of sources that name peers by aliases of their own when they leave."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from aftercall.core.events import (
    ALIAS_JOINED,
    ALIAS_LEFT,
    AnyEvent,
    PeerEvent,
    PeerFact,
    PeerJoined,
    PeerLeft,
)
from aftercall.core.ids import id_from
from aftercall.core.instants import EpochMs
from aftercall.core.quality.stats.getstats import decode_body
from aftercall.core.quality.stats.last_sent import last_sent_at
from aftercall.core.records import LeaveReason, Peer, StoredPeerEvent, StoredSample
from aftercall.store import peer_events, peers, samples
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows


class Aliases:
    """Reads from the events of a session which peer joined under which alias."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def farewells(
        self, app_id: str, meeting_id: str, alias: str, at: EpochMs
    ) -> list[AnyEvent]:
        """The events of `alias` leaving at `at`: a peer event, and a leave when it was the peer's
        last alias. None when no peer of the current session has the alias."""
        async with self._db.read() as tx:
            session = await session_rows.find_current_session(tx, app_id, meeting_id)
            if session is None:
                return []
            history = await peer_events.events_of_session(tx, app_id, session.id)
        names = _names(history, at)
        timed_out = {event.peer_id for event in history if event.name == SESSION_TIMEOUT}
        events: list[AnyEvent] = []
        for peer_id, present in names.items():
            if alias not in present:
                continue
            place: dict[str, Any] = {"at": at, "peer_id": peer_id, "session_id": session.id}
            id = id_from(app_id, peer_id, ALIAS_LEFT, alias, str(at))
            events.append(PeerEvent(id=id, name=ALIAS_LEFT, data={"alias": alias}, **place))
            # After the server gave a session up, it is the server that takes it out of the room.
            if len(present) == 1 and peer_id not in timed_out:
                events.append(PeerLeft(id=id_from(app_id, id), **place))
        return events

    async def lost(self, app_id: str, peer_id: str, at: EpochMs) -> list[AnyEvent]:
        """The events of a server giving up a peer at `at`: it left then or, where the server saw
        all its media stop before, when they stopped."""
        [there] = await self.stays(app_id, [PeerLeft(id="", at=at, peer_id=peer_id)])
        peer_id = there.peer_id if isinstance(there, PeerFact) else peer_id
        async with self._db.read() as tx:
            history = await peer_events.events_of_peer(tx, app_id, peer_id)
            stopped_at = _stopped_at(history, at)
            counted = [] if stopped_at is None else await samples.of_peer(tx, app_id, peer_id)
        if stopped_at is not None:
            stopped_at = _narrowed(stopped_at, counted)
        timeout = PeerEvent(
            id=id_from(app_id, peer_id, SESSION_TIMEOUT, str(at)),
            at=at,
            peer_id=peer_id,
            name=SESSION_TIMEOUT,
            data={},
        )
        left = PeerLeft(
            id=id_from(app_id, timeout.id),
            at=at if stopped_at is None else stopped_at,
            peer_id=peer_id,
            is_seen=True,
        )
        return [timeout, left]

    async def emptied(
        self, app_id: str, source: str, emitter: str | None, at: EpochMs, *, is_shutdown: bool
    ) -> list[AnyEvent]:
        """The leaves of all peers that a server of that name still had at `at`, when it shut down
        or had restarted: they left when last heard, or at its shutdown if nothing shows that they
        had left before."""
        async with self._db.read() as tx:
            there = [
                peer
                for peer in await peers.present_of_source(tx, app_id, source)
                if peer.present_from < at
            ]
            found: list[AnyEvent] = []
            for peer in there:
                history = await peer_events.events_of_peer(tx, app_id, peer.id)
                if not _is_of_server(history, emitter):
                    continue
                is_sure = is_shutdown and not _had_gone(peer, history, at)
                left_at = at if is_sure else min(at, peer.last_heard_at)
                found.append(
                    PeerLeft(
                        id=id_from(app_id, peer.id, SERVER_GONE, str(at)),
                        at=left_at,
                        peer_id=peer.id,
                        is_seen=True,
                    )
                )
        return found

    async def stays(self, app_id: str, events: Sequence[AnyEvent]) -> list[AnyEvent]:
        """The events of a source whose client keeps its id when it returns to a room, each with the
        peer id of the stay it belongs to: a join after a leave begins a new peer."""
        ids = {event.peer_id for event in events if isinstance(event, PeerFact)}
        chains = {id: [id, *(_return_id(app_id, id, n) for n in _RETURNS)] for id in ids}
        async with self._db.read() as tx:
            every = [id for chain in chains.values() for id in chain]
            found = await peers.find_peers(tx, app_id, every)
        known = {
            id: [found[each] for each in chain if each in found] for id, chain in chains.items()
        }
        returned: dict[str, tuple[EpochMs, str]] = {}
        placed: list[AnyEvent] = []
        for event in events:
            if not isinstance(event, PeerFact):
                placed.append(event)
                continue
            id, stays = event.peer_id, known[event.peer_id]
            if _returns(event, stays) and id not in returned and len(stays) < len(chains[id]):
                returned[id] = (event.at, chains[id][len(stays)])
            at, newest = returned.get(id, (event.at + 1, ""))
            if event.at >= at:
                previous = stays[-1].id if isinstance(event, PeerJoined) else None
                changes = {"previous_peer_id": previous} if previous else {}
                placed.append(replace(event, peer_id=newest, **changes))
                continue
            stay = [each for each in stays if (each.joined_at or 0) <= event.at] or stays[:1]
            placed.append(replace(event, peer_id=stay[-1].id) if stay else event)
        return placed


SESSION_TIMEOUT: Final = "session_timeout"
"""The event of a server that gave up a peer because it had not heard from it."""

SERVER_GONE: Final = "server_gone"
"""Part of the ids of leaves that follow from a server's shutdown or restart."""

_OVERDUE: Final = 1.5
"""How many periods after the last statistics the next are overdue; chosen."""

_RETURNS: Final = range(1, 32)
"""How often one id may come back."""


def _return_id(app_id: str, peer_id: str, number: int) -> str:
    return id_from(app_id, peer_id, "return", str(number))


def _returns(event: PeerFact, stays: Sequence[Peer]) -> bool:
    """Whether an event is the join of a peer whose last stay had ended by then."""
    if not isinstance(event, PeerJoined) or not stays or event.at <= (stays[-1].joined_at or 0):
        return False
    left_at = stays[-1].left_at
    return (
        left_at is not None
        and left_at < event.at
        and stays[-1].left_reason is not LeaveReason.SILENCE
    )


def _stopped_at(history: Sequence[StoredPeerEvent], at: EpochMs) -> EpochMs | None:
    """When the last of a peer's media stopped, if none was received since; exact to
    `_STOP_IS_SURE_TO_MS`."""
    stopped: dict[tuple[object, ...], EpochMs | None] = {}
    for event in history:
        if event.name == "media_receiving" and event.at <= at:
            medium = event.data.get("mid", event.data.get("media"))
            stream = (event.data.get("connection"), medium, event.data.get("substream"))
            silent_ms = event.data.get("silent_ms")
            has_stopped = isinstance(silent_ms, int) and event.data.get("receiving") is not True
            stopped[stream] = EpochMs(event.at - int(silent_ms or 0)) if has_stopped else None
    stops = [stop_at for stop_at in stopped.values() if stop_at is not None]
    return max(stops) if stops and len(stops) == len(stopped) else None


def _narrowed(stopped_at: EpochMs, counted: Sequence[StoredSample]) -> EpochMs:
    """The time within the bounds of a stop at which media was last sent, by the counters."""
    since = stopped_at - _COUNTED_MS
    last_ms = last_sent_at(decode_body(each.body) for each in counted if each.at >= since)
    if last_ms is None:
        return stopped_at
    earliest, latest = stopped_at - _STOP_IS_SURE_TO_MS, stopped_at + _STOP_IS_SURE_TO_MS
    return EpochMs(round(min(max(last_ms, earliest), latest)))


_STOP_IS_SURE_TO_MS: Final = 1_000
"""A server checks once a second whether media stopped."""

_COUNTED_MS: Final = 60_000
"""Counters of so long before a stop are read; chosen: enough for a usual interval."""


def _had_gone(peer: Peer, history: Sequence[StoredPeerEvent], at: EpochMs) -> bool:
    """Whether statistics that were due are missing, or the peer's last event is that its handle was
    detached: a client that closes its socket sends nothing else."""
    is_silent = 0 < _OVERDUE * peer.interval_ms < at - peer.last_heard_at
    return is_silent or (bool(history) and history[-1].name == "handle_detached")


def _is_of_server(history: Sequence[StoredPeerEvent], emitter: str | None) -> bool:
    """Whether the events of a peer name that server; a server without a name is that of events that
    name none."""
    named = {name for event in history if isinstance(name := event.data.get("emitter"), str)}
    return emitter in named if named else emitter is None


def _names(history: Sequence[StoredPeerEvent], at: EpochMs) -> Mapping[str, set[str]]:
    """The aliases of each peer that were present at a time, by its id; `history` in order of
    time."""
    names: dict[str, set[str]] = {}
    for event in history:
        alias = event.data.get("alias")
        if event.at > at or not isinstance(alias, str):
            continue
        if event.name == ALIAS_JOINED:
            names.setdefault(event.peer_id, set()).add(alias)
        elif event.name == ALIAS_LEFT:
            names.get(event.peer_id, set()).discard(alias)
    return names
