"""Names that cannot be seen have a stand-in, meetings without a title are named by their people."""

import pytest

from aftercall.core.overview.names import is_visible, visible_name, visible_title


@pytest.mark.parametrize(
    "text", [None, "", " ", "\u200b\u200d", "\u3164", "\u2800\ufe0f", "\u202e\n"]
)
def test_a_text_without_a_glyph_is_not_visible(text: str | None) -> None:
    assert not is_visible(text)
    assert visible_name(text) == "Without a name"


@pytest.mark.parametrize("text", ["Ada", " a ", "名", "🙂", "\u202eAda", "-"])
def test_a_text_with_a_glyph_is_left_as_it_is(text: str) -> None:
    assert is_visible(text)
    assert visible_name(text) == text


@pytest.mark.parametrize(
    ("names", "people", "title"),
    [
        ([], 0, "Untitled meeting"),
        (["\u200b", None], 2, "Untitled meeting"),
        (["Ada"], 1, "Ada"),
        (["Ada", "Ben"], 2, "Ada and Ben"),
        (["Ada", "Ben", "Cem"], 3, "Ada, Ben and 1 other"),
        (["Ada", None, "Ben"], 50, "Ada, Ben and 48 others"),
    ],
)
def test_an_untitled_meeting_is_named_by_who_was_in_it(
    names: list[str | None], people: int, title: str
) -> None:
    assert visible_title(" ", names, people) == title
    assert visible_title("Weekly", names, people) == "Weekly"
