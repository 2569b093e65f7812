"""The tables, once for both engines.

Every key begins with `app_id`, so that a table can be partitioned or distributed by app.
Moments are BIGINT milliseconds since 1970, JSON is text as `msgspec.json` writes it, and all
text compares by code point on both engines.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    PrimaryKeyConstraint,
    Table,
    text,
)

from aftercall.store.engine.column_types import (
    blob_column,
    boolean_column,
    epoch_ms_column,
    integer_column,
    text_column,
)
from aftercall.store.engine.column_types import metadata as metadata
from aftercall.store.tables.alerts import alert_channels as alert_channels
from aftercall.store.tables.alerts import alert_rules as alert_rules
from aftercall.store.tables.alerts import alerts as alerts
from aftercall.store.tables.alerts import leases as leases
from aftercall.store.tables.chat_transcript import chat_messages as chat_messages
from aftercall.store.tables.chat_transcript import summaries as summaries
from aftercall.store.tables.chat_transcript import talk_sizes as talk_sizes
from aftercall.store.tables.chat_transcript import transcript_lines as transcript_lines
from aftercall.store.tables.chat_transcript import transcriptions as transcriptions
from aftercall.store.tables.egresses import egresses as egresses
from aftercall.store.tables.facets import facet_tallies as facet_tallies
from aftercall.store.tables.facets import peer_verdicts as peer_verdicts
from aftercall.store.tables.facets import people as people
from aftercall.store.tables.facets import people_tallies as people_tallies
from aftercall.store.tables.facets import people_terms as people_terms
from aftercall.store.tables.facets import quarter_tallies as quarter_tallies
from aftercall.store.tables.facets import session_quarters as session_quarters
from aftercall.store.tables.facets import session_verdicts as session_verdicts
from aftercall.store.tables.facets import sign_in_links as sign_in_links
from aftercall.store.tables.facets import sign_ins as sign_ins
from aftercall.store.tables.postings import minute_tallies as minute_tallies
from aftercall.store.tables.postings import session_days as session_days
from aftercall.store.tables.postings import session_postings as session_postings
from aftercall.store.tables.presets import presets as presets
from aftercall.store.tables.privacy import audit_log as audit_log
from aftercall.store.tables.privacy import erased_people as erased_people
from aftercall.store.tables.privacy import erasure_sessions as erasure_sessions
from aftercall.store.tables.privacy import erasures as erasures
from aftercall.store.tables.privacy import person_exports as person_exports
from aftercall.store.tables.privacy import read_links as read_links
from aftercall.store.tables.retention import data_removals as data_removals
from aftercall.store.tables.retention import waiting_removals as waiting_removals
from aftercall.store.tables.samples import pulses as pulses
from aftercall.store.tables.samples import samples as samples
from aftercall.store.tables.samples import segments as segments
from aftercall.store.tables.samples import session_watches as session_watches
from aftercall.store.tables.sources import dump_imports as dump_imports
from aftercall.store.tables.sources import polled_servers as polled_servers
from aftercall.store.tables.sources import session_aliases as session_aliases
from aftercall.store.tables.sources import source_keys as source_keys
from aftercall.store.tables.webhooks import webhook_deliveries as webhook_deliveries
from aftercall.store.tables.webhooks import webhook_lanes as webhook_lanes
from aftercall.store.tables.webhooks import webhooks as webhooks

accounts: Final = Table(
    "accounts",
    metadata,
    text_column("id"),
    text_column("name"),
    epoch_ms_column("created_at"),
    PrimaryKeyConstraint("id"),
)

apps: Final = Table(
    "apps",
    metadata,
    text_column("account_id"),
    text_column("id"),
    text_column("name"),
    epoch_ms_column("created_at"),
    text_column("report_shape"),
    text_column("retention"),
    PrimaryKeyConstraint("id"),
    Index("ix_apps_account", "account_id", "created_at", "id"),
)

tokens: Final = Table(
    "tokens",
    metadata,
    text_column("id"),
    text_column("account_id"),
    text_column("app_id", null=True),
    text_column("name"),
    text_column("role"),
    text_column("hash"),
    epoch_ms_column("created_at"),
    epoch_ms_column("last_used_at", null=True),
    epoch_ms_column("revoked_at", null=True),
    PrimaryKeyConstraint("id"),
    Index("uq_tokens_hash", "hash", unique=True),
    Index("ix_tokens_account", "account_id", "created_at"),
)

keys: Final = Table(
    "keys", metadata, text_column("name"), text_column("value"), PrimaryKeyConstraint("name")
)

meetings: Final = Table(
    "meetings",
    metadata,
    text_column("app_id"),
    text_column("id"),
    text_column("title"),
    text_column("status"),
    integer_column("keep_alive_s"),
    text_column("parent_meeting_id", null=True),
    text_column("settings"),
    epoch_ms_column("created_at"),
    epoch_ms_column("updated_at"),
    PrimaryKeyConstraint("app_id", "id"),
    Index("ix_meetings_created", "app_id", "created_at", "id"),
)

members: Final = Table(
    "members",
    metadata,
    text_column("app_id"),
    text_column("meeting_id"),
    text_column("id"),
    text_column("name"),
    text_column("picture", null=True),
    text_column("custom_participant_id"),
    text_column("preset_name"),
    integer_column("token_generation"),
    epoch_ms_column("created_at"),
    epoch_ms_column("updated_at"),
    epoch_ms_column("removed_at", null=True),
    PrimaryKeyConstraint("app_id", "meeting_id", "id"),
    Index("ix_members_created", "app_id", "meeting_id", "created_at", "id"),
    Index("ix_members_custom", "app_id", "meeting_id", "custom_participant_id"),
)

_NOT_ENDED: Final = text("phase <> 'ended'")

sessions: Final = Table(
    "sessions",
    metadata,
    text_column("app_id"),
    text_column("id"),
    text_column("meeting_id"),
    text_column("title"),
    text_column("kind"),
    text_column("phase"),
    text_column("parent_session_id", null=True),
    epoch_ms_column("created_at"),
    epoch_ms_column("started_at"),
    epoch_ms_column("opened_at", null=True),
    epoch_ms_column("closed_at", null=True),
    epoch_ms_column("ended_at", null=True),
    text_column("end_reason", null=True),
    epoch_ms_column("updated_at"),
    epoch_ms_column("touched_at"),
    epoch_ms_column("deadline_at", null=True),
    integer_column("keep_alive_s"),
    integer_column("live_participants"),
    integer_column("total_participants"),
    integer_column("max_concurrent_participants"),
    Column("minutes_consumed", Double, nullable=False),
    text_column("minutes_by_view"),
    integer_column("day"),
    Column("ordinal", BigInteger, nullable=True),
    integer_column("kept_kinds"),
    integer_column("recorded_day"),
    PrimaryKeyConstraint("app_id", "id"),
    Index(
        "uq_sessions_current",
        "app_id",
        "meeting_id",
        unique=True,
        sqlite_where=_NOT_ENDED,
        postgresql_where=_NOT_ENDED,
    ),
    Index("ix_sessions_created", "app_id", "created_at", "id", "ordinal"),
    Index(
        "ix_sessions_minutes",
        "app_id",
        "minutes_consumed",
        "id",
        "ordinal",
        "created_at",
        "total_participants",
    ),
    Index("ix_sessions_meeting", "app_id", "meeting_id", "created_at", "id"),
    Index("uq_sessions_ordinal", "app_id", "ordinal", unique=True),
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
        "ix_sessions_kept",
        "app_id",
        "kept_kinds",
        "ended_at",
        "id",
        sqlite_where=text("ended_at IS NOT NULL"),
        postgresql_where=text("ended_at IS NOT NULL"),
    ),
    Index("ix_sessions_recorded", "recorded_day", "kept_kinds"),
    Index(
        "ix_sessions_parent",
        "app_id",
        "parent_session_id",
        sqlite_where=text("parent_session_id IS NOT NULL"),
        postgresql_where=text("parent_session_id IS NOT NULL"),
    ),
)
"""`day` is the UTC day of `created_at`, by which the tallies are kept; `ordinal`, which only ended
sessions have, is that day and a running number within it. `kept_kinds` is the sum of the bits of
the kinds of data that retention has not deleted. `recorded_day` is the day by which what is big of
a session is partitioned."""

session_tallies: Final = Table(
    "session_tallies",
    metadata,
    text_column("app_id"),
    integer_column("day"),
    integer_column("total_participants"),
    integer_column("sessions"),
    Column("minutes", Double, nullable=False),
    PrimaryKeyConstraint("app_id", "day", "total_participants"),
    sqlite_with_rowid=False,
)
"""How many ENDED sessions there are of each day and size, so that counts are sums of few rows;
size -1 tells of all sizes together."""

participants: Final = Table(
    "participants",
    metadata,
    text_column("app_id"),
    text_column("session_id"),
    text_column("id"),
    text_column("user_id", null=True),
    text_column("custom_participant_id", null=True),
    text_column("display_name", null=True),
    text_column("picture", null=True),
    text_column("preset_name", null=True),
    text_column("view_type"),
    boolean_column("is_hidden"),
    epoch_ms_column("joined_at"),
    epoch_ms_column("left_at", null=True),
    boolean_column("left_is_inferred"),
    Column("duration_minutes", Double, nullable=False),
    epoch_ms_column("created_at"),
    epoch_ms_column("updated_at"),
    PrimaryKeyConstraint("app_id", "session_id", "id"),
    Index("ix_participants_joined", "app_id", "session_id", "joined_at", "id"),
)

_PRESENT: Final = text("left_at IS NULL")

peers: Final = Table(
    "peers",
    metadata,
    text_column("app_id"),
    text_column("session_id"),
    text_column("meeting_id"),
    text_column("id"),
    text_column("participant_id"),
    text_column("previous_peer_id", null=True),
    text_column("user_id", null=True),
    text_column("custom_participant_id", null=True),
    text_column("display_name", null=True),
    text_column("picture", null=True),
    text_column("preset_name", null=True),
    text_column("view_type"),
    boolean_column("is_hidden"),
    text_column("source"),
    integer_column("interval_ms"),
    epoch_ms_column("joined_at", null=True),
    epoch_ms_column("last_joined_at", null=True),
    epoch_ms_column("left_said_at", null=True),
    epoch_ms_column("kicked_at", null=True),
    epoch_ms_column("first_heard_at"),
    epoch_ms_column("last_heard_at"),
    epoch_ms_column("last_received_at"),
    epoch_ms_column("left_at", null=True),
    text_column("left_reason", null=True),
    epoch_ms_column("created_at"),
    epoch_ms_column("updated_at"),
    epoch_ms_column("missed_at", null=True),
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

notes: Final = Table(
    "notes",
    metadata,
    text_column("app_id"),
    text_column("session_id"),
    text_column("peer_id"),
    text_column("id"),
    epoch_ms_column("at"),
    epoch_ms_column("received_at"),
    text_column("name"),
    text_column("data"),
    PrimaryKeyConstraint("app_id", "peer_id", "id"),
    Index("ix_notes_session", "app_id", "session_id", "at"),
)

reports: Final = Table(
    "reports",
    metadata,
    text_column("app_id"),
    text_column("session_id"),
    text_column("peer_id"),
    integer_column("fold_version"),
    epoch_ms_column("folded_at"),
    blob_column("document"),
    integer_column("recorded_day"),
    PrimaryKeyConstraint("app_id", "peer_id", "recorded_day"),
    Index("ix_reports_session", "app_id", "session_id"),
    Index("ix_reports_fold", "fold_version", "app_id", "peer_id"),
    postgresql_partition_by="RANGE (recorded_day)",
)
"""On PostgreSQL in partitions (`store.engine.partitions`), as `segments`."""

_ALIVE: Final = text("dead_at IS NULL")

jobs: Final = Table(
    "jobs",
    metadata,
    text_column("id"),
    text_column("task"),
    text_column("lane"),
    text_column("payload"),
    epoch_ms_column("created_at"),
    epoch_ms_column("due_at"),
    integer_column("attempts"),
    epoch_ms_column("lease_until", null=True),
    text_column("last_error", null=True),
    epoch_ms_column("dead_at", null=True),
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
    text_column("app_id"),
    text_column("peer_id"),
    text_column("id"),
    epoch_ms_column("received_at"),
    text_column("source"),
    text_column("kind"),
    text_column("fact"),
    PrimaryKeyConstraint("app_id", "peer_id", "id"),
    Index("ix_early_facts_received", "received_at"),
)
