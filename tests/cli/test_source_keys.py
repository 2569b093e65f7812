"""`aftercall source-key` as an operator runs it."""

import json
from pathlib import Path

from tests.cli.command_line import Operator

SECRET = "a-secret-that-nobody-may-see-again"


def test_a_key_is_stored_listed_without_its_secret_and_removed(
    run: Operator, tmp_path: Path
) -> None:
    assert run("app", "create", "Support").exit_code == 0
    file = tmp_path / "livekit.secret"
    file.write_text(SECRET + "\n")
    added = run("source-key", "add", "livekit", "APIkey1", "--secret-file", str(file))
    assert added.exit_code == 0 and SECRET not in added.stdout + added.stderr
    [listed] = json.loads(run("source-key", "list", "--json").stdout)
    assert (listed["source"], listed["key_id"]) == ("livekit", "APIkey1")
    assert SECRET not in json.dumps(listed) and "sealed_secret" not in listed
    database = run.folder / "aftercall.db"
    stored = b"".join(each.read_bytes() for each in run.folder.glob("aftercall.db*"))
    assert database.exists() and SECRET.encode() not in stored
    assert (run.folder / "secret.key").stat().st_mode & 0o077 == 0
    assert run("source-key", "remove", "livekit", "APIkey1").exit_code == 0
    assert run("source-key", "remove", "livekit", "APIkey1").exit_code == 1
    assert json.loads(run("source-key", "list", "--json").stdout) == []


def test_an_empty_secret_is_refused(run: Operator, tmp_path: Path) -> None:
    assert run("app", "create", "Support").exit_code == 0
    empty = tmp_path / "empty"
    empty.write_text("\n")
    assert run("source-key", "add", "livekit", "k", "--secret-file", str(empty)).exit_code == 1
