"""A recorder with a clock that the test moves, and builders of the facts it records."""

from itertools import count
from typing import Any

from aftercall.core.events import (
    AnyEvent,
    ChatSent,
    Identity,
    LineSpoken,
    PeerJoined,
    PeerLeft,
    SampleTaken,
    SessionClosed,
    SessionOpened,
)
from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.core.records import Meeting, MeetingStatus, Member, Session
from aftercall.service.recording.delivery import Status
from aftercall.service.recording.recorder import Recorder
from aftercall.store import meetings
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows

NOON = EpochMs(1_795_262_400_000)
"""2026-11-21T12:00:00Z."""
APP = "app"


def at(seconds: float) -> EpochMs:
    """The time so many seconds after noon."""
    return EpochMs(NOON + round(seconds * 1_000))


class RecorderHarness:
    """A recorder on a database. Its clock stands at `now`; the sessions it creates have the ids
    `session-0`, `session-1`, …"""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.now = NOON
        ids = count()
        self.recorder = Recorder(
            db, clock=self.clock, new_id=lambda: f"session-{next(ids)}", policy=Policy()
        )

    def clock(self) -> EpochMs:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now = EpochMs(self.now + round(seconds * 1_000))

    async def record(self, *events: AnyEvent, app_id: str = APP) -> list[Status]:
        """Record facts; the status of each."""
        outcomes = await self.recorder.record(app_id, events, source="events")
        return [outcome.status for outcome in outcomes]

    async def record_accepted(self, *events: AnyEvent, app_id: str = APP) -> None:
        """Record facts, none of which may be rejected."""
        assert Status.REJECTED not in await self.record(*events, app_id=app_id)

    async def record_call(
        self, *, session_id: str = "call", minutes: float = 10, app_id: str = APP
    ) -> None:
        """A call of Ana and Ben, who joins five minutes after her, closed after `minutes`. The
        clock is at the close."""
        end = minutes * 60
        self.now = at(end)
        await self.record_accepted(
            SessionOpened(
                id=f"{session_id} opened",
                at=at(0),
                session_id=session_id,
                meeting_id=f"m-{session_id}",
                title="Weekly review",
            ),
            join_session(f"{session_id}-ana", 0, session_id=session_id, user="ana"),
            join_session(f"{session_id}-ben", 300, session_id=session_id, user="ben"),
            SessionClosed(id=f"{session_id} closed", at=at(end), session_id=session_id),
            app_id=app_id,
        )

    async def session(self, id: str = "session-0", app_id: str = APP) -> Session:
        async with self.db.read() as tx:
            found = await session_rows.find_session(tx, app_id, id)
        assert found is not None
        return found


async def save_members(
    db: Database, *members: str, status: MeetingStatus = MeetingStatus.ACTIVE, **rest: Any
) -> None:
    """Save the meeting `weekly` with these members."""
    meeting = Meeting(
        app_id=APP,
        id="weekly",
        title="Weekly",
        keep_alive_s=60,
        created_at=at(0),
        updated_at=at(0),
        status=status,
    )
    async with db.write() as tx:
        await meetings.save_meeting(tx, meeting)
        for member in members:
            values: dict[str, Any] = {
                "app_id": APP,
                "meeting_id": "weekly",
                "id": member,
                "name": member,
                "custom_participant_id": f"custom {member}",
                "preset_name": "group_call_participant",
                "created_at": at(0),
                "updated_at": at(0),
            }
            await meetings.save_member(tx, Member(**(values | rest)))


def join(peer: str, seconds: float, **members: Any) -> PeerJoined:
    """A join to the meeting `weekly`."""
    values: dict[str, Any] = {
        "meeting_id": "weekly",
        "interval_ms": 7_000,
        "identity": Identity(user_id=f"user {peer}", display_name=peer.title()),
    } | members
    return PeerJoined(id=f"j{peer}{seconds}", at=at(seconds), peer_id=peer, **values)


def join_session(
    peer: str, seconds: float, *, user: str, session_id: str = "call", **members: Any
) -> PeerJoined:
    """A join to a session that its source names, by a user with an id of its own."""
    identity = Identity(
        user_id=f"u-{user}",
        custom_participant_id=f"crm-{user}",
        display_name=user.title(),
        preset_name="group_call_host",
    )
    values: dict[str, Any] = {
        "session_id": session_id,
        "meeting_id": f"m-{session_id}",
        "interval_ms": 0,
        "identity": identity,
    }
    return join(peer, seconds, **values | members)


def leave(peer: str, seconds: float, **members: Any) -> PeerLeft:
    return PeerLeft(id=f"l{peer}{seconds}", at=at(seconds), peer_id=peer, **members)


def sample(peer: str, sequence: int, seconds: float) -> SampleTaken:
    return SampleTaken(
        id=f"s{peer}{sequence}",
        at=at(seconds),
        peer_id=peer,
        sequence=sequence,
        body=b'{"connections":[],"streams":[]}',
    )


def transcript_line(
    text: str, seconds: float, *, session_id: str = "call", user: str = "ana"
) -> LineSpoken:
    """A line of two seconds."""
    return LineSpoken(
        id=f"{session_id} line {seconds}",
        at=at(seconds),
        session_id=session_id,
        peer_id=f"{session_id}-{user}",
        user_id=f"u-{user}",
        display_name=user.title(),
        end_at=at(seconds + 2),
        text=text,
    )


def chat_message(payload: str, seconds: float, *, session_id: str = "call") -> ChatSent:
    """A message of Ana's."""
    return ChatSent(
        id=f"{session_id} chat {seconds}",
        at=at(seconds),
        session_id=session_id,
        peer_id=f"{session_id}-ana",
        user_id="u-ana",
        display_name="Ana",
        payload=payload,
        revised_at=at(seconds),
    )
