"""An unusable database file gives one sentence with its path and the remedy."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from aftercall.store.engine.database import UnfitDatabase
from aftercall.store.engine.sqlite_file import check_file, file_of, only_server
from tests.read_only_file import immutable, why_not_immutable


@pytest.fixture
def file(sqlite_template: Path, tmp_path: Path) -> Path:
    path = tmp_path / "aftercall.db"
    shutil.copy(sqlite_template, path)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(UnfitDatabase) as refused:
        check_file(path)
    sentence = str(refused.value)
    assert "\n" not in sentence
    return sentence


def test_a_valid_an_empty_and_a_missing_file_are_accepted(file: Path, tmp_path: Path) -> None:
    check_file(file)
    (tmp_path / "empty.db").touch()
    check_file(tmp_path / "empty.db")
    check_file(tmp_path / "a" / "b" / "new.db")


@pytest.mark.parametrize("share", [0.0005, 0.3, 0.9])
def test_a_truncated_file_is_refused(file: Path, share: float) -> None:
    os.truncate(file, int(file.stat().st_size * share))
    assert str(file) in refusal(file)
    assert "backup" in refusal(file)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "aftercall.db"
    path.write_text("a shopping list, long enough to be mistaken for a header" * 5)
    assert f"{path} is no SQLite database" in refusal(path)


def test_a_damaged_file_is_refused(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(100)
        opened.write(b"\xff" * 4_000)
    assert f"{file} is damaged" in refusal(file)


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (text)")
    assert "belongs to another program" in refusal(path)


def test_a_folder_instead_of_a_file_is_refused(tmp_path: Path) -> None:
    assert f"{tmp_path} is no file" in refusal(tmp_path)
    (tmp_path / "file").touch()
    assert "is no folder" in refusal(tmp_path / "file" / "aftercall.db")


def test_a_read_only_file_is_refused(file: Path) -> None:
    if os.geteuid() != 0:
        file.chmod(0o444)
        assert "read-only" in refusal(file)
    elif reason := why_not_immutable():
        pytest.skip(reason)
    else:
        with immutable(file):
            assert "read-only" in refusal(file)


def test_a_second_server_on_one_file_is_refused_until_the_first_stops(file: Path) -> None:
    with (
        only_server(file),
        pytest.raises(UnfitDatabase, match=f"process {os.getpid()}"),
        only_server(file),
    ):
        pass
    with only_server(file):
        pass


def test_only_sqlite_has_a_file() -> None:
    assert file_of("sqlite+aiosqlite:////tmp/a.db") == Path("/tmp/a.db")
    assert file_of("postgresql+asyncpg://host/name") is None
    assert file_of("sqlite+aiosqlite://") is None
