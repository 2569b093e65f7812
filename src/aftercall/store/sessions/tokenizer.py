"""The words by which a session's title, and a participant's name, is found."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")

MOST_WORDS: Final = 100
"""Words of one text that are kept; chosen: far more than a title has."""

LONGEST_WORD: Final = 64
"""Characters of a word that are kept and compared; chosen: an index entry stays small."""

LAST: Final = "\U0010ffff"
"""Follows every continuation of a prefix: `prefix <= word < prefix + LAST`."""


def words_of(text: str) -> list[str]:
    """The distinct words of a text, lowercase and without accents, in their order."""
    # Case folding can compose characters that were decomposed, hence twice.
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    folded = "".join(letter for letter in apart if not unicodedata.combining(letter))
    found = dict.fromkeys(word[:LONGEST_WORD] for word in _WORD.findall(folded))
    return list(found)[:MOST_WORDS]


@lru_cache(maxsize=10_000)
def spaced_words_of(text: str) -> str:
    """The same as one text, each after a space, for texts that every search looks at: those of
    sessions that go on. A word begins with what is asked for if that, after a space, is in it."""
    return "".join([f" {word}" for word in words_of(text)])
