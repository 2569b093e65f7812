"""The tables by which lists of sessions are counted and searched."""

from typing import Final

from sqlalchemy import PrimaryKeyConstraint, Table

from aftercall.store.engine.column_types import (
    blob_column,
    integer_column,
    metadata,
    text_column,
)

session_days: Final = Table(
    "session_days",
    metadata,
    text_column("app_id"),
    integer_column("day"),
    integer_column("given_ordinals"),
    PrimaryKeyConstraint("app_id", "day"),
    sqlite_with_rowid=False,
)
"""How many ordinals of each day were given to sessions that ended. Whoever changes postings of a
day holds the lock of its row."""

session_postings: Final = Table(
    "session_postings",
    metadata,
    text_column("app_id"),
    text_column("term"),
    integer_column("block"),
    blob_column("sessions"),
    PrimaryKeyConstraint("app_id", "term", "block"),
    sqlite_with_rowid=False,
)
"""Which ended sessions a term leads to: of each block of 4,096 ordinals, the set of their places
in it (`store.codecs.bitset`). `store.sessions.terms` lists the terms."""

minute_tallies: Final = Table(
    "minute_tallies",
    metadata,
    text_column("app_id"),
    integer_column("day"),
    integer_column("bucket"),
    integer_column("sessions"),
    PrimaryKeyConstraint("app_id", "day", "bucket"),
    sqlite_with_rowid=False,
)
"""How many ended sessions of each day consumed about as many minutes; day -1 is all days together.
`store.sessions.minute_counts` lists the buckets."""
