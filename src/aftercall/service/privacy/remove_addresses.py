"""Takes addresses out of what stays of a peer: its events, its report and its digest."""

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.address_removal import digest_without_addresses, event_without_addresses
from aftercall.service.reports.document import document_without_addresses, is_readable
from aftercall.store import peer_events, reports
from aftercall.store.reports import PROVISIONAL
from aftercall.store.retention.removals import Removal
from aftercall.store.sessions import facets, peer_verdicts
from aftercall.store.sessions import rows as session_rows


async def remove_addresses(tx: AsyncConnection, removal: Removal) -> int:
    """Write the rows of a peer again that hold addresses, without them; returns how many."""
    app_id, peer_id = removal.app_id, removal.peer_id
    events = await peer_events.events_of_peer(tx, app_id, peer_id)
    changed = [
        without for event in events if (without := event_without_addresses(event)) is not event
    ]
    await peer_events.replace_events(tx, changed)
    return len(changed) + await _rewrite_report(tx, removal) + await _rewrite_digest(tx, removal)


async def _rewrite_report(tx: AsyncConnection, removal: Removal) -> int:
    report = await reports.find_report(tx, removal.app_id, removal.peer_id)
    if report is None or report.session_id != removal.session_id:
        return 0
    if report.fold_version == PROVISIONAL or not is_readable(report.document):
        # Made by a fold that was not completed, or in a form that nobody reads any more.
        await reports.delete_report(tx, removal.app_id, removal.peer_id)
        return 1
    document = document_without_addresses(report.document)
    await reports.save_reports(tx, [replace(report, document=document)])
    return 1


async def _rewrite_digest(tx: AsyncConnection, removal: Removal) -> int:
    key = (removal.app_id, removal.session_id, removal.peer_id)
    digest = await facets.find_digest(tx, *key)
    if digest is None:
        return 0
    without = digest_without_addresses(digest)
    await peer_verdicts.save_digest(tx, *key, without)
    if without.where != digest.where:
        # All participants of a session lose their addresses at once.
        await session_rows.lock_session(tx, removal.app_id, removal.session_id)
        await facets.forget_places(tx, removal.app_id, removal.session_id)
    return 1
