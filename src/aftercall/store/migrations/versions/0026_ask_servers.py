"""Keep the servers that are asked who is present, and whom they lacked."""

import sqlalchemy as sa
from alembic import op

from aftercall.store.engine.column_types import WORDS

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("peers", sa.Column("missed_at", sa.BigInteger, nullable=True))
    op.create_table(
        "polled_servers",
        sa.Column("app_id", WORDS, nullable=False),
        sa.Column("source", WORDS, nullable=False),
        sa.Column("key_id", WORDS, nullable=False),
        sa.Column("url", WORDS, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=True),
        sa.Column("answered_at", sa.BigInteger, nullable=True),
        sa.Column("error", WORDS, nullable=True),
        sa.Column("rooms", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("app_id", "source", "key_id"),
    )
    op.create_index("ix_polled_servers_due", "polled_servers", ["due_at"])


def downgrade() -> None:
    op.drop_table("polled_servers")
    op.drop_column("peers", "missed_at")
