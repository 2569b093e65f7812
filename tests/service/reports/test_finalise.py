"""The end of a session: reports are folded, and a summary requested where it is wanted."""

from typing import Any

import pytest

from aftercall.core.events import SessionClosed
from aftercall.core.records import Meeting, MeetingStatus
from aftercall.service.reports.summaries import SUMMARISE_ON_END
from aftercall.store import chat_transcript, meetings
from aftercall.store.engine.database import Database
from tests.recorder_harness import APP, RecorderHarness, at, join_session, transcript_line
from tests.web.rest_server import RestServer


async def is_summary_requested(
    db: Database, server: RestServer, settings: dict[str, Any] | None, lines: int
) -> bool:
    if settings is not None:
        meeting = Meeting(
            app_id=APP,
            id="m-call",
            title="Weekly",
            status=MeetingStatus.ACTIVE,
            keep_alive_s=60,
            created_at=at(0),
            updated_at=at(0),
            settings=settings,
        )
        async with db.write() as tx:
            await meetings.save_meeting(tx, meeting)
    harness = RecorderHarness(db)
    harness.now = at(100)
    await harness.record_accepted(
        join_session("call-ana", 0, session_id="call", user="ana"),
        *(transcript_line("good morning", 10 + number) for number in range(lines)),
        SessionClosed(id="closed", at=at(60), session_id="call"),
    )
    server.clock.now = at(120)
    for _ in range(2):
        await server.services.finaliser.finalise(APP, "call")
    async with db.read() as tx:
        return await chat_transcript.find_summary(tx, APP, "call") is not None


@pytest.mark.parametrize(
    ("settings", "lines", "is_requested"),
    [
        ({SUMMARISE_ON_END: True}, 2, True),
        ({SUMMARISE_ON_END: True}, 0, False),
        ({SUMMARISE_ON_END: False}, 2, False),
        ({}, 2, False),
        (None, 2, False),
    ],
)
async def test_a_summary_is_requested_if_enabled_and_a_transcript_exists(
    db: Database,
    server: RestServer,
    settings: dict[str, Any] | None,
    lines: int,
    is_requested: bool,
) -> None:
    assert await is_summary_requested(db, server, settings, lines) is is_requested


async def test_finalising_a_missing_session_is_no_error(server: RestServer) -> None:
    await server.services.finaliser.finalise(APP, "none")
