import pytest

from tests.cli.command_line import Operator


@pytest.mark.parametrize("words", [("read-link", "list"), ("alert", "rule", "list")])
def test_an_app_of_one_of_several_accounts_is_found_by_its_id(
    run: Operator, words: tuple[str, ...]
) -> None:
    for account in ("first", "second"):
        made = run("app", "create", account, "--account-id", account, "--app-id", f"of-{account}")
        assert made.exit_code == 0
    assert run(*words, "--app", "of-second", "--json").stdout.strip() == "[]"
    assert run(*words).exit_code == 1
    assert run(*words, "--app", "none").exit_code == 1
