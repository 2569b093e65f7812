"""The tables of chat, transcripts and summaries."""

from typing import Final

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from aftercall.store.engine.column_types import (
    bigint_column,
    boolean_column,
    compressed_text_column,
    epoch_ms_column,
    integer_column,
    metadata,
    text_column,
)

chat_messages: Final = Table(
    "chat_messages",
    metadata,
    text_column("app_id"),
    text_column("session_id"),
    text_column("id"),
    text_column("peer_id", null=True),
    text_column("user_id", null=True),
    text_column("display_name"),
    text_column("kind"),
    compressed_text_column("payload"),
    boolean_column("is_pinned"),
    boolean_column("is_edited"),
    epoch_ms_column("at"),
    epoch_ms_column("revised_at"),
    PrimaryKeyConstraint("app_id", "session_id", "id"),
    Index("ix_chat_messages_at", "app_id", "session_id", "at", "id"),
)

transcript_lines: Final = Table(
    "transcript_lines",
    metadata,
    text_column("app_id"),
    text_column("session_id"),
    text_column("id"),
    text_column("peer_id", null=True),
    text_column("user_id", null=True),
    text_column("custom_participant_id", null=True),
    text_column("display_name"),
    epoch_ms_column("start_at"),
    epoch_ms_column("end_at"),
    compressed_text_column("text"),
    PrimaryKeyConstraint("app_id", "session_id", "id"),
    Index("ix_transcript_lines_start", "app_id", "session_id", "start_at", "id"),
)

summaries: Final = Table(
    "summaries",
    metadata,
    text_column("app_id"),
    text_column("session_id"),
    text_column("state"),
    text_column("text", null=True),
    boolean_column("is_markdown"),
    text_column("error", null=True),
    epoch_ms_column("requested_at"),
    epoch_ms_column("completed_at", null=True),
    text_column("maker", null=True),
    PrimaryKeyConstraint("app_id", "session_id"),
)

talk_sizes: Final = Table(
    "talk_sizes",
    metadata,
    text_column("app_id"),
    text_column("session_id"),
    bigint_column("characters"),
    PrimaryKeyConstraint("app_id", "session_id"),
)
"""How many characters of chat and transcript were written of each session, edits included."""

transcriptions: Final = Table(
    "transcriptions",
    metadata,
    text_column("app_id"),
    text_column("session_id"),
    text_column("id"),
    epoch_ms_column("requested_at"),
    text_column("requested_by"),
    text_column("state"),
    text_column("tracks"),
    text_column("language", null=True),
    boolean_column("replaces"),
    integer_column("starts"),
    text_column("failure", null=True),
    epoch_ms_column("finished_at", null=True),
    PrimaryKeyConstraint("app_id", "session_id"),
)
"""Tracks of audio that are uploaded to be transcribed, and how far that is. The audio lies in the
data folder. `tracks` and `failure` are JSON."""
