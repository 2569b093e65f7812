"""The tables of samples: as they come, merged, and what is noted with each request of a client."""

from typing import Final

from sqlalchemy import PrimaryKeyConstraint, Table

from aftercall.store.engine.column_types import (
    blob_column,
    epoch_ms_column,
    integer_column,
    metadata,
    text_column,
)

session_watches: Final = Table(
    "session_watches",
    metadata,
    text_column("app_id"),
    text_column("session_id"),
    epoch_ms_column("watched_until"),
    PrimaryKeyConstraint("app_id", "session_id"),
)
"""The sessions that somebody looks at while they last, and until when clients therefore send each
sample at once. Past rows are deleted."""

pulses: Final = Table(
    "pulses",
    metadata,
    text_column("app_id"),
    text_column("peer_id"),
    epoch_ms_column("last_heard_at"),
    epoch_ms_column("last_received_at"),
    epoch_ms_column("last_sequence"),
    epoch_ms_column("samples"),
    PrimaryKeyConstraint("app_id", "peer_id"),
    sqlite_with_rowid=False,
    postgresql_with={"fillfactor": "70"},
)
"""When each peer was last heard. Apart from `peers` and without an index beside the key,
because it is written with every batch: the row is narrow, and PostgreSQL renews it in place."""

samples: Final = Table(
    "samples",
    metadata,
    text_column("app_id"),
    text_column("peer_id"),
    epoch_ms_column("sequence"),
    text_column("session_id"),
    epoch_ms_column("at"),
    epoch_ms_column("received_at"),
    blob_column("body"),
    epoch_ms_column("last_sequence"),
    integer_column("samples"),
    PrimaryKeyConstraint("app_id", "peer_id", "sequence"),
    postgresql_with={"toast_tuple_target": "8160"},
)
"""Reports as they come: a row holds those of one peer that came together, compressed. `sequence`
and `at` are those of the first. They stay in their row up to 8 KB: from 2 KB on PostgreSQL would
compress them again and move them elsewhere, at a tenth of the speed."""

segments: Final = Table(
    "segments",
    metadata,
    text_column("app_id"),
    text_column("peer_id"),
    text_column("session_id"),
    epoch_ms_column("samples"),
    text_column("sequences"),
    blob_column("body"),
    integer_column("recorded_day"),
    PrimaryKeyConstraint("app_id", "peer_id", "recorded_day"),
    postgresql_partition_by="RANGE (recorded_day)",
)
"""All the reports of a peer that is done, in one block. `sequences` lists theirs, as JSON
pairs of first and last of each unbroken run. On PostgreSQL the rows lie in partitions, by the day
on which their session was first recorded (`store.engine.partitions`)."""
