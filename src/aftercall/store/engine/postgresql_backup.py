"""Backup of a PostgreSQL database and restore from it, by PostgreSQL's own programs."""

import asyncio
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import URL, inspect, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from aftercall.store.engine.revisions import UnfitDatabase, check_revision

_DUMP: Final = ("pg_dump", "--format=custom", "--no-owner", "--no-privileges")
_RESTORE: Final = (
    *("pg_restore", "--single-transaction", "--exit-on-error"),
    *("--no-owner", "--no-privileges"),
)
_REVISION: Final = re.compile(r"^COPY \S*alembic_version.*\n(\S+)$", re.MULTILINE)
"""In the script that `pg_restore` writes of the table that holds the revision."""


def back_up(url: str, target: Path) -> None:
    """Write one state of the database to the file `target`, for its owner alone; servers go on
    meanwhile. Raises `OSError` with what to run when `pg_dump` is not found, and with what it
    wrote when it fails."""
    if target.exists():
        raise FileExistsError(f"{target} exists; name another file.")
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        _run([*_DUMP, "--file", str(partial), "--dbname", libpq_url(url)], url)
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)


def restore(backup: Path, url: str, *, takes_older: bool) -> None:
    """Fill an empty database from a backup, in one transaction. `takes_older`: whether it may be of
    an older revision, which is to be migrated afterwards.

    Raises `UnfitDatabase` when the database is not empty or the backup is of another revision,
    `OSError` when `pg_restore` is not found or fails.
    """
    if not backup.is_file():
        raise UnfitDatabase(f"There is no file {backup}.")
    if asyncio.run(_has_tables(url)):
        raise UnfitDatabase(
            "The database is not empty. Make an empty one (`createdb`), restore into it, and let "
            "the server use that."
        )
    listed = _run(
        ["pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(backup)], url
    )
    found = _REVISION.search(listed)
    check_revision(found.group(1) if found else None, takes_older=takes_older)
    _run([*_RESTORE, "--dbname", libpq_url(url), str(backup)], url)


def libpq_url(url: str) -> str:
    """The URL as PostgreSQL's programs read it, without its password, which other users of the
    machine could read in the list of processes."""
    target = make_url(url)
    query = dict(target.query)
    if "ssl" in query:
        word = str(query.pop("ssl"))
        query["sslmode"] = "require" if word.lower() == "true" else word
    return URL.create(
        "postgresql",
        username=target.username,
        host=target.host,
        port=target.port,
        database=target.database,
        query=query,
    ).render_as_string()


async def _has_tables(url: str) -> bool:
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return bool(await connection.run_sync(lambda c: inspect(c).get_table_names()))
    finally:
        await engine.dispose()


def _run(words: Sequence[str], url: str) -> str:
    """What the program writes. Raises `OSError` with what to do."""
    if shutil.which(words[0]) is None:
        raise OSError(
            f"{words[0]} was not found. Install PostgreSQL's client programs, or run this where "
            f"they are:\n  {shlex.join(words)}"
        )
    done = subprocess.run(words, capture_output=True, text=True, env=_environment(url))
    if done.returncode != 0:
        reason = done.stderr.strip() or f"it ended with {done.returncode}"
        raise OSError(f"{words[0]} failed: {reason}")
    return done.stdout


def _environment(url: str) -> Mapping[str, str]:
    password = make_url(url).password
    return os.environ if password is None else {**os.environ, "PGPASSWORD": str(password)}
