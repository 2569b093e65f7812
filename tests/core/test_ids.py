"""Ids are functions of what a source sends."""

from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.ids import id_from, is_path_id, is_uuid


@given(st.lists(st.text(), min_size=1), st.lists(st.text(), min_size=1))
def test_equal_parts_give_equal_ids_and_others_differ(one: list[str], two: list[str]) -> None:
    assert id_from("app", *one) == id_from("app", *one)
    assert (id_from("app", *one) == id_from("app", *two)) == (one == two)
    assert id_from("app", *one) != id_from("other", *one)


@given(st.text(), st.text())
def test_an_id_is_a_uuid_of_version_5_of_its_parts(app_id: str, source: str) -> None:
    namespace = UUID("6f1c6c0e-5d3a-5e0a-9a43-0f2d6d6b8a11")
    parts = f"{len(app_id)}:{app_id}{len(source)}:{source}"
    assert id_from(app_id, source) == str(uuid5(namespace, parts))


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
