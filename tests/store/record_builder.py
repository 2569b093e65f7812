"""Builds the records that the store's tests save."""

from typing import Any

from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.overview.session_summary import (
    FACET_ALL,
    FacetCount,
    SessionSummary,
    SessionVerdict,
)
from aftercall.core.records import EndReason, Peer, Phase, Session
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows

T0 = EpochMs(1_795_000_000_000)
NOW = EpochMs(T0 + 3_600_000)


def peer(id: str, *, silent_ms: int = 0, **rest: Any) -> Peer:
    heard_at = EpochMs(NOW - silent_ms)
    return Peer(
        app_id=rest.pop("app_id", "a"),
        session_id=rest.pop("session_id", "s"),
        meeting_id="m",
        id=id,
        participant_id=rest.pop("participant_id", id),
        source="collector",
        interval_ms=rest.pop("interval_ms", 7_000),
        first_heard_at=rest.pop("first_heard_at", EpochMs(T0)),
        last_heard_at=heard_at,
        last_received_at=heard_at,
        created_at=EpochMs(T0),
        updated_at=EpochMs(T0),
        **rest,
    )


def session(id: str, meeting_id: str = "m", at: int = 0, **rest: Any) -> Session:
    return Session(
        app_id=rest.pop("app_id", "a"),
        id=id,
        meeting_id=meeting_id,
        title=rest.pop("title", "Weekly"),
        phase=rest.pop("phase", Phase.LIVE),
        created_at=EpochMs(T0 + at),
        started_at=EpochMs(T0 + at),
        updated_at=EpochMs(T0 + at),
        touched_at=EpochMs(T0 + at),
        **rest,
    )


def ended(
    one: Session, after_ms: int, reason: EndReason = EndReason.CLOSED, **rest: Any
) -> Session:
    return replace(
        one,
        phase=Phase.ENDED,
        ended_at=EpochMs(one.started_at + after_ms),
        end_reason=reason,
        **rest,
    )


async def open_session(db: Database, id: str = "s", app_id: str = "a", **rest: Any) -> None:
    async with db.write() as tx:
        one = session(id, f"meeting of {id}", app_id=app_id, title="", **rest)
        await session_rows.save_session(tx, one)


def verdict(id: str = "s", app_id: str = "a", **rest: Any) -> SessionVerdict:
    values: dict[str, Any] = {
        "created_at": T0,
        "rank": 3.5,
        "summary": SessionSummary(),
        "is_bad": False,
        "facets": {FACET_ALL: FacetCount(2, 0)},
        "calls": [],
        "marks": [],
    }
    return SessionVerdict(app_id=app_id, session_id=id, **(values | rest))
