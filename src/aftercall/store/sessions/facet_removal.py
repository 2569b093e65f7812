"""Takes deleted sessions out of the facets and their tallies."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.store.sessions.facets import (
    Tally,
    add_tallies,
    read_counted,
    tallied,
    terms_of_counted,
)
from aftercall.store.tables import schema

_KEYS: Final = 200
"""Rows that one statement names."""


class Listings(NamedTuple):
    """What the verdicts of sessions have put into postings and tallies."""

    terms: Mapping[str, frozenset[str]]
    """By session."""
    tallies: Mapping[tuple[str, int], list[int]]
    """By facet and day: what all the sessions together add."""


async def listings_of(tx: AsyncConnection, app_id: str, session_ids: Sequence[str]) -> Listings:
    """What those of the sessions that have been folded have put into postings and tallies."""
    c = schema.session_verdicts.c
    rows = await tx.execute(
        select(c.session_id, c.counted, c.quality_rank).where(
            c.app_id == app_id, c.session_id.in_(list(session_ids))
        )
    )
    terms: dict[str, frozenset[str]] = {}
    sums: dict[Tally, list[int]] = {}
    for session_id, text, rank in rows:
        counted = read_counted(text)
        terms[session_id] = terms_of_counted(counted, rank)
        for key, numbers in tallied(counted):
            known = sums.setdefault(key, [0, 0, 0, 0])
            sums[key] = [one + other for one, other in zip(known, numbers, strict=True)]
    return Listings(terms, sums)


async def take_out_of_tallies(
    tx: AsyncConnection, app_id: str, gone: Mapping[Tally, Sequence[int]]
) -> None:
    """Take what deleted sessions added out of the facets' tallies."""
    await add_tallies(
        tx, app_id, {key: [-number for number in numbers] for key, numbers in gone.items()}
    )
    c, keys = schema.facet_tallies.c, sorted(gone)
    for start in range(0, len(keys), _KEYS):
        await tx.execute(
            delete(schema.facet_tallies).where(
                c.app_id == app_id,
                tuple_(c.facet, c.day).in_(keys[start : start + _KEYS]),
                c.sessions == 0,
            )
        )
