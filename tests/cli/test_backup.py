"""`aftercall backup` and `aftercall restore`, on files."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from aftercall.composition import opened
from aftercall.settings import Settings
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


NAME = "Adelheid Quastenflosser"


async def add_member(folder: Path) -> None:
    """A member of a meeting, who is known by an id and a name."""
    async with opened(Settings(data_dir=folder)) as services:
        app = await services.setup.only_app((await services.setup.account_of(None)).id)
        meeting = await services.meetings.create_meeting(
            app.id, title="Standup", keep_alive_s=60, settings={}
        )
        await services.meetings.add_member(
            app.id,
            meeting.id,
            name=NAME,
            picture=None,
            custom_participant_id="adelheid",
            preset_name="group_call",
        )


def is_in(folder: Path, text: str) -> bool:
    """Whether a database's file or journal has a text."""
    return any(
        text.encode() in file.read_bytes()
        for file in folder.glob("aftercall.db*")
        if ".replaced-" not in file.name
    )


@pytest.fixture
def erased(run: Operator, backup: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup that holds a person who was erased after it was made."""
    asyncio.run(add_member(run.folder))
    file = tmp_path_factory.mktemp("personal") / "tuesday.db"
    assert run("backup", str(file)).exit_code == 0
    done = run("person", "erase", "adelheid", "--yes")
    assert done.exit_code == 0, done.stderr
    assert not is_in(run.folder, NAME)
    assert NAME.encode() in file.read_bytes()
    return file


def test_a_restore_in_place_erases_again_who_was_erased_since(run: Operator, erased: Path) -> None:
    done = run("restore", str(erased), "--replace")
    assert done.exit_code == 0, done.stderr
    assert "1 erasures were carried out again." in done.stderr
    assert not is_in(run.folder, NAME)


def test_a_restore_elsewhere_erases_by_the_receipts_of_the_folder_that_was_backed_up(
    run: Operator, other: Operator, erased: Path
) -> None:
    receipts = run.folder / "erasures.jsonl"
    done = other("restore", str(erased), "--receipts", str(receipts))
    assert done.exit_code == 0, done.stderr
    assert not is_in(other.folder, NAME)
    assert (other.folder / "erasures.jsonl").exists()


def test_missing_receipts_are_named(other: Operator, backup: Path, tmp_path: Path) -> None:
    refused = other("restore", str(backup), "--receipts", str(tmp_path / "none.jsonl"))
    assert refused.exit_code == 1
    assert "none.jsonl" in refused.stderr
    assert not (other.folder / "aftercall.db").exists()


def set_revision(database: Path, revision: str) -> None:
    with closing(sqlite3.connect(database)) as open_, open_:
        open_.execute("UPDATE alembic_version SET version_num = ?", (revision,))
