"""The end callback names a meeting by its external id, and nothing else."""

import pytest

from aftercall.core.errors import Malformed
from aftercall.core.instants import EpochMs
from aftercall.ingest.bigbluebutton.end_callback import translate_end
from aftercall.ingest.bigbluebutton.place import meeting_id_from

NOON = EpochMs(1_790_000_000_000)


def test_the_session_of_the_meeting_is_closed_when_the_request_arrives() -> None:
    closed = translate_end("app", "room-1", NOON)
    assert (closed.meeting_id, closed.at) == (meeting_id_from("app", "room-1"), NOON)
    assert translate_end("app", "room-1", NOON) == closed
    assert translate_end("other", "room-1", NOON).id != closed.id


@pytest.mark.parametrize("external", [None, ""])
def test_a_request_without_a_meeting_is_refused(external: str | None) -> None:
    with pytest.raises(Malformed):
        translate_end("app", external, NOON)
