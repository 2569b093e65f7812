"""The tables of what other systems are known by: their keys, and their names of sessions."""

from typing import Final

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from aftercall.store.engine.column_types import epoch_ms_column, metadata, text_column

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
