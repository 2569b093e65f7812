"""Keep the keys with which sources sign, and the ids they give to sessions that had begun."""

import sqlalchemy as sa
from alembic import op

from aftercall.store.engine.column_types import WORDS

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "source_keys",
        sa.Column("app_id", WORDS, nullable=False),
        sa.Column("source", WORDS, nullable=False),
        sa.Column("key_id", WORDS, nullable=False),
        sa.Column("sealed_secret", WORDS, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("app_id", "source", "key_id", name="pk_source_keys"),
    )
    op.create_index("ix_source_keys_key", "source_keys", ["source", "key_id"])
    op.create_table(
        "session_aliases",
        sa.Column("app_id", WORDS, nullable=False),
        sa.Column("alias", WORDS, nullable=False),
        sa.Column("session_id", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("app_id", "alias", name="pk_session_aliases"),
    )
    op.create_index("ix_session_aliases_session", "session_aliases", ["app_id", "session_id"])


def downgrade() -> None:
    op.drop_table("session_aliases")
    op.drop_table("source_keys")
