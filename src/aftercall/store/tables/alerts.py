"""The tables of alert rules, of the channels they are sent over, and of what they raised."""

from typing import Final

from sqlalchemy import Index, PrimaryKeyConstraint, Table, text

from aftercall.store.engine.column_types import (
    epoch_ms_column,
    integer_column,
    metadata,
    text_column,
)

UNRESOLVED: Final = text("state <> 'resolved'")
"""Few alerts are. Queries repeat this text, so that the index is used."""

alert_rules: Final = Table(
    "alert_rules",
    metadata,
    text_column("app_id"),
    text_column("id"),
    text_column("spec"),
    epoch_ms_column("muted_until", null=True),
    text_column("memory"),
    epoch_ms_column("created_at"),
    epoch_ms_column("updated_at"),
    PrimaryKeyConstraint("app_id", "id"),
)

alert_channels: Final = Table(
    "alert_channels",
    metadata,
    text_column("app_id"),
    text_column("id"),
    text_column("name"),
    text_column("kind"),
    text_column("target"),
    text_column("sealed_secret", null=True),
    epoch_ms_column("created_at"),
    epoch_ms_column("updated_at"),
    PrimaryKeyConstraint("app_id", "id"),
)
"""`target` is what may be shown of where it leads; the rest is encrypted."""

alerts: Final = Table(
    "alerts",
    metadata,
    text_column("app_id"),
    text_column("id"),
    text_column("rule_id"),
    text_column("subject"),
    text_column("state"),
    epoch_ms_column("since_at"),
    epoch_ms_column("raised_at", null=True),
    epoch_ms_column("clear_since_at", null=True),
    epoch_ms_column("resolved_at", null=True),
    epoch_ms_column("updated_at"),
    epoch_ms_column("sent_at", null=True),
    text_column("sent_fingerprint"),
    epoch_ms_column("muted_until", null=True),
    integer_column("version"),
    text_column("content"),
    PrimaryKeyConstraint("app_id", "id"),
    Index(
        "uq_alerts_unresolved",
        "app_id",
        "rule_id",
        "subject",
        unique=True,
        sqlite_where=UNRESOLVED,
        postgresql_where=UNRESOLVED,
    ),
    Index("ix_alerts_subject", "app_id", "subject"),
    Index("ix_alerts_since", "app_id", "since_at", "id"),
)
"""`subject` is the id of a session, or `app`."""

leases: Final = Table(
    "leases",
    metadata,
    text_column("name"),
    text_column("holder"),
    epoch_ms_column("until"),
    PrimaryKeyConstraint("name"),
)
"""Which process does what only one may do at a time, and until when."""
