"""Add the presets of an app: at first those whose names its participants have."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from aftercall.core.ids import id_from

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_VIEW_TYPES = ("webinar", "audio_room", "livestream", "chat")


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"

    def text(name: str) -> sa.Column[Any]:
        kind = sa.Text(collation="C") if is_postgresql else sa.Text()
        return sa.Column(name, kind, nullable=False)

    table = op.create_table(
        "presets",
        *(text(name) for name in ("app_id", "id", "name", "view_type")),
        *(text(name) for name in ("config", "permissions", "ui")),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("app_id", "id"),
    )
    op.create_index("ix_presets_name", "presets", ["app_id", "name"], unique=True)
    used = sa.text(
        "SELECT app_id, preset_name, min(created_at) FROM members GROUP BY app_id, preset_name"
    )
    if rows := [_row(*each) for each in op.get_bind().execute(used)]:
        op.bulk_insert(table, rows)


def _row(app_id: str, name: str, created_at: int) -> dict[str, Any]:
    kinds = [kind for kind in _VIEW_TYPES if name.lower().startswith(kind)]
    return {
        "app_id": app_id,
        "id": id_from(app_id, "preset", name),
        "name": name,
        "view_type": (kinds[0] if kinds else "group_call").upper(),
        "config": "{}",
        "permissions": "{}",
        "ui": "{}",
        "created_at": created_at,
        "updated_at": created_at,
    }


def downgrade() -> None:
    op.drop_table("presets")
