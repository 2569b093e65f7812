"""Calls to read about: recorded through the only door there is, with a clock moved by hand."""

from itertools import count
from typing import Any

from aftercall.core.events import (
    AnyEvent,
    ChatSent,
    Identity,
    LineSpoken,
    PeerJoined,
    PeerLeft,
    SessionClosed,
    SessionOpened,
)
from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.service.recording.delivery import Status
from aftercall.service.recording.recorder import Recorder
from aftercall.store.engine.database import Database

NOON = 1_795_262_400_000
"""2026-11-21T12:00:00Z."""

APP = "app-1"


def at(seconds: float) -> EpochMs:
    return EpochMs(NOON + round(seconds * 1_000))


class Stage:
    """Where calls take place. `second` is how far the clock has come since noon."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.second = 0.0
        self._ids = count(1)
        self.recorder = Recorder(
            db, clock=self.clock, new_id=lambda: f"s{next(self._ids)}", policy=Policy()
        )

    def clock(self) -> EpochMs:
        return at(self.second)

    async def tell(self, *events: AnyEvent, app_id: str = APP) -> None:
        outcomes = await self.recorder.record(app_id, events, source="events")
        assert [o.code for o in outcomes if o.status is Status.REJECTED] == []

    async def hold_call(
        self, *, session_id: str = "call", minutes: float = 10, app_id: str = APP
    ) -> str:
        """Ana and Ben talk until Ana ends it; Ben comes five minutes later than she. The clock
        stands at the end."""
        end = minutes * 60
        self.second = end
        meeting_id = f"m-{session_id}"
        await self.tell(
            SessionOpened(
                id=f"{session_id} opened",
                at=at(0),
                session_id=session_id,
                meeting_id=meeting_id,
                title="Weekly review",
            ),
            join(f"{session_id}-ana", 0, session_id=session_id, user="ana"),
            join(f"{session_id}-ben", 300, session_id=session_id, user="ben"),
            SessionClosed(id=f"{session_id} closed", at=at(end), session_id=session_id),
            app_id=app_id,
        )
        return session_id


def join(peer_id: str, second: float, *, user: str, **more: Any) -> PeerJoined:
    session_id = more.get("session_id", "call")
    values: dict[str, Any] = {
        "session_id": session_id,
        "meeting_id": f"m-{session_id}",
        "identity": Identity(
            user_id=f"u-{user}",
            custom_participant_id=f"crm-{user}",
            display_name=user.title(),
            preset_name="group_call_host",
        ),
    } | more
    return PeerJoined(id=f"{peer_id} join", at=at(second), peer_id=peer_id, **values)


def leave(peer_id: str, second: float) -> PeerLeft:
    return PeerLeft(id=f"{peer_id} leave", at=at(second), peer_id=peer_id)


def say(text: str, second: float, *, session_id: str = "call", user: str = "ana") -> LineSpoken:
    return LineSpoken(
        id=f"{session_id} line {second}",
        at=at(second),
        session_id=session_id,
        peer_id=f"{session_id}-{user}",
        user_id=f"u-{user}",
        display_name=user.title(),
        end_at=at(second + 2),
        text=text,
    )


def write(payload: str, second: float, *, session_id: str = "call") -> ChatSent:
    return ChatSent(
        id=f"{session_id} chat {second}",
        at=at(second),
        session_id=session_id,
        peer_id=f"{session_id}-ana",
        user_id="u-ana",
        display_name="Ana",
        payload=payload,
        revised_at=at(second),
    )
