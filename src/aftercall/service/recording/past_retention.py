"""Whether the data of a session are still kept that an event would add to.

Without this, a client that comes back after weeks would bring a session back that was deleted, or
data of a kind that is not kept.
"""

from typing import Final

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.address_removal import data_without_addresses
from aftercall.core.events import AnyEvent, ChatSent, LineSpoken, PeerEvent, SampleTaken
from aftercall.core.instants import EpochMs
from aftercall.core.records import Phase, Session
from aftercall.core.retention import DataKind, is_too_old
from aftercall.service.recording.delivery import Outcome, rejected
from aftercall.service.retention_rule import RetentionRule

PAST_RETENTION: Final = rejected("past_retention", "The data of that time are not kept any more.")


class PastRetention:
    """Refuses the events of one transaction whose data are past their time. Without a rule none
    are."""

    def __init__(
        self, tx: AsyncConnection, *, now: EpochMs, retention: RetentionRule | None
    ) -> None:
        self._tx = tx
        self._now = now
        self._retention = retention

    async def is_too_old(self, app_id: str, at: EpochMs) -> bool:
        """Whether a session that ended at this time would be deleted already."""
        if self._retention is None:
            return False
        policy = await self._retention.policy_of(app_id, self._tx)
        return is_too_old(policy, at, self._now)

    async def allowed(self, session: Session, event: AnyEvent) -> AnyEvent | Outcome:
        """The event as it may be added to the session: without addresses if those are not kept any
        more; or why it may not be added."""
        if self._retention is None or session.phase is not Phase.ENDED:
            return event
        kept = await self._retention.kept_of(session.app_id, session, self._tx)
        if not {DataKind.SESSIONS, _kind_of(event)} <= kept:
            return PAST_RETENTION
        if isinstance(event, PeerEvent) and DataKind.ADDRESSES not in kept:
            return replace(event, data=data_without_addresses(event.data))
        return event


def _kind_of(event: AnyEvent) -> DataKind:
    match event:
        case SampleTaken():
            return DataKind.SAMPLES
        case ChatSent():
            return DataKind.CHAT
        case LineSpoken():
            return DataKind.TRANSCRIPTS
        case _:
            return DataKind.SESSIONS
