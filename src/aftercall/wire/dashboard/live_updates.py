"""Changes of live sessions, as the data of server-sent events."""

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.overview.live_facts import ChangedSession, LiveSessions
from aftercall.core.records import Phase
from aftercall.wire.dashboard.session_list import SessionStatus, status_of


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """What goes on when the listening begins."""

    now: EpochMs
    live: list[str]


class LiveSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that began, changed or ended. `minutes` are known when it is over."""

    id: str
    meeting_id: str
    title: str
    status: SessionStatus
    phase: Phase
    started_at: EpochMs
    ended_at: EpochMs | None
    live_participants: int
    total_participants: int
    minutes: float | None
    updated_at: EpochMs


def encode_live_update(body: LiveSessions | ChangedSession) -> Hello | LiveSession:
    if isinstance(body, LiveSessions):
        return Hello(now=body.now, live=body.ids)
    return LiveSession(**body._asdict(), status=status_of(body.phase))
