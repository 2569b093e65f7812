"""Errors: each states by code, sentence and family who is at fault."""

import pytest

from aftercall.core import errors
from aftercall.core.errors import (
    AftercallError,
    Bug,
    Busy,
    Malformed,
    NotFound,
    OverBudget,
    Refused,
    Unavailable,
)
from aftercall.core.instants import EpochMs

NOW = EpochMs(1_795_000_000_000)
BUDGET = OverBudget(
    "Too many reports", budget="samples", limit=6_000, window_s=300, retry_after_s=7, now=NOW
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Malformed("m"), "malformed"),
        (Refused("m"), "refused"),
        (NotFound("m"), "not_found"),
        (Busy("m"), "busy"),
        (Unavailable("m"), "unavailable"),
        (BUDGET, "over_budget"),
        (Bug("m"), "bug"),
    ],
)
def test_every_error_has_the_code_of_its_class(error: AftercallError, code: str) -> None:
    assert error.code == code
    assert error.message == str(error)


def test_an_error_may_have_its_own_code_without_changing_its_class() -> None:
    assert NotFound("No such app", code="app_not_found").code == "app_not_found"
    assert NotFound("m").code == "not_found"


def test_the_base_error_cannot_be_raised() -> None:
    with pytest.raises(TypeError):
        AftercallError("m")


def test_every_error_belongs_to_exactly_one_family() -> None:
    families = {Malformed, Refused, NotFound, Busy, Bug}
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type)
        and issubclass(kind, AftercallError)
        and kind is not AftercallError
    ]
    assert families <= set(kinds)
    for kind in kinds:
        assert len(families & set(kind.__mro__)) == 1, kind


@pytest.mark.parametrize("error", [Busy("m"), Unavailable("m")])
def test_an_unavailable_error_asks_to_retry_in_a_second(error: Busy) -> None:
    assert error.retry_after_s == 1


def test_a_spent_budget_names_its_window_and_its_reset_time() -> None:
    assert (BUDGET.budget, BUDGET.limit, BUDGET.window_s) == ("samples", 6_000, 300)
    assert BUDGET.retry_after_s == 7
    assert BUDGET.resets_at == NOW + 7_000


def test_a_malformed_error_names_the_invalid_member() -> None:
    assert Malformed("m", field="peer_id").field == "peer_id"
    assert Malformed("m").field is None
