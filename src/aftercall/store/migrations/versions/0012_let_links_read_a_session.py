"""Add the table of links with which one session can be read."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"

    def text(name: str) -> sa.Column[Any]:
        kind = sa.Text(collation="C") if is_postgresql else sa.Text()
        return sa.Column(name, kind, nullable=False)

    def moment(name: str, *, null: bool = False) -> sa.Column[Any]:
        return sa.Column(name, sa.BigInteger(), nullable=null)

    op.create_table(
        "read_links",
        text("app_id"),
        text("id"),
        text("session_id"),
        text("hash"),
        sa.Column("with_talk", sa.Boolean(), nullable=False),
        moment("created_at"),
        text("created_by"),
        moment("expires_at"),
        moment("revoked_at", null=True),
        moment("last_opened_at", null=True),
        sa.Column("times_opened", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("app_id", "id"),
    )
    op.create_index("ix_read_links_hash", "read_links", ["hash"], unique=True)
    op.create_index("ix_read_links_session", "read_links", ["app_id", "session_id"])
    op.create_index("ix_read_links_created", "read_links", ["app_id", "created_at", "id"])


def downgrade() -> None:
    op.drop_table("read_links")
