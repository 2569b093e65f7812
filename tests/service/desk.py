"""A recorder with a clock moved by hand, and the facts its tests tell it."""

from itertools import count
from typing import Any

from aftercall.core.events import AnyEvent, Identity, PeerJoined, PeerLeft, SampleTaken
from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.core.records import Meeting, MeetingStatus, Member, Session
from aftercall.service.recording.delivery import Status
from aftercall.service.recording.recorder import Recorder
from aftercall.store import meetings
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows

T0 = 1_795_000_000_000
APP = "app"


def at(seconds: float) -> EpochMs:
    return EpochMs(T0 + int(seconds * 1000))


class Desk:
    """A recorder with a clock moved by hand."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.now = at(0)
        ids = count()
        self.recorder = Recorder(
            db, clock=lambda: self.now, new_id=lambda: f"session-{next(ids)}", policy=Policy()
        )

    async def tell(self, *events: AnyEvent, app: str = APP) -> list[Status]:
        outcomes = await self.recorder.record(app, events, source="events")
        return [outcome.status for outcome in outcomes]

    async def session(self, id: str = "session-0", app: str = APP) -> Session:
        async with self.db.read() as tx:
            found = await session_rows.find_session(tx, app, id)
        assert found is not None
        return found


async def invite(
    db: Database, *members: str, status: MeetingStatus = MeetingStatus.ACTIVE, **rest: Any
) -> None:
    """The weekly meeting, with these members."""
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


def join(peer: str, seconds: float, **more: Any) -> PeerJoined:
    values: dict[str, Any] = {
        "meeting_id": "weekly",
        "interval_ms": 7_000,
        "identity": Identity(user_id=f"user {peer}", display_name=peer.title()),
    } | more
    return PeerJoined(id=f"j{peer}{seconds}", at=at(seconds), peer_id=peer, **values)


def leave(peer: str, seconds: float, **more: Any) -> PeerLeft:
    return PeerLeft(id=f"l{peer}{seconds}", at=at(seconds), peer_id=peer, **more)


def sample(peer: str, sequence: int, seconds: float) -> SampleTaken:
    return SampleTaken(
        id=f"s{peer}{sequence}",
        at=at(seconds),
        peer_id=peer,
        sequence=sequence,
        body=b'{"connections":[],"streams":[]}',
    )
