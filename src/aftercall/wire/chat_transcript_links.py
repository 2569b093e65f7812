"""Chat, transcript and summary: the answers that point to them, the queries that ask."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from aftercall.core.download_kinds import Export
from aftercall.core.instants import EpochMs
from aftercall.core.records import Summary
from aftercall.core.summary.layout import (
    DEFAULT_WORD_LIMIT,
    LEAST_WORD_LIMIT,
    MOST_WORD_LIMIT,
    SummaryKind,
    SummaryOptions,
)
from aftercall.wire.query import Choice, Query
from aftercall.wire.times import encode_time

CHAT_FORMAT: Final = Choice(
    name="format",
    about="The file's format.",
    values={"CSV": Export.CHAT_CSV, "JSON": Export.CHAT_JSON},
    default=Export.CHAT_CSV,
)
TRANSCRIPT_FORMAT: Final = Choice(
    name="format",
    about="The file's format.",
    values={
        "CSV": Export.TRANSCRIPT_CSV,
        "SRT": Export.TRANSCRIPT_SRT,
        "VTT": Export.TRANSCRIPT_VTT,
        "JSON": Export.TRANSCRIPT_JSON,
    },
    default=Export.TRANSCRIPT_CSV,
)
_STYLES: Final = {
    "offset": Export.TRANSCRIPT_CSV,
    "dyte": Export.TRANSCRIPT_DYTE_CSV,
}
CSV_STYLE: Final = Choice[Export | None](
    name="csv_style",
    about="The transcript's CSV: ms since the start and no header (offset), or ISO times and a "
    "header (dyte). Absent: as the server is set.",
    values=_STYLES,
    default=None,
)
CHAT_PARAMETERS: Final = (CHAT_FORMAT,)
TRANSCRIPT_PARAMETERS: Final = (TRANSCRIPT_FORMAT, CSV_STYLE)


class ChatLink(msgspec.Struct, frozen=True, kw_only=True):
    sessionId: str
    chat_download_url: str
    chat_download_url_expiry: str


class TranscriptLink(msgspec.Struct, frozen=True, kw_only=True):
    sessionId: str
    transcript_download_url: str
    transcript_download_url_expiry: str


class SummaryLink(msgspec.Struct, frozen=True, kw_only=True):
    sessionId: str
    summaryDownloadUrl: str
    summaryDownloadUrlExpiry: str


class SummaryRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A summary was asked for; `status` is PENDING, IN_PROGRESS, COMPLETED or FAILED."""

    success: bool = True
    message: str = "Success"
    session_id: str
    sessionId: str
    status: str


def read_chat_export(query: Query) -> Export:
    return CHAT_FORMAT.read(query)


def read_transcript_export(query: Query, *, default_style: str) -> Export:
    """The file asked for; `default_style` is `offset` or `dyte`, for a CSV without a style."""
    export = TRANSCRIPT_FORMAT.read(query)
    style = CSV_STYLE.read(query)
    if export is Export.TRANSCRIPT_CSV:
        return _STYLES[default_style] if style is None else style
    return export


def encode_chat_link(session_id: str, *, url: str, expires_at: EpochMs) -> ChatLink:
    return ChatLink(
        sessionId=session_id,
        chat_download_url=url,
        chat_download_url_expiry=encode_time(expires_at),
    )


def encode_transcript_link(session_id: str, *, url: str, expires_at: EpochMs) -> TranscriptLink:
    return TranscriptLink(
        sessionId=session_id,
        transcript_download_url=url,
        transcript_download_url_expiry=encode_time(expires_at),
    )


def encode_summary_link(session_id: str, *, url: str, expires_at: EpochMs) -> SummaryLink:
    return SummaryLink(
        sessionId=session_id,
        summaryDownloadUrl=url,
        summaryDownloadUrlExpiry=encode_time(expires_at),
    )


def encode_summary_request(summary: Summary) -> SummaryRequest:
    """The answer to a request, in the form of the first generation and of the later ones."""
    return SummaryRequest(
        session_id=summary.session_id,
        sessionId=summary.session_id,
        status=summary.state.value,
    )


def read_summary_options(settings: Mapping[str, Any]) -> SummaryOptions:
    """How a meeting's creator wants its summaries, from `Meeting.settings`.

    They were checked when they were given; what is absent or unreadable all the same is the
    default, so that a summary never fails for its settings.
    """
    ai_config = settings.get("ai_config")
    wishes = ai_config.get("summarization") if isinstance(ai_config, dict) else None
    if not isinstance(wishes, dict):
        return SummaryOptions()
    limit = wishes.get("word_limit")
    is_limit = isinstance(limit, int) and not isinstance(limit, bool)
    kind = wishes.get("summary_type")
    return SummaryOptions(
        word_limit=min(max(limit, LEAST_WORD_LIMIT), MOST_WORD_LIMIT)
        if is_limit and limit is not None
        else DEFAULT_WORD_LIMIT,
        is_markdown=wishes.get("text_format") != "plain_text",
        kind=_KINDS.get(kind, SummaryKind.GENERAL)
        if isinstance(kind, str)
        else SummaryKind.GENERAL,
    )


_KINDS: Final = {kind.value: kind for kind in SummaryKind}
