"""Let a row hold several samples, and note which sessions are watched.

Only samples of sessions that have not been folded are in rows, so few are copied.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from aftercall.store.codecs.sample_row import compress_all, decompress, split

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BATCH = 500
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
    _rebuild(
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        selected=f"{_KEPT}, sequence, 1",
    )


def downgrade() -> None:
    _split_rows()
    op.drop_table("session_watches")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_column("samples", "samples")
        op.drop_column("samples", "last_sequence")
        return
    _rebuild(selected=_KEPT)


def _rebuild(*more: sa.Column[Any], selected: str) -> None:
    """Replace SQLite's table: a column that SQLite adds stands behind the constraints of the
    table's definition."""
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
        *more,
        sa.PrimaryKeyConstraint("app_id", "peer_id", "sequence"),
    )
    columns = ", ".join([_KEPT, *(column.name for column in more)])
    op.execute(f"INSERT INTO samples ({columns}) SELECT {selected} FROM samples_before")
    op.drop_table("samples_before")


_ROWS = sa.table(
    "samples",
    *(sa.column(name) for name in _KEPT.split(", ")),
    sa.column("last_sequence"),
    sa.column("samples"),
)


def _split_rows() -> None:
    """Give each sample a row of its own."""
    connection = op.get_bind()
    several = sa.select(*(_ROWS.c[name] for name in _KEPT.split(", "))).where(_ROWS.c.samples > 1)
    while rows := connection.execute(several.limit(_BATCH)).mappings().all():
        for row in rows:
            kept: dict[str, Any] = dict(row)
            key = [_ROWS.c[name] == kept[name] for name in ("app_id", "peer_id", "sequence")]
            connection.execute(sa.delete(_ROWS).where(*key))
            found = split(decompress(bytes(kept["body"])), kept["sequence"], kept["at"])
            bodies = compress_all([bytes(sample.body) for sample in found])
            connection.execute(
                sa.insert(_ROWS),
                [
                    kept
                    | {
                        "sequence": sample.sequence,
                        "at": sample.at,
                        "body": body,
                        "last_sequence": sample.sequence,
                        "samples": 1,
                    }
                    for sample, body in zip(found, bodies, strict=True)
                ],
            )
