"""The news of a recording or livestream: what is announced when its status changes."""

from typing import Final

from aftercall.core.egresses import Egress, EgressKind
from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.webhooks import News, WebhookEvent

OLDEST_MS: Final = DAY_MS
"""A status of an earlier time is history, such as an import of past calls, and no news."""

_EVENTS: Final = {
    EgressKind.RECORDING: WebhookEvent.RECORDING_CHANGED,
    EgressKind.LIVESTREAM: WebhookEvent.LIVESTREAM_CHANGED,
}


def news_of_egress(before: Egress | None, egress: Egress, *, now: EpochMs) -> News | None:
    """The news of a change; `None` if the status is what it was, or long past. Everything but the
    status is read when the news is posted."""
    if before is not None and before.status is egress.status:
        return None
    if egress.status_at <= now - OLDEST_MS:
        return None
    return News(
        event=_EVENTS[egress.kind],
        key=f"{egress.id} {egress.status.value} {egress.status_at}",
        session_id=egress.session_id,
        meeting_id=egress.meeting_id,
        data={"egress_id": egress.id, "status": egress.status.value},
    )
