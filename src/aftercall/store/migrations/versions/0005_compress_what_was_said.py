"""Compress chat and transcripts where they lie, and count their characters by session.

Texts that are there already stay as they are, and count for nothing.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _words(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, WORDS, nullable=null)


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, column in (("chat_messages", "payload"), ("transcript_lines", "text")):
            op.execute(
                f"ALTER TABLE {table} ALTER COLUMN {column} TYPE bytea"
                f" USING convert_to({column}, 'UTF8')"
            )
    else:
        _rebuild_messages()
        _rebuild_lines()
    op.create_table(
        "talk_sizes",
        _words("app_id"),
        _words("session_id"),
        sa.Column("characters", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("app_id", "session_id"),
    )


def _rebuild_messages() -> None:
    op.drop_index("ix_chat_messages_at", "chat_messages")
    op.rename_table("chat_messages", "chat_messages_before")
    op.create_table(
        "chat_messages",
        _words("app_id"),
        _words("session_id"),
        _words("id"),
        _words("peer_id", null=True),
        _words("user_id", null=True),
        _words("display_name"),
        _words("kind"),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("is_pinned", sa.Boolean(), nullable=False),
        sa.Column("is_edited", sa.Boolean(), nullable=False),
        _moment("at"),
        _moment("revised_at"),
        sa.PrimaryKeyConstraint("app_id", "session_id", "id"),
    )
    op.execute(
        "INSERT INTO chat_messages SELECT app_id, session_id, id, peer_id, user_id, display_name,"
        " kind, CAST(payload AS BLOB), is_pinned, is_edited, at, revised_at"
        " FROM chat_messages_before"
    )
    op.drop_table("chat_messages_before")
    op.create_index("ix_chat_messages_at", "chat_messages", ["app_id", "session_id", "at", "id"])


def _rebuild_lines() -> None:
    op.drop_index("ix_transcript_lines_start", "transcript_lines")
    op.rename_table("transcript_lines", "transcript_lines_before")
    op.create_table(
        "transcript_lines",
        _words("app_id"),
        _words("session_id"),
        _words("id"),
        _words("peer_id", null=True),
        _words("user_id", null=True),
        _words("custom_participant_id", null=True),
        _words("display_name"),
        _moment("start_at"),
        _moment("end_at"),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("app_id", "session_id", "id"),
    )
    op.execute(
        "INSERT INTO transcript_lines SELECT app_id, session_id, id, peer_id, user_id,"
        " custom_participant_id, display_name, start_at, end_at, CAST(text AS BLOB)"
        " FROM transcript_lines_before"
    )
    op.drop_table("transcript_lines_before")
    op.create_index(
        "ix_transcript_lines_start", "transcript_lines", ["app_id", "session_id", "start_at", "id"]
    )
