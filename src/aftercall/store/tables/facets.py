"""The tables the dashboard's lists are read from, and those of who is signed in to it."""

from typing import Final

from sqlalchemy import Column, Double, Index, PrimaryKeyConstraint, Table, text

from aftercall.store.engine.column_types import (
    blob_column,
    epoch_ms_column,
    integer_column,
    metadata,
    text_column,
)

peer_verdicts: Final = Table(
    "peer_verdicts",
    metadata,
    text_column("app_id"),
    text_column("session_id"),
    text_column("participant_id"),
    text_column("person"),
    epoch_ms_column("joined_at"),
    text_column("summary"),
    blob_column("digest"),
    PrimaryKeyConstraint("app_id", "session_id", "participant_id"),
    Index("ix_peer_verdicts_person", "app_id", "person", "joined_at", "session_id"),
)
"""One participant's verdict in short. `summary` is the JSON of a list's row, `digest` the
compressed JSON of a lane."""

session_verdicts: Final = Table(
    "session_verdicts",
    metadata,
    text_column("app_id"),
    text_column("session_id"),
    epoch_ms_column("created_at"),
    Column("quality_rank", Double, nullable=True),
    text_column("summary"),
    text_column("counted"),
    PrimaryKeyConstraint("app_id", "session_id"),
    Index("ix_session_verdicts_rank", "app_id", "quality_rank", "session_id"),
)
"""One session's verdict in short. `counted` is what it put into the facets and their tallies,
as JSON, so that it can be taken out again."""

IS_BAD_MEETING: Final = text("substr(facet, 1, 8) = 'meeting:' AND bad_sessions > 0")
"""Few of a day's meetings have a bad call. Queries repeat this text, so that the index is used; a
range of facets would tempt SQLite to the key."""

facet_tallies: Final = Table(
    "facet_tallies",
    metadata,
    text_column("app_id"),
    text_column("facet"),
    integer_column("day"),
    integer_column("sessions"),
    integer_column("bad_sessions"),
    integer_column("measured"),
    integer_column("bad"),
    PrimaryKeyConstraint("app_id", "facet", "day"),
    Index("ix_facet_tallies_day", "app_id", "day", "facet"),
    Index(
        "ix_facet_tallies_bad_meetings",
        "app_id",
        "day",
        "facet",
        "bad_sessions",
        sqlite_where=IS_BAD_MEETING,
        postgresql_where=IS_BAD_MEETING,
    ),
    sqlite_with_rowid=False,
)
"""How many sessions and measured participants of each day have a facet, and how many were bad."""

quarter_tallies: Final = Table(
    "quarter_tallies",
    metadata,
    text_column("app_id"),
    integer_column("quarter"),
    text_column("facet"),
    integer_column("sessions"),
    integer_column("bad_sessions"),
    integer_column("measured"),
    integer_column("bad"),
    PrimaryKeyConstraint("app_id", "quarter", "facet"),
    sqlite_with_rowid=False,
)
"""The same of each quarter hour since 1970, for the ends of periods whose days begin at another
hour than those of UTC; but of people, and of all sessions together."""

session_quarters: Final = Table(
    "session_quarters",
    metadata,
    text_column("app_id"),
    integer_column("quarter"),
    integer_column("sessions"),
    Column("minutes", Double, nullable=False),
    integer_column("bad_sessions"),
    integer_column("measured"),
    integer_column("bad"),
    PrimaryKeyConstraint("app_id", "quarter"),
    sqlite_with_rowid=False,
)
"""How many sessions of each quarter hour have ended, their minutes, and of the folded ones the bad
sessions and calls."""

people_tallies: Final = Table(
    "people_tallies",
    metadata,
    text_column("app_id"),
    integer_column("day"),
    integer_column("previous_day"),
    integer_column("people"),
    PrimaryKeyConstraint("app_id", "day", "previous_day"),
    sqlite_with_rowid=False,
)
"""How many people were in folded sessions of each day, by the last day before on which they were;
-1 for a first day (`store.sessions.people_counts`)."""

people: Final = Table(
    "people",
    metadata,
    text_column("app_id"),
    text_column("person"),
    text_column("name", null=True),
    text_column("custom_participant_id", null=True),
    text_column("user_id", null=True),
    epoch_ms_column("last_at"),
    PrimaryKeyConstraint("app_id", "person"),
    Index("ix_people_last", "app_id", "last_at", "person"),
)

people_terms: Final = Table(
    "people_terms",
    metadata,
    text_column("app_id"),
    text_column("term"),
    text_column("person"),
    PrimaryKeyConstraint("app_id", "term", "person"),
    sqlite_with_rowid=False,
)
"""The words of a person's names, lowercase and without accents, and its ids as they are."""

sign_ins: Final = Table(
    "sign_ins",
    metadata,
    text_column("id"),
    text_column("account_id"),
    text_column("app_id", null=True),
    text_column("role"),
    text_column("token_id", null=True),
    epoch_ms_column("created_at"),
    epoch_ms_column("expires_at"),
    PrimaryKeyConstraint("id"),
    Index("ix_sign_ins_expires", "expires_at"),
)
"""Who is signed in to the dashboard. `id` is the SHA-256 of the cookie's secret."""

sign_in_links: Final = Table(
    "sign_in_links",
    metadata,
    text_column("id"),
    text_column("account_id"),
    text_column("app_id", null=True),
    text_column("role"),
    text_column("token_id", null=True),
    epoch_ms_column("expires_at"),
    PrimaryKeyConstraint("id"),
)
"""Links that sign somebody in once. `id` is the SHA-256 of the link's code."""
