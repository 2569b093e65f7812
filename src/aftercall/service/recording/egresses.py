"""Records what sources report of recordings and livestreams."""

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.egress_facts import egress_of
from aftercall.core.egress_news import news_of_egress
from aftercall.core.egresses import merge_egresses
from aftercall.core.events import EgressReported
from aftercall.core.instants import EpochMs
from aftercall.core.records import Session
from aftercall.service.recording.delivery import ACCEPTED, DUPLICATE, Outcome
from aftercall.service.webhooks.announcer import Announcer
from aftercall.store import egresses


async def in_known_session(
    tx: AsyncConnection, app_id: str, event: EgressReported
) -> EgressReported:
    """The report, in the session of those before it if there were any."""
    known = await egresses.find_egress(tx, app_id, event.kind, event.egress_id)
    return event if known is None else replace(event, session_id=known.session_id)


async def record_egress(
    tx: AsyncConnection,
    session: Session,
    event: EgressReported,
    received_at: EpochMs,
    announcer: Announcer | None = None,
) -> Outcome:
    """Add a report to what is known of its recording or livestream, and announce a new status."""
    known = await egresses.lock_egress(tx, session.app_id, event.kind, event.egress_id)
    stated = egress_of(event, session, received_at)
    merged = stated if known is None else merge_egresses(known, stated)
    if known is not None and replace(merged, updated_at=known.updated_at) == known:
        return DUPLICATE
    await egresses.save_egress(tx, merged)
    news = news_of_egress(known, merged, now=received_at)
    if news is not None and announcer is not None:
        await announcer.announce(tx, session.app_id, [news])
    return ACCEPTED
