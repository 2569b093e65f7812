"""Count calls by the quarter hour, and find them by what one participant has in common.

Facets become terms of calls; of sessions they are not needed any more. What calls are found by is
made from the verdicts of participants in short, a day of an app at a time: from then on calls are
also counted by the major version of their browser. A downgrade makes the terms of sessions again.

Terms and encodings are those of the program: postings that this revision fills are read by it.
"""

from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa
from alembic import op
from msgspec.structs import replace

from aftercall.store.sessions.bulk_calls import posting_rows, read_day, write_rows
from aftercall.store.sessions.counted import encode_counted, found_by, read_counted, without_kinds
from aftercall.store.sessions.postings import block_and_bit

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

_OLD_KINDS: Final = ("browser", "os", "country", "network", "relay", "issue", "person")
_NEW_KINDS: Final = ("browser_version", "provider", "region", "client_version", "app_version")
_MARKS: Final = ("word:", "id:", "meeting:")

_ADD: Final = (
    "INSERT INTO facet_tallies (app_id, facet, day, sessions, bad_sessions, measured, bad)"
    " VALUES (:app, :facet, :at, :sessions, :bad_sessions, :measured, :bad)"
    " ON CONFLICT (app_id, facet, day) DO UPDATE SET"
    " sessions = facet_tallies.sessions + excluded.sessions,"
    " bad_sessions = facet_tallies.bad_sessions + excluded.bad_sessions,"
    " measured = facet_tallies.measured + excluded.measured,"
    " bad = facet_tallies.bad + excluded.bad"
)
_ADD_QUARTERS: Final = (
    "INSERT INTO quarter_tallies (app_id, facet, quarter, sessions, bad_sessions, measured, bad)"
    " VALUES (:app, :facet, :at, :sessions, :bad_sessions, :measured, :bad)"
)
_ADD_CALLS: Final = (
    "INSERT INTO session_quarters"
    " (app_id, quarter, sessions, minutes, bad_sessions, measured, bad)"
    " VALUES (:app, :at, 0, 0, :bad_sessions, :measured, :bad)"
    " ON CONFLICT (app_id, quarter) DO UPDATE SET"
    " bad_sessions = excluded.bad_sessions, measured = excluded.measured, bad = excluded.bad"
)
_PUT: Final = "INSERT INTO session_postings VALUES (:app, :term, :block, :bits)"
_COUNTED: Final = (
    "UPDATE session_verdicts SET counted = :counted WHERE app_id = :app AND session_id = :id"
)


def upgrade() -> None:
    _make_tables()
    connection = op.get_bind()
    op.execute(
        "INSERT INTO session_quarters"
        " (app_id, quarter, sessions, minutes, bad_sessions, measured, bad)"
        " SELECT app_id, created_at / 900000, count(*), sum(minutes_consumed), 0, 0, 0"
        " FROM sessions WHERE phase = 'ended' GROUP BY app_id, created_at / 900000"
    )
    for app_id in _apps(connection):
        for kind in _OLD_KINDS:
            _delete_terms(connection, app_id, f"{kind}:", f"{kind};")
        _delete_terms(connection, app_id, "bad", "bad\x01")
        _delete_terms(connection, app_id, "quarter:", "quarter;")
        _delete_terms(connection, app_id, "call~", "call\x7f")
        for day in _days(connection, app_id):
            found = read_day(connection, app_id, day)
            write_rows(connection, _COUNTED, found.counted)
            write_rows(connection, _ADD, _tallies(app_id, found.tallies.days))
            quarters = found.tallies.quarters
            of_all = {key: numbers for key, numbers in quarters.items() if key[0] == "all"}
            others = {key: numbers for key, numbers in quarters.items() if key[0] != "all"}
            write_rows(connection, _ADD_QUARTERS, _tallies(app_id, others))
            write_rows(connection, _ADD_CALLS, _tallies(app_id, of_all))
            write_rows(connection, _PUT, posting_rows(app_id, found.postings))


def downgrade() -> None:
    connection = op.get_bind()
    for app_id in _apps(connection):
        _delete_terms(connection, app_id, "quarter:", "quarter;")
        _delete_terms(connection, app_id, "call~", "call\x7f")
        for kind in _NEW_KINDS:
            connection.execute(
                sa.text(
                    "DELETE FROM facet_tallies"
                    " WHERE app_id = :app AND facet >= :first AND facet < :end"
                ),
                {"app": app_id, "first": f"{kind}:", "end": f"{kind};"},
            )
        for day in _days(connection, app_id):
            _find_sessions_again(connection, app_id, day)
    op.drop_table("session_quarters")
    op.drop_table("quarter_tallies")


def _find_sessions_again(connection: sa.Connection, app_id: str, day: int) -> None:
    changed: list[dict[str, Any]] = []
    bits: dict[tuple[str, int], int] = {}
    rows = connection.execute(
        sa.text(
            "SELECT s.id, s.ordinal, v.counted FROM sessions s"
            " JOIN session_verdicts v ON v.app_id = s.app_id AND v.session_id = s.id"
            " WHERE s.app_id = :app_id AND s.day = :day"
        ),
        {"app_id": app_id, "day": day},
    )
    for id, ordinal, stored in rows:
        counted = replace(without_kinds(read_counted(stored), _NEW_KINDS), calls=[])
        changed.append({"app": app_id, "id": id, "counted": encode_counted(counted)})
        if ordinal is None:
            continue
        block, bit = block_and_bit(ordinal)
        for name, _ in found_by(counted):
            if not name.startswith(_MARKS):
                bits[name, block] = bits.get((name, block), 0) | bit
    write_rows(connection, _COUNTED, changed)
    write_rows(connection, _PUT, posting_rows(app_id, bits))


def _make_tables() -> None:
    numbers = ("sessions", "bad_sessions", "measured", "bad")
    op.create_table(
        "quarter_tallies",
        sa.Column("app_id", TEXT, nullable=False),
        sa.Column("quarter", sa.Integer(), nullable=False),
        sa.Column("facet", TEXT, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in numbers),
        sa.PrimaryKeyConstraint("app_id", "quarter", "facet"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "session_quarters",
        sa.Column("app_id", TEXT, nullable=False),
        sa.Column("quarter", sa.Integer(), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Double(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in numbers[1:]),
        sa.PrimaryKeyConstraint("app_id", "quarter"),
        sqlite_with_rowid=False,
    )


def _tallies(app_id: str, tallies: dict[tuple[str, int], list[int]]) -> Iterator[dict[str, Any]]:
    for (facet, at), (sessions, bad_sessions, measured, bad) in sorted(tallies.items()):
        if sessions or bad_sessions or measured or bad:
            yield {
                "app": app_id, "facet": facet, "at": at, "sessions": sessions,
                "bad_sessions": bad_sessions, "measured": measured, "bad": bad,
            }  # fmt: skip


def _delete_terms(connection: sa.Connection, app_id: str, first: str, end: str) -> None:
    statement = (
        "DELETE FROM session_postings WHERE app_id = :app AND term >= :first AND term < :end"
    )
    connection.execute(sa.text(statement), {"app": app_id, "first": first, "end": end})


def _apps(connection: sa.Connection) -> list[str]:
    return list(connection.execute(sa.text("SELECT DISTINCT app_id FROM sessions")).scalars())


def _days(connection: sa.Connection, app_id: str) -> list[int]:
    statement = sa.text("SELECT DISTINCT day FROM sessions WHERE app_id = :app_id ORDER BY day")
    return list(connection.execute(statement, {"app_id": app_id}).scalars())
