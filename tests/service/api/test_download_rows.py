"""Exports: everything, once, in order, however long it is."""

import pytest

from aftercall.core.errors import NotFound
from aftercall.core.records import ChatMessage, Summary, SummaryState, TranscriptLine
from aftercall.service.api.download_rows import PAGE, Exports
from aftercall.store import chat_transcript
from aftercall.store.engine.database import Database
from tests.recorder_harness import APP, RecorderHarness, at


def _line(number: int, session_id: str = "call") -> TranscriptLine:
    return TranscriptLine(
        app_id=APP,
        session_id=session_id,
        id=f"{session_id}-{number:05}",
        peer_id=None,
        user_id=None,
        custom_participant_id=None,
        display_name="Ana",
        start_at=at(number // 3),
        end_at=at(number // 3 + 1),
        text=f"line {number}",
    )


def _message(number: int) -> ChatMessage:
    return ChatMessage(
        app_id=APP,
        session_id="call",
        id=f"{number:05}",
        peer_id=None,
        user_id="u-ana",
        display_name="Ana",
        kind="text",  # type: ignore[arg-type]  # its text
        payload=f"message {number}",
        at=at(number // 3),
        revised_at=at(number // 3),
    )


@pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE + 7])
async def test_every_transcript_line_is_exported_once_and_in_order(
    db: Database, count: int
) -> None:
    lines = [_line(number) for number in range(count)]
    async with db.write() as tx:
        await chat_transcript.save_lines(tx, [*lines, _line(0, "another session")])
    pages = [page async for page in Exports(db=db).transcript(APP, "call")]
    assert [line for page in pages for line in page] == lines
    assert all(0 < len(page) <= PAGE for page in pages)


async def test_every_chat_message_is_exported_once_and_in_order(db: Database) -> None:
    messages = [_message(number) for number in range(PAGE + 1)]
    async with db.write() as tx:
        await chat_transcript.save_messages(tx, messages)
    exports = Exports(db=db)
    assert [m async for page in exports.chat(APP, "call") for m in page] == messages
    assert [m async for page in exports.chat("another app", "call") for m in page] == []


async def test_the_exported_peers_are_those_of_the_session(db: Database) -> None:
    harness = RecorderHarness(db)
    await harness.record_call()
    await harness.record_call(session_id="other")
    assert set(await Exports(db=db).peers(APP, "call")) == {"call-ana", "call-ben"}


async def test_a_summary_is_its_text_or_not_found(db: Database) -> None:
    exports = Exports(db=db)
    with pytest.raises(NotFound):
        await exports.summary(APP, "call")
    made = Summary(
        app_id=APP,
        session_id="call",
        state=SummaryState.COMPLETED,
        text="All well.",
        requested_at=at(0),
    )
    async with db.write() as tx:
        await chat_transcript.save_summary(tx, made)
    assert await exports.summary(APP, "call") == "All well."
