"""Ids are functions of what a source sends."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.ids import id_from, is_path_id, is_uuid


@given(st.lists(st.text(), min_size=1), st.lists(st.text(), min_size=1))
def test_equal_parts_give_equal_ids_and_others_differ(one: list[str], two: list[str]) -> None:
    assert id_from("app", *one) == id_from("app", *one)
    assert (id_from("app", *one) == id_from("app", *two)) == (one == two)
    assert id_from("app", *one) != id_from("other", *one)


def test_parts_are_separated_in_an_id() -> None:
    assert id_from("app", "ab", "c") != id_from("app", "a", "bc")


@given(st.uuids())
def test_a_uuid_is_recognised_by_its_form(uuid: UUID) -> None:
    assert is_uuid(str(uuid))
    assert is_uuid(str(uuid).upper())
    assert not is_uuid(uuid.hex)
    assert not is_uuid(f"{{{uuid}}}")


def test_a_path_id_is_short_and_url_safe() -> None:
    assert is_path_id("weekly_sync-1")
    for odd in ("", "a b", "a/b", "é", "x" * 65, "a\n"):
        assert not is_path_id(odd)
