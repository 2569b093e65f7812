"""Refuses facts about people who were erased.

The check is in the transaction that records the fact. What comes of a call that goes on is still
recorded: the erasure waits for its end.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.events import AnyEvent, ChatSent, Identity, LineSpoken, PeerJoined
from aftercall.core.pseudonyms import is_pseudonym
from aftercall.core.records import Phase
from aftercall.service.erased_people import MESSAGE, ErasedPeople, PersonIds
from aftercall.service.recording.delivery import Delivery, Outcome, rejected
from aftercall.store import peers
from aftercall.store.peers import Key

PERSON_ERASED: Final = rejected("person_erased", MESSAGE)


class ErasedSenders:
    """The people of one transaction's deliveries who were erased."""

    def __init__(
        self, found: Mapping[str, set[PersonIds]], statuses: Mapping[Key, peers.PeerStatus]
    ) -> None:
        self._found = found
        self._statuses = statuses

    @classmethod
    async def of(
        cls,
        tx: AsyncConnection,
        erased_people: ErasedPeople,
        deliveries: Sequence[Delivery],
        statuses: Mapping[Key, peers.PeerStatus],
    ) -> "ErasedSenders":
        people: dict[str, set[PersonIds]] = {}
        for delivery in deliveries:
            known = people.setdefault(delivery.app_id, set())
            if delivery.credentials is not None:
                known.add(_ids_of(delivery.credentials.identity))
            known.update(ids for event in delivery.events if (ids := _named_in(event)) is not None)
        found = {
            app_id: await erased_people.find(tx, app_id, each) for app_id, each in people.items()
        }
        return cls(found, statuses)

    def refusal_of_delivery(self, delivery: Delivery) -> Outcome | None:
        """Why nothing of a participant's delivery may be recorded."""
        who = delivery.credentials
        if who is None:
            return None
        status = self._statuses.get((delivery.app_id, delivery.peer_id or ""))
        return self._refusal(delivery.app_id, _ids_of(who.identity), status)

    def refusal_of_event(self, app_id: str, event: AnyEvent) -> Outcome | None:
        """Why an event may not be recorded."""
        peer_id: str | None = getattr(event, "peer_id", None)
        status = None if peer_id is None else self._statuses.get((app_id, peer_id))
        return self._refusal(app_id, _named_in(event), status)

    def _refusal(
        self, app_id: str, ids: PersonIds | None, status: peers.PeerStatus | None
    ) -> Outcome | None:
        if status is not None and is_pseudonym(status.peer.user_id):
            return PERSON_ERASED
        if status is not None and status.phase is not Phase.ENDED:
            return None
        is_erased = ids is not None and ids in self._found.get(app_id, ())
        return PERSON_ERASED if is_erased else None


def _named_in(event: AnyEvent) -> PersonIds | None:
    if isinstance(event, PeerJoined):
        return _ids_of(event.identity)
    if isinstance(event, LineSpoken):
        return PersonIds(event.custom_participant_id, event.user_id)
    if isinstance(event, ChatSent):
        return PersonIds(None, event.user_id)
    return None


def _ids_of(identity: Identity) -> PersonIds:
    return PersonIds(identity.custom_participant_id, identity.user_id)
