"""Texts in parts, so that a page can set each name apart from the words around it."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from aftercall.core.quality.diagnosis.wording import People

_OPEN: Final = "\x02"
_CLOSE: Final = "\x03"
"""Control characters, which no name contains: `People` drops them."""
_MARK: Final = re.compile(f"{_OPEN}(\\d{{6}})([fs]){_CLOSE}")
_STRAY: Final = re.compile(f"[{_OPEN}{_CLOSE}]")


class TextPart(msgspec.Struct, frozen=True, omit_defaults=True):
    """A piece of a sentence. With a `participant_id` it is that participant's name."""

    text: str
    participant_id: str | None = None


Text = list[TextPart]


class MarkedPeople(People):
    """People whose names in a sentence can be found again, whatever the names are."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__(names)
        # Sentences sort people by their names, hence here by their marks.
        self._ids = sorted(names, key=super().full)
        self._places = {participant_id: place for place, participant_id in enumerate(self._ids)}
        self._cut: dict[str, Text] = {}

    def full(self, participant_id: str) -> str:
        """The mark of the whole name."""
        return self._mark(participant_id, "f")

    def short(self, participant_id: str) -> str:
        """The mark of the first name, or of the whole one."""
        return self._mark(participant_id, "s")

    def _mark(self, participant_id: str, form: str) -> str:
        if participant_id not in self._places:
            self._places[participant_id] = len(self._ids)
            self._ids.append(participant_id)
        return f"{_OPEN}{self._places[participant_id]:06d}{form}{_CLOSE}"

    def cut(self, sentence: str) -> Text:
        """The sentence in parts, each name a part of its own. A page repeats most of its sentences,
        for everybody whom a cause concerns."""
        found = self._cut.get(sentence)
        if found is None:
            found = self._cut[sentence] = self._parts(sentence)
        return found

    def _parts(self, sentence: str) -> Text:
        parts: Text = []
        read = 0
        for found in _MARK.finditer(sentence):
            place = int(found[1])
            if place >= len(self._ids):
                continue
            _add_words(parts, sentence[read : found.start()])
            id = self._ids[place]
            name = super().full(id) if found[2] == "f" else super().short(id)
            parts.append(TextPart(name, id))
            read = found.end()
        _add_words(parts, sentence[read:])
        return parts


def _add_words(parts: Text, words: str) -> None:
    words = _STRAY.sub("", words)
    if words:
        parts.append(TextPart(words))


def plain(text: Text) -> str:
    """The text as one string."""
    return "".join(part.text for part in text)
