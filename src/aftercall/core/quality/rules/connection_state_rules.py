"""The catalogue's rules about the states of a peer's connections: lost and restored, failed, slow
to connect."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from aftercall.core.instants import MINUTE_MS, SECOND_MS, EpochMs
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.records import StoredPeerEvent

SLOW_CONNECT_MS: Final = 5 * SECOND_MS
"""From ObserveRTC."""

SAME_FAILURE_MS: Final = 5 * SECOND_MS
"""States of one connection that fail within this time are one failure. Chosen."""

REJOIN_MS: Final = MINUTE_MS
"""RealtimeKit's client leaves and joins again at once when it reconnects; a join after this time is
a return. Chosen."""

_STATES: Final = frozenset({"ice_connection_state", "connection_state", "dtls_state"})
_CONNECTING: Final = frozenset({"checking", "connecting"})
_CONNECTED: Final = frozenset({"connected", "completed"})


class Arrival(NamedTuple):
    """An interval between two reports in which something arrived on a connection."""

    connection_id: str
    start_at: EpochMs
    end_at: EpochMs


class _Attempt(NamedTuple):
    """The time from connecting to connected."""

    connection_id: str | None
    start_at: EpochMs
    end_at: EpochMs


class _Outage(NamedTuple):
    """The time from the loss of a connection to its return or end. `connection_id` is `None` if the
    source names none, `end_at` if no state of its own shows the end."""

    connection_id: str | None
    start_at: EpochMs
    end_at: EpochMs | None


class _ConnectionAt(NamedTuple):
    """A connection and an instant."""

    connection_id: str | None
    at: EpochMs


def interruption_issues(
    peer_id: str,
    events: Iterable[StoredPeerEvent],
    arrivals: Callable[[], Sequence[Arrival]],
    left_at: EpochMs | None,
    now: EpochMs,
) -> list[Issue]:
    """The issues that follow from the peer's connection events. `arrivals`, ordered by time, show a
    restored connection where no state does; an interruption without an end lasts until the peer
    left, or until now."""
    states = _States()
    for event in sorted(events, key=lambda event: (event.at, event.id)):
        states.take(event)
    return [
        *_failed(peer_id, states),
        *_slow_connects(peer_id, states.attempts),
        *(_outages(peer_id, states, arrivals(), left_at, now) if states.outages() else ()),
    ]


class _States:
    """Reads the peer's events in order of time."""

    def __init__(self) -> None:
        self.attempts: list[_Attempt] = []
        self.connected: list[_ConnectionAt] = []
        self.ice_failed: list[_ConnectionAt] = []
        self.failed: list[_ConnectionAt] = []
        """As the state of the connection as a whole, or of its DTLS, says."""
        self._outages: list[_Outage] = []
        self._connecting: dict[tuple[str | None, str], EpochMs] = {}
        self._lost: dict[str | None, EpochMs] = {}
        self._goodbye_at: EpochMs | None = None

    def take(self, event: StoredPeerEvent) -> None:
        if event.name in _STATES:
            named = event.data.get("connection")
            moment = _ConnectionAt(named if isinstance(named, str) else None, event.at)
            state = event.data.get("state")
            if isinstance(state, str):
                self._change(moment, event.name, state)
        else:
            self._take_client(event.name, event.at)

    def _change(self, moment: _ConnectionAt, name: str, state: str) -> None:
        connection_id, at = moment
        if state in _CONNECTING:
            self._connecting.setdefault((connection_id, name), at)
        elif state == "disconnected":
            self._lost.setdefault(connection_id, at)
        elif state == "failed":
            (self.ice_failed if name == "ice_connection_state" else self.failed).append(moment)
            self._connecting.pop((connection_id, name), None)
            self._end_outage(connection_id, at)
        elif state in _CONNECTED:
            self.connected.append(moment)
            began_at = self._connecting.pop((connection_id, name), None)
            if began_at is not None:
                self.attempts.append(_Attempt(connection_id, began_at, at))
            self._end_outage(connection_id, at)

    def _take_client(self, name: str, at: EpochMs) -> None:
        """Read an event of RealtimeKit's client, which reports no states. It either reports that it
        tries to reconnect, or it leaves, joins again, which describes it again, and has its
        transports connected."""
        if name == "disconnect":
            self._goodbye_at = at
        elif name == "reconnect_attempt":
            self._outages.append(_Outage(None, self._goodbye_at or at, None))
        elif name == "describe" and self._goodbye_at is not None:
            if at - self._goodbye_at <= REJOIN_MS:
                self._outages.append(_Outage(None, self._goodbye_at, None))
            self._goodbye_at = None
        elif name == "transport_connected":
            self.connected.append(_ConnectionAt(None, at))

    def _end_outage(self, connection_id: str | None, at: EpochMs) -> None:
        lost_at = self._lost.pop(connection_id, None)
        if lost_at is not None:
            self._outages.append(_Outage(connection_id, lost_at, at))

    def outages(self) -> list[_Outage]:
        """The outages in order of time."""
        lasting = [_Outage(connection_id, at, None) for connection_id, at in self._lost.items()]
        return sorted([*self._outages, *lasting], key=lambda each: each.start_at)


def _outages(
    peer_id: str,
    states: _States,
    arrivals: Sequence[Arrival],
    left_at: EpochMs | None,
    now: EpochMs,
) -> list[Issue]:
    found: dict[str | None, list[Issue]] = {}
    for outage in states.outages():
        connection_id, start_at, _ = outage
        back_at = _back_at(outage, states.connected, arrivals)
        is_open = back_at is None and left_at is None
        end_at = next(at for at in (back_at, left_at, now) if at is not None)
        earlier = found.setdefault(connection_id, [])
        if earlier and start_at <= earlier[-1].last_at:
            before = earlier.pop()
            start_at, end_at = before.first_at, max(before.last_at, end_at)
        end_at = max(start_at, end_at)
        ref = StreamRef(peer_id=peer_id, connection_id=connection_id)
        worst = {"outage_ms": float(end_at - start_at)}
        issue = single(IssueName.ICE_RECONNECTING, ref, start_at, end_at, worst)
        earlier.append(replace(issue, is_open=is_open))
    return [issue for issues in found.values() for issue in issues]


def _back_at(
    outage: _Outage, connected: Sequence[_ConnectionAt], arrivals: Sequence[Arrival]
) -> EpochMs | None:
    """The first sign that an outage was over: a state, or packets, of the connection itself or of
    one that replaced it. A connection that existed before the outage shows nothing."""
    connection_id, start_at, end_at = outage
    signs = [] if end_at is None else [end_at]
    older = {each.connection_id for each in connected if each.at <= start_at}
    older |= {each.connection_id for each in arrivals if each.start_at < start_at}
    older -= {connection_id, None}
    if connection_id is None:
        older.clear()
    signs += [at for other, at in connected if at > start_at and other not in older]
    signs += [
        each.end_at
        for each in arrivals
        if each.start_at >= start_at and each.connection_id not in older
    ]
    return min(signs, default=None)


def _failed(peer_id: str, states: _States) -> list[Issue]:
    """The failures of ICE, and those of connections whose ICE did not fail: DTLS failed, or ICE is
    not reported."""
    others = [each for each in states.failed if not _is_near_any(each, states.ice_failed)]
    return [
        single(name, StreamRef(peer_id=peer_id, connection_id=connection_id), at, at)
        for name, moments in (
            (IssueName.ICE_FAILED, states.ice_failed),
            (IssueName.CONNECTION_FAILED, others),
        )
        for place, (connection_id, at) in enumerate(moments)
        if not _is_near_any(moments[place], moments[:place])
    ]


def _is_near_any(moment: _ConnectionAt, others: Iterable[_ConnectionAt]) -> bool:
    connection_id, at = moment
    return any(
        connection_id == other and abs(at - then) <= SAME_FAILURE_MS for other, then in others
    )


def _slow_connects(peer_id: str, attempts: Iterable[_Attempt]) -> list[Issue]:
    """One issue for each slow connect, however many of its states show it: the longest."""
    found: list[Issue] = []
    for attempt in sorted(attempts, key=lambda each: each.start_at - each.end_at):
        connection_id, start_at, end_at = attempt
        is_known = any(
            issue.stream.connection_id == connection_id
            and start_at <= issue.last_at
            and issue.first_at <= end_at
            for issue in found
        )
        if end_at - start_at > SLOW_CONNECT_MS and not is_known:
            ref = StreamRef(peer_id=peer_id, connection_id=connection_id)
            worst = {"connect_ms": float(end_at - start_at)}
            found.append(single(IssueName.SLOW_CONNECT, ref, start_at, end_at, worst))
    return found
