"""The tables, once for both engines.

Every key begins with `app_id`, so that a table can be partitioned or distributed by app.
Moments are BIGINT milliseconds since 1970, JSON is text as `msgspec.json` writes it, and all
text compares by code point on both engines.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

WORDS: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""Text in the order of its code points, whatever the locale of the database: pages are cut
the same on both engines, and a prefix is a range of an index."""


def _words(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, WORDS, nullable=null)


def _moment(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, BigInteger, nullable=null)


def _count(name: str) -> Column[Any]:
    return Column(name, Integer, nullable=False)


def _flag(name: str) -> Column[Any]:
    return Column(name, Boolean, nullable=False)


def _bytes(name: str) -> Column[Any]:
    return Column(name, LargeBinary, nullable=False)


accounts: Final = Table(
    "accounts",
    metadata,
    _words("id"),
    _words("name"),
    _moment("created_at"),
    PrimaryKeyConstraint("id"),
)

apps: Final = Table(
    "apps",
    metadata,
    _words("account_id"),
    _words("id"),
    _words("name"),
    _moment("created_at"),
    PrimaryKeyConstraint("id"),
    Index("ix_apps_account", "account_id", "created_at", "id"),
)

tokens: Final = Table(
    "tokens",
    metadata,
    _words("id"),
    _words("account_id"),
    _words("app_id", null=True),
    _words("name"),
    _words("role"),
    _words("hash"),
    _moment("created_at"),
    _moment("last_used_at", null=True),
    _moment("revoked_at", null=True),
    PrimaryKeyConstraint("id"),
    Index("uq_tokens_hash", "hash", unique=True),
    Index("ix_tokens_account", "account_id", "created_at"),
)

keys: Final = Table("keys", metadata, _words("name"), _words("value"), PrimaryKeyConstraint("name"))

meetings: Final = Table(
    "meetings",
    metadata,
    _words("app_id"),
    _words("id"),
    _words("title"),
    _words("status"),
    _count("keep_alive_s"),
    _words("parent_meeting_id", null=True),
    _words("settings"),
    _moment("created_at"),
    _moment("updated_at"),
    PrimaryKeyConstraint("app_id", "id"),
    Index("ix_meetings_created", "app_id", "created_at", "id"),
)

members: Final = Table(
    "members",
    metadata,
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
    PrimaryKeyConstraint("app_id", "meeting_id", "id"),
    Index("ix_members_created", "app_id", "meeting_id", "created_at", "id"),
    Index("ix_members_custom", "app_id", "meeting_id", "custom_participant_id"),
)

_NOT_ENDED: Final = text("phase <> 'ended'")

sessions: Final = Table(
    "sessions",
    metadata,
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
    Column("minutes_consumed", Double, nullable=False),
    _words("minutes_by_view"),
    Column("day", Integer, nullable=False),
    PrimaryKeyConstraint("app_id", "id"),
    Index(
        "uq_sessions_current",
        "app_id",
        "meeting_id",
        unique=True,
        sqlite_where=_NOT_ENDED,
        postgresql_where=_NOT_ENDED,
    ),
    Index("ix_sessions_created", "app_id", "created_at", "id"),
    Index("ix_sessions_minutes", "app_id", "minutes_consumed", "id"),
    Index("ix_sessions_meeting", "app_id", "meeting_id", "created_at", "id"),
    Index("ix_sessions_day", "app_id", "day", "total_participants", "created_at", "id"),
    Index(
        "ix_sessions_live",
        "app_id",
        "created_at",
        "id",
        "total_participants",
        sqlite_where=_NOT_ENDED,
        postgresql_where=_NOT_ENDED,
    ),
    Index(
        "ix_sessions_deadline",
        "deadline_at",
        sqlite_where=text("deadline_at IS NOT NULL"),
        postgresql_where=text("deadline_at IS NOT NULL"),
    ),
    Index(
        "ix_sessions_parent",
        "app_id",
        "parent_session_id",
        sqlite_where=text("parent_session_id IS NOT NULL"),
        postgresql_where=text("parent_session_id IS NOT NULL"),
    ),
)
"""`day` is the UTC day of `created_at`; the tallies are kept by it."""

session_terms: Final = Table(
    "session_terms",
    metadata,
    _words("app_id"),
    _words("term"),
    _moment("created_at"),
    _words("session_id"),
    PrimaryKeyConstraint("app_id", "term", "created_at", "session_id"),
    sqlite_with_rowid=False,
)
"""The words of the titles, lowercase and without accents."""

session_tallies: Final = Table(
    "session_tallies",
    metadata,
    _words("app_id"),
    _count("day"),
    _count("total_participants"),
    _count("sessions"),
    Column("minutes", Double, nullable=False),
    PrimaryKeyConstraint("app_id", "day", "total_participants"),
    sqlite_with_rowid=False,
)
"""How many ENDED sessions there are of each day and size, so that counts are sums of few rows."""

participants: Final = Table(
    "participants",
    metadata,
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
    Column("duration_minutes", Double, nullable=False),
    _moment("created_at"),
    _moment("updated_at"),
    PrimaryKeyConstraint("app_id", "session_id", "id"),
    Index("ix_participants_joined", "app_id", "session_id", "joined_at", "id"),
)

_PRESENT: Final = text("left_at IS NULL")

peers: Final = Table(
    "peers",
    metadata,
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
    _moment("left_said_at", null=True),
    _moment("kicked_at", null=True),
    _moment("first_heard_at"),
    _moment("last_heard_at"),
    _moment("last_received_at"),
    _moment("left_at", null=True),
    _words("left_reason", null=True),
    _moment("created_at"),
    _moment("updated_at"),
    PrimaryKeyConstraint("app_id", "id"),
    Index("ix_peers_session", "app_id", "session_id"),
    Index(
        "ix_peers_present",
        "app_id",
        "id",
        sqlite_where=_PRESENT,
        postgresql_where=_PRESENT,
    ),
)

pulses: Final = Table(
    "pulses",
    metadata,
    _words("app_id"),
    _words("peer_id"),
    _moment("last_heard_at"),
    _moment("last_received_at"),
    _moment("last_sequence"),
    _moment("samples"),
    PrimaryKeyConstraint("app_id", "peer_id"),
    sqlite_with_rowid=False,
    postgresql_with={"fillfactor": "70"},
)
"""When each peer was last heard. Apart from `peers` and without an index beside the key,
because it is written with every batch: the row is narrow, and PostgreSQL renews it in place."""

notes: Final = Table(
    "notes",
    metadata,
    _words("app_id"),
    _words("session_id"),
    _words("peer_id"),
    _words("id"),
    _moment("at"),
    _moment("received_at"),
    _words("name"),
    _words("data"),
    PrimaryKeyConstraint("app_id", "peer_id", "id"),
    Index("ix_notes_session", "app_id", "session_id", "at"),
)

samples: Final = Table(
    "samples",
    metadata,
    _words("app_id"),
    _words("peer_id"),
    _moment("sequence"),
    _words("session_id"),
    _moment("at"),
    _moment("received_at"),
    _bytes("body"),
    PrimaryKeyConstraint("app_id", "peer_id", "sequence"),
    postgresql_with={"toast_tuple_target": "8160"},
)
"""Reports as they come, each compressed by itself. They stay in their row up to 8 KB: from 2 KB
on PostgreSQL would compress them again and move them elsewhere, at a tenth of the speed."""

segments: Final = Table(
    "segments",
    metadata,
    _words("app_id"),
    _words("peer_id"),
    _words("session_id"),
    _moment("samples"),
    _words("sequences"),
    _bytes("body"),
    PrimaryKeyConstraint("app_id", "peer_id"),
)
"""All the reports of a peer that is done, in one block. `sequences` lists theirs, as JSON
pairs of first and last of each unbroken run."""

reports: Final = Table(
    "reports",
    metadata,
    _words("app_id"),
    _words("session_id"),
    _words("peer_id"),
    _count("fold_version"),
    _moment("folded_at"),
    _bytes("document"),
    PrimaryKeyConstraint("app_id", "peer_id"),
    Index("ix_reports_session", "app_id", "session_id"),
    Index("ix_reports_fold", "fold_version", "app_id", "peer_id"),
)

chat_messages: Final = Table(
    "chat_messages",
    metadata,
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
    PrimaryKeyConstraint("app_id", "session_id", "id"),
    Index("ix_chat_messages_at", "app_id", "session_id", "at", "id"),
)

transcript_lines: Final = Table(
    "transcript_lines",
    metadata,
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
    PrimaryKeyConstraint("app_id", "session_id", "id"),
    Index("ix_transcript_lines_start", "app_id", "session_id", "start_at", "id"),
)

summaries: Final = Table(
    "summaries",
    metadata,
    _words("app_id"),
    _words("session_id"),
    _words("state"),
    _words("text", null=True),
    _flag("is_markdown"),
    _words("error", null=True),
    _moment("requested_at"),
    _moment("completed_at", null=True),
    PrimaryKeyConstraint("app_id", "session_id"),
)

_ALIVE: Final = text("dead_at IS NULL")

jobs: Final = Table(
    "jobs",
    metadata,
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
    PrimaryKeyConstraint("id"),
    Index("ix_jobs_due", "due_at", "id", sqlite_where=_ALIVE, postgresql_where=_ALIVE),
    Index(
        "ix_jobs_lane",
        "lane",
        "created_at",
        "id",
        sqlite_where=_ALIVE,
        postgresql_where=_ALIVE,
    ),
)
