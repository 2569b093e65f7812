"""The table of what retention has yet to delete."""

from typing import Final

from sqlalchemy import PrimaryKeyConstraint, Table

from aftercall.store.engine.column_types import integer_column, metadata, text_column

data_removals: Final = Table(
    "data_removals",
    metadata,
    text_column("app_id"),
    text_column("session_id"),
    text_column("peer_id"),
    integer_column("kinds"),
    integer_column("recorded_day"),
    integer_column("waiting_kinds"),
    PrimaryKeyConstraint("app_id", "session_id", "peer_id"),
    sqlite_with_rowid=False,
)
"""Rows that are to be deleted: those of a peer, or, where `peer_id` is empty, those that belong to
the session and to no peer. `kinds` is the sum of the bits of the kinds of data. Written in the
transaction after which nobody reads them, so that a process that is killed leaves nothing behind.
`waiting_kinds` are those whose rows, where their table is partitioned, stay until the partition of
`recorded_day` is dropped."""

waiting_removals: Final = Table(
    "waiting_removals",
    metadata,
    integer_column("recorded_day"),
    integer_column("kind"),
    PrimaryKeyConstraint("recorded_day", "kind"),
    sqlite_with_rowid=False,
)
"""The days whose partitions hold rows that wait for the partition to be dropped, by the bit of the
kind of data."""
