"""`aftercall backup` and `aftercall restore`, on files."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.command_line import Operator


@pytest.fixture
def other(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Operator:
    """The program in another, empty folder."""
    return Operator(tmp_path_factory.mktemp("other"), monkeypatch, capsys)


@pytest.fixture
def backup(run: Operator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a database with one app."""
    assert run("app", "create", "Support desk").exit_code == 0
    file = tmp_path_factory.mktemp("backup") / "monday.db"
    done = run("backup", str(file))
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.startswith(f"Backed up to {file}, ")
    return file


def test_a_restored_database_answers_as_the_one_before(
    run: Operator, other: Operator, backup: Path
) -> None:
    done = other("restore", str(backup))
    assert (done.exit_code, done.stdout) == (0, "The database keeps its promises.\n")
    assert other("app", "list", "--json").stdout == run("app", "list", "--json").stdout


def test_a_database_that_is_there_is_replaced_only_when_asked(run: Operator, backup: Path) -> None:
    refused = run("restore", str(backup))
    assert refused.exit_code == 3
    assert "--replace" in refused.stderr
    done = run("restore", str(backup), "--replace")
    assert done.exit_code == 0
    assert "aftercall.db.replaced-1: delete it" in done.stderr


@pytest.mark.parametrize("revision", ["0005", "9999"])
def test_a_backup_of_another_version_exits_with_3_and_says_what_to_do(
    other: Operator, backup: Path, revision: str
) -> None:
    set_revision(backup, revision)
    refused = other("restore", str(backup))
    assert (refused.exit_code, refused.stdout) == (3, "")
    assert "estore it with" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not (other.folder / "aftercall.db").exists()


def test_a_missing_database_and_a_missing_backup_are_named(other: Operator, tmp_path: Path) -> None:
    refused = other("backup", str(tmp_path / "backup.db"))
    assert refused.exit_code == 3
    assert f"There is no database in {other.folder}" in refused.stderr
    refused = other("restore", str(tmp_path / "none.db"))
    assert refused.exit_code == 3
    assert f"There is no file {tmp_path / 'none.db'}" in refused.stderr


def test_a_backup_does_not_overwrite_a_file(run: Operator, backup: Path) -> None:
    refused = run("backup", str(backup))
    assert refused.exit_code == 1
    assert refused.stderr == f"aftercall: {backup} exists; name another file.\n"


def set_revision(database: Path, revision: str) -> None:
    with closing(sqlite3.connect(database)) as open_, open_:
        open_.execute("UPDATE alembic_version SET version_num = ?", (revision,))
