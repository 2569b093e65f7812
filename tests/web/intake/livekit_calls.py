"""Webhooks of many calls as LiveKit's own protobuf writes them, signed by livekit-api."""

import base64
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from google.protobuf.json_format import MessageToJson
from livekit.api import AccessToken
from livekit.protocol import models, webhook

from tests.web.intake.livekit_server import KEY, SECRET

PEOPLE = ("ada", "bob", "cy", "dee", "eve", "fay")


def signed(body: bytes) -> str:
    """The token of a webhook, made by LiveKit's library for servers at the time of the machine."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    token = AccessToken(KEY, SECRET).with_sha256(digest).with_ttl(timedelta(minutes=5))
    return str(token.to_jwt())


@dataclass
class Calls:
    """Draws calls of some rooms, each of which is opened several times."""

    begun_at: int
    """In s since 1970."""
    seed: int = 1
    _count: int = field(default=0, init=False)

    def webhooks(self, rooms: int, openings: int) -> list[str]:
        """Their bodies in the order of their times."""
        draw = random.Random(self.seed)
        found: list[tuple[int, int, str]] = []
        for room in range(rooms):
            at = self.begun_at + draw.randrange(600)
            for opening in range(openings):
                name, sid = f"room-{room}", f"RM_{room}x{opening}"
                last = at
                for event in self._opening(draw, name, sid, at):
                    last = max(last, event.created_at)
                    found.append((event.created_at, len(found), MessageToJson(event)))
                at = last + 30 + draw.randrange(300)
        return [body for _, _, body in sorted(found)]

    def _opening(
        self, draw: random.Random, name: str, sid: str, at: int
    ) -> Iterator[webhook.WebhookEvent]:
        room = models.Room(
            sid=sid, name=name, creation_time=at, creation_time_ms=at * 1_000 + 123,
            empty_timeout=300, departure_timeout=20,
        )  # fmt: skip
        yield self._event("room_started", at, room)
        ends = [at + 20]
        for identity in draw.sample(PEOPLE, draw.randrange(1, len(PEOPLE))):
            start = at + 1 + draw.randrange(60)
            for _ in range(draw.choice((1, 1, 2))):
                end = start + 20 + draw.randrange(600)
                yield from self._stay(draw, room, identity, start, end)
                ends.append(end)
                start = end - draw.choice((-15, 2))
        yield self._event("room_finished", max(ends) + 20, room)

    def _stay(
        self, draw: random.Random, room: models.Room, identity: str, start: int, end: int
    ) -> Iterator[webhook.WebhookEvent]:
        self._count += 1
        who = models.ParticipantInfo(
            sid=f"PA_{self._count}", identity=identity, name=identity.title(),
            state=models.ParticipantInfo.ACTIVE, joined_at=start, joined_at_ms=start * 1_000 + 456,
        )  # fmt: skip
        if draw.random() < 0.1:
            who.kind = models.ParticipantInfo.AGENT
        if draw.random() < 0.1:
            who.disconnect_reason = models.JOIN_FAILURE
            yield self._event("participant_connection_aborted", start + 5, room, who)
            return
        yield self._event("participant_joined", start + 1, room, who)
        brief = models.ParticipantInfo(sid=who.sid, identity=identity)
        track = models.TrackInfo(sid=f"TR_{self._count}", source=models.MICROPHONE)
        yield self._event("track_published", start + 2, room, brief, track)
        who.disconnect_reason = draw.choice((models.CLIENT_INITIATED, models.PARTICIPANT_REMOVED))
        yield self._event("track_unpublished", end, room, brief, track)
        yield self._event("participant_left", end, room, who)

    def _event(
        self,
        name: str,
        at: int,
        room: models.Room,
        who: models.ParticipantInfo | None = None,
        track: models.TrackInfo | None = None,
    ) -> webhook.WebhookEvent:
        self._count += 1
        return webhook.WebhookEvent(
            event=name, id=f"EV_{self._count}", created_at=at, room=room, participant=who,
            track=track,
        )  # fmt: skip
