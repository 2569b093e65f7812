"""Add the tables of erasures and exports of people, and the audit log."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"

    def text(name: str, *, null: bool = False) -> sa.Column[Any]:
        kind = sa.Text(collation="C") if is_postgresql else sa.Text()
        return sa.Column(name, kind, nullable=null)

    def moment(name: str, *, null: bool = False) -> sa.Column[Any]:
        return sa.Column(name, sa.BigInteger(), nullable=null)

    def number(name: str) -> sa.Column[Any]:
        return sa.Column(name, sa.Integer(), nullable=False)

    op.create_table(
        "audit_log",
        text("app_id"),
        text("account_id"),
        moment("at"),
        text("id"),
        text("actor"),
        text("action"),
        text("object"),
        sa.PrimaryKeyConstraint("app_id", "account_id", "at", "id"),
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at"])
    op.create_table(
        "erasures",
        text("app_id"),
        text("id"),
        moment("requested_at"),
        text("requested_by"),
        text("state"),
        text("hashes"),
        text("counts"),
        number("live_sessions"),
        moment("finished_at", null=True),
        sa.PrimaryKeyConstraint("app_id", "id"),
    )
    op.create_table(
        "erased_people",
        text("app_id"),
        text("hash"),
        text("erasure_id"),
        sa.PrimaryKeyConstraint("app_id", "hash"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "erasure_sessions",
        text("app_id"),
        text("session_id"),
        text("erasure_id"),
        sa.Column("known_as", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("app_id", "session_id", "erasure_id"),
    )
    op.create_table(
        "person_exports",
        text("app_id"),
        text("id"),
        moment("requested_at"),
        text("requested_by"),
        text("hashes"),
        text("state"),
        number("sessions_done"),
        number("sessions_found"),
        text("file_name", null=True),
        moment("finished_at", null=True),
        moment("expires_at", null=True),
        sa.PrimaryKeyConstraint("app_id", "id"),
    )


def downgrade() -> None:
    for table in (
        "person_exports",
        "erasure_sessions",
        "erased_people",
        "erasures",
        "audit_log",
    ):
        op.drop_table(table)
