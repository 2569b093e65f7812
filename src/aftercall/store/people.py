"""People: the participants of folded sessions, across sessions."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import and_, case, delete, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.overview.session_summary import facet, person_of
from aftercall.core.records import Participant
from aftercall.core.search_terms import LAST, Spelling, wanted_of, words_of
from aftercall.store.engine.record_mapping import Shape, insert_into
from aftercall.store.tables import schema

_PARTICIPANT: Final = Shape(Participant, schema.participants)

_KEYS: Final = 200
"""People that one statement names."""


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
    return terms_of([person.name], [person.custom_participant_id, person.user_id])


def terms_of(names: Iterable[str | None], ids: Iterable[str | None]) -> set[str]:
    """The terms by which somebody with these names and ids is found."""
    terms = {f"word:{word}" for name in names for word in words_of(name or "")}
    return terms | {f"id:{id}" for id in ids if id}


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
    wanted = wanted_of(search)
    if not wanted:
        return of_id
    words = [or_(*map(_has_all(app_id), spellings)) for spellings in wanted]
    return and_(*words) | of_id


def _has_all(app_id: str) -> Callable[[Spelling], Any]:
    """The condition of a person with a word that begins like each of a spelling."""
    t, c = schema.people_terms.c, schema.people.c

    def condition(spelling: Spelling) -> Any:
        prefixes = [f"word:{word}" for word in spelling]
        return and_(
            *(
                c.person.in_(
                    select(t.person).where(
                        t.app_id == app_id, t.term >= prefix, t.term < prefix + LAST
                    )
                )
                for prefix in prefixes
            )
        )

    return condition


async def count_calls(
    tx: AsyncConnection, app_id: str, people: Sequence[str]
) -> dict[str, tuple[int, int]]:
    """How many calls each of the people had, and how many of those were bad for
    that person."""
    t = schema.facet_tallies.c
    names = {facet("person", person): person for person in people}
    rows = await tx.execute(
        select(t.facet, func.sum(t.sessions), func.sum(t.bad))
        .where(t.app_id == app_id, t.facet.in_(list(names)))
        .group_by(t.facet)
    )
    return {names[name]: (int(calls), int(bad)) for name, calls, bad in rows}


async def people_in_sessions(
    tx: AsyncConnection, app_id: str, session_ids: Sequence[str]
) -> dict[str, set[str]]:
    """The people who took part in any of the sessions, each with the terms by which those let it
    be found."""
    c = schema.participants.c
    rows = await tx.execute(
        _PARTICIPANT.select.where(c.app_id == app_id, c.session_id.in_(list(session_ids)))
    )
    found: dict[str, set[str]] = {}
    for each in map(_PARTICIPANT.from_row, rows):
        person = _as_person(each)
        found.setdefault(person.person, set()).update(_terms_of(person))
    return found


def _as_person(participant: Participant) -> Person:
    return Person(
        app_id=participant.app_id,
        person=person_of(participant.app_id, participant),
        name=participant.display_name,
        custom_participant_id=participant.custom_participant_id,
        user_id=participant.user_id,
        last_at=participant.joined_at,
    )


async def forget_people(
    tx: AsyncConnection, app_id: str, people: Mapping[str, Collection[str]]
) -> None:
    """Delete those of the people who take part in no folded session any more. The others are known
    by the latest that is left, and found by no term that only deleted sessions had. `people` are
    those of the deleted sessions, as `people_in_sessions` found them."""
    every = sorted(people)
    for start in range(0, len(every), _KEYS):
        some = every[start : start + _KEYS]
        left = await _latest_of(tx, app_id, some)
        gone = [person for person in some if person not in left]
        for table in (schema.people, schema.people_terms):
            if gone:
                await tx.execute(
                    delete(table).where(table.c.app_id == app_id, table.c.person.in_(gone))
                )
        await _refresh(tx, app_id, left, people)


async def _latest_of(tx: AsyncConnection, app_id: str, people: Sequence[str]) -> dict[str, Person]:
    """The people who take part in any folded session, by the names and ids of the latest."""
    verdict, newer = schema.peer_verdicts, schema.peer_verdicts.alias("newer")
    known = schema.people
    last_session = (
        select(newer.c.session_id)
        .where(newer.c.app_id == known.c.app_id, newer.c.person == known.c.person)
        .order_by(newer.c.joined_at.desc(), newer.c.session_id.desc())
        .limit(1)
        .correlate(known)
        .scalar_subquery()
    )
    rows = await tx.execute(
        select(*_PARTICIPANT.columns, known.c.person)
        .select_from(known)
        .join(
            verdict,
            and_(
                verdict.c.app_id == known.c.app_id,
                verdict.c.person == known.c.person,
                verdict.c.session_id == last_session,
            ),
        )
        .join(schema.participants, _is_of(verdict))
        .where(known.c.app_id == app_id, known.c.person.in_(people))
        .order_by(schema.participants.c.joined_at)
    )
    return {row[-1]: _as_person(_PARTICIPANT.from_row(row)) for row in rows}


def _is_of(verdict: Any) -> Any:
    participant = schema.participants.c
    return and_(
        participant.app_id == verdict.c.app_id,
        participant.session_id == verdict.c.session_id,
        participant.id == verdict.c.participant_id,
    )


async def _refresh(
    tx: AsyncConnection,
    app_id: str,
    latest: Mapping[str, Person],
    terms: Mapping[str, Collection[str]],
) -> None:
    if not latest:
        return
    table = schema.people
    statement = insert_into(tx.dialect.name, table)
    names = ("name", "custom_participant_id", "user_id", "last_at")
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["app_id", "person"],
            set_={name: statement.excluded[name] for name in names},
        ),
        [msgspec.structs.asdict(latest[person]) for person in sorted(latest)],
    )
    for person, known in latest.items():
        in_question = set(terms[person]) - _terms_of(known)
        if in_question:
            # Rare: people seldom change their names.
            others = in_question - await _all_terms_of(tx, app_id, person)
            t = schema.people_terms.c
            await tx.execute(
                delete(schema.people_terms).where(
                    t.app_id == app_id, t.person == person, t.term.in_(sorted(others))
                )
            )


async def _all_terms_of(tx: AsyncConnection, app_id: str, person: str) -> set[str]:
    """The terms that any folded session with the person has for it."""
    verdict = schema.peer_verdicts
    rows = await tx.execute(
        _PARTICIPANT.select.join(verdict, _is_of(verdict)).where(
            verdict.c.app_id == app_id, verdict.c.person == person
        )
    )
    return {term for row in rows for term in _terms_of(_as_person(_PARTICIPANT.from_row(row)))}
