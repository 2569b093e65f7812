"""`meta_endCallbackUrl`: a request when a meeting ends, which names it and nothing else."""

from aftercall.core.errors import Malformed
from aftercall.core.events import SessionClosed
from aftercall.core.ids import id_from
from aftercall.core.instants import EpochMs
from aftercall.ingest.bigbluebutton.place import SOURCE, meeting_id_from
from aftercall.ingest.untyped_json import as_text


def translate_end(app_id: str, external_id: str | None, received_at: EpochMs) -> SessionClosed:
    """The end of the meeting's session, of which only the external id is known. Raises `Malformed`
    without one."""
    external = as_text(external_id)
    if external is None:
        raise Malformed('The query names no "meetingID".', code="bad_event")
    id = id_from(app_id, SOURCE, external, "end callback", str(received_at))
    return SessionClosed(id=id, at=received_at, meeting_id=meeting_id_from(app_id, external))
