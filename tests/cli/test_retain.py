"""What is kept for how long, as an operator sets it, counts it and deletes it."""

import json

from tests.cli.command_line import Operator


def _made(run: Operator) -> str:
    done = run("app", "create", "Support", "--json")
    app_id: str = json.loads(done.stdout)["app_id"]
    return app_id


def test_an_app_keeps_kinds_of_data_for_times_of_its_own(run: Operator) -> None:
    _made(run)
    done = run("app", "set", "--retention", "samples=30d", "--retention", "chat=forever", "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["retention"] == {"samples": 2_592_000, "chat": 0}
    done = run("app", "set", "--retention", "samples=default", "--json")
    assert json.loads(done.stdout)["retention"] == {"chat": 0}


def test_times_and_kinds_that_cannot_be_are_refused_by_name(run: Operator) -> None:
    _made(run)
    for given, named in (("samples=1w", "samples"), ("pictures=1d", "pictures")):
        done = run("app", "set", "--retention", given)
        assert done.exit_code != 0
        assert named in done.stderr
    assert run("app", "set", "--retention", "samples").exit_code == 2
    assert run("app", "set").exit_code == 2


def test_a_dry_run_counts_and_deletes_nothing(run: Operator) -> None:
    app_id = _made(run)
    run("app", "set", "--retention", "samples=30d", "--retention", "transcripts=forever")
    done = run("retain", "--dry-run", "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout) == [
        {"app_id": app_id, "kind": "samples", "kept_s": 2_592_000, "sessions": 0, "rows": 0},
        {"app_id": app_id, "kind": "summaries", "kept_s": 604_800, "sessions": 0, "rows": 0},
    ]
    assert "samples" in run("retain", "--dry-run").stdout


def test_a_run_says_what_it_deleted(run: Operator) -> None:
    _made(run)
    done = run("retain")
    assert (done.exit_code, done.stderr.strip()) == (0, "Nothing was past its time.")
    assert json.loads(run("retain", "--json").stdout)["deleted_rows"]["samples"] == 0


def test_a_file_is_rebuilt_so_that_it_shrinks(run: Operator) -> None:
    _made(run)
    assert run("retain", "--rebuild-file").exit_code == 0
    assert run("check", "--data").exit_code == 0
