"""The table of presets."""

from typing import Final

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from aftercall.store.engine.column_types import epoch_ms_column, metadata, text_column

presets: Final = Table(
    "presets",
    metadata,
    text_column("app_id"),
    text_column("id"),
    text_column("name"),
    text_column("view_type"),
    text_column("config"),
    text_column("permissions"),
    text_column("ui"),
    epoch_ms_column("created_at"),
    epoch_ms_column("updated_at"),
    PrimaryKeyConstraint("app_id", "id"),
    Index("ix_presets_name", "app_id", "name", unique=True),
)
"""`config`, `permissions` and `ui` are `{}` where only the name is known."""
