"""Pages of a session's chat and transcript."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.list_queries import Cursor
from aftercall.core.overview.session_facts import TalkPage
from aftercall.core.records import ChatMessage, TranscriptLine
from aftercall.store import chat_transcript

TALK_PAGE: Final = 500
"""Messages or lines of one page."""


async def chat_page(
    tx: AsyncConnection,
    app_id: str,
    session_id: str,
    participant_ids: Mapping[str, str],
    cursor: Cursor | None,
) -> TalkPage[ChatMessage]:
    """The messages after the cursor. `participant_ids` gives the participant of a peer."""
    found = await chat_transcript.messages_of_session(
        tx, app_id, session_id, after=_after(cursor), limit=TALK_PAGE + 1
    )
    last = found[TALK_PAGE - 1] if len(found) > TALK_PAGE else None
    return TalkPage(
        items=found[:TALK_PAGE],
        total=await chat_transcript.count_messages(tx, app_id, session_id),
        next_cursor=Cursor(last.at, last.id, False) if last is not None else None,
        participant_ids=participant_ids,
    )


async def transcript_page(
    tx: AsyncConnection,
    app_id: str,
    session_id: str,
    participant_ids: Mapping[str, str],
    cursor: Cursor | None,
) -> TalkPage[TranscriptLine]:
    """The lines after the cursor. `participant_ids` gives the participant of a peer."""
    found = await chat_transcript.lines_of_session(
        tx, app_id, session_id, after=_after(cursor), limit=TALK_PAGE + 1
    )
    last = found[TALK_PAGE - 1] if len(found) > TALK_PAGE else None
    return TalkPage(
        items=found[:TALK_PAGE],
        total=await chat_transcript.count_lines(tx, app_id, session_id),
        next_cursor=Cursor(last.start_at, last.id, False) if last is not None else None,
        participant_ids=participant_ids,
    )


def _after(cursor: Cursor | None) -> tuple[EpochMs, str] | None:
    return None if cursor is None else (EpochMs(int(cursor.key)), cursor.id)
