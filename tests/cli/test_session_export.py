"""`aftercall export`, and `aftercall import` of what it wrote."""

import json
from pathlib import Path

from tests.cli.command_line import Operator
from tests.sample_dumps import path_of


def test_a_session_is_exported_and_imported_again(run: Operator, tmp_path: Path) -> None:
    run("app", "create", "Support")
    dump = str(path_of("rtcstats-v5-rtcstatsjs.jsonl"))
    report = json.loads(run("import", dump, "--json").stdout)
    session_id = report["calls"][0]["session_id"]
    archive = tmp_path / "call.zip"
    done = run("export", session_id, "-o", str(archive))
    assert done.exit_code == 0, done.stderr
    again = json.loads(run("import", str(archive), "--json").stdout)
    assert again["calls"][0]["session_id"] == session_id
    assert again["calls"][0]["rejected"] == {}


def test_a_session_that_is_not_there_cannot_be_exported(run: Operator, tmp_path: Path) -> None:
    run("app", "create", "Support")
    done = run("export", "nothing", "-o", str(tmp_path / "call.zip"))
    assert done.exit_code == 1
    assert not (tmp_path / "call.zip").exists()
