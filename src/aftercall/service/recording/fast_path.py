"""Which deliveries go the express way into the record: reports of a peer's own client, new by
their numbers, of a peer that is there and goes on. Nearly all are such. They change nothing but
what they add, so no session is loaded or locked for them.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from aftercall.core.events import SampleTaken
from aftercall.core.instants import EpochMs
from aftercall.core.records import LeaveReason, Phase
from aftercall.service.recording.delivery import ACCEPTED, Delivery, Next, Receipt
from aftercall.store.fast_path import Appended, FastPathStatus
from aftercall.store.peers import Heartbeat, Key
from aftercall.store.samples import SampleRow

NO_SEQUENCE: Final = -1
"""Below every report's."""


def is_plain_report(
    at: EpochMs,
    *,
    phase: Phase,
    left_reason: LeaveReason | None,
    joined_at: EpochMs | None,
    first_heard_at: EpochMs,
) -> bool:
    """Whether what a peer says of a moment changes nothing: it is there, and was there then."""
    return (
        phase is not Phase.ENDED
        and left_reason is not LeaveReason.SILENCE
        and (joined_at is not None or at >= first_heard_at)
    )


class FastPath:
    """A group of deliveries, and the receipts of those that went the express way."""

    def __init__(self, deliveries: Sequence[Delivery]) -> None:
        self._plain = [
            (place, (delivery.app_id, delivery.peer_id), delivery)
            for place, delivery in enumerate(deliveries)
            if delivery.peer_id is not None and _holds_only_reports(delivery)
        ]
        self.keys: list[Key] = list({key for _, key, _ in self._plain})
        self.receipts: list[Receipt | None] = [None] * len(deliveries)

    def judge(self, standings: Mapping[Key, FastPathStatus]) -> Appended:
        """What is to be written; gives receipts to those deliveries that are part of it."""
        pulses: dict[Key, Heartbeat] = {}
        samples: list[SampleRow] = []
        for place, key, delivery in self._plain:
            standing = standings.get(key)
            if standing is None or not _is_let_in(delivery, standing):
                continue
            pulse = pulses.get(key)
            last = pulse.last_sequence if pulse else NO_SEQUENCE
            if standing.last_sequence is not None:
                last = max(last, standing.last_sequence)
            rows = _new_rows(delivery, standing, last)
            if rows is None:
                continue
            samples += rows
            pulses[key] = _renewed(pulse, delivery, rows)
            self.receipts[place] = Receipt(
                outcomes=(ACCEPTED,) * len(rows),
                session_id=standing.session_id,
                phase=standing.phase,
                next=Next.CONTINUE,
            )
        return Appended(samples, list(pulses.values()))


def _holds_only_reports(delivery: Delivery) -> bool:
    if delivery.credentials is None or delivery.heard_at is None:
        return False
    for event in delivery.events:  # `all` takes thrice as long for a single one
        if not isinstance(event, SampleTaken) or event.peer_id != delivery.peer_id:
            return False
    return True


def _is_let_in(delivery: Delivery, standing: FastPathStatus) -> bool:
    """Whether the sender may speak for the peer, and need not be brought back for it."""
    who, at = delivery.credentials, delivery.heard_at
    return (
        who is not None
        and at is not None
        and standing.meeting_id == who.meeting_id
        and standing.user_id == who.member_id
        and standing.member_generation == who.generation
        and standing.member_removed_at is None
        and standing.kicked_at is None
        and _is_present(at, standing)
    )


def _is_present(at: EpochMs, standing: FastPathStatus) -> bool:
    return is_plain_report(
        at,
        phase=standing.phase,
        left_reason=standing.left_reason,
        joined_at=standing.joined_at,
        first_heard_at=standing.first_heard_at,
    )


def _new_rows(delivery: Delivery, standing: FastPathStatus, last: int) -> list[SampleRow] | None:
    """The reports as rows; `None` when one of them may be known or changes something."""
    rows: list[SampleRow] = []
    for event in delivery.events:
        assert isinstance(event, SampleTaken)
        if event.sequence <= last or event.at < standing.first_heard_at:
            return None
        if not _is_present(event.at, standing):
            return None
        last = event.sequence
        rows.append(
            SampleRow(
                standing.app_id,
                standing.peer_id,
                standing.session_id,
                last,
                event.at,
                delivery.received_at,
                event.body,
            )
        )
    return rows


def _renewed(pulse: Heartbeat | None, delivery: Delivery, rows: Sequence[SampleRow]) -> Heartbeat:
    """A peer's pulse with what a delivery tells of it."""
    assert delivery.peer_id is not None and delivery.heard_at is not None
    heard_at = max((row.at for row in rows), default=delivery.heard_at)
    heard_at = max(heard_at, delivery.heard_at)
    last = rows[-1].sequence if rows else NO_SEQUENCE
    if pulse is None:
        return Heartbeat(
            delivery.app_id, delivery.peer_id, heard_at, delivery.received_at, last, len(rows)
        )
    return pulse._replace(
        last_heard_at=max(pulse.last_heard_at, heard_at),
        last_received_at=max(pulse.last_received_at, delivery.received_at),
        last_sequence=max(pulse.last_sequence, last),
        samples_added=pulse.samples_added + len(rows),
    )
