"""A session's page with its chat and transcript."""

import pytest

from aftercall.core.errors import NotFound
from aftercall.core.events import SessionClosed
from aftercall.store.engine.database import Database
from tests.recorder_harness import (
    APP,
    RecorderHarness,
    at,
    chat_message,
    join_session,
    transcript_line,
)
from tests.web.rest_server import RestServer


async def held(db: Database, server: RestServer) -> None:
    """A call in which Ana sends two messages and speaks two lines."""
    harness = RecorderHarness(db)
    harness.now = at(100)
    await harness.record_accepted(
        join_session("call-ana", 0, session_id="call", user="ana"),
        chat_message("one", 10),
        chat_message("two", 20),
        transcript_line("good morning", 30),
        transcript_line("goodbye", 40),
        SessionClosed(id="closed", at=at(60), session_id="call"),
    )
    server.clock.now = at(120)


async def test_a_page_counts_chat_and_transcript_and_lists_their_files(
    db: Database, server: RestServer
) -> None:
    await held(db, server)
    pages = server.services.session_pages
    facts = await pages.find_session(APP, "call")
    assert (facts.chat.total, facts.transcript.total) == (2, 2)
    assert [row.display_name for row in facts.participants] == ["Ana"]
    files = await pages.files(APP, facts)
    assert {each[0] for each in files} == {"chat", "transcript"}


async def test_chat_and_transcript_are_in_order_and_name_their_participant(
    db: Database, server: RestServer
) -> None:
    await held(db, server)
    pages = server.services.session_pages
    chat = await pages.chat(APP, "call", None)
    transcript = await pages.transcript(APP, "call", None)
    assert [each.payload for each in chat.items] == ["one", "two"]
    assert [each.text for each in transcript.items] == ["good morning", "goodbye"]


async def test_unknown_sessions_and_participants_are_not_found(
    db: Database, server: RestServer
) -> None:
    await held(db, server)
    pages = server.services.session_pages
    for found in (
        pages.find_session(APP, "none"),
        pages.find_session("other", "call"),
        pages.chat(APP, "none", None),
        pages.transcript(APP, "none", None),
        pages.find_participant(APP, "call", "none"),
    ):
        with pytest.raises(NotFound):
            await found
