"""Keep data for a time: what each app has chosen, what is there of a session, and what is to be
deleted.

SQLite copies the tables of apps and of sessions: a column that it adds stands behind the
constraints of the table's definition.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ENDED = sa.text("ended_at IS NOT NULL")


def upgrade() -> None:
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("apps", sa.Column("retention", text))
        op.execute("UPDATE apps SET retention = '{}'")
        op.alter_column("apps", "retention", nullable=False)
        # A default writes no row again.
        op.add_column(
            "sessions", sa.Column("kept_kinds", sa.Integer(), nullable=False, server_default="127")
        )
        op.alter_column("sessions", "kept_kinds", server_default=None)
    else:
        _add_column("apps", "retention TEXT NOT NULL", "'{}'")
        _add_column("sessions", "kept_kinds INTEGER NOT NULL", "127")
    op.create_index(
        "ix_sessions_kept",
        "sessions",
        ["app_id", "kept_kinds", "ended_at", "id"],
        sqlite_where=_ENDED,
        postgresql_where=_ENDED,
    )
    op.create_table(
        "data_removals",
        sa.Column("app_id", text, nullable=False),
        sa.Column("session_id", text, nullable=False),
        sa.Column("peer_id", text, nullable=False),
        sa.Column("kinds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("app_id", "session_id", "peer_id"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("data_removals")
    op.drop_index("ix_sessions_kept", "sessions")
    op.drop_column("sessions", "kept_kinds")
    op.drop_column("apps", "retention")


def _add_column(table: str, definition: str, value: str) -> None:
    """Copy SQLite's table into one that has a last column more, before its constraints."""
    connection = op.get_bind()
    found = connection.exec_driver_sql(
        "SELECT type, sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL", (table,)
    ).all()
    columns = ", ".join(
        name for _, name, *_ in connection.exec_driver_sql(f"PRAGMA table_info({table})")
    )
    (sql,) = (sql for kind, sql in found if kind == "table")
    before, mark, after = sql.rpartition("PRIMARY KEY")
    head, constraint, _ = before.rpartition("CONSTRAINT")
    if constraint:
        before, mark = head, before[len(head) :] + mark
    name = definition.split()[0]
    op.rename_table(table, f"{table}_before")
    connection.exec_driver_sql(f"{before}{definition}, \n\t{mark}{after}")
    connection.exec_driver_sql(
        f"INSERT INTO {table} ({columns}, {name}) SELECT {columns}, {value} FROM {table}_before"
    )
    op.drop_table(f"{table}_before")
    for kind, sql in found:
        if kind == "index":
            connection.exec_driver_sql(sql)
