"""Draws what Prosody, BigBlueButton and RealtimeKit report of some rooms."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any
from urllib.parse import urlencode

from aftercall.core.instants import EpochMs, format_iso
from tests.web.intake.record_of_bodies import Posted

PEOPLE = ("ada", "bob", "cy", "dee", "eve")
GAP_S = 120
"""Between two openings of a room."""


class Stay:
    """One visit, in s since 1970."""

    def __init__(self, who: str, start: int, end: int, number: int) -> None:
        self.who = who
        self.start = start
        self.end = end
        self.number = number


class Opening:
    """One opening of a room."""

    def __init__(self, room: str, number: int, start: int, stays: list[Stay]) -> None:
        self.room = room
        self.number = number
        self.start = start
        self.stays = stays
        self.end = max([start + 30, *(stay.end + 5 for stay in stays)])


def openings(draw: Random, begun_at: int, rooms: int, each: int) -> Iterator[Opening]:
    number = 0
    for room in range(rooms):
        at = begun_at + draw.randrange(600)
        for _ in range(each):
            stays = []
            for who in draw.sample(PEOPLE, draw.randrange(1, len(PEOPLE))):
                start = at + draw.randrange(60)
                for _ in range(draw.choice((1, 1, 2))):
                    number += 1
                    end = start + 10 + draw.randrange(600)
                    stays.append(Stay(who, start, end, number))
                    start = end + draw.choice((2, 40))
            number += 1
            opening = Opening(f"room-{room}", number, at, stays)
            yield opening
            at = opening.end + GAP_S + draw.randrange(300)


def prosody(draw: Random, begun_at: int) -> list[Posted]:
    """Of Jitsi rooms; one in ten is never destroyed, as when Prosody was restarted."""
    found: list[Posted] = []

    def post(at: int, name: str, room: str, **more: Any) -> None:
        body = {
            "event_name": name, "room_name": room, "is_breakout": False,
            "room_jid": f"{room}@conference.example.org", **more,
        }  # fmt: skip
        found.append(Posted(EpochMs(at * 1_000 + 300), json.dumps(body).encode()))

    for opening in openings(draw, begun_at, 2, 3):
        post(opening.start, "muc-room-created", opening.room, created_at=opening.start)
        everybody = []
        for stay in opening.stays:
            who = {
                "occupant_jid": f"{stay.who}@example.org/{stay.number}", "id": stay.who,
                "name": stay.who.title(), "joined_at": stay.start,
            }  # fmt: skip
            post(stay.start, "muc-occupant-joined", opening.room, occupant=who)
            left = who | {"left_at": stay.end, "total_dominant_speaker_time": 4_000}
            post(stay.end, "muc-occupant-left", opening.room, occupant=left)
            everybody.append(left)
        if draw.random() < 0.9:
            more = {"destroyed_at": opening.end, "created_at": opening.start}
            post(opening.end, "muc-room-destroyed", opening.room, all_occupants=everybody, **more)
    return sorted(found, key=lambda each: each.at)


def bigbluebutton(draw: Random, begun_at: int) -> list[Posted]:
    """Webhooks of meetings, some of which end without a word, and the callbacks of some."""
    found: list[Posted] = []
    for opening in openings(draw, begun_at, 2, 3):
        internal = f"internal-{opening.number}"
        meeting = {
            "internal-meeting-id": internal, "external-meeting-id": opening.room,
            "name": opening.room.title(),
        }  # fmt: skip

        def post(at: int, name: str, meeting: Any = meeting, **more: Any) -> None:
            data = {
                "type": "event", "id": name, "attributes": {"meeting": meeting, **more},
                "event": {"ts": at * 1_000},
            }  # fmt: skip
            body = urlencode({"event": json.dumps({"data": data})})
            found.append(Posted(EpochMs(at * 1_000 + 300), body.encode()))

        post(opening.start, "meeting-created")
        for stay in opening.stays:
            user = {
                "internal-user-id": f"w_{stay.number}", "external-user-id": stay.who,
                "name": stay.who.title(),
            }  # fmt: skip
            post(stay.start, "user-joined", user=user)
            post(stay.start + 1, "user-audio-voice-enabled", user=user)
            post(stay.end, "user-left", user=user)
        if draw.random() < 0.9:
            post(opening.end, "meeting-ended")
        if draw.random() < 0.5:
            found.append(_callback(opening, internal))
    return sorted(found, key=lambda each: each.at)


def _callback(opening: Opening, internal: str) -> Posted:
    by_person: dict[str, dict[str, Any]] = {}
    for stay in opening.stays:
        times = {
            "joins": [{"timestamp": stay.start * 1_000}],
            "lefts": [{"timestamp": stay.end * 1_000}],
        }
        person = by_person.setdefault(stay.who, {})
        person[f"w_{stay.number}"] = times
    body = {
        "meeting_id": opening.room,
        "internal_meeting_id": internal,
        "data": {
            "metadata": {"meeting_name": opening.room.title()},
            "finish": format_iso(EpochMs(opening.end * 1_000)),
            "attendees": [
                {"ext_user_id": who, "name": who.title(), "sessions": sessions}
                for who, sessions in by_person.items()
            ],
        },
    }
    return Posted(EpochMs((opening.end + 60) * 1_000), json.dumps(body).encode())


def realtimekit(draw: Random, begun_at: int) -> list[Posted]:
    found: list[Posted] = []
    for opening in openings(draw, begun_at, 2, 3):
        meeting = {
            "id": opening.room, "sessionId": f"session-{opening.number}",
            "title": opening.room.title(),
        }  # fmt: skip

        def post(at: int, name: str, meeting: Any, **who: Any) -> None:
            body: dict[str, Any] = {"event": f"meeting.{name}", "meeting": meeting}
            if who:
                body["participant"] = who
            found.append(Posted(EpochMs(at * 1_000 + 300), json.dumps(body).encode()))

        started = {"startedAt": _iso(opening.start)}
        post(opening.start, "started", meeting | started)
        for stay in opening.stays:
            who = {
                "peerId": f"peer-{stay.number}", "customParticipantId": stay.who,
                "userDisplayName": stay.who.title(), "joinedAt": _iso(stay.start),
            }  # fmt: skip
            post(stay.start, "participantJoined", meeting, **who)
            post(stay.end, "participantLeft", meeting, **who, leftAt=_iso(stay.end))
        if draw.random() < 0.9:
            ended = started | {"endedAt": _iso(opening.end)}
            post(opening.end, "ended", meeting | ended)
    return sorted(found, key=lambda each: each.at)


def _iso(seconds: int) -> str:
    return format_iso(EpochMs(seconds * 1_000))
