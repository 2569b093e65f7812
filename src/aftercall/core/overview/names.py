"""What people and meetings are called where their own names cannot be read."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

NAMELESS: Final = "Without a name"
UNTITLED: Final = "Untitled meeting"

_BLANK: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0]"
)
"""Letters, marks and symbols without a glyph: fillers of Hangul, the empty Braille pattern, and
what Unicode calls ignorable by default."""

_UNSEEN: Final = ("C", "Z")
"""The first letters of categories that show nothing: controls, formats, separators."""

_TAGS: Final = range(0xE0000, 0xE1000)
"""Tags and selectors of variants, ignorable as well."""


def is_visible(text: str | None) -> bool:
    """Whether a text has any glyph."""
    return any(
        unicodedata.category(letter)[0] not in _UNSEEN
        and not _BLANK.match(letter)
        and ord(letter) not in _TAGS
        for letter in text or ""
    )


def visible_name(name: str | None) -> str:
    """The name, or a stand-in for one that cannot be seen."""
    return name if name is not None and is_visible(name) else NAMELESS


def visible_title(title: str | None, names: Sequence[str | None], people: int) -> str:
    """A meeting's title, or who was in it: `Ada, Ben and 3 others`."""
    if title is not None and is_visible(title):
        return title
    known = [name for name in names if name is not None and is_visible(name)]
    if not known:
        return UNTITLED
    first, others = known[:2], max(people, len(known)) - len(known[:2])
    if others > 0:
        return f"{', '.join(first)} and {'1 other' if others == 1 else f'{others} others'}"
    return " and ".join(first)
