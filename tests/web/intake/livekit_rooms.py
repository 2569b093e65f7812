"""Draws what a LiveKit server reports of some rooms: whatever it is known to do."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from aftercall.core.instants import EpochMs
from tests.web.intake.record_of_bodies import Posted

PEOPLE = ("ada", "bob", "cy", "dee", "eve", "fay")
REASONS = ("CLIENT_INITIATED", "DUPLICATE_IDENTITY", "PARTICIPANT_REMOVED", "SIGNAL_CLOSE")


@dataclass
class LivekitRooms:
    """Rooms that are opened one after another, now and then before the last opening is over; a
    crash ends some of them without a word."""

    draw: Random
    begun_at: int
    """In s since 1970."""
    crashes: float = 0.1
    _number: int = field(default=0, init=False)
    _found: list[tuple[int, int, Posted]] = field(default_factory=list, init=False)

    def webhooks(self, rooms: int, openings: int) -> list[Posted]:
        """In the order of their times, each with the second in which it is sent."""
        for room in range(rooms):
            at = self.begun_at + self.draw.randrange(600)
            for _ in range(openings):
                at = self._opening(f"room-{room}", at) + self.draw.choice((-40, 5, 60, 300))
        return [posted for *_, posted in sorted(self._found, key=lambda each: each[:2])]

    def _opening(self, name: str, at: int) -> int:
        sid = f"RM_{name}-{self._next()}"
        room = {
            "sid": sid, "name": name, "creationTime": str(at),
            "creationTimeMs": str(at * 1_000 + 123), "departureTimeout": 20,
        }  # fmt: skip
        self._send("room_started", at, room=room)
        ends = [at + 20]
        for identity in self.draw.sample(PEOPLE, self.draw.randrange(len(PEOPLE))):
            start = at + 1 + self.draw.randrange(60)
            for _ in range(self.draw.choice((1, 1, 2, 3))):
                end = start + 5 + self.draw.randrange(600)
                self._stay(room, identity, start, end)
                ends.append(end)
                start = end + self.draw.choice((-4, 0, 2, 40))
        if self.draw.random() < 0.2:
            self._egress(sid, name, at + 3, max(ends))
        last = max(ends) + 20
        if self.draw.random() < self.crashes:
            return last
        self._send("room_finished", last, room=room)
        if self.draw.random() < 0.1:
            # The same room is opened again within seconds.
            self._stay(room, "gil", last + 3, last + 90)
            last += 110
            self._send("room_finished", last, room=room)
        return last

    def _stay(self, room: dict[str, Any], identity: str, start: int, end: int) -> None:
        who: dict[str, Any] = {
            "sid": f"PA_{self._next()}", "identity": identity, "name": identity.title(),
            "state": "ACTIVE", "joinedAt": str(start), "joinedAtMs": str(start * 1_000 + 456),
        }  # fmt: skip
        if self.draw.random() < 0.1:
            who |= {"kind": self.draw.choice(("AGENT", "SIP"))}
        elif self.draw.random() < 0.1:
            who |= {"permission": {"hidden": True}}
        gone = who | {"state": "DISCONNECTED", "disconnectReason": self.draw.choice(REASONS)}
        if self.draw.random() < 0.1:
            name = self.draw.choice(("participant_left", "participant_connection_aborted"))
            self._send(name, start + 5, room=room, participant=gone)
            return
        self._send("participant_joined", start + 1, room=room, participant=who)
        brief = {name: room[name] for name in ("sid", "name")}
        short = {name: who[name] for name in ("sid", "identity")}
        track = {"sid": f"TR_{self._next()}", "source": "MICROPHONE"}
        if self.draw.random() < 0.7:
            parts = {"room": brief, "participant": short, "track": track}
            self._send("track_published", start + 2, **parts)
            self._send("track_unpublished", end, **parts)
        aborted = self.draw.random() < 0.05
        name = "participant_connection_aborted" if aborted else "participant_left"
        self._send(name, end, room=room, participant=gone)

    def _egress(self, sid: str, name: str, start: int, end: int) -> None:
        info: dict[str, Any] = {
            "egressId": f"EG_{self._next()}", "roomId": sid, "roomName": name,
            "roomComposite": {}, "startedAt": str(start * 10**9),
        }  # fmt: skip
        self._send("egress_started", start, egressInfo=info)
        done = {"status": "EGRESS_COMPLETE", "endedAt": str(end * 10**9)}
        self._send("egress_ended", end, egressInfo=info | done)

    def _send(self, name: str, at: int, **members: Any) -> None:
        event = {"event": name, "id": f"EV_{self._next()}", "createdAt": str(at)} | members
        posted = Posted(EpochMs(at * 1_000 + 300), json.dumps(event).encode())
        self._found.append((at, self._number, posted))

    def _next(self) -> int:
        self._number += 1
        return self._number


def lost(draw: Random, posted: list[Posted], share: float) -> list[Posted]:
    """Those that arrive."""
    return [each for each in posted if draw.random() >= share]


def disturbed(draw: Random, posted: list[Posted], *, by_ms: int) -> Iterator[Posted]:
    """Each twice, late by up to so much."""
    late = [Posted(EpochMs(each.at + draw.randrange(by_ms + 1)), each.body) for each in posted * 2]
    draw.shuffle(late)
    yield from sorted(late, key=lambda each: each.at) if by_ms < 3_600_000 else late
