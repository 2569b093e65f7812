"""The definitions of a database's tables."""

from sqlalchemy import Connection

_PARTITIONS = "SELECT relname FROM pg_class WHERE relispartition"


def definitions(connection: Connection) -> dict[str, str]:
    """The definition of every table and index that is not Alembic's own, by name, and on
    PostgreSQL of every column, with its place: where-clauses, collations and storage options
    are compared with the rest."""
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%'"
        )
    else:
        found = connection.exec_driver_sql(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " AND tablename NOT LIKE 'alembic%'"
            f" AND tablename NOT IN ({_PARTITIONS})"
            " UNION ALL SELECT table_name || '.' || column_name,"
            " row_number() OVER (PARTITION BY table_name ORDER BY ordinal_position)"
            " || data_type || is_nullable || coalesce(collation_name, '')"
            " FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name NOT LIKE 'alembic%'"
            f" AND table_name NOT IN ({_PARTITIONS})"
            " UNION ALL SELECT relname, coalesce(reloptions::text, '')"
            " || coalesce(pg_get_partkeydef(oid), '') FROM pg_class"
            " WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace"
            " AND relname NOT LIKE 'alembic%'"
        )
    return {name: " ".join(sql.split()) for name, sql in found}
