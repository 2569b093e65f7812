"""Postings: for each term the set of ended sessions that it leads to.

A session is given an ordinal when it ends: the day of its creation, and a running number within
that day. Ordinals of a block are bits of one integer, so conditions are combined and counted
without reading a row of any session.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Delete,
    Integer,
    Select,
    SelectBase,
    Text,
    and_,
    bindparam,
    delete,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs, day_of
from aftercall.store.codecs import bitset
from aftercall.store.engine.array_params import among, is_among
from aftercall.store.engine.lookup import Lookup, fetch
from aftercall.store.engine.record_mapping import Insert, insert_into
from aftercall.store.sessions.call_postings import calls_with, stored_term
from aftercall.store.sessions.terms import Wanted
from aftercall.store.tables import schema

NUMBER_BITS: Final = 24
"""Of an ordinal, for the running number within the day: 16 million sessions of one app."""

BLOCK_BITS: Final = 12
"""Of an ordinal, for the place within the block: a bitmap of a block has up to 512 bytes, which
every session that ends writes again for each of its terms."""

_DAY_BLOCKS: Final = 1 << (NUMBER_BITS - BLOCK_BITS)
BLOCK_SIZE: Final = 1 << BLOCK_BITS
_PLACES: Final = BLOCK_SIZE - 1
_MOST_BLOCKS: Final = 1 << 31
"""The column of blocks is an integer of 32 bits."""

Bits = dict[int, int]
"""A set of ordinals: of each block that has any, the places as bits of an integer."""


def first_block(day: int) -> int:
    """The first block of a day, at most what the column holds: a filter may name a year far off."""
    return max(-_MOST_BLOCKS, min(day * _DAY_BLOCKS, _MOST_BLOCKS - 1))


def day_of_block(block: int) -> int:
    return block // _DAY_BLOCKS


def day_of_ordinal(ordinal: int) -> int:
    return ordinal >> NUMBER_BITS


def block_and_bit(ordinal: int) -> tuple[int, int]:
    return ordinal >> BLOCK_BITS, 1 << (ordinal & _PLACES)


def bits_of(ordinals: Iterable[int]) -> Bits:
    found: Bits = {}
    for ordinal in ordinals:
        block, bit = block_and_bit(ordinal)
        found[block] = found.get(block, 0) | bit
    return found


def stored_bit(term: str, bit: int) -> tuple[str, int]:
    """The term under which a term is stored, and the bit there of a place in its block."""
    stored, plane = stored_term(term)
    return stored, bit << plane * BLOCK_SIZE


def ordinals_in(block: int, bits: int) -> Iterator[int]:
    first = block << BLOCK_BITS
    return (first + place for place in bitset.members(bits))


def is_in(bits: Bits, ordinal: int) -> bool:
    return bool(bits.get(ordinal >> BLOCK_BITS, 0) >> (ordinal & _PLACES) & 1)


def both(one: Bits, other: Bits) -> Bits:
    if len(other) < len(one):
        one, other = other, one
    return {block: shared for block, bits in one.items() if (shared := bits & other.get(block, 0))}


def either(sets: Iterable[Bits]) -> Bits:
    united: Bits = {}
    for bits in sets:
        for block, places in bits.items():
            united[block] = united.get(block, 0) | places
    return united


def without(one: Bits, other: Bits) -> Bits:
    return {block: rest for block, bits in one.items() if (rest := bits & ~other.get(block, 0))}


class Place(NamedTuple):
    """Where an ended session is in the postings, and the terms that lead to it."""

    ordinal: int
    terms: frozenset[str]


class Postings:
    """What was read of the postings."""

    def __init__(self, by_term: dict[str, Bits]) -> None:
        self._by_term = by_term

    def calls(self, name: str) -> Bits:
        """The calls with a facet."""
        return calls_with(self._by_term, name)

    def find(self, wanted: Wanted) -> Bits:
        """The sessions that the term, or any of the terms, leads to."""
        if wanted.end is None:
            return self._by_term.get(wanted.first, {})
        return either(
            bits for term, bits in self._by_term.items() if wanted.first <= term < wanted.end
        )


def blocks_of(first_day: int | None, last_day: int | None) -> dict[str, int]:
    """The parameters of a statement that reads from the first to the last day."""
    return {
        "from_block": -_MOST_BLOCKS if first_day is None else first_block(first_day),
        "end_block": _MOST_BLOCKS - 1 if last_day is None else first_block(last_day + 1),
    }


async def read_postings(
    tx: AsyncConnection,
    app_id: str,
    wanted: Sequence[Wanted],
    *,
    first_day: int | None,
    last_day: int | None,
) -> Postings:
    """The postings of all the terms, in one statement."""
    if not wanted:
        return Postings({})
    alone = [each.first for each in wanted if each.end is None]
    ranges = [each for each in wanted if each.end is not None]
    given: dict[str, Any] = {
        "app_id": app_id,
        **blocks_of(first_day, last_day),
        **among(tx.dialect.name, "terms", alone),
    }
    for number, each in enumerate(ranges):
        given |= {f"first_{number}": each.first, f"end_{number}": each.end}
    by_term: dict[str, Bits] = {}
    decode = bitset.decode
    for term, block, stored in await fetch(tx, _of_terms(bool(alone), len(ranges)), **given):
        by_term.setdefault(term, {})[block] = decode(stored)
    return Postings(by_term)


@cache
def _of_terms(has_alone: bool, ranges: int) -> Lookup:
    return Lookup(lambda dialect: _select_of_terms(dialect, has_alone, ranges))


def _select_of_terms(dialect: str, has_alone: bool, ranges: int) -> SelectBase:
    c = schema.session_postings.c
    select_of = select(c.term, c.block, c.sessions).where(
        c.app_id == bindparam("app_id", type_=Text),
        c.block >= bindparam("from_block", type_=Integer),
        c.block < bindparam("end_block", type_=Integer),
    )
    parts: list[Select[Any]] = []
    if has_alone:
        parts.append(select_of.where(is_among(dialect, c.term, "terms", Text)))
    for number in range(ranges):
        first, end = (bindparam(f"{name}_{number}", type_=Text) for name in ("first", "end"))
        parts.append(select_of.where(c.term >= first, c.term < end))
    return union_all(*parts) if len(parts) > 1 else parts[0]


async def give_ordinal(tx: AsyncConnection, app_id: str, created_at: EpochMs) -> int:
    """The next ordinal of a day. Until the transaction ends nobody else changes postings of the
    day."""
    statement = _give_ordinal(tx.dialect.name)
    day = day_of(created_at)
    given = await tx.execute(statement, {"app_id": app_id, "day": day, "given_ordinals": 1})
    return (day << NUMBER_BITS) + int(given.scalar_one()) - 1


@cache
def _give_ordinal(dialect: str) -> Any:
    table = schema.session_days
    return (
        insert_into(dialect, table)
        .on_conflict_do_update(
            index_elements=["app_id", "day"],
            set_={"given_ordinals": table.c.given_ordinals + 1},
        )
        .returning(table.c.given_ordinals)
    )


async def lock_day(tx: AsyncConnection, app_id: str, day: int) -> None:
    """Until the transaction ends nobody else changes postings of the day."""
    c = schema.session_days.c
    await tx.execute(select(c.day).where(c.app_id == app_id, c.day == day).with_for_update())


async def change_postings(
    tx: AsyncConnection, app_id: str, old: Place | None, new: Place | None
) -> None:
    """Let the terms lead to where a session is, and no longer to where it was. The caller holds
    the locks of the days."""
    if old is not None and new is not None and old.ordinal == new.ordinal:
        old, new = (
            Place(old.ordinal, old.terms - new.terms),
            Place(new.ordinal, new.terms - old.terms),
        )
    await _change(tx, app_id, gone=[old] if old else [], new=[new] if new else [])


async def take_out_of_postings(tx: AsyncConnection, app_id: str, places: Sequence[Place]) -> None:
    """Let no term lead to where deleted sessions were."""
    for day in sorted({day_of_ordinal(place.ordinal) for place in places}):
        await lock_day(tx, app_id, day)
    await _change(tx, app_id, gone=places, new=[])


class _Bits(NamedTuple):
    """The places of a block that a term no longer leads to, and those that it leads to."""

    gone: int
    new: int


_NO_BITS: Final = _Bits(0, 0)


async def _change(
    tx: AsyncConnection, app_id: str, *, gone: Iterable[Place], new: Iterable[Place]
) -> None:
    changes: dict[int, dict[str, _Bits]] = {}
    for place, is_new in (*((each, False) for each in gone), *((each, True) for each in new)):
        block, bit = block_and_bit(place.ordinal)
        of_block = changes.setdefault(block, {})
        for each in place.terms:
            term, own = stored_bit(each, bit)
            bits = of_block.get(term, _NO_BITS)
            of_block[term] = (
                _Bits(bits.gone, bits.new | own) if is_new else _Bits(bits.gone | own, bits.new)
            )
    for block, terms in sorted(changes.items()):
        if terms:
            await _change_block(tx, app_id, block, terms)


async def _change_block(
    tx: AsyncConnection, app_id: str, block: int, terms: Mapping[str, _Bits]
) -> None:
    dialect = tx.dialect.name
    here = {"app": app_id, "in_block": block}
    found = await tx.execute(_read_block(dialect), here | among(dialect, "terms", sorted(terms)))
    known = {term: bitset.decode(stored) for term, stored in found}
    kept: list[dict[str, Any]] = []
    empty: list[str] = []
    for term, (gone, new) in sorted(terms.items()):
        before = known.get(term, 0)
        bits = (before & ~gone) | new
        if bits == before:
            continue
        if bits:
            encoded = bitset.encode(bits)
            kept.append({"app_id": app_id, "term": term, "block": block, "sessions": encoded})
        else:
            empty.append(term)
    if kept:
        await tx.execute(_put(dialect), kept)
    if empty:
        await tx.execute(_delete(dialect), here | among(dialect, "terms", empty))


def _of_block(dialect: str) -> ColumnElement[bool]:
    c = schema.session_postings.c
    return and_(
        c.app_id == bindparam("app"),
        c.block == bindparam("in_block"),
        is_among(dialect, c.term, "terms", Text),
    )


@cache
def _read_block(dialect: str) -> Select[Any]:
    c = schema.session_postings.c
    return select(c.term, c.sessions).where(_of_block(dialect))


@cache
def _delete(dialect: str) -> Delete:
    return delete(schema.session_postings).where(_of_block(dialect))


@cache
def _put(dialect: str) -> Insert:
    statement = insert_into(dialect, schema.session_postings)
    return statement.on_conflict_do_update(
        index_elements=["app_id", "term", "block"],
        set_={"sessions": statement.excluded.sessions},
    )
