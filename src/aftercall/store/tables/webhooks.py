"""The tables of webhooks: who subscribes, and what is owed."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, Table, text

from aftercall.store.engine.column_types import (
    boolean_column,
    epoch_ms_column,
    integer_column,
    metadata,
    text_column,
)

webhooks: Final = Table(
    "webhooks",
    metadata,
    text_column("app_id"),
    text_column("id"),
    text_column("name"),
    text_column("url"),
    text_column("events"),
    text_column("meeting_ids"),
    boolean_column("is_enabled"),
    text_column("sealed_secret"),
    text_column("sealed_old_secret", null=True),
    epoch_ms_column("old_secret_until", null=True),
    epoch_ms_column("created_at"),
    epoch_ms_column("updated_at"),
    epoch_ms_column("unsubscribed_at", null=True),
    integer_column("failures"),
    epoch_ms_column("paused_until", null=True),
    PrimaryKeyConstraint("app_id", "id"),
)

WAITING: Final = text("state = 'waiting'")

webhook_deliveries: Final = Table(
    "webhook_deliveries",
    metadata,
    Column(
        "position",
        BigInteger().with_variant(Integer(), "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    text_column("app_id"),
    text_column("id"),
    text_column("webhook_id"),
    text_column("lane"),
    text_column("event"),
    text_column("session_id", null=True),
    text_column("peer_id", null=True),
    text_column("data"),
    text_column("state"),
    epoch_ms_column("created_at"),
    epoch_ms_column("expires_at"),
    epoch_ms_column("next_at", null=True),
    epoch_ms_column("ended_at", null=True),
    integer_column("attempts"),
    text_column("log"),
    text_column("excerpt", null=True),
    Index("uq_webhook_deliveries_id", "app_id", "id", unique=True),
    Index("ix_webhook_deliveries_webhook", "app_id", "webhook_id", "position"),
    Index("ix_webhook_deliveries_state", "app_id", "webhook_id", "state", "position"),
    Index("ix_webhook_deliveries_session", "app_id", "session_id"),
    Index("ix_webhook_deliveries_created", "created_at"),
    Index(
        "ix_webhook_deliveries_lane",
        "app_id",
        "webhook_id",
        "lane",
        "position",
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    ),
    Index(
        "ix_webhook_deliveries_expiry",
        "expires_at",
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    ),
    sqlite_autoincrement=True,
)
"""`position` is assigned by the database, so that it follows the order in which transactions lock a
session, whatever their clocks."""

webhook_lanes: Final = Table(
    "webhook_lanes",
    metadata,
    text_column("app_id"),
    text_column("webhook_id"),
    text_column("lane"),
    epoch_ms_column("due_at"),
    PrimaryKeyConstraint("app_id", "webhook_id", "lane"),
    Index("ix_webhook_lanes_due", "app_id", "webhook_id", "due_at"),
)
"""A row for each lane in which a delivery waits, and perhaps for some in which none does any more.
`due_at` is when its first one may be posted; whoever posts it moves it on, which is its lease."""
