"""Run by Alembic: migrate the connection that `store.engine.database.migrate` passes."""

from alembic import context

from aftercall.store.tables.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
