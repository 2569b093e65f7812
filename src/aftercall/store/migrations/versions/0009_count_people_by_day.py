"""Count people by day, and list the meetings that had bad calls by day.

Both are filled from the tallies of facets, in one pass over those of people.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "people_tallies",
        sa.Column("app_id", TEXT, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("previous_day", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("app_id", "day", "previous_day"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO people_tallies (app_id, day, previous_day, people)"
        " SELECT app_id, day, previous_day, count(*) FROM ("
        "SELECT app_id, day,"
        " lag(day, 1, -1) OVER (PARTITION BY app_id, facet ORDER BY day) AS previous_day"
        " FROM facet_tallies"
        " WHERE facet >= 'person:' AND facet < 'person;' AND sessions > 0) AS days"
        " GROUP BY app_id, day, previous_day"
    )
    is_bad_meeting = sa.text("substr(facet, 1, 8) = 'meeting:' AND bad_sessions > 0")
    op.create_index(
        "ix_facet_tallies_bad_meetings",
        "facet_tallies",
        ["app_id", "day", "facet", "bad_sessions"],
        sqlite_where=is_bad_meeting,
        postgresql_where=is_bad_meeting,
    )


def downgrade() -> None:
    op.drop_index("ix_facet_tallies_bad_meetings", "facet_tallies")
    op.drop_table("people_tallies")
