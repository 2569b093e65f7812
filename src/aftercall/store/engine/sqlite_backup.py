"""Backup of an SQLite database beside a running server, and restore from it."""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from aftercall.store.engine.revisions import UnfitDatabase, check_revision
from aftercall.store.engine.sqlite_file import check_file, only_server

_JOURNALS: Final = ("", "-wal", "-shm")
"""The endings of a database's file and of those that SQLite keeps beside it."""


def back_up(source: Path, target: Path) -> None:
    """Write one state of the database `source` to the file `target`, for its owner alone.

    Writers go on meanwhile; SQLite's journal grows by what they write. What was deleted is not
    in the copy. Raises `FileExistsError` when `target` exists, and leaves no part of a copy when
    it fails.
    """
    if target.exists():
        raise FileExistsError(f"{target} exists; name another file.")
    partial = partial_of(target)
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(sqlite3.connect(source.absolute().as_uri() + "?mode=rw", uri=True)) as open_:
            open_.execute("VACUUM INTO ?", (str(partial),))
        _put(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def partial_of(target: Path) -> Path:
    """Where a copy is while it is incomplete."""
    return target.with_name(target.name + ".partial")


def size_bytes(database: Path) -> int:
    """About the size of a backup: that of the pages in use."""
    with closing(sqlite3.connect(database.absolute().as_uri() + "?mode=rw", uri=True)) as open_:
        (pages,), (free,), (page_bytes,) = (
            open_.execute(f"PRAGMA {name}").fetchone()
            for name in ("page_count", "freelist_count", "page_size")
        )
    return int((pages - free) * page_bytes)


def restore(backup: Path, target: Path, *, replaces: bool, takes_older: bool) -> Path | None:
    """Put a copy of `backup` in the place of the database `target`. Returns where the replaced
    database lies, `None` if there was none.

    `replaces`: whether there may be one. `takes_older`: whether the backup may be of an older
    revision, which is to be migrated afterwards. Raises `UnfitDatabase` when there is a database
    already, a server has it open, or the backup is damaged or of another revision; the database
    is then what it was.
    """
    with only_server(target):
        if target.exists() and not replaces:
            raise UnfitDatabase(
                f"There is a database in {target}: name another data folder, or replace it with "
                "--replace; it is then kept beside."
            )
        copy = partial_of(target)
        try:
            _check_is_database(backup)
            shutil.copyfile(backup, copy)
            copy.chmod(0o600)
            _check_content(copy, backup, takes_older=takes_older)
            kept = _move_aside(target)
            _put(copy, target)
        finally:
            for ending in _JOURNALS:
                copy.with_name(copy.name + ending).unlink(missing_ok=True)
    return kept


def _check_is_database(backup: Path) -> None:
    if not backup.is_file():
        raise UnfitDatabase(f"There is no file {backup}.")
    with backup.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            raise UnfitDatabase(f"{backup} is no backup of an SQLite database.")


def _check_content(copy: Path, backup: Path, *, takes_older: bool) -> None:
    """That the copy is whole, ours and of the right revision."""
    check_file(copy)
    try:
        with closing(sqlite3.connect(copy)) as open_:
            (verdict,) = open_.execute("PRAGMA integrity_check(1)").fetchone()
            if verdict != "ok":
                raise UnfitDatabase(f"The backup {backup} is damaged: {verdict}.")
            found = open_.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise UnfitDatabase(f"The backup {backup} is damaged: {error}.") from None
    check_revision(None if found is None else found[0], takes_older=takes_older)


def _move_aside(target: Path) -> Path | None:
    """Move the database, with what SQLite keeps beside it, to the first free name."""
    if not any(target.with_name(target.name + ending).exists() for ending in _JOURNALS):
        return None
    kept = _free_name(target)
    # The journal first: a server that finds the file without its journal would miss commits.
    for ending in reversed(_JOURNALS):
        with suppress(FileNotFoundError):
            target.with_name(target.name + ending).rename(kept.with_name(kept.name + ending))
    return kept


def _free_name(target: Path) -> Path:
    number = 1
    while True:
        kept = target.with_name(f"{target.name}.replaced-{number}")
        if not any(kept.with_name(kept.name + ending).exists() for ending in _JOURNALS):
            return kept
        number += 1


def _put(copy: Path, target: Path) -> None:
    """Rename the copy to its name when it is on disk."""
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    copy.rename(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
