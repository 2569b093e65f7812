"""The news of a session: what is announced when its record changes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.records import EndReason, Peer, Phase, Session
from aftercall.core.webhooks import News, WebhookEvent

OLDEST_MS: Final = DAY_MS
"""What happened earlier is history, such as an import of past calls, and no news."""


def news_of_change(
    before: Session | None,
    peers_before: Mapping[str, Peer],
    session: Session,
    peers: Mapping[str, Peer],
    *,
    now: EpochMs,
) -> Sequence[News]:
    """The news of a change, in the order in which they happened. Hidden peers make none.

    A peer that was taken for gone and is heard again joins again, and leaves a second time.
    """
    known = {id: peer for id, peer in peers_before.items() if not peer.is_hidden}
    visible = {id: peer for id, peer in peers.items() if not peer.is_hidden}
    found: list[tuple[EpochMs, int, News]] = []
    place: dict[str, Any] = {"session_id": session.id, "meeting_id": session.meeting_id}
    if visible and not known:
        started = News(event=WebhookEvent.SESSION_STARTED, **place)
        found.append((session.started_at, 0, started))
    for id, peer in visible.items():
        found += _of_peer(known.get(id), peer, place)
    was_ended = before is not None and before.phase is Phase.ENDED and bool(known)
    if visible and session.phase is Phase.ENDED and not was_ended:
        ended_at = session.ended_at or now
        reason = session.end_reason or EndReason.EMPTIED
        data = {"ended_at": ended_at, "reason": reason.value}
        ended = News(event=WebhookEvent.SESSION_ENDED, data=data, **place)
        # After every leave: one may be known to be later than the end.
        found.append((EpochMs(max([ended_at, *(at for at, _, _ in found)])), 3, ended))
    found = [each for each in found if each[0] > now - OLDEST_MS]
    return [news for _, _, news in sorted(found, key=lambda each: each[:2])]


def _of_peer(
    before: Peer | None, peer: Peer, place: Mapping[str, Any]
) -> Iterator[tuple[EpochMs, int, News]]:
    was_present = before is not None and before.left_at is None
    joined_at = peer.present_from
    is_back = before is not None and not was_present and peer.left_at is None
    if before is None or is_back:
        at = max(joined_at, before.left_at or joined_at) if before is not None else joined_at
        joined = News(
            event=WebhookEvent.PARTICIPANT_JOINED,
            key=f"{peer.id} {at}" if is_back else peer.id,
            peer_id=peer.id,
            data={"joined_at": joined_at},
            **place,
        )
        yield at, 1, joined
    if peer.left_at is not None and (before is None or was_present):
        left = News(
            event=WebhookEvent.PARTICIPANT_LEFT,
            key=f"{peer.id} {peer.left_at}",
            peer_id=peer.id,
            data={"joined_at": joined_at, "left_at": peer.left_at},
            **place,
        )
        yield peer.left_at, 2, left
