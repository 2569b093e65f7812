"""The tables of erasures and exports of people, and the audit log."""

from typing import Final

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from aftercall.store.engine.column_types import (
    compressed_text_column,
    epoch_ms_column,
    integer_column,
    metadata,
    text_column,
)

audit_log: Final = Table(
    "audit_log",
    metadata,
    text_column("app_id"),
    text_column("account_id"),
    epoch_ms_column("at"),
    text_column("id"),
    text_column("actor"),
    text_column("action"),
    text_column("object"),
    PrimaryKeyConstraint("app_id", "account_id", "at", "id"),
    Index("ix_audit_log_at", "at"),
)
"""Who did what to whose data, by ids alone. `app_id` is empty for what concerns a whole account."""

erasures: Final = Table(
    "erasures",
    metadata,
    text_column("app_id"),
    text_column("id"),
    epoch_ms_column("requested_at"),
    text_column("requested_by"),
    text_column("state"),
    text_column("hashes"),
    text_column("counts"),
    integer_column("live_sessions"),
    epoch_ms_column("finished_at", null=True),
    PrimaryKeyConstraint("app_id", "id"),
)
"""The receipts of erasures. `hashes` are keyed hashes of the person's ids, `counts` says how much
of each kind was erased; both are JSON."""

erased_people: Final = Table(
    "erased_people",
    metadata,
    text_column("app_id"),
    text_column("hash"),
    text_column("erasure_id"),
    PrimaryKeyConstraint("app_id", "hash"),
    sqlite_with_rowid=False,
)
"""The keyed hashes by which somebody who was erased is recognised and refused."""

erasure_sessions: Final = Table(
    "erasure_sessions",
    metadata,
    text_column("app_id"),
    text_column("session_id"),
    text_column("erasure_id"),
    compressed_text_column("known_as"),
    PrimaryKeyConstraint("app_id", "session_id", "erasure_id"),
)
"""The sessions of which an erasure has begun and not ended: what the person was called there. A row
is deleted when the session has been erased."""

person_exports: Final = Table(
    "person_exports",
    metadata,
    text_column("app_id"),
    text_column("id"),
    epoch_ms_column("requested_at"),
    text_column("requested_by"),
    text_column("hashes"),
    text_column("state"),
    integer_column("sessions_done"),
    integer_column("sessions_found"),
    text_column("file_name", null=True),
    epoch_ms_column("finished_at", null=True),
    epoch_ms_column("expires_at", null=True),
    PrimaryKeyConstraint("app_id", "id"),
)
"""Exports of people, by the keyed hashes of their ids; the file lies in the data folder until
`expires_at`."""
