"""Count lists of sessions by postings.

Ended sessions are given ordinals, and postings and tallies of minutes are filled for those that
are there, a day of an app at a time. The rows of facets, and the keys of titles, are not needed any
more; a downgrade makes them again.

Terms and encodings are those of the program: postings that this revision fills are read by it.
"""

import struct
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from aftercall.core.search_terms import words_of
from aftercall.store.sessions.bulk_index import index_all
from aftercall.store.sessions.counted import found_by, read_counted

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

BATCH: Final = 2_000
"""Rows that are written at once."""

_READ_TITLES: Final = sa.text(
    "SELECT id, title FROM sessions WHERE app_id = :app_id AND day = :day"
)
_READ_VERDICTS: Final = sa.text(
    "SELECT v.session_id, v.counted FROM sessions s"
    " JOIN session_verdicts v ON v.app_id = s.app_id AND v.session_id = s.id"
    " WHERE s.app_id = :app_id AND s.day = :day"
)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, TEXT, nullable=False)


def _integer(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "session_days",
        _text("app_id"),
        _integer("day"),
        _integer("given_ordinals"),
        sa.PrimaryKeyConstraint("app_id", "day"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "session_postings",
        _text("app_id"),
        _text("term"),
        _integer("block"),
        sa.Column("sessions", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("app_id", "term", "block"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "minute_tallies",
        _text("app_id"),
        _integer("day"),
        _integer("bucket"),
        _integer("sessions"),
        sa.PrimaryKeyConstraint("app_id", "day", "bucket"),
        sqlite_with_rowid=False,
    )
    op.drop_index("ix_sessions_title", "sessions")
    op.drop_index("ix_sessions_created", "sessions")
    op.drop_index("ix_sessions_minutes", "sessions")
    op.add_column("sessions", sa.Column("ordinal", sa.BigInteger(), nullable=True))
    op.drop_column("sessions", "title_key")
    index_all(op.get_bind())
    op.create_index("ix_sessions_created", "sessions", ["app_id", "created_at", "id", "ordinal"])
    op.create_index(
        "ix_sessions_minutes",
        "sessions",
        ["app_id", "minutes_consumed", "id", "ordinal", "created_at", "total_participants"],
    )
    op.create_index("uq_sessions_ordinal", "sessions", ["app_id", "ordinal"], unique=True)
    op.drop_table("session_facets")
    op.drop_table("title_terms")


def downgrade() -> None:
    op.drop_index("uq_sessions_ordinal", "sessions")
    op.drop_index("ix_sessions_created", "sessions")
    op.drop_index("ix_sessions_minutes", "sessions")
    op.drop_column("sessions", "ordinal")
    for name in ("minute_tallies", "session_postings", "session_days"):
        op.drop_table(name)
    facets = op.create_table(
        "session_facets",
        _text("app_id"),
        _text("facet"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _text("session_id"),
        sa.PrimaryKeyConstraint("app_id", "facet", "created_at", "session_id"),
        sqlite_with_rowid=False,
    )
    terms = op.create_table(
        "title_terms",
        _text("app_id"),
        _text("term"),
        sa.Column("title_key", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("app_id", "term", "title_key"),
        sqlite_with_rowid=False,
    )
    key = sa.Column("title_key", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("sessions", key)
    _fill_back(facets, terms)
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("sessions", "title_key", server_default=None)
    op.create_index("ix_sessions_created", "sessions", ["app_id", "created_at", "id"])
    op.create_index("ix_sessions_minutes", "sessions", ["app_id", "minutes_consumed", "id"])
    op.create_index("ix_sessions_title", "sessions", ["app_id", "title_key", "created_at", "id"])


def _fill_back(facets: sa.Table, title_terms: sa.Table) -> None:
    connection = op.get_bind()
    give = sa.text("UPDATE sessions SET title_key = :key WHERE app_id = :app_id AND id = :id")
    put = sa.text(
        "INSERT INTO title_terms (app_id, term, title_key) VALUES (:app_id, :term, :title_key)"
        " ON CONFLICT DO NOTHING"
    )
    for app_id in _apps(connection):
        for day in _days(connection, app_id, "phase <> ''"):
            here = {"app_id": app_id, "day": day}
            given: list[dict[str, Any]] = []
            terms: set[tuple[str, int]] = set()
            for id, title in connection.execute(_READ_TITLES, here):
                words = words_of(title)
                key = _key_of_title(words)
                given.append({"app_id": app_id, "id": id, "key": key})
                terms.update((word, key) for word in words)
            _write(connection, give, given)
            _write(
                connection, put,
                [{"app_id": app_id, "term": t, "title_key": key} for t, key in sorted(terms)],
            )  # fmt: skip
            found = [
                {"app_id": app_id, "facet": facet, "created_at": at, "session_id": id}
                for id, counted in connection.execute(_READ_VERDICTS, here)
                for facet, at in found_by(read_counted(counted))
            ]
            _write(connection, facets.insert(), found)


def _key_of_title(words: Sequence[str]) -> int:
    digest = blake2b(" ".join(words).encode(), digest_size=8).digest()
    return int(struct.unpack(">q", digest)[0])


def _apps(connection: sa.Connection) -> list[str]:
    return list(connection.execute(sa.text("SELECT DISTINCT app_id FROM sessions")).scalars())


def _days(connection: sa.Connection, app_id: str, condition: str) -> list[int]:
    statement = sa.text(
        f"SELECT DISTINCT day FROM sessions WHERE app_id = :app_id AND {condition} ORDER BY day"
    )
    return list(connection.execute(statement, {"app_id": app_id}).scalars())


def _write(connection: sa.Connection, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    for batch in _batches(rows):
        connection.execute(statement, batch)


def _batches(rows: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    return (rows[first : first + BATCH] for first in range(0, len(rows), BATCH))
