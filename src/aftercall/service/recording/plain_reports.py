"""Which deliveries take the fast path: reports of a present peer by its own client, with new
sequence numbers. Nearly all deliveries are such. They only add rows, so no session is loaded or
locked for them.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from aftercall.core.events import SampleTaken
from aftercall.core.instants import EpochMs
from aftercall.core.records import LeaveReason, Phase
from aftercall.service.recording.delivery import ACCEPTED, Delivery, Next, Receipt
from aftercall.store.append_reports import Appended, FastPathStatus
from aftercall.store.peers import Heartbeat, Key
from aftercall.store.samples import SampleRow

NO_SEQUENCE: Final = -1
"""Lower than the sequence number of any report."""


def is_plain_report(
    at: EpochMs,
    *,
    phase: Phase,
    left_reason: LeaveReason | None,
    joined_at: EpochMs | None,
    first_heard_at: EpochMs,
) -> bool:
    """Whether a peer's report of this time changes nothing: the peer is present, and was then."""
    return (
        phase is not Phase.ENDED
        and left_reason is not LeaveReason.SILENCE
        and (joined_at is not None or at >= first_heard_at)
    )


def is_watched(watched_until: EpochMs | None, at: EpochMs) -> bool:
    """Whether somebody looks at a session."""
    return watched_until is not None and at < watched_until


class FastPath:
    """A group of deliveries, and the receipts of those that took the fast path."""

    def __init__(self, deliveries: Sequence[Delivery]) -> None:
        self._plain = [
            (place, (delivery.app_id, delivery.peer_id), delivery)
            for place, delivery in enumerate(deliveries)
            if delivery.peer_id is not None and _holds_only_reports(delivery)
        ]
        self.keys: list[Key] = list({key for _, key, _ in self._plain})
        self.receipts: list[Receipt | None] = [None] * len(deliveries)

    def select(self, statuses: Mapping[Key, FastPathStatus]) -> Appended:
        """The rows to write for those deliveries that take the fast path; sets their receipts."""
        heartbeats: dict[Key, Heartbeat] = {}
        samples: list[SampleRow] = []
        for place, key, delivery in self._plain:
            status = statuses.get(key)
            if status is None or not _may_append(delivery, status):
                continue
            heartbeat = heartbeats.get(key)
            last = heartbeat.last_sequence if heartbeat else NO_SEQUENCE
            if status.last_sequence is not None:
                last = max(last, status.last_sequence)
            rows = _new_rows(delivery, status, last)
            if rows is None:
                continue
            samples += rows
            heartbeats[key] = _with_delivery(heartbeat, delivery, rows)
            self.receipts[place] = Receipt(
                outcomes=(ACCEPTED,) * len(rows),
                session_id=status.session_id,
                phase=status.phase,
                next=Next.CONTINUE,
                is_watched=is_watched(status.watched_until, delivery.received_at),
            )
        return Appended(samples, list(heartbeats.values()))


def _holds_only_reports(delivery: Delivery) -> bool:
    if delivery.credentials is None or delivery.heard_at is None:
        return False
    for event in delivery.events:  # `all` takes thrice as long for a single one
        if not isinstance(event, SampleTaken) or event.peer_id != delivery.peer_id:
            return False
    return True


def _may_append(delivery: Delivery, status: FastPathStatus) -> bool:
    """Whether the sender may report for the peer, and the peer is present."""
    who, at = delivery.credentials, delivery.heard_at
    return (
        who is not None
        and at is not None
        and status.meeting_id == who.meeting_id
        and status.user_id == who.member_id
        and (not who.is_member or status.member_generation == who.generation)
        and status.member_removed_at is None
        and status.kicked_at is None
        and _is_present(at, status)
    )


def _is_present(at: EpochMs, status: FastPathStatus) -> bool:
    return is_plain_report(
        at,
        phase=status.phase,
        left_reason=status.left_reason,
        joined_at=status.joined_at,
        first_heard_at=status.first_heard_at,
    )


def _new_rows(delivery: Delivery, status: FastPathStatus, last: int) -> list[SampleRow] | None:
    """The reports as rows; `None` when one of them may be a duplicate or changes a session."""
    rows: list[SampleRow] = []
    for event in delivery.events:
        assert isinstance(event, SampleTaken)
        if event.sequence <= last or event.at < status.first_heard_at:
            return None
        if not _is_present(event.at, status):
            return None
        last = event.sequence
        rows.append(
            SampleRow(
                status.app_id,
                status.peer_id,
                status.session_id,
                last,
                event.at,
                delivery.received_at,
                event.body,
            )
        )
    return rows


def _with_delivery(
    heartbeat: Heartbeat | None, delivery: Delivery, rows: Sequence[SampleRow]
) -> Heartbeat:
    """A peer's heartbeat, extended by a delivery."""
    assert delivery.peer_id is not None and delivery.heard_at is not None
    heard_at = max((row.at for row in rows), default=delivery.heard_at)
    heard_at = max(heard_at, delivery.heard_at)
    last = rows[-1].sequence if rows else NO_SEQUENCE
    if heartbeat is None:
        return Heartbeat(
            delivery.app_id, delivery.peer_id, heard_at, delivery.received_at, last, len(rows)
        )
    return heartbeat._replace(
        last_heard_at=max(heartbeat.last_heard_at, heard_at),
        last_received_at=max(heartbeat.last_received_at, delivery.received_at),
        last_sequence=max(heartbeat.last_sequence, last),
        samples_added=heartbeat.samples_added + len(rows),
    )
