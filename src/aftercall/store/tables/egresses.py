"""The table of egresses."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table

from aftercall.store.engine.column_types import epoch_ms_column, metadata, text_column

egresses: Final = Table(
    "egresses",
    metadata,
    text_column("app_id"),
    text_column("kind"),
    text_column("id"),
    text_column("session_id"),
    text_column("meeting_id"),
    text_column("status"),
    epoch_ms_column("status_at"),
    epoch_ms_column("invoked_at"),
    epoch_ms_column("started_at", null=True),
    epoch_ms_column("stopped_at", null=True),
    Column("duration_ms", BigInteger, nullable=True),
    Column("size_bytes", BigInteger, nullable=True),
    Column("viewer_ms", BigInteger, nullable=True),
    text_column("texts"),
    epoch_ms_column("created_at"),
    epoch_ms_column("updated_at"),
    PrimaryKeyConstraint("app_id", "kind", "id"),
    Index("ix_egresses_session", "app_id", "session_id"),
    Index("ix_egresses_invoked", "app_id", "kind", "invoked_at"),
    Index("ix_egresses_meeting", "app_id", "kind", "meeting_id", "invoked_at"),
)
