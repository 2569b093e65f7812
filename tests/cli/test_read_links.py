"""`aftercall read-link` and `aftercall link --to` as an operator runs them."""

import json
from urllib.parse import unquote

import pytest
import typer

from aftercall.cli.read_links import read_life
from aftercall.cli.sign_in_link import read_page
from tests.cli.command_line import Operator


def test_a_link_to_an_unknown_session_is_refused(run: Operator) -> None:
    assert run("app", "create", "Support").exit_code == 0
    done = run("read-link", "create", "none")
    assert done.exit_code == 1 and "none" in done.stderr
    assert json.loads(run("read-link", "list", "--json").stdout) == []
    assert run("read-link", "revoke", "none").exit_code == 1


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1800), ("12h", 43_200), ("7d", 604_800)])
def test_lives_are_read_as_times(text: str, seconds: int) -> None:
    assert read_life(text) == seconds


@pytest.mark.parametrize("text", ["", "7", "d", "7 days", "-1d", "1.5h", "٣d"])
def test_a_text_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        read_life(text)


@pytest.mark.parametrize(
    ("given", "page"),
    [
        ("/sessions", "/sessions"),
        ("/sessions/x?at=2026-11-26T13:28:40+01:00", "/sessions/x?at=2026-11-26T13:28:40+01:00"),
        ("https://calls.example.org/people?tz=UTC", "/people?tz=UTC"),
    ],
)
def test_a_page_is_a_path_or_a_copied_address(given: str, page: str) -> None:
    assert read_page(given) == page


@pytest.mark.parametrize(
    "given", ["", "sessions", "//evil.example/x", "javascript:alert(1)", "/\\evil", "/a\nb"]
)
def test_what_is_no_page_is_refused(given: str) -> None:
    with pytest.raises(typer.BadParameter):
        read_page(given)


def test_a_sign_in_link_names_its_page_after_the_code(run: Operator) -> None:
    assert run("app", "create", "Support").exit_code == 0
    done = run("link", "--to", "/sessions/x?at=1&tz=UTC")
    code, _, page = done.stdout.strip().partition("/sign-in#")[2].partition("&to=")
    assert len(code) > 40
    assert unquote(page) == "/sessions/x?at=1&tz=UTC"
