"""Make the table of facts about peers whose arrival is not known."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _words(name: str) -> sa.Column[Any]:
    return sa.Column(name, WORDS, nullable=False)


def upgrade() -> None:
    op.create_table(
        "early_facts",
        _words("app_id"),
        _words("peer_id"),
        _words("id"),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        _words("source"),
        _words("kind"),
        _words("fact"),
        sa.PrimaryKeyConstraint("app_id", "peer_id", "id"),
    )
    op.create_index("ix_early_facts_received", "early_facts", ["received_at"])
