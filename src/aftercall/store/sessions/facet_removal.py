"""What the verdicts of deleted sessions have put into postings and counts."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.store.sessions.counted import read_counted, terms_of_counted
from aftercall.store.sessions.facet_counts import Tallies
from aftercall.store.tables import schema


class Listings(NamedTuple):
    """What the verdicts of sessions have put into postings and counts."""

    terms: Mapping[str, frozenset[str]]
    """By session."""
    tallies: Tallies
    """The changes that take all the sessions out of the counts."""


async def listings_of(tx: AsyncConnection, app_id: str, session_ids: Sequence[str]) -> Listings:
    """What those of the sessions that have been folded have put into postings and counts."""
    c = schema.session_verdicts.c
    rows = await tx.execute(
        select(c.session_id, c.counted, c.quality_rank).where(
            c.app_id == app_id, c.session_id.in_(list(session_ids))
        )
    )
    terms: dict[str, frozenset[str]] = {}
    tallies = Tallies()
    for session_id, text, rank in rows:
        counted = read_counted(text)
        terms[session_id] = terms_of_counted(counted, rank)
        tallies.add(counted, -1)
    return Listings(terms, tallies)
