"""Chat, transcript and summary as the dashboard shows them beside a session."""

from collections.abc import Mapping
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.queries import Cursor
from aftercall.core.records import ChatMessage, MessageKind, Summary, SummaryState, TranscriptLine
from aftercall.service.dashboard.session_list import decode_cursor, encode_cursor
from aftercall.store import conversation

TALK_PAGE: Final = 500


class ChatLine(msgspec.Struct, frozen=True, kw_only=True):
    """A chat message."""

    id: str
    at: EpochMs
    participant_id: str | None
    name: str
    kind: MessageKind
    text: str
    is_pinned: bool
    is_edited: bool


class SpokenLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the transcript."""

    id: str
    at: EpochMs
    end_at: EpochMs
    participant_id: str | None
    name: str
    text: str


class ChatPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the chat, oldest first."""

    items: list[ChatLine]
    total: int
    next_cursor: str | None


class TranscriptPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the transcript, oldest first."""

    items: list[SpokenLine]
    total: int
    next_cursor: str | None


class SummaryText(msgspec.Struct, frozen=True, kw_only=True):
    """The summary last asked for."""

    state: SummaryState
    text: str | None
    is_markdown: bool
    error: str | None
    requested_at: EpochMs
    completed_at: EpochMs | None


def summary_text(summary: Summary | None) -> SummaryText | None:
    if summary is None:
        return None
    return SummaryText(
        state=summary.state,
        text=summary.text,
        is_markdown=summary.is_markdown,
        error=summary.error,
        requested_at=summary.requested_at,
        completed_at=summary.completed_at,
    )


async def chat_page(
    tx: AsyncConnection, app_id: str, session_id: str, row_of: Mapping[str, str], cursor: str | None
) -> ChatPage:
    """The messages after the cursor. `row_of` gives the row of a peer. Raises `Malformed`."""
    found = await conversation.messages_of_session(
        tx, app_id, session_id, after=_after(cursor), limit=TALK_PAGE + 1
    )
    page = found[:TALK_PAGE]
    return ChatPage(
        items=[_said(message, row_of) for message in page],
        total=await conversation.count_messages(tx, app_id, session_id),
        next_cursor=_cursor(page[-1].at, page[-1].id) if len(found) > TALK_PAGE else None,
    )


async def transcript_page(
    tx: AsyncConnection, app_id: str, session_id: str, row_of: Mapping[str, str], cursor: str | None
) -> TranscriptPage:
    """The lines after the cursor. `row_of` gives the row of a peer. Raises `Malformed`."""
    found = await conversation.lines_of_session(
        tx, app_id, session_id, after=_after(cursor), limit=TALK_PAGE + 1
    )
    page = found[:TALK_PAGE]
    return TranscriptPage(
        items=[_spoken(line, row_of) for line in page],
        total=await conversation.count_lines(tx, app_id, session_id),
        next_cursor=_cursor(page[-1].start_at, page[-1].id) if len(found) > TALK_PAGE else None,
    )


def _after(cursor: str | None) -> tuple[EpochMs, str] | None:
    if cursor is None:
        return None
    place = decode_cursor(cursor)
    return EpochMs(int(place.key)), place.id


def _cursor(at: EpochMs, id: str) -> str:
    return encode_cursor(Cursor(at, id, False))


def _said(message: ChatMessage, row_of: Mapping[str, str]) -> ChatLine:
    return ChatLine(
        id=message.id,
        at=message.at,
        participant_id=row_of.get(message.peer_id or ""),
        name=message.display_name,
        kind=message.kind,
        text=message.payload,
        is_pinned=message.is_pinned,
        is_edited=message.is_edited,
    )


def _spoken(line: TranscriptLine, row_of: Mapping[str, str]) -> SpokenLine:
    return SpokenLine(
        id=line.id,
        at=line.start_at,
        end_at=line.end_at,
        participant_id=row_of.get(line.peer_id or ""),
        name=line.display_name,
        text=line.text,
    )
