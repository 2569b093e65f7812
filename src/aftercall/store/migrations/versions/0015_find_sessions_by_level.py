"""Find sessions by the level of those participants who were worst off.

The level is the whole part of the rank by which lists begin with the worst.
"""

import sqlalchemy as sa
from alembic import op

from aftercall.store.sessions.bulk_calls import posting_rows, write_rows
from aftercall.store.sessions.postings import block_and_bit
from aftercall.store.sessions.terms import level_term

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_PUT = "INSERT INTO session_postings VALUES (:app, :term, :block, :bits)"
_RANKED = sa.text(
    "SELECT s.ordinal, v.quality_rank FROM sessions s"
    " JOIN session_verdicts v ON v.app_id = s.app_id AND v.session_id = s.id"
    " WHERE s.app_id = :app_id AND s.day = :day"
    " AND s.ordinal IS NOT NULL AND v.quality_rank IS NOT NULL"
)
_DAYS = sa.text("SELECT DISTINCT app_id, day FROM sessions ORDER BY app_id, day")


def upgrade() -> None:
    _delete()
    connection = op.get_bind()
    for app_id, day in list(connection.execute(_DAYS)):
        bits: dict[tuple[str, int], int] = {}
        for ordinal, rank in connection.execute(_RANKED, {"app_id": app_id, "day": day}):
            block, bit = block_and_bit(ordinal)
            key = (level_term(int(rank)), block)
            bits[key] = bits.get(key, 0) | bit
        write_rows(connection, _PUT, posting_rows(app_id, bits))


def downgrade() -> None:
    _delete()


def _delete() -> None:
    op.execute("DELETE FROM session_postings WHERE term >= 'level:' AND term < 'level;'")
