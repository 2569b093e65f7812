"""Whether a participant's client may send anything: checked for every delivery, not only when it
joins.

A token becomes invalid when its member is removed or gets a new one, and a peer that was kicked
does not come back under its id. This takes one read for each member and transaction.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.events import PeerJoined
from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.records import LeaveReason, Meeting, MeetingStatus, Member
from aftercall.service.recording.delivery import Credentials, Delivery, Outcome, rejected
from aftercall.store import meetings, peers
from aftercall.store.peers import Key

KICK_GRACE_MS: Final = 30 * SECOND_MS
"""How long after a kick the peer's earlier reports may still arrive."""

FOREIGN_PEER: Final = rejected("foreign_peer", "This peer id belongs to somebody else.")
TOKEN_EXPIRED: Final = rejected("token_expired", "The participant token has expired.")
TOKEN_REVOKED: Final = rejected("token_revoked", "This participant token has been revoked.")
UNKNOWN_MEETING: Final = rejected("unknown_meeting", "The token's meeting does not exist.")
MEETING_INACTIVE: Final = rejected(
    "meeting_inactive", "The meeting is inactive: nobody can join it."
)
KICKED: Final = rejected("kicked", "This participant was removed from the session.")


class Admission:
    """Admits or refuses the deliveries of one transaction."""

    def __init__(
        self,
        tx: AsyncConnection,
        statuses: Mapping[Key, peers.PeerStatus],
        meeting_of: Callable[[str, str], Awaitable[Meeting | None]],
    ) -> None:
        self._tx = tx
        self._statuses = statuses
        self._meeting_of = meeting_of
        self._members: dict[tuple[str, str, str], Member | None] = {}

    async def refusal(self, delivery: Delivery) -> Outcome | None:
        """Why nothing of a delivery may be recorded; `None` when it is admitted."""
        who, peer_id = delivery.credentials, delivery.peer_id
        if who is None or peer_id is None:
            return None
        status = self._statuses.get((delivery.app_id, peer_id))
        if status is not None and not may_speak_for(
            who, meeting_id=status.peer.meeting_id, user_id=status.peer.user_id
        ):
            return FOREIGN_PEER
        if who.is_expired and (status is None or status.peer.user_id != who.member_id):
            return TOKEN_EXPIRED
        meeting = await self._meeting_of(delivery.app_id, who.meeting_id)
        if meeting is None and who.is_member:
            return UNKNOWN_MEETING
        if who.is_member and not is_valid(await self._member(delivery.app_id, who), who.generation):
            return TOKEN_REVOKED
        if status is not None and was_kicked(status.peer.kicked_at, delivery.received_at):
            return KICKED
        is_inactive = meeting is not None and meeting.status is MeetingStatus.INACTIVE
        if is_inactive and _would_join(delivery, status):
            return MEETING_INACTIVE
        return None

    async def _member(self, app_id: str, who: Credentials) -> Member | None:
        key = (app_id, who.meeting_id, who.member_id)
        if key not in self._members:
            self._members[key] = await meetings.find_member(self._tx, *key)
        return self._members[key]


def may_speak_for(who: Credentials, *, meeting_id: str, user_id: str | None) -> bool:
    """Whether a peer of that meeting and user is the token holder's own."""
    return meeting_id == who.meeting_id and user_id in (None, who.member_id)


def was_kicked(kicked_at: EpochMs | None, received_at: EpochMs) -> bool:
    """Whether a kick is so long ago that no report from before it can still arrive."""
    return kicked_at is not None and received_at > kicked_at + KICK_GRACE_MS


def is_valid(member: Member | None, generation: int) -> bool:
    """Whether a token of this generation is valid for the member."""
    return (
        member is not None and member.removed_at is None and member.token_generation == generation
    )


def _would_join(delivery: Delivery, status: peers.PeerStatus | None) -> bool:
    """Whether the delivery would make a peer present that is not."""
    if status is None:
        return True
    has_left = status.peer.left_at is not None
    is_back = any(isinstance(event, PeerJoined) for event in delivery.events)
    return has_left and (is_back or status.peer.left_reason is LeaveReason.SILENCE)
