"""Rows of several tables are inserted one after the other, in their order."""

from sqlalchemy import select

from aftercall.store.engine.bulk_insert import BulkInsert, insert_all
from aftercall.store.engine.database import Database
from aftercall.store.engine.record_mapping import insert_into
from aftercall.store.tables import schema

_KEYS = BulkInsert(
    lambda dialect: insert_into(dialect, schema.keys).on_conflict_do_nothing(), ["name", "value"]
)
_LANES = BulkInsert(
    lambda dialect: insert_into(dialect, schema.webhook_lanes),
    [column.name for column in schema.webhook_lanes.columns],
)


async def test_rows_are_inserted_whatever_the_order_of_their_members(db: Database) -> None:
    keys = [{"name": "b", "value": "2"}, {"value": "1", "name": "a"}, {"name": "b", "value": "3"}]
    lanes = [{"lane": "s", "due_at": 7, "webhook_id": "w", "app_id": "a"}]
    async with db.write() as tx:
        await insert_all(tx, [(_KEYS, keys), (_LANES, lanes), (_KEYS, [])])
    async with db.read() as tx:
        found = (await tx.execute(select(schema.keys.c.name, schema.keys.c.value))).all()
        (lane,) = (await tx.execute(select(schema.webhook_lanes))).all()
    assert sorted(tuple(row) for row in found) == [("a", "1"), ("b", "2")]
    assert lane._asdict() == lanes[0]


async def test_what_a_failed_transaction_inserted_is_undone(db: Database) -> None:
    try:
        async with db.write() as tx:
            await insert_all(tx, [(_KEYS, [{"name": "a", "value": "1"}])])
            raise LookupError
    except LookupError:
        pass
    async with db.read() as tx:
        assert (await tx.execute(select(schema.keys.c.name))).all() == []
