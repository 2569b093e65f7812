"""Add webhooks, and what is owed to them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"

    def text(name: str, *, null: bool = False) -> sa.Column[Any]:
        kind = sa.Text(collation="C") if is_postgresql else sa.Text()
        return sa.Column(name, kind, nullable=null)

    def epoch_ms(name: str, *, null: bool = False) -> sa.Column[Any]:
        return sa.Column(name, sa.BigInteger(), nullable=null)

    op.create_table(
        "webhooks",
        *(text(name) for name in ("app_id", "id", "name", "url", "events", "meeting_ids")),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        text("sealed_secret"),
        text("sealed_old_secret", null=True),
        epoch_ms("old_secret_until", null=True),
        epoch_ms("created_at"),
        epoch_ms("updated_at"),
        epoch_ms("unsubscribed_at", null=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        epoch_ms("paused_until", null=True),
        sa.PrimaryKeyConstraint("app_id", "id"),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        *(text(name) for name in ("app_id", "id", "webhook_id", "lane", "event")),
        text("session_id", null=True),
        text("peer_id", null=True),
        text("data"),
        text("state"),
        epoch_ms("created_at"),
        epoch_ms("expires_at"),
        epoch_ms("next_at", null=True),
        epoch_ms("ended_at", null=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        text("log"),
        text("excerpt", null=True),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "webhook_lanes",
        *(text(name) for name in ("app_id", "webhook_id", "lane")),
        epoch_ms("due_at"),
        sa.PrimaryKeyConstraint("app_id", "webhook_id", "lane"),
    )
    waiting = sa.text("state = 'waiting'")
    of_webhook = ["app_id", "webhook_id"]
    for name, columns, is_partial in (
        ("uq_webhook_deliveries_id", ["app_id", "id"], False),
        ("ix_webhook_deliveries_webhook", [*of_webhook, "position"], False),
        ("ix_webhook_deliveries_state", [*of_webhook, "state", "position"], False),
        ("ix_webhook_deliveries_session", ["app_id", "session_id"], False),
        ("ix_webhook_deliveries_created", ["created_at"], False),
        ("ix_webhook_deliveries_lane", [*of_webhook, "lane", "position"], True),
        ("ix_webhook_deliveries_expiry", ["expires_at"], True),
    ):
        where = waiting if is_partial else None
        op.create_index(
            name,
            "webhook_deliveries",
            columns,
            unique=name.startswith("uq_"),
            sqlite_where=where,
            postgresql_where=where,
        )
    op.create_index("ix_webhook_lanes_due", "webhook_lanes", [*of_webhook, "due_at"])


def downgrade() -> None:
    op.drop_table("webhook_lanes")
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
