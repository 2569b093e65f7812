"""`aftercall person`, `session`, `meeting`, `app delete` and `audit`, without a running server."""

import json

from tests.cli.command_line import Operator
from tests.cli.test_manage import made


def test_a_person_is_erased_and_the_receipt_is_listed(run: Operator) -> None:
    made(run, "Support")
    done = run("person", "erase", "crm-4711", "--yes", "--json")
    assert done.exit_code == 0, done.stderr
    receipt = json.loads(done.stdout)
    assert receipt["state"] == "done" and receipt["requested_by"] == "cli"
    listed = json.loads(run("person", "receipts", "--json").stdout)
    assert listed == [receipt]
    assert "crm-4711" not in done.stdout
    assert (run.folder / "erasures.jsonl").exists()


def test_nothing_is_erased_unless_the_id_is_typed_again(run: Operator) -> None:
    made(run, "Support")
    assert run("person", "erase", "crm-4711").exit_code == 1
    assert json.loads(run("person", "receipts", "--json").stdout) == []


def test_a_person_who_was_erased_is_recorded_again(run: Operator) -> None:
    made(run, "Support")
    nobody = run("person", "readmit", "crm-4711")
    assert nobody.exit_code == 1 and "Nobody was erased" in nobody.stderr
    erased = json.loads(run("person", "erase", "crm-4711", "--yes", "--json").stdout)
    (receipt,) = json.loads(run("person", "readmit", "crm-4711", "--json").stdout)
    assert receipt["id"] == erased["id"] and receipt["readmitted_at"]
    assert json.loads(run("person", "receipts", "--json").stdout) == [receipt]
    assert run("person", "readmit", "crm-4711").exit_code == 1


def test_mentions_of_a_person_are_counted_before_they_are_erased(run: Operator) -> None:
    made(run, "Support")
    counted = json.loads(run("person", "mentions", "crm-4711", "--json").stdout)
    assert (counted["names"], counted["sessions"]) == ([], 0)
    assert "none is known" in run("person", "mentions", "crm-4711").stdout
    done = run("person", "erase", "crm-4711", "--mentions", "--yes", "--json")
    assert json.loads(done.stdout)["with_mentions"] is True


def test_a_person_must_be_named(run: Operator) -> None:
    made(run, "Support")
    assert run("person", "erase", "--yes").exit_code == 1


def test_what_is_not_there_is_not_deleted(run: Operator) -> None:
    made(run, "Support")
    for what in ("session", "meeting"):
        done = run(what, "delete", "none", "--yes")
        assert done.exit_code == 1 and f"No {what} found" in done.stderr
    assert run("app", "delete", "none", "--yes").exit_code == 1


def test_an_app_is_deleted_and_the_audit_log_says_so(run: Operator) -> None:
    first, second = made(run, "Support"), made(run, "Sales")
    assert run("app", "delete", second["app_id"], "--yes").exit_code == 0
    assert second["app_id"] not in run("app", "list").stdout
    entries = json.loads(run("audit", "--app", first["app_id"], "--json").stdout)
    assert {entry["actor"] for entry in entries} <= {"cli"}
