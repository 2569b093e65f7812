"""Partition what is big by the day on which its session was recorded.

On PostgreSQL the tables of before become the partition of day 0: no row is written again. SQLite,
whose tables stay whole, copies them, as a column in the key is a new table; it needs as much free
room as the two tables have.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TABLES = ("segments", "reports")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, column in (
            ("sessions", "recorded_day"),
            ("data_removals", "recorded_day"),
            ("data_removals", "waiting_kinds"),
        ):
            # A default writes no row again.
            op.add_column(
                table, sa.Column(column, sa.Integer(), nullable=False, server_default="0")
            )
            op.alter_column(table, column, server_default=None)
        for table in _TABLES:
            _partition(table)
        _index_reports("reports")
    else:
        _add_column("sessions", "recorded_day INTEGER NOT NULL")
        _add_column("data_removals", "recorded_day INTEGER NOT NULL")
        _add_column("data_removals", "waiting_kinds INTEGER NOT NULL")
        for table in _TABLES:
            _copy(table, [*_columns(table, is_by_day=True)], "0")
        _index_reports("reports")
    op.create_index("ix_sessions_recorded", "sessions", ["recorded_day", "kept_kinds"])
    op.create_table(
        "waiting_removals",
        sa.Column("recorded_day", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("recorded_day", "kind"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("waiting_removals")
    op.drop_index("ix_sessions_recorded", "sessions")
    if op.get_bind().dialect.name == "postgresql":
        for table in _TABLES:
            _join(table)
    else:
        for table in _TABLES:
            _copy(table, [*_columns(table, is_by_day=False)], None)
    _index_reports("reports")
    op.drop_column("data_removals", "waiting_kinds")
    op.drop_column("data_removals", "recorded_day")
    op.drop_column("sessions", "recorded_day")


def _columns(table: str, *, is_by_day: bool) -> list[Any]:
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

    def column(name: str, kind: Any) -> sa.Column[Any]:
        return sa.Column(name, kind, nullable=False)

    columns = {
        "segments": [
            column("app_id", text),
            column("peer_id", text),
            column("session_id", text),
            column("samples", sa.BigInteger()),
            column("sequences", text),
            column("body", sa.LargeBinary()),
        ],
        "reports": [
            column("app_id", text),
            column("session_id", text),
            column("peer_id", text),
            column("fold_version", sa.Integer()),
            column("folded_at", sa.BigInteger()),
            column("document", sa.LargeBinary()),
        ],
    }[table]
    if is_by_day:
        columns.append(column("recorded_day", sa.Integer()))
    return columns


_KEY = ("app_id", "peer_id")


def _partition(table: str) -> None:
    """Make PostgreSQL's table the partition of day 0 of a new one."""
    if table == "reports":
        _drop_indexes_of_reports()
    op.rename_table(table, f"{table}_before")
    op.execute(f"ALTER TABLE {table}_before DROP CONSTRAINT pk_{table}")
    op.execute(f"ALTER TABLE {table}_before ADD COLUMN recorded_day integer NOT NULL DEFAULT 0")
    op.execute(f"ALTER TABLE {table}_before ALTER COLUMN recorded_day DROP DEFAULT")
    op.create_table(
        table,
        *_columns(table, is_by_day=True),
        sa.PrimaryKeyConstraint(*_KEY, "recorded_day"),
        postgresql_partition_by="RANGE (recorded_day)",
    )
    op.execute(
        f"ALTER TABLE {table} ATTACH PARTITION {table}_before FOR VALUES FROM (MINVALUE) TO (1)"
    )
    op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")


def _join(table: str) -> None:
    """Put the rows of all partitions into one table again."""
    if table == "reports":
        _drop_indexes_of_reports()
    op.rename_table(table, f"{table}_by_day")
    op.execute(f"ALTER TABLE {table}_by_day RENAME CONSTRAINT pk_{table} TO pk_{table}_by_day")
    op.create_table(table, *_columns(table, is_by_day=False), sa.PrimaryKeyConstraint(*_KEY))
    names = ", ".join(each.name for each in _columns(table, is_by_day=False))
    op.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {table}_by_day")
    op.drop_table(f"{table}_by_day")


def _copy(table: str, columns: list[sa.Column[Any]], day: str | None) -> None:
    """Copy SQLite's table into one with these columns."""
    if table == "reports":
        _drop_indexes_of_reports()
    key = [*_KEY, *(() if day is None else ("recorded_day",))]
    op.rename_table(table, f"{table}_before")
    op.create_table(table, *columns, sa.PrimaryKeyConstraint(*key))
    names = [each.name for each in columns]
    values = [day if name == "recorded_day" else name for name in names]
    op.execute(
        f"INSERT INTO {table} ({', '.join(names)})"
        f" SELECT {', '.join(map(str, values))} FROM {table}_before"
    )
    op.drop_table(f"{table}_before")


def _drop_indexes_of_reports() -> None:
    for name in ("ix_reports_session", "ix_reports_fold"):
        op.drop_index(name, "reports")


def _index_reports(table: str) -> None:
    op.create_index("ix_reports_session", table, ["app_id", "session_id"])
    op.create_index("ix_reports_fold", table, ["fold_version", "app_id", "peer_id"])


def _add_column(table: str, definition: str) -> None:
    """Copy SQLite's table into one that has a last column more, of zeros, before its
    constraints."""
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
        f"INSERT INTO {table} ({columns}, {name}) SELECT {columns}, 0 FROM {table}_before"
    )
    op.drop_table(f"{table}_before")
    for kind, sql in found:
        if kind == "index":
            connection.exec_driver_sql(sql)
