"""Revisions of the tables: which this program has, and the way to it.

The file of a revision begins with its number, so a database that is up to date is recognised
without alembic, which takes 4 MB and is imported to migrate.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

_MIGRATIONS: Final = Path(__file__).parents[1] / "migrations"


class UnfitDatabase(Exception):
    """The database cannot be used by this program; the message says why."""


@cache
def revisions() -> Sequence[str]:
    """The revisions that this program knows, the oldest first."""
    files = (_MIGRATIONS / "versions").glob("[0-9]*_*.py")
    return sorted(file.name.partition("_")[0] for file in files)


def head_revision() -> str:
    """The revision of this program's tables."""
    return revisions()[-1]


def upgrade(connection: Connection) -> None:
    """Bring the tables to this program's revision, in the connection's transaction.

    Raises `UnfitDatabase` as `check_known` does.
    """
    if check_known(connection) != head_revision():
        _migrate(connection)


def check_known(connection: Connection) -> str | None:
    """The revision of the tables; `None` for a database without any.

    Raises `UnfitDatabase` when they are of a newer program, or older than the oldest revision that
    this program knows.
    """
    known = revisions()
    oldest, head = known[0], known[-1]
    found = _revision_of(connection)
    if found is None or found in known:
        return found
    if found < oldest:
        raise UnfitDatabase(
            f"The database is at revision {found}, which is older than {oldest}, the oldest "
            "that this program migrates: bring it there with the Aftercall that made it."
        )
    raise UnfitDatabase(
        f"The database is at revision {found}, which this program does not know: a newer "
        f"Aftercall has migrated it. This program's revision is {head}; "
        "run the newer one, or restore a backup."
    )


def check_revision(found: str | None, *, takes_older: bool) -> None:
    """Whether tables of the revision `found` may be restored: they are of this program's, or of an
    older one that is to be migrated. Raises `UnfitDatabase` with what to do instead."""
    head = head_revision()
    if found == head:
        return
    if found is None:
        raise UnfitDatabase("The backup holds no tables of Aftercall.")
    if found not in revisions():
        raise UnfitDatabase(
            f"The backup is at revision {found}, which this program does not know; its own is "
            f"{head}. Restore it with the Aftercall that made it."
        )
    if not takes_older:
        raise UnfitDatabase(
            f"The backup is at revision {found}, older than this program's {head}: restore it with "
            "--migrate, which brings it up to date, or with the Aftercall that made it."
        )


def _revision_of(connection: Connection) -> str | None:
    """The revision of the database's tables; `None` for a database without any."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _migrate(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - needed only to migrate
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
