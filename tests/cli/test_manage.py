"""The commands as an operator or a script runs them, in this process, on a file of their own."""

import json
import re

import pytest

from tests.cli.command_line import Operator

ACCOUNT = "023e105f4ecef8ad9ca31a8372d0c353"


def made(run: Operator, *words: str) -> dict[str, str]:
    done = run("app", "create", *words, "--json")
    assert done.exit_code == 0, done.stderr
    answer: dict[str, str] = json.loads(done.stdout)
    return answer


def test_an_app_and_a_token_are_created_in_a_new_database(run: Operator) -> None:
    app_made = made(run, "Support")
    assert set(app_made) == {"account_id", "app_id", "api_token"}
    assert (run.folder / "aftercall.db").exists()


def test_a_second_app_joins_the_only_account(run: Operator) -> None:
    first, second = made(run, "Support"), made(run, "Sales")
    assert first["account_id"] == second["account_id"]
    assert first["api_token"] != second["api_token"]


def test_ids_and_token_can_be_chosen(run: Operator) -> None:
    secret = "144c9defac04969c7bfad8efaa8ea194"
    app_made = made(run, "A", "--account-id", ACCOUNT, "--app-id", "app_id", "--token", secret)
    assert app_made == {"account_id": ACCOUNT, "app_id": "app_id", "api_token": secret}


@pytest.mark.parametrize(
    "words",
    [
        ("--app-id", "no/slash"),
        ("--account-id", ""),
        ("--token", "too-short"),
    ],
)
def test_an_invalid_id_or_token_is_refused_and_stores_nothing(
    run: Operator, words: tuple[str, ...]
) -> None:
    assert run("app", "create", "A", *words).exit_code == 1
    assert run("app", "list").exit_code != 0


def test_an_app_id_in_use_is_refused(run: Operator) -> None:
    made(run, "A", "--app-id", "one")
    assert run("app", "create", "B", "--app-id", "one").exit_code == 1


def test_an_app_states_the_shape_of_its_reports(run: Operator) -> None:
    one = made(run, "A")["app_id"]
    assert run("app", "set", "--report-shape", "nested").exit_code == 0
    two = made(run, "B")["app_id"]
    assert run("app", "set", "--report-shape", "flat").exit_code == 1
    assert run("app", "set", "--report-shape", "flat", "--app-id", two).exit_code == 0
    assert run("app", "set", "--report-shape", "flat", "--app-id", "nobody").exit_code == 1
    assert run("app", "set", "--report-shape", "round", "--app-id", two).exit_code == 2
    listed = json.loads(run("app", "list", "--json").stdout)
    assert {app["id"]: app["report_shape"] for app in listed} == {one: "nested", two: "flat"}


def test_with_several_accounts_one_must_be_named(run: Operator) -> None:
    made(run, "A", "--account-id", "first")
    made(run, "B", "--account-id", "second")
    assert run("app", "list").exit_code == 1
    listed = run("app", "list", "--account-id", "second", "--json")
    assert [one["name"] for one in json.loads(listed.stdout)] == ["B"]


def test_a_token_is_created_listed_without_its_secret_and_revoked(run: Operator) -> None:
    made(run, "A")
    answer = json.loads(run("token", "create", "reader", "--role", "read", "--json").stdout)
    listed = run("token", "list", "--json").stdout
    token = next(one for one in json.loads(listed) if one["id"] == answer["id"])
    assert (token["name"], token["role"], token["revoked_at"]) == ("reader", "read", None)
    assert answer["api_token"] not in listed
    assert "hash" not in token
    assert run("token", "revoke", answer["id"]).exit_code == 0
    assert run("token", "revoke", answer["id"]).exit_code == 1


def test_an_apps_token_grants_only_that_app_unless_requested_for_the_account(
    run: Operator,
) -> None:
    one = made(run, "A")
    made(run, "B", "--whole-account")
    assert run("token", "create", "any").exit_code == 1
    assert run("token", "create", "t", "--app-id", one["app_id"]).exit_code == 0
    assert run("token", "create", "all", "--whole-account").exit_code == 0
    assert run("token", "create", "x", "--whole-account", "--app-id", "a").exit_code == 2
    listed = json.loads(run("token", "list", "--json").stdout)
    assert {token["name"]: token["app_id"] for token in listed} == {
        "admin of A": one["app_id"],
        "admin of First account": None,
        "t": one["app_id"],
        "all": None,
    }
    assert run("token", "list").stdout.count("whole account") == 2


def test_lists_are_printed_as_tables(run: Operator) -> None:
    app_made = made(run, "Support")
    assert app_made["app_id"] in run("app", "list").stdout
    assert "admin of Support" in run("token", "list").stdout


def test_commands_without_a_database_say_how_to_create_one(run: Operator) -> None:
    done = run("token", "list")
    assert done.exit_code == 3
    assert "aftercall migrate" in done.stderr


def test_migrate_creates_the_database_and_is_repeatable(run: Operator) -> None:
    assert run("migrate").exit_code == 0
    assert run("migrate").exit_code == 0


def test_refold_reports_that_there_was_nothing_to_do(run: Operator) -> None:
    made(run, "A")
    done = run("refold")
    assert done.exit_code == 0
    assert "0 reports of 0 sessions" in done.stderr


def test_check_shows_each_setting_and_its_origin(
    run: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(run, "A")
    monkeypatch.setenv("AFTERCALL_PORT", "9999")
    done = run("check")
    assert done.exit_code == 0, done.stderr
    assert re.search(r"port\s+│ 9999\s+│ environment", done.stdout)
    assert re.search(r"data_dir\s+│ .*│ option", done.stdout)
    assert re.search(r"host\s+│ 127.0.0.1\s+│ default", done.stdout)


def test_check_hides_a_databases_password(run: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://me:very-secret@127.0.0.1:1/aftercall"
    monkeypatch.setenv("AFTERCALL_DATABASE_URL", url)
    done = run("check")
    assert "very-secret" not in done.stdout + done.stderr
    assert "A011" in done.stdout
    assert done.exit_code == 1


def test_an_unknown_setting_is_refused(run: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERCALL_PROT", "9999")
    done = run("check")
    assert done.exit_code == 2
    assert "AFTERCALL_PROT is not a setting" in done.stderr
