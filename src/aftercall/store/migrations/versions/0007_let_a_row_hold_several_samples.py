"""Let a row hold several samples, and note which sessions are watched.

Only samples of sessions that have not been folded are in rows, so few are copied.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_KEPT = "app_id, peer_id, sequence, session_id, at, received_at, body"


def upgrade() -> None:
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "session_watches",
        sa.Column("app_id", text, nullable=False),
        sa.Column("session_id", text, nullable=False),
        sa.Column("watched_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("app_id", "session_id"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("samples", sa.Column("last_sequence", sa.BigInteger()))
        op.add_column("samples", sa.Column("samples", sa.Integer()))
        op.execute("UPDATE samples SET last_sequence = sequence, samples = 1")
        op.alter_column("samples", "last_sequence", nullable=False)
        op.alter_column("samples", "samples", nullable=False)
        return
    # A column that SQLite adds stands behind the constraints of the table's definition.
    op.rename_table("samples", "samples_before")
    op.create_table(
        "samples",
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("peer_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("app_id", "peer_id", "sequence"),
    )
    op.execute(
        f"INSERT INTO samples ({_KEPT}, last_sequence, samples)"
        f" SELECT {_KEPT}, sequence, 1 FROM samples_before"
    )
    op.drop_table("samples_before")
