"""Keep who wrote a summary."""

import sqlalchemy as sa
from alembic import op

from aftercall.store.engine.column_types import WORDS

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("summaries", sa.Column("maker", WORDS, nullable=True))


def downgrade() -> None:
    op.drop_column("summaries", "maker")
