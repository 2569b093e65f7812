"""`aftercall import`."""

import json
from pathlib import Path

from tests.cli.command_line import Operator
from tests.sample_dumps import path_of


def test_an_import_says_what_was_read(run: Operator, tmp_path: Path) -> None:
    run("app", "create", "Support")
    dump = str(path_of("rtcstats-v5-rtcstatsjs.jsonl"))
    done = run("import", dump, "--name", "Ada", "--meeting", "weekly", "--title", "Weekly")
    assert done.exit_code == 0, done.stderr
    assert "connection PC_0: 20 reports over 20.3 s, 3 streams" in done.stdout
    assert "Ada 1, Ada 2" in done.stdout
    assert "imported before" in run("import", dump).stdout
    report = json.loads(run("import", dump, "--json").stdout)
    assert report["files"][0]["format"] == "rtcstats"


def test_an_import_of_nothing_fails_with_the_reason(run: Operator, tmp_path: Path) -> None:
    run("app", "create", "Support")
    nothing = tmp_path / "nothing.txt"
    nothing.write_text("hello")
    done = run("import", str(nothing))
    assert done.exit_code == 1
    assert "no dump" in done.stdout
    assert run("import", str(tmp_path / "missing")).exit_code == 2
