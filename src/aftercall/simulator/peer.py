"""One connection of one person to a call: its streams, and what its collector sends."""

from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from uuid import UUID

from aftercall.simulator.media import Receiving, Sending, Source
from aftercall.simulator.network_conditions import Conditions, Weather
from aftercall.simulator.people import Person
from aftercall.simulator.stats_report import Connection

CONNECTION: Final = "pc1"


def new_uuid(random: Random) -> str:
    """A UUID drawn from `random`, so that a seed names the same peers again."""
    return str(UUID(int=random.getrandbits(128), version=4))


@dataclass(kw_only=True)
class SimulatedPeer:
    """A browser in a call. `begin_ms` is when the call began, as the browser's clock has it."""

    id: str
    guest: int
    """Which of the call's guests it is."""
    person: Person
    weather: Weather
    begin_ms: int
    joined_s: int
    previous_peer_id: str | None
    random: Random
    conditions: Conditions = field(default_factory=lambda: Conditions(round_trip_ms=0, jitter_ms=0))
    sendings: dict[str, Sending] = field(default_factory=dict)
    """By the name of what they show: `microphone`, `camera`, `screen`."""
    receivings: dict[tuple[str, str], Receiving] = field(default_factory=dict)
    """By the id of the peer they come from, and the name of what they show."""
    received_streams: int = 0
    """How many there were so far; a stream keeps its `mid` when others go."""
    is_mesh: bool = False
    """Whether the peers are connected with each other, and not with an SFU."""
    others: list["SimulatedPeer"] = field(default_factory=list)
    """In a mesh: the other peers of the moment."""
    sequence: int = 0
    round_trips: int = 0
    total_round_trip_s: float = 0.0

    def at_ms(self, at_s: float) -> int:
        """The moment `at_s` seconds into the call."""
        return self.begin_ms + round(at_s * 1000)

    def entry(self, type_: str, at_s: float, **members: Any) -> dict[str, Any]:
        """The next entry of the collect protocol."""
        entry = {"seq": self.sequence, "at": self.at_ms(at_s), "type": type_, **members}
        self.sequence += 1
        return entry

    def event(self, name: str, at_s: float, **data: Any) -> dict[str, Any]:
        """The next entry, of type `event`."""
        return self.entry("event", at_s, name=name, data=data)

    def send(self, source: Source) -> Sending:
        """Begin to send what `source` shows."""
        sending = Sending(
            source,
            ssrc=self.random.getrandbits(32) or 1,
            mid=str(len(self.sendings)),
            random=self.random,
        )
        self.sendings[source.name] = sending
        return sending

    def receive(self, peer_id: str, sending: Sending) -> Receiving:
        """What arrives of a stream of another peer's, from the first time on."""
        key = (peer_id, sending.source.name)
        receiving = self.receivings.get(key)
        if receiving is None:
            mid = f"r{self.received_streams}"
            receiving = Receiving(sending, mid=mid, random=self.random)
            self.receivings[key] = receiving
            self.received_streams += 1
        return receiving

    def pass_second(self, elapsed_s: float, *, level: float) -> None:
        """Live through one second: the weather changes, what is sent is sent."""
        self.conditions = self.weather.at(elapsed_s)
        if not self.conditions.is_offline:
            self.round_trips += 1
            self.total_round_trip_s += self.conditions.round_trip_ms / 1000
        videos = sum(1 for s in self.sendings.values() if s.source.kind == "video")
        share_bps = int((self.conditions.uplink_bps - 60_000) * 0.9 / max(1, videos))
        for sending in self.sendings.values():
            sending.pass_second(self.conditions, level=level, share_bps=share_bps)

    def sample(self, at_s: float) -> dict[str, Any]:
        """The next entry, of type `sample`: what getStats would answer now."""
        at_ms = self.at_ms(at_s)
        connections = self._mesh() if self.is_mesh else [self._connection(CONNECTION)]
        return self.entry(
            "sample",
            at_s,
            page_hidden=False,
            connections=[{"id": one.id, "stats": one.stats(at_ms)} for one in connections],
            streams=[tag for one in connections for tag in one.tags()],
        )

    def _mesh(self) -> list[Connection]:
        """A connection to each of the others who are there."""
        return [
            self._connection(f"pc-{other.id[:8]}", other)
            for other in self.others
            if any(peer_id == other.id for peer_id, _ in self.receivings)
        ]

    def _connection(self, id: str, other: "SimulatedPeer | None" = None) -> Connection:
        return Connection(
            id=id,
            peer_id=self.id,
            guest=self.guest,
            address=self.person.network["ip"],
            is_relayed=self.weather.is_relayed,
            conditions=self.conditions,
            total_round_trip_s=self.total_round_trip_s,
            round_trips=self.round_trips,
            sendings=self.sendings,
            receivings=self.receivings
            if other is None
            else {key: one for key, one in self.receivings.items() if key[0] == other.id},
            other_peer_id=None if other is None else other.id,
            other_address=None if other is None else other.person.network["ip"],
        )
