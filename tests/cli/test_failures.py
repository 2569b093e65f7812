import pytest
from sqlalchemy.exc import OperationalError

from aftercall.cli.failures import explain
from aftercall.core.errors import Malformed
from aftercall.settings import BadSetting
from aftercall.store.engine.database import UnfitDatabase


@pytest.mark.parametrize(
    ("error", "explained"),
    [
        (Malformed("The key is empty.", code="bad_key"), ("The key is empty.", 1)),
        (BadSetting("It must be a number."), ("It must be a number.", 2)),
        (UnfitDatabase("There is no database."), ("There is no database.", 3)),
        (FileNotFoundError(2, "No such file", "a.txt"), ("a.txt: No such file", 1)),
        (OSError("the disk is gone"), ("the disk is gone", 1)),
    ],
)
def test_an_expected_failure_is_a_sentence_and_an_exit_code(
    error: Exception, explained: tuple[str, int]
) -> None:
    assert explain(error) == explained


def test_a_drivers_message_has_neither_statement_nor_link() -> None:
    error = OperationalError("SELECT secret", {}, Exception("the server is starting up"))
    sentence, code = explain(error) or ("", 0)
    assert (code, "SELECT" in sentence) == (3, False)
    assert "the server is starting up" in sentence


def test_a_fault_of_the_program_is_not_explained_away() -> None:
    assert explain(ZeroDivisionError()) is None
