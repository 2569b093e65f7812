"""Let an app state where in its answer a peer report is.

Apps are few.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        text = sa.Text(collation="C")
        op.add_column("apps", sa.Column("report_shape", text))
        op.execute("UPDATE apps SET report_shape = 'both'")
        op.alter_column("apps", "report_shape", nullable=False)
        return
    # A column that SQLite adds stands behind the constraints of the table's definition.
    op.drop_index("ix_apps_account", "apps")
    op.rename_table("apps", "apps_before")
    op.create_table(
        "apps",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("report_shape", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.execute(
        "INSERT INTO apps (account_id, id, name, created_at, report_shape)"
        " SELECT account_id, id, name, created_at, 'both' FROM apps_before"
    )
    op.drop_table("apps_before")
    op.create_index("ix_apps_account", "apps", ["account_id", "created_at", "id"])


def downgrade() -> None:
    op.drop_column("apps", "report_shape")
