"""The words by which names and titles are found, folded the same way where they are written and
where they are asked for.

A word is folded to lowercase without accents. One with apostrophes or hyphens is found by its
parts and without the marks: O’Brien by `o`, `brien` and `obrien`. One with a letter that is no
other letter with an accent is found by its usual spelling, too: Søren by `søren` and `soren`.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_JOINED: Final = re.compile(r"[^\W_]+(?:['-][^\W_]+)+")
_MARKS: Final = str.maketrans(
    dict.fromkeys("’‘‛ʼʻʹʽ`´′＇", "'") | dict.fromkeys("‐‑‒–—−﹣－", "-") | {"\u00ad": None}
)
"""What stands for an apostrophe or a hyphen; a soft hyphen is no part of a word."""

_PLAIN: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
"""Letters that decompose into nothing, as they are spelled where a keyboard lacks them."""

MOST_WORDS: Final = 100
"""Words of one text that are kept; chosen: far more than a title has."""

LONGEST_WORD: Final = 64
"""Characters of a word that are kept and compared; chosen: an index entry stays small."""

LAST: Final = "\U0010ffff"
"""Follows every continuation of a prefix: `prefix <= word < prefix + LAST`."""

Spelling = tuple[str, ...]
"""Words all of which must be found."""


def words_of(text: str) -> list[str]:
    """The distinct words by which a text is found, in their order."""
    folded = _folded(text)
    words = _WORD.findall(folded)
    words += [_unmarked(word) for word in _JOINED.findall(folded)]
    words += [plain for word in words if (plain := word.translate(_PLAIN)) != word]
    found = dict.fromkeys(word[:LONGEST_WORD] for word in words)
    return list(found)[:MOST_WORDS]


@lru_cache(maxsize=1_000)
def wanted_of(search: str) -> tuple[tuple[Spelling, ...], ...]:
    """For each word of a search the spellings of which one must be found. Words of a text match by
    their beginnings."""
    folded = _folded(search)
    wanted: dict[tuple[Spelling, ...], None] = {}
    at = 0
    for joined in _JOINED.finditer(folded):
        wanted |= dict.fromkeys(_alone(folded[at : joined.start()]))
        parts = tuple(word[:LONGEST_WORD] for word in _WORD.findall(joined[0]))
        wanted[(_unmarked(joined[0])[:LONGEST_WORD],), parts] = None
        at = joined.end()
    wanted |= dict.fromkeys(_alone(folded[at:]))
    return tuple(wanted)[:MOST_WORDS]


def _alone(folded: str) -> Iterable[tuple[Spelling, ...]]:
    return [((word[:LONGEST_WORD],),) for word in _WORD.findall(folded)]


def is_found(search: str, spaced_words: str) -> bool:
    """Whether a text with these `spaced_words_of` has every word of a search, if that has any."""
    wanted = wanted_of(search)
    return bool(wanted) and all(
        any(all(f" {word}" in spaced_words for word in spelling) for spelling in spellings)
        for spellings in wanted
    )


@lru_cache(maxsize=10_000)
def spaced_words_of(text: str) -> str:
    """The words as one text, each after a space, for texts that every search looks at: those of
    sessions that go on. A word begins with what is asked for if that, after a space, is in it."""
    return "".join([f" {word}" for word in words_of(text)])


def _folded(text: str) -> str:
    # Case folding can compose characters that were decomposed, hence twice.
    plain = unicodedata.normalize("NFKD", text.translate(_MARKS)).casefold()
    apart = unicodedata.normalize("NFKD", plain).translate(_MARKS)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _unmarked(word: str) -> str:
    return word.replace("'", "").replace("-", "")
