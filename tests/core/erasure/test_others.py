"""What a person is given of a call names the others by numbers."""

import pytest

from aftercall.core.erasure.others import Others

NAMES = {"p-ada": "Ada", "p-bea": "Bea Mertens", "p-cyd": "Bea", "p-x": "X"}


@pytest.fixture
def others() -> Others:
    """Ada asks; Bea Mertens, another Bea and X were there too, Bea Mertens with two peers."""
    peers = {"p-bea": "p-bea", "bea-again": "p-bea", "p-cyd": "p-cyd", "p-x": "p-x"}
    return Others(["p-bea", "p-cyd", "p-x"], peers, NAMES)


def test_the_longer_name_is_replaced_before_one_that_it_contains(others: Others) -> None:
    assert others.in_text("bea mertens met Bea") == "Participant 1 met Participant 2"


def test_a_name_of_one_letter_and_the_own_name_stay(others: Others) -> None:
    assert others.in_text("Ada took exit X") == "Ada took exit X"


def test_ids_are_replaced_where_they_are_the_whole_text(others: Others) -> None:
    assert others.in_data({"peer": "bea-again", "of": ["p-cyd", "p-ada"], "n": 1}) == {
        "peer": "participant-1",
        "of": ["participant-2", "p-ada"],
        "n": 1,
    }
    assert others.in_text("see bea-again") != "participant-1"
