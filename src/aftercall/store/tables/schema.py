"""The tables, once for both engines.

Every key begins with `app_id`, so that a table can be partitioned or distributed by app.
Moments are BIGINT milliseconds since 1970, JSON is text as `msgspec.json` writes it, and all
text compares by code point on both engines.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Double, Index, PrimaryKeyConstraint, Table, text

from aftercall.store.engine.column_types import blob, count, flag, moment, words
from aftercall.store.engine.column_types import metadata as metadata
from aftercall.store.tables.conversation import chat_messages as chat_messages
from aftercall.store.tables.conversation import summaries as summaries
from aftercall.store.tables.conversation import talk_sizes as talk_sizes
from aftercall.store.tables.conversation import transcript_lines as transcript_lines
from aftercall.store.tables.facets import facet_tallies as facet_tallies
from aftercall.store.tables.facets import peer_verdicts as peer_verdicts
from aftercall.store.tables.facets import people as people
from aftercall.store.tables.facets import people_terms as people_terms
from aftercall.store.tables.facets import session_facets as session_facets
from aftercall.store.tables.facets import session_verdicts as session_verdicts
from aftercall.store.tables.facets import sign_in_links as sign_in_links
from aftercall.store.tables.facets import sign_ins as sign_ins

accounts: Final = Table(
    "accounts",
    metadata,
    words("id"),
    words("name"),
    moment("created_at"),
    PrimaryKeyConstraint("id"),
)

apps: Final = Table(
    "apps",
    metadata,
    words("account_id"),
    words("id"),
    words("name"),
    moment("created_at"),
    PrimaryKeyConstraint("id"),
    Index("ix_apps_account", "account_id", "created_at", "id"),
)

tokens: Final = Table(
    "tokens",
    metadata,
    words("id"),
    words("account_id"),
    words("app_id", null=True),
    words("name"),
    words("role"),
    words("hash"),
    moment("created_at"),
    moment("last_used_at", null=True),
    moment("revoked_at", null=True),
    PrimaryKeyConstraint("id"),
    Index("uq_tokens_hash", "hash", unique=True),
    Index("ix_tokens_account", "account_id", "created_at"),
)

keys: Final = Table("keys", metadata, words("name"), words("value"), PrimaryKeyConstraint("name"))

meetings: Final = Table(
    "meetings",
    metadata,
    words("app_id"),
    words("id"),
    words("title"),
    words("status"),
    count("keep_alive_s"),
    words("parent_meeting_id", null=True),
    words("settings"),
    moment("created_at"),
    moment("updated_at"),
    PrimaryKeyConstraint("app_id", "id"),
    Index("ix_meetings_created", "app_id", "created_at", "id"),
)

members: Final = Table(
    "members",
    metadata,
    words("app_id"),
    words("meeting_id"),
    words("id"),
    words("name"),
    words("picture", null=True),
    words("custom_participant_id"),
    words("preset_name"),
    count("token_generation"),
    moment("created_at"),
    moment("updated_at"),
    moment("removed_at", null=True),
    PrimaryKeyConstraint("app_id", "meeting_id", "id"),
    Index("ix_members_created", "app_id", "meeting_id", "created_at", "id"),
    Index("ix_members_custom", "app_id", "meeting_id", "custom_participant_id"),
)

_NOT_ENDED: Final = text("phase <> 'ended'")

sessions: Final = Table(
    "sessions",
    metadata,
    words("app_id"),
    words("id"),
    words("meeting_id"),
    words("title"),
    words("kind"),
    words("phase"),
    words("parent_session_id", null=True),
    moment("created_at"),
    moment("started_at"),
    moment("opened_at", null=True),
    moment("closed_at", null=True),
    moment("ended_at", null=True),
    words("end_reason", null=True),
    moment("updated_at"),
    moment("touched_at"),
    moment("deadline_at", null=True),
    count("keep_alive_s"),
    count("live_participants"),
    count("total_participants"),
    count("max_concurrent_participants"),
    Column("minutes_consumed", Double, nullable=False),
    words("minutes_by_view"),
    count("day"),
    Column("title_key", BigInteger, nullable=False),
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
    Index("ix_sessions_title", "app_id", "title_key", "created_at", "id"),
    Index("ix_sessions_day", "app_id", "day", "total_participants", "created_at", "id"),
    Index(
        "ix_sessions_live",
        "app_id",
        "created_at",
        "id",
        "day",
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
"""`day` is the UTC day of `created_at`, by which the tallies are kept; `title_key` stands for the
words of the title."""

title_terms: Final = Table(
    "title_terms",
    metadata,
    words("app_id"),
    words("term"),
    Column("title_key", BigInteger, nullable=False),
    PrimaryKeyConstraint("app_id", "term", "title_key"),
    sqlite_with_rowid=False,
)
"""The words of the titles, lowercase and without accents. They stay when no session has the
title any more: they lead to nothing then."""

session_tallies: Final = Table(
    "session_tallies",
    metadata,
    words("app_id"),
    count("day"),
    count("total_participants"),
    count("sessions"),
    Column("minutes", Double, nullable=False),
    PrimaryKeyConstraint("app_id", "day", "total_participants"),
    sqlite_with_rowid=False,
)
"""How many ENDED sessions there are of each day and size, so that counts are sums of few rows;
size -1 tells of all sizes together."""

participants: Final = Table(
    "participants",
    metadata,
    words("app_id"),
    words("session_id"),
    words("id"),
    words("user_id", null=True),
    words("custom_participant_id", null=True),
    words("display_name", null=True),
    words("picture", null=True),
    words("preset_name", null=True),
    words("view_type"),
    flag("is_hidden"),
    moment("joined_at"),
    moment("left_at", null=True),
    flag("left_is_inferred"),
    Column("duration_minutes", Double, nullable=False),
    moment("created_at"),
    moment("updated_at"),
    PrimaryKeyConstraint("app_id", "session_id", "id"),
    Index("ix_participants_joined", "app_id", "session_id", "joined_at", "id"),
)

_PRESENT: Final = text("left_at IS NULL")

peers: Final = Table(
    "peers",
    metadata,
    words("app_id"),
    words("session_id"),
    words("meeting_id"),
    words("id"),
    words("participant_id"),
    words("previous_peer_id", null=True),
    words("user_id", null=True),
    words("custom_participant_id", null=True),
    words("display_name", null=True),
    words("picture", null=True),
    words("preset_name", null=True),
    words("view_type"),
    flag("is_hidden"),
    words("source"),
    count("interval_ms"),
    moment("joined_at", null=True),
    moment("last_joined_at", null=True),
    moment("left_said_at", null=True),
    moment("kicked_at", null=True),
    moment("first_heard_at"),
    moment("last_heard_at"),
    moment("last_received_at"),
    moment("left_at", null=True),
    words("left_reason", null=True),
    moment("created_at"),
    moment("updated_at"),
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
    words("app_id"),
    words("peer_id"),
    moment("last_heard_at"),
    moment("last_received_at"),
    moment("last_sequence"),
    moment("samples"),
    PrimaryKeyConstraint("app_id", "peer_id"),
    sqlite_with_rowid=False,
    postgresql_with={"fillfactor": "70"},
)
"""When each peer was last heard. Apart from `peers` and without an index beside the key,
because it is written with every batch: the row is narrow, and PostgreSQL renews it in place."""

notes: Final = Table(
    "notes",
    metadata,
    words("app_id"),
    words("session_id"),
    words("peer_id"),
    words("id"),
    moment("at"),
    moment("received_at"),
    words("name"),
    words("data"),
    PrimaryKeyConstraint("app_id", "peer_id", "id"),
    Index("ix_notes_session", "app_id", "session_id", "at"),
)

samples: Final = Table(
    "samples",
    metadata,
    words("app_id"),
    words("peer_id"),
    moment("sequence"),
    words("session_id"),
    moment("at"),
    moment("received_at"),
    blob("body"),
    PrimaryKeyConstraint("app_id", "peer_id", "sequence"),
    postgresql_with={"toast_tuple_target": "8160"},
)
"""Reports as they come, each compressed by itself. They stay in their row up to 8 KB: from 2 KB
on PostgreSQL would compress them again and move them elsewhere, at a tenth of the speed."""

segments: Final = Table(
    "segments",
    metadata,
    words("app_id"),
    words("peer_id"),
    words("session_id"),
    moment("samples"),
    words("sequences"),
    blob("body"),
    PrimaryKeyConstraint("app_id", "peer_id"),
)
"""All the reports of a peer that is done, in one block. `sequences` lists theirs, as JSON
pairs of first and last of each unbroken run."""

reports: Final = Table(
    "reports",
    metadata,
    words("app_id"),
    words("session_id"),
    words("peer_id"),
    count("fold_version"),
    moment("folded_at"),
    blob("document"),
    PrimaryKeyConstraint("app_id", "peer_id"),
    Index("ix_reports_session", "app_id", "session_id"),
    Index("ix_reports_fold", "fold_version", "app_id", "peer_id"),
)

_ALIVE: Final = text("dead_at IS NULL")

jobs: Final = Table(
    "jobs",
    metadata,
    words("id"),
    words("task"),
    words("lane"),
    words("payload"),
    moment("created_at"),
    moment("due_at"),
    count("attempts"),
    moment("lease_until", null=True),
    words("last_error", null=True),
    moment("dead_at", null=True),
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

early_facts: Final = Table(
    "early_facts",
    metadata,
    words("app_id"),
    words("peer_id"),
    words("id"),
    moment("received_at"),
    words("source"),
    words("kind"),
    words("fact"),
    PrimaryKeyConstraint("app_id", "peer_id", "id"),
    Index("ix_early_facts_received", "received_at"),
)
