"""The tables of what comes from other systems: their keys, their names of sessions, and imports."""

from typing import Final

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from aftercall.store.engine.column_types import (
    compressed_text_column,
    epoch_ms_column,
    integer_column,
    metadata,
    text_column,
)

source_keys: Final = Table(
    "source_keys",
    metadata,
    text_column("app_id"),
    text_column("source"),
    text_column("key_id"),
    text_column("sealed_secret"),
    epoch_ms_column("created_at"),
    text_column("created_by"),
    PrimaryKeyConstraint("app_id", "source", "key_id"),
    Index("ix_source_keys_key", "source", "key_id"),
)
"""Keys with which a source signs what it posts. The secret is encrypted."""

polled_servers: Final = Table(
    "polled_servers",
    metadata,
    text_column("app_id"),
    text_column("source"),
    text_column("key_id"),
    text_column("url"),
    epoch_ms_column("due_at"),
    integer_column("failures"),
    epoch_ms_column("asked_at", null=True),
    epoch_ms_column("answered_at", null=True),
    text_column("error", null=True),
    text_column("rooms"),
    PrimaryKeyConstraint("app_id", "source", "key_id"),
    Index("ix_polled_servers_due", "due_at"),
)
"""Servers that a key of a source opens, which are asked who is in which room. `rooms` is JSON."""

session_aliases: Final = Table(
    "session_aliases",
    metadata,
    text_column("app_id"),
    text_column("alias"),
    text_column("session_id"),
    PrimaryKeyConstraint("app_id", "alias"),
    Index("ix_session_aliases_session", "app_id", "session_id"),
)
"""The id that a source gives to a session which the participants' own clients had begun."""

dump_imports: Final = Table(
    "dump_imports",
    metadata,
    text_column("app_id"),
    text_column("id"),
    epoch_ms_column("requested_at"),
    text_column("requested_by"),
    text_column("options"),
    text_column("state"),
    text_column("files"),
    integer_column("percent"),
    integer_column("starts"),
    compressed_text_column("report", null=True),
    text_column("error", null=True),
    epoch_ms_column("finished_at", null=True),
    PrimaryKeyConstraint("app_id", "id"),
)
"""Imports of uploaded files, which lie in the data folder until they have been read. `options`,
`files` and `report` are JSON."""
