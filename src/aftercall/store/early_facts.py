"""Facts about peers whose arrival is not known, and about sessions that are not: kept until they
are known, or until the facts are too old."""

from typing import Any, Final, TypeAlias

import msgspec
from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.events import (
    EgressReported,
    PeerEvent,
    PeerKicked,
    PeerLeft,
    SampleTaken,
    SessionClosed,
)
from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.store.engine.record_mapping import insert_into
from aftercall.store.tables.schema import early_facts, peers, sessions

KEPT_MS: Final = DAY_MS
"""How long an arrival may be late. Chosen: the longest that a source repeats what was not taken."""

EarlyPeerFact: TypeAlias = PeerKicked | PeerLeft | PeerEvent | SampleTaken
EarlySessionFact: TypeAlias = SessionClosed | EgressReported
HeldFact: TypeAlias = EarlyPeerFact | EarlySessionFact

_KINDS: Final[dict[str, type[HeldFact]]] = {
    "PeerKicked": PeerKicked,
    "PeerLeft": PeerLeft,
    "PeerNoted": PeerEvent,
    "SampleTaken": SampleTaken,
    "SessionClosed": SessionClosed,
    "EgressReported": EgressReported,
}
"""The types of facts by the names they are stored under."""

_KIND_OF: Final = {fact_type: kind for kind, fact_type in _KINDS.items()}
_OF_SESSIONS: Final = (_KIND_OF[SessionClosed], _KIND_OF[EgressReported])


class EarlyFact(msgspec.Struct, frozen=True, kw_only=True):
    """A fact, with its source and the time at which it was received."""

    source: str
    received_at: EpochMs
    event: HeldFact


def key_of_session(session_id: str) -> str:
    """What stands in for a peer's id where a fact is about a session. Ids have no spaces."""
    return f"session {session_id}"


async def hold(tx: AsyncConnection, app_id: str, fact: EarlyFact) -> bool:
    """Keep a fact; whether it was new. Facts that are too old are forgotten."""
    c = early_facts.c
    await tx.execute(delete(early_facts).where(c.received_at < fact.received_at - KEPT_MS))
    event = fact.event
    row: dict[str, Any] = {
        "app_id": app_id,
        "peer_id": _key_of(event),
        "id": event.id,
        "received_at": fact.received_at,
        "source": fact.source,
        "kind": _KIND_OF[type(event)],
        "fact": msgspec.json.encode(event).decode(),
    }
    statement = insert_into(tx.dialect.name, early_facts).values(row).on_conflict_do_nothing()
    return (await tx.execute(statement)).rowcount == 1


def _key_of(event: HeldFact) -> str:
    return (
        key_of_session(event.session_id or "")
        if isinstance(event, EarlySessionFact)
        else event.peer_id
    )


async def overtaken(tx: AsyncConnection, *, since: EpochMs, limit: int) -> list[tuple[str, str]]:
    """The keys, with their apps, of facts received since `since` that are held although their
    peer or session exists. On PostgreSQL a fact can be kept by one transaction
    while another, which it does not see, brings in whom it is about."""
    c = early_facts.c
    is_there = select(1).where(peers.c.app_id == c.app_id, peers.c.id == c.peer_id)
    session_id = func.substr(c.peer_id, len(key_of_session("")) + 1)
    has_begun = select(1).where(sessions.c.app_id == c.app_id, sessions.c.id == session_id)
    rows = await tx.execute(
        select(c.app_id, c.peer_id)
        .where(
            c.received_at >= since,
            or_(
                c.kind.not_in(_OF_SESSIONS) & is_there.exists(),
                c.kind.in_(_OF_SESSIONS) & has_begun.exists(),
            ),
        )
        .distinct()
        .order_by(c.app_id, c.peer_id)
        .limit(limit)
    )
    return [(app_id, key) for app_id, key in rows]


async def release(tx: AsyncConnection, app_id: str, key: str) -> list[EarlyFact]:
    """The facts kept about a peer, by its id, or a session, by its key; they are kept no longer."""
    c = early_facts.c
    ours = (c.app_id == app_id) & (c.peer_id == key)
    rows = await tx.execute(
        select(c.source, c.received_at, c.kind, c.fact).where(ours).order_by(c.received_at, c.id)
    )
    found = [
        EarlyFact(
            source=source,
            received_at=received_at,
            event=msgspec.json.decode(fact, type=_KINDS[kind]),
        )
        for source, received_at, kind, fact in rows
    ]
    if found:
        await tx.execute(delete(early_facts).where(ours))
    return found
