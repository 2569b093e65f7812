"""Whether a participant's client may speak at all: looked at for every delivery, not only when it
joins.

A token stops being good when its member is removed or gets a new one, and a peer that was sent away
does not come back under an id that is known. One read per member and transaction answers that.
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
"""How long after a kick what the peer had measured before it may still arrive."""

FOREIGN_PEER: Final = rejected("foreign_peer", "This peer id belongs to somebody else.")
TOKEN_REVOKED: Final = rejected("token_revoked", "This participant token has been revoked.")
UNKNOWN_MEETING: Final = rejected("unknown_meeting", "The token's meeting does not exist.")
MEETING_INACTIVE: Final = rejected(
    "meeting_inactive", "The meeting is inactive: nobody can join it."
)
KICKED: Final = rejected("kicked", "This participant was removed from the session.")


class Admission:
    """Decides over the deliveries of one transaction."""

    def __init__(
        self,
        tx: AsyncConnection,
        states: Mapping[Key, peers.PeerStatus],
        meeting_of: Callable[[str, str], Awaitable[Meeting | None]],
    ) -> None:
        self._tx = tx
        self._states = states
        self._meeting_of = meeting_of
        self._members: dict[tuple[str, str, str], Member | None] = {}

    async def refusal(self, delivery: Delivery) -> Outcome | None:
        """Why nothing of a delivery may be taken; `None` when its sender may speak."""
        who, peer_id = delivery.credentials, delivery.peer_id
        if who is None or peer_id is None:
            return None
        state = self._states.get((delivery.app_id, peer_id))
        if state is not None and not may_speak_for(
            who, meeting_id=state.peer.meeting_id, user_id=state.peer.user_id
        ):
            return FOREIGN_PEER
        meeting = await self._meeting_of(delivery.app_id, who.meeting_id)
        if meeting is None:
            return UNKNOWN_MEETING
        if not is_good(await self._member(delivery.app_id, who), who.generation):
            return TOKEN_REVOKED
        if state is not None and was_sent_away(state.peer.kicked_at, delivery.received_at):
            return KICKED
        if meeting.status is MeetingStatus.INACTIVE and _comes(delivery, state):
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


def was_sent_away(kicked_at: EpochMs | None, received_at: EpochMs) -> bool:
    """Whether so much time has passed since a kick that nothing from before it is under way."""
    return kicked_at is not None and received_at > kicked_at + KICK_GRACE_MS


def is_good(member: Member | None, generation: int) -> bool:
    """Whether a token of that generation is still the member's."""
    return (
        member is not None and member.removed_at is None and member.token_generation == generation
    )


def _comes(delivery: Delivery, state: peers.PeerStatus | None) -> bool:
    """Whether the delivery would bring somebody in who is not there."""
    if state is None:
        return True
    has_left = state.peer.left_at is not None
    is_back = any(isinstance(event, PeerJoined) for event in delivery.events)
    return has_left and (is_back or state.peer.left_reason is LeaveReason.SILENCE)
