"""A pseudonym is stable in a session and another one in the next."""

from aftercall.core.pseudonyms import AFTER_PREFIX, is_pseudonym, name_of_pseudonym, pseudonym_of


def test_a_pseudonym_is_the_same_in_a_session_and_another_in_every_other() -> None:
    one = pseudonym_of("app", "monday", "peer")
    assert one == pseudonym_of("app", "monday", "peer")
    assert one != pseudonym_of("app", "tuesday", "peer")
    assert one != pseudonym_of("other app", "monday", "peer")


def test_a_pseudonym_is_recognised_and_sorts_within_its_range() -> None:
    one = pseudonym_of("app", "monday", "peer")
    assert is_pseudonym(one) and one < AFTER_PREFIX
    assert not is_pseudonym(None) and not is_pseudonym("u-1")
    assert name_of_pseudonym("erased-5f1c02ab") == "Erased 5f1c02ab"
