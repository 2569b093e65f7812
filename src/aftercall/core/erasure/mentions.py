"""Finds the names and ids of a person in texts, and replaces them by a pseudonym."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from aftercall.core.pseudonyms import name_of_pseudonym

SHORTEST_NAME: Final = 2
"""Characters; a name of one letter is in every text."""

SHORTEST_WORD: Final = 3
MOST_WORDS: Final = 3
"""A name of more words is rarely a person's, and its words are ordinary (`Sales team room`)."""


class KnownAs(msgspec.Struct, frozen=True, kw_only=True):
    """What a person was called in one session, and the pseudonym that replaces it."""

    pseudonym: str
    """The `user_id` from here on."""
    names: list[str] = []
    ids: list[str] = []
    """Custom participant ids, user ids and pictures."""
    addresses: list[str] = []
    participants: dict[str, str] = {}
    """What each of the person's participants was called in sentences, by its id."""
    peer_ids: list[str] = []
    whole_names_only: bool = False
    """Whether the words of a name are left where they stand alone: the person did not take part, so
    they are likely to be somebody else's."""

    @property
    def name(self) -> str:
        """The display name from here on."""
        return name_of_pseudonym(self.pseudonym)


class PersonMentions:
    """Replaces what one person was called. `kept` are the names of the other participants: a word
    of the person's name that is also one of theirs is left where it stands alone."""

    def __init__(self, known: KnownAs, kept: Iterable[str] = ()) -> None:
        self._known = known
        own = [name for name in known.names if len(name.strip()) >= SHORTEST_NAME]
        others = list(kept)
        shared = {name.casefold() for name in others}
        whole = [name for name in own if name.casefold() not in shared]
        spared = {word.casefold() for name in others for word in name.split()}
        words = {word for name in own for word in _own_words(name) if word.casefold() not in spared}
        if known.whole_names_only:
            words = set()
        self._names = _pattern(whole, re.IGNORECASE)
        self._words = _pattern(words)
        self._ids = _pattern(known.ids)

    def replace(self, text: str) -> str:
        """The text with every mention replaced."""
        if self._ids is not None:
            text = self._ids.sub(self._known.pseudonym, text)
        for pattern in (self._names, self._words):
            if pattern is not None:
                text = pattern.sub(self._known.name, text)
        return text

    def occurs_in(self, text: str) -> bool:
        """Whether there is any mention."""
        return self.replace(text) != text

    def replace_in(self, value: Any) -> Any:
        """JSON with every mention in its texts replaced, at any depth."""
        if isinstance(value, str):
            return self.replace(value)
        if isinstance(value, dict):
            return {name: self.replace_in(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self.replace_in(each) for each in value]
        return value


def _own_words(name: str) -> Iterable[str]:
    """The words of a person's name that are replaced where they stand alone: those that begin with
    a capital letter."""
    words = name.split()
    if len(words) > MOST_WORDS:
        return
    for word in words:
        letters = word.replace("-", "").replace("'", "")
        if len(word) >= SHORTEST_WORD and letters.isalpha() and word[0].isupper():
            yield word


def _pattern(words: Iterable[str], flags: int = 0) -> "re.Pattern[str] | None":
    """A pattern of all the words, in either normal form of Unicode; longer ones come first."""
    forms = {
        unicodedata.normalize(form, text)
        for word in words
        if (text := word.strip())
        for form in ("NFC", "NFD")
    } | {text for word in words if (text := word.strip())}
    if not forms:
        return None
    each = (_bounded(form) for form in sorted(forms, key=lambda form: (-len(form), form)))
    return re.compile("|".join(each), flags)


def _bounded(word: str) -> str:
    """The pattern of a word. A writing without capitals has no spaces between words either, so its
    words are found inside others."""
    before = r"(?<!\w)" if _ends_words(word[0]) else ""
    after = r"(?!\w)" if _ends_words(word[-1]) else ""
    return f"{before}{re.escape(word)}{after}"


def _ends_words(character: str) -> bool:
    return character.isdigit() or character.lower() != character.upper()
