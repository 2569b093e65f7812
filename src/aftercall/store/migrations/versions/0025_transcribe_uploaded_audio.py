"""Keep which audio is to be transcribed, and how far that is."""

import sqlalchemy as sa
from alembic import op

from aftercall.store.engine.column_types import WORDS

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "transcriptions",
        sa.Column("app_id", WORDS, nullable=False),
        sa.Column("session_id", WORDS, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("requested_by", WORDS, nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("tracks", WORDS, nullable=False),
        sa.Column("language", WORDS, nullable=True),
        sa.Column("replaces", sa.Boolean(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("failure", WORDS, nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("app_id", "session_id", name="pk_transcriptions"),
    )


def downgrade() -> None:
    op.drop_table("transcriptions")
