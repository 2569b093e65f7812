"""The migrations create the tables of the schema."""

import re

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect

from aftercall.store.engine.database import Database
from aftercall.store.tables.schema import metadata
from tests.store.tables.definitions import definitions

PROGRAM_WIDE = {
    "leases",
    "waiting_removals",
    "accounts",
    "apps",
    "tokens",
    "keys",
    "jobs",
    "webhook_deliveries",
    "sign_ins",
    "sign_in_links",
}

PARTITION = re.compile(r"_(default|before|\d{4}_\d\d_\d\d)$")


def _differences(connection: Connection) -> list[object]:
    def is_compared(_: object, name: str | None, kind: str, *rest: object) -> bool:
        return kind != "table" or PARTITION.search(str(name)) is None

    opts = {"compare_type": True, "include_object": is_compared}
    context = MigrationContext.configure(connection, opts=opts)
    return list(compare_metadata(context, metadata))


async def test_a_migrated_database_equals_the_schema(db: Database) -> None:
    async with db.write() as tx:
        assert await tx.run_sync(_differences) == []


async def test_a_created_database_has_the_definitions_of_a_migrated_one(own_db: Database) -> None:
    """What a comparison by names does not see: where-clauses, collations, storage options."""

    async with own_db.write() as tx:
        migrated = await tx.run_sync(definitions)
        await tx.run_sync(metadata.drop_all)
        await tx.run_sync(metadata.create_all)
        assert await tx.run_sync(definitions) == migrated


async def test_every_tenant_table_has_the_app_first_in_its_key(db: Database) -> None:
    def keys(connection: Connection) -> dict[str, str]:
        look = inspect(connection)
        return {
            table: look.get_pk_constraint(table)["constrained_columns"][0]
            for table in metadata.tables
        }

    async with db.read() as tx:
        found = await tx.run_sync(keys)
    assert {table for table, first in found.items() if first != "app_id"} == PROGRAM_WIDE
