"""Note of erasures whether mentions elsewhere go, too, and when the person was readmitted."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_COLUMNS = {
    "with_mentions": "BOOLEAN NOT NULL",
    "mentions_found": "BOOLEAN NOT NULL",
    "readmitted_at": "BIGINT",
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name in ("with_mentions", "mentions_found"):
            column: sa.Column[bool] = sa.Column(
                name, sa.Boolean(), nullable=False, server_default=sa.false()
            )
            op.add_column("erasures", column)
            op.alter_column("erasures", name, server_default=None)
        op.add_column("erasures", sa.Column("readmitted_at", sa.BigInteger()))
    else:
        _add_columns()


def downgrade() -> None:
    for name in reversed(_COLUMNS):
        op.drop_column("erasures", name)


def _add_columns() -> None:
    """Copy SQLite's table into one that has these columns, before its constraints."""
    connection = op.get_bind()
    (sql,) = connection.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE name = 'erasures' AND type = 'table'"
    ).one()
    columns = ", ".join(
        name for _, name, *_ in connection.exec_driver_sql("PRAGMA table_info(erasures)")
    )
    before, mark, after = sql.rpartition("CONSTRAINT")
    added = "".join(f"{name} {kind}, \n\t" for name, kind in _COLUMNS.items())
    op.rename_table("erasures", "erasures_before")
    connection.exec_driver_sql(f"{before}{added}{mark}{after}")
    connection.exec_driver_sql(
        f"INSERT INTO erasures ({columns}, {', '.join(_COLUMNS)})"
        f" SELECT {columns}, 0, 0, NULL FROM erasures_before"
    )
    op.drop_table("erasures_before")
