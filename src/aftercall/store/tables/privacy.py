"""The tables of erasures and exports of people, of read links, and the audit log."""

from typing import Final

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from aftercall.store.engine.column_types import (
    boolean_column,
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
    boolean_column("with_mentions"),
    boolean_column("mentions_found"),
    epoch_ms_column("readmitted_at", null=True),
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

read_links: Final = Table(
    "read_links",
    metadata,
    text_column("app_id"),
    text_column("id"),
    text_column("session_id"),
    text_column("hash"),
    boolean_column("with_talk"),
    epoch_ms_column("created_at"),
    text_column("created_by"),
    epoch_ms_column("expires_at"),
    epoch_ms_column("revoked_at", null=True),
    epoch_ms_column("last_opened_at", null=True),
    integer_column("times_opened"),
    PrimaryKeyConstraint("app_id", "id"),
    Index("ix_read_links_hash", "hash", unique=True),
    Index("ix_read_links_session", "app_id", "session_id"),
    Index("ix_read_links_created", "app_id", "created_at", "id"),
)
"""Links with which anybody may read one session until `expires_at`; `hash` is that of the code in
the link, which is not stored."""
