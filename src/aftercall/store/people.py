"""People: the participants of folded sessions, across sessions."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import case, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.overview.session_summary import facet
from aftercall.store.engine.record_mapping import insert_into
from aftercall.store.sessions.tokenizer import LAST, words_of
from aftercall.store.tables import schema


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A person, by the names and ids of the latest session."""

    app_id: str
    person: str
    name: str | None
    custom_participant_id: str | None
    user_id: str | None
    last_at: EpochMs


async def save_people(tx: AsyncConnection, people: Iterable[Person]) -> None:
    """Write people; the latest session's names are kept, and all earlier names still find them."""
    latest: dict[tuple[str, str], Person] = {}
    for each in people:
        known = latest.get((each.app_id, each.person))
        if known is None or known.last_at <= each.last_at:
            latest[each.app_id, each.person] = each
    if not latest:
        return
    table = schema.people
    statement = insert_into(tx.dialect.name, table)
    new, c = statement.excluded, table.c
    is_later = new.last_at >= c.last_at
    names = ("name", "custom_participant_id", "user_id", "last_at")
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["app_id", "person"],
            set_={name: case((is_later, new[name]), else_=c[name]) for name in names},
        ),
        [msgspec.structs.asdict(latest[key]) for key in sorted(latest)],
    )
    terms = sorted(
        {(key[0], term, key[1]) for key, person in latest.items() for term in _terms_of(person)}
    )
    if terms:
        await tx.execute(
            insert_into(tx.dialect.name, schema.people_terms).on_conflict_do_nothing(),
            [{"app_id": app, "term": term, "person": person} for app, term, person in terms],
        )


def _terms_of(person: Person) -> set[str]:
    terms = {f"word:{word}" for word in words_of(person.name or "")}
    terms |= {f"id:{id}" for id in (person.custom_participant_id, person.user_id) if id}
    return terms


async def find_person(tx: AsyncConnection, app_id: str, person: str) -> Person | None:
    c = schema.people.c
    row = (
        await tx.execute(select(schema.people).where(c.app_id == app_id, c.person == person))
    ).first()
    return None if row is None else Person(**row._mapping)


async def count_people(tx: AsyncConnection, app_id: str) -> int:
    found = await tx.execute(select(func.count()).where(schema.people.c.app_id == app_id))
    return found.scalar_one()


async def list_people(
    tx: AsyncConnection,
    app_id: str,
    *,
    search: str | None,
    before: tuple[EpochMs, str] | None,
    limit: int,
) -> list[Person]:
    """People, the latest in a call first. `search`: beginnings of words of their names, all
    of which must be there, or a whole id; `before` the `(last_at, person)` of the last seen."""
    c = schema.people.c
    where: list[Any] = [c.app_id == app_id]
    if before is not None:
        where.append(tuple_(c.last_at, c.person) < before)
    if search:
        where.append(_matches(app_id, search))
    rows = await tx.execute(
        select(schema.people).where(*where).order_by(c.last_at.desc(), c.person.desc()).limit(limit)
    )
    return [Person(**row._mapping) for row in rows]


def _matches(app_id: str, search: str) -> Any:
    t, c = schema.people_terms.c, schema.people.c
    of_id = c.person.in_(select(t.person).where(t.app_id == app_id, t.term == f"id:{search}"))
    words = words_of(search)
    if not words:
        return of_id
    named: Any = None
    for word in words:
        prefix = f"word:{word}"
        has = c.person.in_(
            select(t.person).where(t.app_id == app_id, t.term >= prefix, t.term < prefix + LAST)
        )
        named = has if named is None else named & has
    return named | of_id


async def count_calls(
    tx: AsyncConnection, app_id: str, people: Sequence[str]
) -> dict[str, tuple[int, int]]:
    """How many calls each of the people had, and how many of those were bad for him."""
    t = schema.facet_tallies.c
    names = {facet("person", person): person for person in people}
    rows = await tx.execute(
        select(t.facet, func.sum(t.sessions), func.sum(t.bad))
        .where(t.app_id == app_id, t.facet.in_(list(names)))
        .group_by(t.facet)
    )
    return {names[name]: (int(calls), int(bad)) for name, calls, bad in rows}
