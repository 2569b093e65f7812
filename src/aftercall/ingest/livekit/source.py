"""The source `livekit`: the webhooks of a LiveKit server, one a request.

A room's name is a meeting, one opening of it (`RM_…`) a session, one connection to it (`PA_…`) a
peer, an identity a user. Nothing depends on the order in which webhooks come in, and a webhook that
comes again changes nothing. Counts of participants are not read: they are known to be wrong.
"""

from collections.abc import Callable, Mapping
from typing import Final

from aftercall.core.events import SessionClosed
from aftercall.core.ids import id_from
from aftercall.ingest.livekit import participants, programs
from aftercall.ingest.livekit.event import SOURCE, LivekitEvent, read_event
from aftercall.ingest.source import Context, Fact, Translation

__all__ = ["SOURCE", "translate"]


def translate(body: bytes, context: Context) -> Translation:
    """The facts of one webhook. Raises `Malformed` when it cannot be read."""
    event = read_event(body, context)
    facts = _READERS.get(event.name, participants.unknown)(event)
    return Translation(facts, [0] * len(facts), [], [], ignored=int(not facts))


def _room_finished(event: LivekitEvent) -> list[Fact]:
    if event.room_sid is None:
        return []
    place = event.place(event.room_sid, event.room_name)
    return [SessionClosed(id=id_from(event.app_id, event.id, "closed"), at=event.at, **place)]


def _room_started(event: LivekitEvent) -> list[Fact]:
    """A room that nobody enters is no session; whoever does brings its beginning along."""
    return []


_READERS: Final[Mapping[str, Callable[[LivekitEvent], list[Fact]]]] = {
    "room_started": _room_started,
    "room_finished": _room_finished,
    "participant_joined": participants.joined,
    "participant_left": participants.left,
    "participant_connection_aborted": participants.left,
    "track_published": participants.track_changed,
    "track_unpublished": participants.track_changed,
    "egress_started": programs.egress,
    "egress_updated": programs.egress,
    "egress_ended": programs.egress,
    "ingress_started": programs.ingress,
    "ingress_ended": programs.ingress,
    "agent_job_started": programs.agent_job,
    "agent_job_ended": programs.agent_job,
}
"""What reads each kind of webhook."""
