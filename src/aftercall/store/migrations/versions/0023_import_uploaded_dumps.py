"""Keep how far imports of uploaded files are, and what they found."""

import sqlalchemy as sa
from alembic import op

from aftercall.store.engine.column_types import WORDS

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dump_imports",
        sa.Column("app_id", WORDS, nullable=False),
        sa.Column("id", WORDS, nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("requested_by", WORDS, nullable=False),
        sa.Column("options", WORDS, nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("files", WORDS, nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("report", sa.LargeBinary(), nullable=True),
        sa.Column("error", WORDS, nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("app_id", "id", name="pk_dump_imports"),
    )


def downgrade() -> None:
    op.drop_table("dump_imports")
