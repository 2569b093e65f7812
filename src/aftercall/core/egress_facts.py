"""Between an egress and the facts that make it."""

from collections.abc import Iterator

from aftercall.core.egresses import Egress, EgressStatus, Stated
from aftercall.core.events import EgressReported
from aftercall.core.ids import id_from
from aftercall.core.instants import EpochMs
from aftercall.core.records import Session


def egress_of(event: EgressReported, session: Session, received_at: EpochMs) -> Egress:
    """What one fact says of its egress, which is of the session."""
    return Egress(
        app_id=session.app_id,
        kind=event.kind,
        id=event.egress_id,
        session_id=session.id,
        meeting_id=session.meeting_id,
        status=event.status,
        status_at=event.at,
        invoked_at=event.earliest_at,
        started_at=event.started_at,
        stopped_at=event.stopped_at,
        duration_ms=event.duration_ms,
        size_bytes=event.size_bytes,
        viewer_ms=event.viewer_ms,
        texts={name: Stated(event.at, value) for name, value in sorted(event.texts.items())},
        created_at=received_at,
        updated_at=received_at,
    )


def facts_of_egress(egress: Egress) -> Iterator[EgressReported]:
    """Facts that give the same egress when they are recorded: one of its status, with all times
    and sums, and one for each other time at which texts were stated. Those have the lowest
    status, so that theirs is never the latest."""
    texts: dict[EpochMs, dict[str, str]] = {egress.status_at: {}}
    for name, stated in egress.texts.items():
        texts.setdefault(stated.at, {})[name] = stated.value
    for at, found in sorted(texts.items()):
        is_of_status = at == egress.status_at
        yield EgressReported(
            id=id_from(egress.app_id, egress.kind.value, egress.id, "export", str(at)),
            at=at,
            session_id=egress.session_id,
            meeting_id=egress.meeting_id,
            kind=egress.kind,
            egress_id=egress.id,
            status=egress.status if is_of_status else EgressStatus.INVOKED,
            invoked_at=egress.invoked_at,
            started_at=egress.started_at if is_of_status else None,
            stopped_at=egress.stopped_at if is_of_status else None,
            duration_ms=egress.duration_ms if is_of_status else None,
            size_bytes=egress.size_bytes if is_of_status else None,
            viewer_ms=egress.viewer_ms if is_of_status else None,
            texts=found,
        )
