"""Make the tables.

The identifier is that of the last of five revisions that this one stands for: a database that was
migrated by them needs no migration.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _text(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, TEXT, nullable=null)


def _epoch_ms(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def _big_integer(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _integer(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _boolean(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _blob(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "accounts",
        _text("id"),
        _text("name"),
        _epoch_ms("created_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "apps",
        _text("account_id"),
        _text("id"),
        _text("name"),
        _epoch_ms("created_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_apps_account", "apps", ["account_id", "created_at", "id"])
    op.create_table(
        "chat_messages",
        _text("app_id"),
        _text("session_id"),
        _text("id"),
        _text("peer_id", null=True),
        _text("user_id", null=True),
        _text("display_name"),
        _text("kind"),
        _blob("payload"),
        _boolean("is_pinned"),
        _boolean("is_edited"),
        _epoch_ms("at"),
        _epoch_ms("revised_at"),
        sa.PrimaryKeyConstraint("app_id", "session_id", "id"),
    )
    op.create_index("ix_chat_messages_at", "chat_messages", ["app_id", "session_id", "at", "id"])
    op.create_table(
        "early_facts",
        _text("app_id"),
        _text("peer_id"),
        _text("id"),
        _epoch_ms("received_at"),
        _text("source"),
        _text("kind"),
        _text("fact"),
        sa.PrimaryKeyConstraint("app_id", "peer_id", "id"),
    )
    op.create_index("ix_early_facts_received", "early_facts", ["received_at"])
    op.create_table(
        "facet_tallies",
        _text("app_id"),
        _text("facet"),
        _integer("day"),
        _integer("sessions"),
        _integer("bad_sessions"),
        _integer("measured"),
        _integer("bad"),
        sa.PrimaryKeyConstraint("app_id", "facet", "day"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_facet_tallies_day", "facet_tallies", ["app_id", "day", "facet"])
    op.create_table(
        "jobs",
        _text("id"),
        _text("task"),
        _text("lane"),
        _text("payload"),
        _epoch_ms("created_at"),
        _epoch_ms("due_at"),
        _integer("attempts"),
        _epoch_ms("lease_until", null=True),
        _text("last_error", null=True),
        _epoch_ms("dead_at", null=True),
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
    op.create_table("keys", _text("name"), _text("value"), sa.PrimaryKeyConstraint("name"))
    op.create_table(
        "meetings",
        _text("app_id"),
        _text("id"),
        _text("title"),
        _text("status"),
        _integer("keep_alive_s"),
        _text("parent_meeting_id", null=True),
        _text("settings"),
        _epoch_ms("created_at"),
        _epoch_ms("updated_at"),
        sa.PrimaryKeyConstraint("app_id", "id"),
    )
    op.create_index("ix_meetings_created", "meetings", ["app_id", "created_at", "id"])
    op.create_table(
        "members",
        _text("app_id"),
        _text("meeting_id"),
        _text("id"),
        _text("name"),
        _text("picture", null=True),
        _text("custom_participant_id"),
        _text("preset_name"),
        _integer("token_generation"),
        _epoch_ms("created_at"),
        _epoch_ms("updated_at"),
        _epoch_ms("removed_at", null=True),
        sa.PrimaryKeyConstraint("app_id", "meeting_id", "id"),
    )
    op.create_index("ix_members_created", "members", ["app_id", "meeting_id", "created_at", "id"])
    op.create_index(
        "ix_members_custom", "members", ["app_id", "meeting_id", "custom_participant_id"]
    )
    op.create_table(
        "notes",
        _text("app_id"),
        _text("session_id"),
        _text("peer_id"),
        _text("id"),
        _epoch_ms("at"),
        _epoch_ms("received_at"),
        _text("name"),
        _text("data"),
        sa.PrimaryKeyConstraint("app_id", "peer_id", "id"),
    )
    op.create_index("ix_notes_session", "notes", ["app_id", "session_id", "at"])
    op.create_table(
        "participants",
        _text("app_id"),
        _text("session_id"),
        _text("id"),
        _text("user_id", null=True),
        _text("custom_participant_id", null=True),
        _text("display_name", null=True),
        _text("picture", null=True),
        _text("preset_name", null=True),
        _text("view_type"),
        _boolean("is_hidden"),
        _epoch_ms("joined_at"),
        _epoch_ms("left_at", null=True),
        _boolean("left_is_inferred"),
        sa.Column("duration_minutes", sa.Double(), nullable=False),
        _epoch_ms("created_at"),
        _epoch_ms("updated_at"),
        sa.PrimaryKeyConstraint("app_id", "session_id", "id"),
    )
    op.create_index(
        "ix_participants_joined", "participants", ["app_id", "session_id", "joined_at", "id"]
    )
    op.create_table(
        "peer_verdicts",
        _text("app_id"),
        _text("session_id"),
        _text("participant_id"),
        _text("person"),
        _epoch_ms("joined_at"),
        _text("summary"),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("app_id", "session_id", "participant_id"),
    )
    op.create_index(
        "ix_peer_verdicts_person", "peer_verdicts", ["app_id", "person", "joined_at", "session_id"]
    )
    op.create_table(
        "peers",
        _text("app_id"),
        _text("session_id"),
        _text("meeting_id"),
        _text("id"),
        _text("participant_id"),
        _text("previous_peer_id", null=True),
        _text("user_id", null=True),
        _text("custom_participant_id", null=True),
        _text("display_name", null=True),
        _text("picture", null=True),
        _text("preset_name", null=True),
        _text("view_type"),
        _boolean("is_hidden"),
        _text("source"),
        _integer("interval_ms"),
        _epoch_ms("joined_at", null=True),
        _epoch_ms("last_joined_at", null=True),
        _epoch_ms("left_said_at", null=True),
        _epoch_ms("kicked_at", null=True),
        _epoch_ms("first_heard_at"),
        _epoch_ms("last_heard_at"),
        _epoch_ms("last_received_at"),
        _epoch_ms("left_at", null=True),
        _text("left_reason", null=True),
        _epoch_ms("created_at"),
        _epoch_ms("updated_at"),
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
        "people",
        _text("app_id"),
        _text("person"),
        _text("name", null=True),
        _text("custom_participant_id", null=True),
        _text("user_id", null=True),
        _epoch_ms("last_at"),
        sa.PrimaryKeyConstraint("app_id", "person"),
    )
    op.create_index("ix_people_last", "people", ["app_id", "last_at", "person"])
    op.create_table(
        "people_terms",
        _text("app_id"),
        _text("term"),
        _text("person"),
        sa.PrimaryKeyConstraint("app_id", "term", "person"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pulses",
        _text("app_id"),
        _text("peer_id"),
        _epoch_ms("last_heard_at"),
        _epoch_ms("last_received_at"),
        _big_integer("last_sequence"),
        _big_integer("samples"),
        sa.PrimaryKeyConstraint("app_id", "peer_id"),
        postgresql_with={"fillfactor": "70"},
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reports",
        _text("app_id"),
        _text("session_id"),
        _text("peer_id"),
        _integer("fold_version"),
        _epoch_ms("folded_at"),
        _blob("document"),
        sa.PrimaryKeyConstraint("app_id", "peer_id"),
    )
    op.create_index("ix_reports_fold", "reports", ["fold_version", "app_id", "peer_id"])
    op.create_index("ix_reports_session", "reports", ["app_id", "session_id"])
    op.create_table(
        "samples",
        _text("app_id"),
        _text("peer_id"),
        _big_integer("sequence"),
        _text("session_id"),
        _epoch_ms("at"),
        _epoch_ms("received_at"),
        _blob("body"),
        sa.PrimaryKeyConstraint("app_id", "peer_id", "sequence"),
        postgresql_with={"toast_tuple_target": "8160"},
    )
    op.create_table(
        "segments",
        _text("app_id"),
        _text("peer_id"),
        _text("session_id"),
        _big_integer("samples"),
        _text("sequences"),
        _blob("body"),
        sa.PrimaryKeyConstraint("app_id", "peer_id"),
    )
    op.create_table(
        "session_facets",
        _text("app_id"),
        _text("facet"),
        _epoch_ms("created_at"),
        _text("session_id"),
        sa.PrimaryKeyConstraint("app_id", "facet", "created_at", "session_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "session_tallies",
        _text("app_id"),
        _integer("day"),
        _integer("total_participants"),
        _integer("sessions"),
        sa.Column("minutes", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("app_id", "day", "total_participants"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "session_verdicts",
        _text("app_id"),
        _text("session_id"),
        _epoch_ms("created_at"),
        sa.Column("quality_rank", sa.Double(), nullable=True),
        _text("summary"),
        _text("counted"),
        sa.PrimaryKeyConstraint("app_id", "session_id"),
    )
    op.create_index(
        "ix_session_verdicts_rank", "session_verdicts", ["app_id", "quality_rank", "session_id"]
    )
    op.create_table(
        "sessions",
        _text("app_id"),
        _text("id"),
        _text("meeting_id"),
        _text("title"),
        _text("kind"),
        _text("phase"),
        _text("parent_session_id", null=True),
        _epoch_ms("created_at"),
        _epoch_ms("started_at"),
        _epoch_ms("opened_at", null=True),
        _epoch_ms("closed_at", null=True),
        _epoch_ms("ended_at", null=True),
        _text("end_reason", null=True),
        _epoch_ms("updated_at"),
        _epoch_ms("touched_at"),
        _epoch_ms("deadline_at", null=True),
        _integer("keep_alive_s"),
        _integer("live_participants"),
        _integer("total_participants"),
        _integer("max_concurrent_participants"),
        sa.Column("minutes_consumed", sa.Double(), nullable=False),
        _text("minutes_by_view"),
        _integer("day"),
        _big_integer("title_key"),
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
        "sign_in_links",
        _text("id"),
        _text("account_id"),
        _text("app_id", null=True),
        _text("role"),
        _text("token_id", null=True),
        _epoch_ms("expires_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "sign_ins",
        _text("id"),
        _text("account_id"),
        _text("app_id", null=True),
        _text("role"),
        _text("token_id", null=True),
        _epoch_ms("created_at"),
        _epoch_ms("expires_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_sign_ins_expires", "sign_ins", ["expires_at"])
    op.create_table(
        "summaries",
        _text("app_id"),
        _text("session_id"),
        _text("state"),
        _text("text", null=True),
        _boolean("is_markdown"),
        _text("error", null=True),
        _epoch_ms("requested_at"),
        _epoch_ms("completed_at", null=True),
        sa.PrimaryKeyConstraint("app_id", "session_id"),
    )
    op.create_table(
        "talk_sizes",
        _text("app_id"),
        _text("session_id"),
        _big_integer("characters"),
        sa.PrimaryKeyConstraint("app_id", "session_id"),
    )
    op.create_table(
        "title_terms",
        _text("app_id"),
        _text("term"),
        _big_integer("title_key"),
        sa.PrimaryKeyConstraint("app_id", "term", "title_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tokens",
        _text("id"),
        _text("account_id"),
        _text("app_id", null=True),
        _text("name"),
        _text("role"),
        _text("hash"),
        _epoch_ms("created_at"),
        _epoch_ms("last_used_at", null=True),
        _epoch_ms("revoked_at", null=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_tokens_account", "tokens", ["account_id", "created_at"])
    op.create_index("uq_tokens_hash", "tokens", ["hash"], unique=True)
    op.create_table(
        "transcript_lines",
        _text("app_id"),
        _text("session_id"),
        _text("id"),
        _text("peer_id", null=True),
        _text("user_id", null=True),
        _text("custom_participant_id", null=True),
        _text("display_name"),
        _epoch_ms("start_at"),
        _epoch_ms("end_at"),
        _blob("text"),
        sa.PrimaryKeyConstraint("app_id", "session_id", "id"),
    )
    op.create_index(
        "ix_transcript_lines_start", "transcript_lines", ["app_id", "session_id", "start_at", "id"]
    )
