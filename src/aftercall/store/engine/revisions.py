"""Revisions of the tables: which this program has, and the way to it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


class UnfitDatabase(Exception):
    """The database cannot be used by this program; the message says why."""


def head_revision() -> str | None:
    """The revision of this program's tables."""
    return _scripts().get_current_head()


def upgrade(connection: Connection) -> None:
    """Bring the tables to this program's revision, in the connection's transaction.

    Raises `UnfitDatabase` when they are of a newer program, or older than the oldest revision that
    this program knows.
    """
    scripts = _scripts()
    found = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if found is not None and found not in known:
        oldest = scripts.get_base()
        if oldest is not None and found < oldest:
            raise UnfitDatabase(
                f"The database is at revision {found}, which is older than {oldest}, the oldest "
                "that this program migrates: bring it there with the Aftercall that made it."
            )
        raise UnfitDatabase(
            f"The database is at revision {found}, which this program does not know: a newer "
            f"Aftercall has migrated it. This program's revision is {scripts.get_current_head()}; "
            "run the newer one, or restore a backup."
        )
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def check_revision(found: str | None, *, takes_older: bool) -> None:
    """Whether tables of the revision `found` may be restored: they are of this program's, or of an
    older one that is to be migrated. Raises `UnfitDatabase` with what to do instead."""
    scripts = _scripts()
    head = scripts.get_current_head()
    if found == head:
        return
    if found is None:
        raise UnfitDatabase("The backup holds no tables of Aftercall.")
    if found not in {script.revision for script in scripts.walk_revisions()}:
        raise UnfitDatabase(
            f"The backup is at revision {found}, which this program does not know; its own is "
            f"{head}. Restore it with the Aftercall that made it."
        )
    if not takes_older:
        raise UnfitDatabase(
            f"The backup is at revision {found}, older than this program's {head}: restore it with "
            "--migrate, which brings it up to date, or with the Aftercall that made it."
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
