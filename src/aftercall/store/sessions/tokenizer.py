"""The words by which a session's title is found.

Sessions of one meeting share its title, so words lead to titles and titles to sessions: there are
few titles, however many sessions.
"""

import re
import unicodedata
from hashlib import blake2b
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")

MOST_WORDS: Final = 100
"""Words of one title that are kept; chosen: far more than a title has."""

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


def key_of_title(title: str) -> int:
    """A 64-bit integer that stands for the words of a title: a title may be longer than an
    entry of an index."""
    words = " ".join(words_of(title)).encode()
    return int.from_bytes(blake2b(words, digest_size=8).digest(), signed=True)
