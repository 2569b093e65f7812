"""Many values as one argument."""

from sqlalchemy import select

from aftercall.store.engine.array_params import REPORTS, values_in, values_table
from aftercall.store.engine.database import Database


async def test_rows_are_returned_as_passed(db: Database) -> None:
    rows = [("a", "é'\"$", 2**53), ("", "\\", -1), *((str(n), "p", n) for n in range(2_000))]
    async with db.read() as tx:
        dialect = tx.dialect.name
        table = values_table(dialect, REPORTS)
        found = await tx.execute(select(table), values_in(dialect, REPORTS, rows))
        assert sorted(map(tuple, found)) == sorted(rows)


async def test_an_empty_list_is_an_empty_table(db: Database) -> None:
    async with db.read() as tx:
        dialect = tx.dialect.name
        table = values_table(dialect, REPORTS)
        assert (await tx.execute(select(table), values_in(dialect, REPORTS, []))).all() == []
