"""The tables of what was said."""

from typing import Final

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from aftercall.store.engine.column_types import (
    flag,
    large_count,
    metadata,
    moment,
    packed,
    words,
)

chat_messages: Final = Table(
    "chat_messages",
    metadata,
    words("app_id"),
    words("session_id"),
    words("id"),
    words("peer_id", null=True),
    words("user_id", null=True),
    words("display_name"),
    words("kind"),
    packed("payload"),
    flag("is_pinned"),
    flag("is_edited"),
    moment("at"),
    moment("revised_at"),
    PrimaryKeyConstraint("app_id", "session_id", "id"),
    Index("ix_chat_messages_at", "app_id", "session_id", "at", "id"),
)

transcript_lines: Final = Table(
    "transcript_lines",
    metadata,
    words("app_id"),
    words("session_id"),
    words("id"),
    words("peer_id", null=True),
    words("user_id", null=True),
    words("custom_participant_id", null=True),
    words("display_name"),
    moment("start_at"),
    moment("end_at"),
    packed("text"),
    PrimaryKeyConstraint("app_id", "session_id", "id"),
    Index("ix_transcript_lines_start", "app_id", "session_id", "start_at", "id"),
)

summaries: Final = Table(
    "summaries",
    metadata,
    words("app_id"),
    words("session_id"),
    words("state"),
    words("text", null=True),
    flag("is_markdown"),
    words("error", null=True),
    moment("requested_at"),
    moment("completed_at", null=True),
    PrimaryKeyConstraint("app_id", "session_id"),
)

talk_sizes: Final = Table(
    "talk_sizes",
    metadata,
    words("app_id"),
    words("session_id"),
    large_count("characters"),
    PrimaryKeyConstraint("app_id", "session_id"),
)
"""How many characters of chat and transcript were written of each session, edits included."""
