"""Processes that share the tests keep a module with a server whole; no name is out of date."""

from pathlib import Path

import pytest

from tests.conftest import pytest_xdist_make_scheduler
from tests.scheduling import ACCEPTANCE, LONGEST, SHARING, GroupScheduling, group_of, rank_of

ROOT = Path(__file__).resolve().parents[1]


def test_every_module_that_is_named_exists() -> None:
    named = [*LONGEST, *(ACCEPTANCE + name for name in SHARING)]
    assert [path for path in named if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize(
    ("one", "other", "are_together"),
    [
        ("tests/acceptance/test_serve.py::a[1]", "tests/acceptance/test_serve.py::b", True),
        ("tests/acceptance/test_serve.py::a", "tests/acceptance/test_kill.py::a", False),
        ("tests/acceptance/test_sdk_npm.py::a", "tests/acceptance/test_sdk_python.py::b", True),
        (
            "tests/acceptance/dashboard/test_calls.py::a",
            "tests/acceptance/dashboard/test_access.py::b",
            True,
        ),
        ("tests/core/test_storable_json.py::a", "tests/core/test_storable_json.py::b", False),
    ],
)
def test_acceptance_tests_stay_with_their_server(one: str, other: str, are_together: bool) -> None:
    assert (group_of(one) == group_of(other)) is are_together


def test_the_longest_begin_first() -> None:
    assert rank_of(f"{LONGEST[0]}::a") < rank_of(f"{LONGEST[1]}::a") < rank_of("tests/a.py::a")


def test_groups_decide_where_tests_run(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pytestconfig.option, "tx", ["2*popen"])
    monkeypatch.setattr(pytestconfig.option, "dist", "loadgroup")
    scheduler = pytest_xdist_make_scheduler(pytestconfig, None)
    assert isinstance(scheduler, GroupScheduling)
    test = "tests/acceptance/test_serve.py::a[1]"
    assert scheduler._split_scope(test) == group_of(test)
