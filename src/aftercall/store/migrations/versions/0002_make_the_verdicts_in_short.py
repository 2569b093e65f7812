"""Make the tables of verdicts in short, of people and of those who are signed in."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _words(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, WORDS, nullable=null)


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "facet_tallies",
        _words("app_id"),
        _words("facet"),
        _count("day"),
        _count("sessions"),
        _count("bad_sessions"),
        _count("measured"),
        _count("bad"),
        sa.PrimaryKeyConstraint("app_id", "facet", "day"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_facet_tallies_day", "facet_tallies", ["app_id", "day", "facet"])
    op.create_table(
        "people",
        _words("app_id"),
        _words("person"),
        _words("name", null=True),
        _words("custom_participant_id", null=True),
        _words("user_id", null=True),
        _moment("last_at"),
        sa.PrimaryKeyConstraint("app_id", "person"),
    )
    op.create_index("ix_people_last", "people", ["app_id", "last_at", "person"])
    op.create_table(
        "people_terms",
        _words("app_id"),
        _words("term"),
        _words("person"),
        sa.PrimaryKeyConstraint("app_id", "term", "person"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "peer_verdicts",
        _words("app_id"),
        _words("session_id"),
        _words("participant_id"),
        _words("person"),
        _moment("joined_at"),
        _words("summary"),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("app_id", "session_id", "participant_id"),
    )
    op.create_index(
        "ix_peer_verdicts_person", "peer_verdicts", ["app_id", "person", "joined_at", "session_id"]
    )
    op.create_table(
        "session_facets",
        _words("app_id"),
        _words("facet"),
        _moment("created_at"),
        _words("session_id"),
        sa.PrimaryKeyConstraint("app_id", "facet", "created_at", "session_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "session_verdicts",
        _words("app_id"),
        _words("session_id"),
        _moment("created_at"),
        sa.Column("worst_mos", sa.Double(), nullable=True),
        _words("summary"),
        _words("counted"),
        sa.PrimaryKeyConstraint("app_id", "session_id"),
    )
    op.create_index(
        "ix_session_verdicts_mos", "session_verdicts", ["app_id", "worst_mos", "session_id"]
    )
    op.create_table(
        "sign_in_links",
        _words("id"),
        _words("account_id"),
        _words("app_id", null=True),
        _words("role"),
        _words("token_id", null=True),
        _moment("expires_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "sign_ins",
        _words("id"),
        _words("account_id"),
        _words("app_id", null=True),
        _words("role"),
        _words("token_id", null=True),
        _moment("created_at"),
        _moment("expires_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_sign_ins_expires", "sign_ins", ["expires_at"])
