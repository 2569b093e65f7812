"""The embedded database as a file: whether it can be used, and by one server at a time."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import make_url

from aftercall.store.engine.database import UnfitDatabase

_MAGIC: Final = b"SQLite format 3\0"
"""The first 16 bytes of every database (sqlite.org, "Database File Format", 1.3)."""

_HEADER: Final = 100
_TABLE_NAMES: Final = "SELECT name FROM sqlite_master WHERE type = 'table'"
_WHAT_TO_DO: Final = "Restore a backup, or move the file away and start with an empty database."


def file_of(url: str) -> Path | None:
    """The file behind a database URL; `None` for a server or a database in memory."""
    target = make_url(url)
    if target.get_backend_name() != "sqlite" or target.database in (None, "", ":memory:"):
        return None
    return Path(str(target.database))


def check_file(path: Path) -> None:
    """Raises `UnfitDatabase` with a sentence that names the path when a file cannot be used. One
    that does not exist will be made."""
    folder = path.parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise UnfitDatabase(f"{folder} is no folder: the database cannot lie below it.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UnfitDatabase(f"The folder {folder} cannot be written to; its owner must allow it.")
    if not path.exists():
        return
    if not path.is_file():
        raise UnfitDatabase(f"{path} is no file; name another data folder.")
    if not os.access(path, os.R_OK | os.W_OK):
        raise UnfitDatabase(f"The database {path} is read-only; its owner must allow writing.")
    with path.open("rb") as file:
        _check_header(path, file.read(_HEADER), path.stat().st_size)
    _check_tables(path)


def _check_header(path: Path, header: bytes, size_bytes: int) -> None:
    if size_bytes == 0:
        return
    if not header.startswith(_MAGIC):
        raise UnfitDatabase(f"{path} is no SQLite database. {_WHAT_TO_DO}")
    if len(header) < _HEADER:
        raise UnfitDatabase(f"The database {path} is cut off. {_WHAT_TO_DO}")
    page_bytes = int.from_bytes(header[16:18], "big")
    page_bytes = 65_536 if page_bytes == 1 else page_bytes
    pages = int.from_bytes(header[28:32], "big")
    is_valid = header[24:28] == header[92:96]
    if is_valid and size_bytes < pages * page_bytes:
        raise UnfitDatabase(
            f"The database {path} is cut off: {size_bytes} bytes of {pages * page_bytes} are "
            f"there. {_WHAT_TO_DO}"
        )


def _check_tables(path: Path) -> None:
    """That the tables are ours, or none are there yet."""
    try:
        with closing(sqlite3.connect(path, timeout=5)) as connection:
            names = {name for (name,) in connection.execute(_TABLE_NAMES)}
            if "alembic_version" in names:
                connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return
        raise UnfitDatabase(f"The database {path} cannot be opened: {error}.") from None
    except sqlite3.DatabaseError as error:
        raise UnfitDatabase(f"The database {path} is damaged: {error}. {_WHAT_TO_DO}") from None
    if names and "alembic_version" not in names:
        raise UnfitDatabase(
            f"The database {path} belongs to another program; name another data folder."
        )


@contextmanager
def only_server(path: Path) -> Iterator[None]:
    """Holds the file for one server, for as long as the block lasts and the process lives.

    Raises `UnfitDatabase` when another server has it.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = path.with_name(path.name + ".lock")
    with lock.open("a+") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.seek(0)
            owner = held.read().strip()
            who = f"another server (process {owner})" if owner.isdigit() else "another server"
            raise UnfitDatabase(
                f"The database {path} is in use by {who}. SQLite serves one server at a time; "
                "several need PostgreSQL."
            ) from None
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        yield


def rebuild_file(path: Path) -> None:
    """Write a file again without free pages, and so that it gives pages back from then on. Takes as
    much room again, and a minute for some gigabytes; nobody else may use the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = ON").fetchall()
        # A write-ahead log holds the pages as they were numbered.
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("VACUUM")
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
