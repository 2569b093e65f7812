"""A dump's entries as facts of the record, in the shape of those of the collector."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.events import Identity, PeerEvent, PeerJoined, PeerLeft
from aftercall.core.ids import id_from
from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.stats.getstats import STATS_MEMBERS, SampleBody
from aftercall.ingest.dumps.entries import Client, Entry, Signal, StatsReport
from aftercall.ingest.dumps.grouping import SurveyedPeer
from aftercall.ingest.dumps.signalling import Signals
from aftercall.ingest.dumps.survey import is_possible
from aftercall.ingest.getstats_reader import convert_sample
from aftercall.ingest.source import Fact, UnencodedSample
from aftercall.ingest.untyped_json import known
from aftercall.ingest.user_agent import completed

SOURCE: Final = "dump"
"""The name of all dumps' peers' source in the record."""

SAME_REPORT_MS: Final = 250.0
"""Reports of two connections of a page this close in time are one sample. Chosen: pages ask all of
their connections at once, and not more often than every half second."""

PACE_MS: Final = 5_000.0
"""At least so far apart are samples. Rules judge by the number of samples, and the receiver of a
voice reports every five seconds (RFC 3550, section 6.2): most reports of a second say nothing new
of what was sent, and trouble would seem to come and go. Counters add up: nothing is lost."""

MOST_STATS: Final = 4_000
"""Stats objects of a connection in a sample, as `ConnectionBody` takes them."""

_MOST_CONNECTIONS: Final = 32

DumpFact: TypeAlias = PeerEvent | UnencodedSample
"""What happened to a peer between its join and its leave."""


class PeerPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Where a peer of a dump goes in the record."""

    peer_id: str
    session_id: str
    meeting_id: str
    meeting_title: str
    identity: Identity
    surveyed: SurveyedPeer

    @property
    def joined_at(self) -> EpochMs:
        """The first sign of life."""
        return EpochMs(int(self.surveyed.first_ms))

    @property
    def left_at(self) -> EpochMs:
        """When it left by its own report; else its last sign of life."""
        left_ms = self.surveyed.client.left_ms
        last_ms = self.surveyed.last_ms
        return EpochMs(int(last_ms if left_ms is None else max(left_ms, self.surveyed.first_ms)))

    @property
    def interval_ms(self) -> int:
        """How often its connections were reported on; 0 when that is not known."""
        paces = [
            (each.last_report_ms - each.first_report_ms) / (each.reports - 1)
            for each in self.surveyed.connections
            if each.reports > 1
            and each.first_report_ms is not None
            and each.last_report_ms is not None
        ]
        return min(60 * SECOND_MS, max(int(PACE_MS), round(min(paces)))) if paces else 0


def joins(plan: PeerPlan, app_id: str) -> list[Fact]:
    """The facts that bring a peer into the record."""
    client = plan.surveyed.client
    description: dict[str, Any] = {
        "browser": known(user_agent=client.user_agent),
        "device": known(cpus=client.cpus, memory_gb=client.memory_gb),
    }
    described = {name: each for name, each in completed(description).items() if each}
    place: dict[str, Any] = {
        "at": plan.joined_at,
        "meeting_id": plan.meeting_id,
        "session_id": plan.session_id,
        "peer_id": plan.peer_id,
    }
    join = PeerJoined(
        id=id_from(app_id, plan.peer_id, "dump", "join"),
        identity=plan.identity,
        interval_ms=plan.interval_ms,
        meeting_title=plan.meeting_title,
        **place,
    )
    if not described:
        return [join]
    id = id_from(app_id, plan.peer_id, "dump", "describe")
    return [join, PeerEvent(id=id, name="describe", data=described, **place)]


def leave(plan: PeerPlan, app_id: str) -> Fact:
    """The end of a peer: observed, unless the page reported that it left."""
    return PeerLeft(
        id=id_from(app_id, plan.peer_id, "dump", "leave"),
        at=plan.left_at,
        session_id=plan.session_id,
        peer_id=plan.peer_id,
        is_seen=plan.surveyed.client.left_ms is None,
    )


class Translator:
    """Turns the entries of one file into the facts of its peers."""

    def __init__(self, plans: Sequence[PeerPlan], app_id: str, now: EpochMs) -> None:
        self._app_id = app_id
        self._now = now
        self._peers = {plan.surveyed.key: _PeerFacts(plan, app_id) for plan in plans}
        self._by_connection = {
            (plan.surveyed.client.id, each.id): self._peers[plan.surveyed.key]
            for plan in plans
            for each in plan.surveyed.connections
        }
        self._by_client: dict[str, _PeerFacts] = {}
        for plan in plans:
            self._by_client.setdefault(plan.surveyed.client.id, self._peers[plan.surveyed.key])

    @property
    def unreadable(self) -> int:
        """Reports that could not be read."""
        return sum(each.unreadable for each in self._peers.values())

    @property
    def dropped_events(self) -> int:
        """Events beyond the number that is kept."""
        return sum(each.signals.dropped for each in self._peers.values())

    def translate(self, entries: Iterable[Entry]) -> Iterator[DumpFact]:
        """The facts between joins and leaves."""
        client = ""
        for entry in entries:
            if isinstance(entry, Client):
                client = entry.id
            elif isinstance(entry, StatsReport | Signal) and is_possible(entry.at_ms, self._now):
                peer = (
                    self._by_client.get(client)
                    if entry.connection is None
                    else self._by_connection.get((client, entry.connection))
                )
                if peer is not None:
                    yield from peer.take(entry)
        for peer in self._peers.values():
            yield from peer.flush()


class _PeerFacts:
    """The facts of one peer. Reports of its connections that are of one time are one sample."""

    def __init__(self, plan: PeerPlan, app_id: str) -> None:
        self._plan = plan
        self._app_id = app_id
        self._pending: dict[str, StatsReport] = {}
        self._passed: dict[str, StatsReport] = {}
        """The newest report of each connection that was passed over since the last sample."""
        self._due_ms = 0.0
        self._sequence = 0
        self._event = 0
        self.signals = Signals()
        self.unreadable = 0

    def take(self, entry: StatsReport | Signal) -> Iterator[DumpFact]:
        if isinstance(entry, Signal):
            if entry.method == "close":
                yield from self.flush()
            for name, data in self.signals.read(entry):
                yield self._note(int(entry.at_ms), name, data)
            return
        first = next(iter(self._pending.values()), None)
        is_same = first is not None and abs(entry.at_ms - first.at_ms) <= SAME_REPORT_MS
        if entry.connection in self._pending or not is_same:
            yield from self._sampled(self._pending)
        held = self._pending if self._is_due(entry) else self._passed
        if entry.connection in held or len(held) < _MOST_CONNECTIONS:
            held[entry.connection] = entry

    def flush(self) -> Iterator[DumpFact]:
        """A sample of what waits, and of the newest reports that were passed over."""
        yield from self._sampled(self._pending)
        yield from self._sampled(self._passed)

    def _is_due(self, entry: StatsReport) -> bool:
        """Whether a report goes into a sample: time has passed, or the clock was put back."""
        is_early = self._due_ms - PACE_MS <= entry.at_ms < self._due_ms - SAME_REPORT_MS
        return bool(self._pending) or not is_early

    def _sampled(self, held: dict[str, StatsReport]) -> Iterator[DumpFact]:
        if not held:
            return
        if held is self._pending:
            ended = {id: each for id, each in self._passed.items() if id not in held}
            self._passed.clear()
            yield from self._sampled(ended)
        reports = list(held.values())
        held.clear()
        self._due_ms = max(each.at_ms for each in reports) + PACE_MS
        at = EpochMs(int(max(each.at_ms for each in reports)))
        body = _sample(reports)
        if body is None:
            self.unreadable += 1
            return
        self._sequence += 1
        yield UnencodedSample(
            id=f"{self._plan.peer_id}/{self._sequence}",
            at=at,
            session_id=self._plan.session_id,
            peer_id=self._plan.peer_id,
            sequence=self._sequence,
            body=body,
        )

    def _note(self, at: int, name: str, data: Mapping[str, Any]) -> PeerEvent:
        self._event += 1
        return PeerEvent(
            id=id_from(self._app_id, self._plan.peer_id, "dump", "event", str(self._event)),
            at=EpochMs(at),
            session_id=self._plan.session_id,
            peer_id=self._plan.peer_id,
            name=name,
            data=dict(data),
        )


def _sample(reports: Sequence[StatsReport]) -> SampleBody | None:
    """The reports as one sample; `None` if it cannot be read."""
    connections = [
        {
            "id": each.connection[:256],
            "stats": [stats for stats in each.stats if _is_kept(stats)][:MOST_STATS],
        }
        for each in reports
    ]
    try:
        return convert_sample(connections)
    except Malformed:
        return None


def _is_kept(stats: dict[str, Any]) -> bool:
    type_ = stats.get("type")
    if not isinstance(type_, str) or type_ not in STATS_MEMBERS:
        return False
    return isinstance(stats.get("id"), str)
