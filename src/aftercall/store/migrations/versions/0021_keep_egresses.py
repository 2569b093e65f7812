"""Keep what sources report of recordings and livestreams."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_TIMES = ("started_at", "stopped_at", "duration_ms", "size_bytes", "viewer_ms")


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"

    def text(name: str) -> sa.Column[Any]:
        kind = sa.Text(collation="C") if is_postgresql else sa.Text()
        return sa.Column(name, kind, nullable=False)

    def number(name: str, *, null: bool = False) -> sa.Column[Any]:
        return sa.Column(name, sa.BigInteger(), nullable=null)

    op.create_table(
        "egresses",
        *map(text, ("app_id", "kind", "id", "session_id", "meeting_id", "status")),
        number("status_at"),
        number("invoked_at"),
        *(number(name, null=True) for name in _TIMES),
        text("texts"),
        number("created_at"),
        number("updated_at"),
        sa.PrimaryKeyConstraint("app_id", "kind", "id"),
    )
    op.create_index("ix_egresses_session", "egresses", ["app_id", "session_id"])
    op.create_index("ix_egresses_invoked", "egresses", ["app_id", "kind", "invoked_at"])
    meeting = ["app_id", "kind", "meeting_id", "invoked_at"]
    op.create_index("ix_egresses_meeting", "egresses", meeting)


def downgrade() -> None:
    op.drop_table("egresses")
