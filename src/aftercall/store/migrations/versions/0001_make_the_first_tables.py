"""Make the first tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _words(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, WORDS, nullable=null)


def _moment(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _bytes(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "accounts",
        _words("id"),
        _words("name"),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "apps",
        _words("account_id"),
        _words("id"),
        _words("name"),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_apps_account", "apps", ["account_id", "created_at", "id"])
    op.create_table(
        "chat_messages",
        _words("app_id"),
        _words("session_id"),
        _words("id"),
        _words("peer_id", null=True),
        _words("user_id", null=True),
        _words("display_name"),
        _words("kind"),
        _words("payload"),
        _flag("is_pinned"),
        _flag("is_edited"),
        _moment("at"),
        _moment("revised_at"),
        sa.PrimaryKeyConstraint("app_id", "session_id", "id"),
    )
    op.create_index("ix_chat_messages_at", "chat_messages", ["app_id", "session_id", "at", "id"])
    op.create_table(
        "jobs",
        _words("id"),
        _words("task"),
        _words("lane"),
        _words("payload"),
        _moment("created_at"),
        _moment("due_at"),
        _count("attempts"),
        _moment("lease_until", null=True),
        _words("last_error", null=True),
        _moment("dead_at", null=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_jobs_due",
        "jobs",
        ["due_at", "id"],
        sqlite_where=sa.text("dead_at IS NULL"),
        postgresql_where=sa.text("dead_at IS NULL"),
    )
    op.create_index(
        "ix_jobs_lane",
        "jobs",
        ["lane", "created_at", "id"],
        sqlite_where=sa.text("dead_at IS NULL"),
        postgresql_where=sa.text("dead_at IS NULL"),
    )
    op.create_table("keys", _words("name"), _words("value"), sa.PrimaryKeyConstraint("name"))
    op.create_table(
        "meetings",
        _words("app_id"),
        _words("id"),
        _words("title"),
        _words("status"),
        _count("keep_alive_s"),
        _words("parent_meeting_id", null=True),
        _words("settings"),
        _moment("created_at"),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("app_id", "id"),
    )
    op.create_index("ix_meetings_created", "meetings", ["app_id", "created_at", "id"])
    op.create_table(
        "members",
        _words("app_id"),
        _words("meeting_id"),
        _words("id"),
        _words("name"),
        _words("picture", null=True),
        _words("custom_participant_id"),
        _words("preset_name"),
        _count("token_generation"),
        _moment("created_at"),
        _moment("updated_at"),
        _moment("removed_at", null=True),
        sa.PrimaryKeyConstraint("app_id", "meeting_id", "id"),
    )
    op.create_index("ix_members_created", "members", ["app_id", "meeting_id", "created_at", "id"])
    op.create_index(
        "ix_members_custom", "members", ["app_id", "meeting_id", "custom_participant_id"]
    )
    op.create_table(
        "notes",
        _words("app_id"),
        _words("session_id"),
        _words("peer_id"),
        _words("id"),
        _moment("at"),
        _moment("received_at"),
        _words("name"),
        _words("data"),
        sa.PrimaryKeyConstraint("app_id", "peer_id", "id"),
    )
    op.create_index("ix_notes_session", "notes", ["app_id", "session_id", "at"])
    op.create_table(
        "participants",
        _words("app_id"),
        _words("session_id"),
        _words("id"),
        _words("user_id", null=True),
        _words("custom_participant_id", null=True),
        _words("display_name", null=True),
        _words("picture", null=True),
        _words("preset_name", null=True),
        _words("view_type"),
        _flag("is_hidden"),
        _moment("joined_at"),
        _moment("left_at", null=True),
        _flag("left_is_inferred"),
        sa.Column("duration_minutes", sa.Double(), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("app_id", "session_id", "id"),
    )
    op.create_index(
        "ix_participants_joined", "participants", ["app_id", "session_id", "joined_at", "id"]
    )
    op.create_table(
        "peers",
        _words("app_id"),
        _words("session_id"),
        _words("meeting_id"),
        _words("id"),
        _words("participant_id"),
        _words("previous_peer_id", null=True),
        _words("user_id", null=True),
        _words("custom_participant_id", null=True),
        _words("display_name", null=True),
        _words("picture", null=True),
        _words("preset_name", null=True),
        _words("view_type"),
        _flag("is_hidden"),
        _words("source"),
        _count("interval_ms"),
        _moment("joined_at", null=True),
        _moment("last_joined_at", null=True),
        _moment("left_said_at", null=True),
        _moment("kicked_at", null=True),
        _moment("first_heard_at"),
        _moment("last_heard_at"),
        _moment("last_received_at"),
        _moment("left_at", null=True),
        _words("left_reason", null=True),
        _moment("created_at"),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("app_id", "id"),
    )
    op.create_index(
        "ix_peers_present",
        "peers",
        ["app_id", "id"],
        sqlite_where=sa.text("left_at IS NULL"),
        postgresql_where=sa.text("left_at IS NULL"),
    )
    op.create_index("ix_peers_session", "peers", ["app_id", "session_id"])
    op.create_table(
        "pulses",
        _words("app_id"),
        _words("peer_id"),
        _moment("last_heard_at"),
        _moment("last_received_at"),
        _moment("last_sequence"),
        _moment("samples"),
        sa.PrimaryKeyConstraint("app_id", "peer_id"),
        postgresql_with={"fillfactor": "70"},
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reports",
        _words("app_id"),
        _words("session_id"),
        _words("peer_id"),
        _count("fold_version"),
        _moment("folded_at"),
        _bytes("document"),
        sa.PrimaryKeyConstraint("app_id", "peer_id"),
    )
    op.create_index("ix_reports_fold", "reports", ["fold_version", "app_id", "peer_id"])
    op.create_index("ix_reports_session", "reports", ["app_id", "session_id"])
    op.create_table(
        "samples",
        _words("app_id"),
        _words("peer_id"),
        _moment("sequence"),
        _words("session_id"),
        _moment("at"),
        _moment("received_at"),
        _bytes("body"),
        sa.PrimaryKeyConstraint("app_id", "peer_id", "sequence"),
        postgresql_with={"toast_tuple_target": "8160"},
    )
    op.create_table(
        "segments",
        _words("app_id"),
        _words("peer_id"),
        _words("session_id"),
        _moment("samples"),
        _words("sequences"),
        _bytes("body"),
        sa.PrimaryKeyConstraint("app_id", "peer_id"),
    )
    op.create_table(
        "session_tallies",
        _words("app_id"),
        _count("day"),
        _count("total_participants"),
        _count("sessions"),
        sa.Column("minutes", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("app_id", "day", "total_participants"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sessions",
        _words("app_id"),
        _words("id"),
        _words("meeting_id"),
        _words("title"),
        _words("kind"),
        _words("phase"),
        _words("parent_session_id", null=True),
        _moment("created_at"),
        _moment("started_at"),
        _moment("opened_at", null=True),
        _moment("closed_at", null=True),
        _moment("ended_at", null=True),
        _words("end_reason", null=True),
        _moment("updated_at"),
        _moment("touched_at"),
        _moment("deadline_at", null=True),
        _count("keep_alive_s"),
        _count("live_participants"),
        _count("total_participants"),
        _count("max_concurrent_participants"),
        sa.Column("minutes_consumed", sa.Double(), nullable=False),
        _words("minutes_by_view"),
        _count("day"),
        sa.Column("title_key", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("app_id", "id"),
    )
    op.create_index("ix_sessions_created", "sessions", ["app_id", "created_at", "id"])
    op.create_index(
        "ix_sessions_day", "sessions", ["app_id", "day", "total_participants", "created_at", "id"]
    )
    op.create_index(
        "ix_sessions_deadline",
        "sessions",
        ["deadline_at"],
        sqlite_where=sa.text("deadline_at IS NOT NULL"),
        postgresql_where=sa.text("deadline_at IS NOT NULL"),
    )
    op.create_index(
        "ix_sessions_live",
        "sessions",
        ["app_id", "created_at", "id", "day", "total_participants"],
        sqlite_where=sa.text("phase <> 'ended'"),
        postgresql_where=sa.text("phase <> 'ended'"),
    )
    op.create_index("ix_sessions_meeting", "sessions", ["app_id", "meeting_id", "created_at", "id"])
    op.create_index("ix_sessions_minutes", "sessions", ["app_id", "minutes_consumed", "id"])
    op.create_index(
        "ix_sessions_parent",
        "sessions",
        ["app_id", "parent_session_id"],
        sqlite_where=sa.text("parent_session_id IS NOT NULL"),
        postgresql_where=sa.text("parent_session_id IS NOT NULL"),
    )
    op.create_index("ix_sessions_title", "sessions", ["app_id", "title_key", "created_at", "id"])
    op.create_index(
        "uq_sessions_current",
        "sessions",
        ["app_id", "meeting_id"],
        unique=True,
        sqlite_where=sa.text("phase <> 'ended'"),
        postgresql_where=sa.text("phase <> 'ended'"),
    )
    op.create_table(
        "summaries",
        _words("app_id"),
        _words("session_id"),
        _words("state"),
        _words("text", null=True),
        _flag("is_markdown"),
        _words("error", null=True),
        _moment("requested_at"),
        _moment("completed_at", null=True),
        sa.PrimaryKeyConstraint("app_id", "session_id"),
    )
    op.create_table(
        "title_terms",
        _words("app_id"),
        _words("term"),
        sa.Column("title_key", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("app_id", "term", "title_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tokens",
        _words("id"),
        _words("account_id"),
        _words("app_id", null=True),
        _words("name"),
        _words("role"),
        _words("hash"),
        _moment("created_at"),
        _moment("last_used_at", null=True),
        _moment("revoked_at", null=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_tokens_account", "tokens", ["account_id", "created_at"])
    op.create_index("uq_tokens_hash", "tokens", ["hash"], unique=True)
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
        _words("text"),
        sa.PrimaryKeyConstraint("app_id", "session_id", "id"),
    )
    op.create_index(
        "ix_transcript_lines_start", "transcript_lines", ["app_id", "session_id", "start_at", "id"]
    )
