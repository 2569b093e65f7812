"""A backup is one state of the database, for its owner alone; a restore replaces nothing
unasked."""

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from aftercall.store.engine.revisions import UnfitDatabase, head_revision
from aftercall.store.engine.sqlite_backup import back_up, partial_of, restore, size_bytes
from aftercall.store.engine.sqlite_file import only_server


@pytest.fixture
def database(sqlite_template: Path, tmp_path: Path) -> Path:
    path = tmp_path / "live" / "aftercall.db"
    path.parent.mkdir()
    shutil.copy(sqlite_template, path)
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "restored"
    folder.mkdir()
    return folder / "aftercall.db"


def run(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as open_, open_:
        for statement in statements:
            open_.execute(statement)


def keys_of(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as open_:
        return [name for (name,) in open_.execute("SELECT name FROM keys ORDER BY name")]


def add_key(path: Path, name: str) -> None:
    run(path, f"INSERT INTO keys (name, value) VALUES ('{name}', 'x')")


def test_a_backup_holds_what_was_committed_also_in_the_journal(
    database: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(database)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("INSERT INTO keys (name, value) VALUES ('committed', 'x')")
        writer.commit()
        writer.execute("INSERT INTO keys (name, value) VALUES ('open', 'x')")
        back_up(database, tmp_path / "backup.db")
    assert keys_of(tmp_path / "backup.db") == ["committed"]


def test_nobody_but_the_owner_reads_a_backup(database: Path, tmp_path: Path) -> None:
    back_up(database, tmp_path / "backup.db")
    assert stat.S_IMODE((tmp_path / "backup.db").stat().st_mode) == 0o600


def test_what_was_deleted_is_not_in_a_backup(database: Path, tmp_path: Path) -> None:
    add_key(database, "a-name-that-was-erased")
    run(database, "DELETE FROM keys")
    back_up(database, tmp_path / "backup.db")
    assert b"a-name-that-was-erased" not in (tmp_path / "backup.db").read_bytes()


def test_a_backup_replaces_no_file(database: Path, tmp_path: Path) -> None:
    (tmp_path / "backup.db").write_text("precious")
    with pytest.raises(FileExistsError, match=r"backup\.db exists; name another file"):
        back_up(database, tmp_path / "backup.db")
    assert (tmp_path / "backup.db").read_text() == "precious"


def test_a_backup_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"SQLite format 3\0" + bytes(5_000))
    with pytest.raises(sqlite3.DatabaseError):
        back_up(tmp_path / "broken.db", tmp_path / "backup.db")
    assert not (tmp_path / "backup.db").exists()
    assert not partial_of(tmp_path / "backup.db").exists()


def test_the_size_is_that_of_the_backup(database: Path, tmp_path: Path) -> None:
    back_up(database, tmp_path / "backup.db")
    assert size_bytes(database) == pytest.approx((tmp_path / "backup.db").stat().st_size, rel=0.2)


def test_a_restored_database_is_that_of_the_backup(
    database: Path, target: Path, tmp_path: Path
) -> None:
    add_key(database, "kept")
    back_up(database, tmp_path / "backup.db")
    assert restore(tmp_path / "backup.db", target, replaces=False, takes_older=False) is None
    assert keys_of(target) == ["kept"]
    assert {path.name for path in target.parent.iterdir()} <= {target.name, target.name + ".lock"}


def test_a_database_is_replaced_only_when_asked_and_kept_beside(
    database: Path, target: Path, tmp_path: Path
) -> None:
    back_up(database, tmp_path / "backup.db")
    shutil.copy(database, target)
    add_key(target, "newer")
    with pytest.raises(UnfitDatabase, match="--replace"):
        restore(tmp_path / "backup.db", target, replaces=False, takes_older=False)
    assert keys_of(target) == ["newer"]
    kept = restore(tmp_path / "backup.db", target, replaces=True, takes_older=False)
    assert keys_of(target) == []
    assert kept is not None
    assert keys_of(kept) == ["newer"]
    add_key(target, "third")
    again = restore(tmp_path / "backup.db", target, replaces=True, takes_older=False)
    assert again not in (None, kept)


def test_the_journal_of_a_replaced_database_does_not_reach_the_restored_one(
    database: Path, target: Path, tmp_path: Path
) -> None:
    back_up(database, tmp_path / "backup.db")
    shutil.copy(database, target)
    writer = sqlite3.connect(target)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("INSERT INTO keys (name, value) VALUES ('journal', 'x')")
    writer.commit()
    # A server that was killed leaves its journal.
    journal = target.with_name(target.name + "-wal").read_bytes()
    writer.close()
    shutil.copy(database, target)
    target.with_name(target.name + "-wal").write_bytes(journal)
    kept = restore(tmp_path / "backup.db", target, replaces=True, takes_older=False)
    assert keys_of(target) == []
    assert kept is not None
    assert kept.with_name(kept.name + "-wal").read_bytes() == journal


def test_a_database_that_a_server_has_open_is_not_replaced(
    database: Path, target: Path, tmp_path: Path
) -> None:
    back_up(database, tmp_path / "backup.db")
    shutil.copy(database, target)
    with only_server(target), pytest.raises(UnfitDatabase, match="is in use by another server"):
        restore(tmp_path / "backup.db", target, replaces=True, takes_older=False)


@pytest.mark.parametrize(
    ("revision", "takes_older", "advice"),
    [
        ("0005", False, "restore it with --migrate"),
        ("9999", False, "Restore it with the Aftercall that made it"),
        ("9999", True, "Restore it with the Aftercall that made it"),
    ],
)
def test_a_backup_of_another_version_is_refused_with_what_to_do(
    database: Path, target: Path, tmp_path: Path, revision: str, takes_older: bool, advice: str
) -> None:
    run(database, f"UPDATE alembic_version SET version_num = '{revision}'")
    back_up(database, tmp_path / "backup.db")
    with pytest.raises(UnfitDatabase, match=advice) as refused:
        restore(tmp_path / "backup.db", target, replaces=False, takes_older=takes_older)
    assert f"at revision {revision}" in str(refused.value)
    assert str(head_revision()) in str(refused.value)
    assert not target.exists()


def test_an_older_backup_is_restored_when_it_may_be(
    database: Path, target: Path, tmp_path: Path
) -> None:
    run(database, "UPDATE alembic_version SET version_num = '0005'")
    back_up(database, tmp_path / "backup.db")
    restore(tmp_path / "backup.db", target, replaces=False, takes_older=True)
    assert target.exists()


@pytest.mark.parametrize("share", [0.4, 0.95])
def test_a_backup_that_is_cut_off_is_refused_and_changes_nothing(
    database: Path, target: Path, tmp_path: Path, share: float
) -> None:
    back_up(database, tmp_path / "backup.db")
    os.truncate(tmp_path / "backup.db", int((tmp_path / "backup.db").stat().st_size * share))
    shutil.copy(database, target)
    with pytest.raises(UnfitDatabase):
        restore(tmp_path / "backup.db", target, replaces=True, takes_older=False)
    assert keys_of(target) == []
    assert not partial_of(target).exists()


def test_a_backup_with_a_damaged_page_is_refused(
    database: Path, target: Path, tmp_path: Path
) -> None:
    back_up(database, tmp_path / "backup.db")
    with (tmp_path / "backup.db").open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096)
    with pytest.raises(UnfitDatabase, match="damaged"):
        restore(tmp_path / "backup.db", target, replaces=False, takes_older=False)


@pytest.mark.parametrize("content", [b"", b"a dump of another program", b"PGDMP\x01\x0e"])
def test_a_file_that_is_no_backup_is_refused(target: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(UnfitDatabase, match="is no backup of an SQLite database"):
        restore(tmp_path / "other", target, replaces=False, takes_older=False)


def test_a_missing_backup_is_reported(target: Path, tmp_path: Path) -> None:
    with pytest.raises(UnfitDatabase, match="There is no file"):
        restore(tmp_path / "none", target, replaces=False, takes_older=False)
