"""Lookups are answered as SQLAlchemy answers the same statement."""

from sqlalchemy import Text, bindparam, case, select, text

from aftercall.store.engine.database import Database
from aftercall.store.engine.lookup import Lookup
from aftercall.store.sessions import rows as session_rows
from aftercall.store.tables import schema
from tests.store.record_builder import session

_SESSIONS = (
    select(*schema.sessions.columns, case((schema.sessions.c.id == "s", 4), else_=5))
    .where(schema.sessions.c.app_id == bindparam("app_id", type_=Text))
    .order_by(schema.sessions.c.id)
    .limit(2)
)


async def test_a_lookup_returns_the_rows_of_its_statement(db: Database) -> None:
    async with db.write() as tx:
        for number in range(3):
            made = session(f"s{number}", f"m{number}", minutes_consumed=1.25 * number)
            assert await session_rows.insert_session(tx, made)
    async with db.read() as tx:
        rows = (await tx.execute(_SESSIONS, {"app_id": "a"})).all()
    lookup = Lookup(lambda _dialect: _SESSIONS)
    found = await db.fetch(lookup, app_id="a")
    assert found == [tuple(row) for row in rows]
    assert list(map(type, found[1])) == list(map(type, rows[1]))
    assert await db.fetch(lookup, app_id="b") == []


async def test_a_lookup_sees_what_was_committed_before_it(db: Database) -> None:
    lookup = Lookup(lambda _dialect: select(schema.keys.c.value))
    assert await db.fetch(lookup) == []
    async with db.write() as tx:
        await tx.execute(text("INSERT INTO keys (name, value) VALUES ('a', '1')"))
    assert await db.fetch(lookup) == [("1",)]
