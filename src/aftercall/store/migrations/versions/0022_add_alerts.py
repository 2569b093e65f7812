"""Add alert rules, their channels and alerts, and leases."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"

    def text(name: str, *, null: bool = False) -> sa.Column[Any]:
        kind = sa.Text(collation="C") if is_postgresql else sa.Text()
        return sa.Column(name, kind, nullable=null)

    def moment(name: str, *, null: bool = False) -> sa.Column[Any]:
        return sa.Column(name, sa.BigInteger(), nullable=null)

    op.create_table(
        "alert_rules",
        *(text(name) for name in ("app_id", "id", "spec")),
        moment("muted_until", null=True),
        text("memory"),
        moment("created_at"),
        moment("updated_at"),
        sa.PrimaryKeyConstraint("app_id", "id"),
    )
    op.create_table(
        "alert_channels",
        *(text(name) for name in ("app_id", "id", "name", "kind", "target")),
        text("sealed_secret", null=True),
        moment("created_at"),
        moment("updated_at"),
        sa.PrimaryKeyConstraint("app_id", "id"),
    )
    op.create_table(
        "alerts",
        *(text(name) for name in ("app_id", "id", "rule_id", "subject", "state")),
        moment("since_at"),
        *(moment(name, null=True) for name in ("raised_at", "clear_since_at", "resolved_at")),
        moment("updated_at"),
        moment("sent_at", null=True),
        text("sent_fingerprint"),
        moment("muted_until", null=True),
        sa.Column("version", sa.Integer(), nullable=False),
        text("content"),
        sa.PrimaryKeyConstraint("app_id", "id"),
    )
    unresolved = sa.text("state <> 'resolved'")
    op.create_index(
        "uq_alerts_unresolved",
        "alerts",
        ["app_id", "rule_id", "subject"],
        unique=True,
        sqlite_where=unresolved,
        postgresql_where=unresolved,
    )
    op.create_index("ix_alerts_subject", "alerts", ["app_id", "subject"])
    op.create_index("ix_alerts_since", "alerts", ["app_id", "since_at", "id"])
    op.create_table(
        "leases",
        text("name"),
        text("holder"),
        moment("until"),
        sa.PrimaryKeyConstraint("name"),
    )


def downgrade() -> None:
    for name in ("leases", "alerts", "alert_channels", "alert_rules"):
        op.drop_table(name)
