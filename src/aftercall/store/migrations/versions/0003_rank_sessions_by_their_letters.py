"""Sort sessions by their letters instead of by a MOS. Ranks come when a session is folded."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_session_verdicts_mos", "session_verdicts")
    op.execute("ALTER TABLE session_verdicts RENAME COLUMN worst_mos TO quality_rank")
    op.execute("UPDATE session_verdicts SET quality_rank = NULL")
    op.create_index(
        "ix_session_verdicts_rank", "session_verdicts", ["app_id", "quality_rank", "session_id"]
    )
