"""Chat, transcript and summary of a session."""

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.overview.session_facts import TalkPage
from aftercall.core.records import ChatMessage, MessageKind, Summary, SummaryState, TranscriptLine
from aftercall.core.summary.model_text import SummaryMaker
from aftercall.wire.cursors import encode_cursor


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
    model: str | None
    """The model that wrote it; null: the built-in summariser."""
    prompt_tokens: int
    completion_tokens: int
    fallback: str | None
    """The code of why the model did not write it."""


def encode_summary(summary: Summary | None) -> SummaryText | None:
    if summary is None:
        return None
    maker = msgspec.convert(summary.maker or {}, SummaryMaker)
    return SummaryText(
        state=summary.state,
        text=summary.text,
        is_markdown=summary.is_markdown,
        error=summary.error,
        requested_at=summary.requested_at,
        completed_at=summary.completed_at,
        model=maker.model,
        prompt_tokens=maker.prompt_tokens,
        completion_tokens=maker.completion_tokens,
        fallback=maker.fallback,
    )


def encode_chat(page: TalkPage[ChatMessage]) -> ChatPage:
    return ChatPage(
        items=[
            ChatLine(
                id=message.id,
                at=message.at,
                participant_id=page.participant_ids.get(message.peer_id or ""),
                name=message.display_name,
                kind=message.kind,
                text=message.payload,
                is_pinned=message.is_pinned,
                is_edited=message.is_edited,
            )
            for message in page.items
        ],
        total=page.total,
        next_cursor=encode_cursor(page.next_cursor),
    )


def encode_transcript(page: TalkPage[TranscriptLine]) -> TranscriptPage:
    return TranscriptPage(
        items=[
            SpokenLine(
                id=line.id,
                at=line.start_at,
                end_at=line.end_at,
                participant_id=page.participant_ids.get(line.peer_id or ""),
                name=line.display_name,
                text=line.text,
            )
            for line in page.items
        ],
        total=page.total,
        next_cursor=encode_cursor(page.next_cursor),
    )
