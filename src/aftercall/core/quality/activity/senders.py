"""Who sent a received stream: the one rule that attribution, charts and pages use.

Evidence, the better first:

1. the producer id: an SFU gives it to one stream, and no server rewrites it;
2. the peer id that the listener's client names;
3. the SSRC, where exactly one other participant sends it for the same kind of media: a server may
   rewrite it, and audio and video may use the same number;
4. the number of participants: between two, the sender is the other one.

Evidence that fits several participants decides nothing, and the next one is tried. A named peer
that is not in the session rules out the fourth.
"""

from collections.abc import Collection, Mapping
from functools import cached_property


class SenderIndex:
    """The participants of a session by the ids under which their streams and peers are known."""

    def __init__(self, peer_ids: Mapping[str, Collection[str]]) -> None:
        """Takes the ids of each participant's peers, by participant id."""
        self._participants = list(peer_ids)
        self._by_peer: dict[str, set[str]] = {}
        self._by_producer: dict[str, set[str]] = {}
        self._by_ssrc: dict[tuple[int, bool], set[str]] = {}
        self._receivers: dict[str, set[str]] = {}
        for participant_id, ids in peer_ids.items():
            for peer_id in ids:
                self._by_peer.setdefault(peer_id, set()).add(participant_id)

    def add_sent(
        self, participant_id: str, *, is_audio: bool, ssrc: int | None, producer_id: str | None
    ) -> None:
        """Adds a stream that a participant sent. All are added before `sender_of` is asked."""
        if producer_id is not None:
            self._by_producer.setdefault(producer_id, set()).add(participant_id)
        if ssrc is not None:
            self._by_ssrc.setdefault((ssrc, is_audio), set()).add(participant_id)

    def add_received(self, participant_id: str, producer_id: str | None) -> None:
        """Adds a stream that a participant received."""
        if producer_id is not None:
            self._receivers.setdefault(producer_id, set()).add(participant_id)

    @cached_property
    def _by_elimination(self) -> dict[str, str]:
        """The senders of producers that only listeners name, by producer id: a sender that does
        not know its producer's id is the only participant that does not receive it."""
        found: dict[str, str] = {}
        for producer_id, receivers in self._receivers.items():
            if (
                producer_id not in self._by_producer
                and len(self._participants) - len(receivers) == 1
            ):
                found[producer_id] = next(p for p in self._participants if p not in receivers)
        return found

    def producers_of(self, participant_id: str) -> set[str]:
        """The producers that a participant sends, or must be the one to send."""
        own = {id for id, owners in self._by_producer.items() if participant_id in owners}
        by_elimination = self._by_elimination.items()
        return own | {id for id, sender in by_elimination if sender == participant_id}

    def sender_of(
        self,
        listener: str,
        *,
        is_audio: bool | None,
        ssrc: int | None,
        producer_id: str | None,
        from_peer_id: str | None,
    ) -> str | None:
        """The participant that sent a stream which `listener` received; `None` if unknown.

        `is_audio` is `None` for a stream of unknown kind. A participant never sends to itself.
        """
        if producer_id is not None:
            owners = self._by_producer.get(producer_id, set())
            others = owners - {listener}
            if len(others) == 1:
                return next(iter(others))
            if owners and not others and from_peer_id is None:
                return None
            if not owners and producer_id in self._by_elimination:
                return self._by_elimination[producer_id]
        if from_peer_id is not None and from_peer_id in self._by_peer:
            return _only(self._by_peer[from_peer_id] - {listener})
        if ssrc is not None:
            kinds = (True, False) if is_audio is None else (is_audio,)
            senders = {p for kind in kinds for p in self._by_ssrc.get((ssrc, kind), ())}
            senders.discard(listener)
            if len(senders) == 1:
                return senders.pop()
        if from_peer_id is None and len(self._participants) <= 2:
            return _only({p for p in self._participants if p != listener})
        return None


def _only(participants: set[str]) -> str | None:
    return next(iter(participants)) if len(participants) == 1 else None
