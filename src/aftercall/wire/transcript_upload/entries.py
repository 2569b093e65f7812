"""JSON: an array of lines, as Aftercall and RealtimeKit write it, or an object with `segments`, as
Whisper and its relatives do."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from aftercall.core.instants import SECOND_MS
from aftercall.core.storable_json import storable
from aftercall.core.uploaded_transcript import UploadedLine
from aftercall.wire.transcript_upload.file_text import bad_line, checked_name, checked_text

LONGEST_MS: Final = 10**12

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_SEGMENTS: Final = ("segments", "lines", "transcript", "results")
_TEXTS: Final = ("sentence", "text", "transcript")
_SPEAKERS: Final = ("speaker", "name", "displayName", "display_name", "speaker_name")


def read_entries(text: str) -> Iterator[UploadedLine]:
    """The lines. Raises `Malformed`, which names the line."""
    for number, entry in _Scanner(text).entries():
        if not isinstance(entry, dict):
            raise bad_line(number, "a line must be an object")
        line = _line(entry, number)
        if line.text:
            yield line


class _Scanner:
    """Decodes one entry after another, so that each has the number of its line."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._decoder = json.JSONDecoder()
        self._at = 0
        self._counted_to = 0
        self._number = 1

    def entries(self) -> Iterator[tuple[int, Any]]:
        self._skip()
        if self._peek() == "[":
            yield from self._array()
        else:
            yield from self._segments()
        self._skip()
        if self._at < len(self._text):
            raise bad_line(self._line_number(), "something follows the end of the JSON")

    def _array(self) -> Iterator[tuple[int, Any]]:
        for number in self._items("[", "]"):
            yield number, self._value()

    def _segments(self) -> Iterator[tuple[int, Any]]:
        has_any = False
        for number in self._items("{", "}"):
            name = self._value()
            self._expect(":")
            self._skip()
            if not has_any and name in _SEGMENTS and self._peek() == "[":
                has_any = True
                yield from self._array()
            elif not isinstance(name, str):
                raise bad_line(number, "the name of a member must be a text")
            else:
                self._value()
        if not has_any:
            raise bad_line(1, "the object has no array of segments")

    def _items(self, opening: str, closing: str) -> Iterator[int]:
        """Goes through an array or object; the line of each item, whose value the caller reads."""
        self._expect(opening)
        self._skip()
        if self._peek() == closing:
            self._at += 1
            return
        while True:
            self._skip()
            yield self._line_number()
            self._skip()
            if self._peek() == closing:
                self._at += 1
                return
            self._expect(",")

    def _value(self) -> Any:
        self._skip()
        try:
            value, self._at = self._decoder.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            raise bad_line(error.lineno, "it is no JSON, or cut off") from error
        except (ValueError, RecursionError) as error:
            raise bad_line(self._line_number(), "it is no JSON that can be read") from error
        return value

    def _expect(self, character: str) -> None:
        self._skip()
        if self._peek() != character:
            raise bad_line(self._line_number(), f"{character} is missing, or the file is cut off")
        self._at += 1

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self) -> None:
        found = _BLANK.match(self._text, self._at)
        if found is not None:
            self._at = found.end()

    def _line_number(self) -> int:
        self._number += self._text.count("\n", self._counted_to, self._at)
        self._counted_to = self._at
        return self._number


def _line(entry: dict[str, Any], number: int) -> UploadedLine:
    peer = entry.get("peerData")
    who = peer if isinstance(peer, dict) else {}

    def name_of(*names: str, of: dict[str, Any] = entry) -> str:
        found = next((of[each] for each in names if isinstance(of.get(each), str)), "")
        return checked_name(storable(found), number)

    start_ms = _time(entry, number, "startTime", "start")
    if start_ms is None:
        raise bad_line(number, "it has no startTime (in ms) and no start (in s)")
    end_ms = _time(entry, number, "endTime", "end")
    if end_ms is not None and end_ms < start_ms:
        raise bad_line(number, "it ends before it begins")
    text = next((entry[each] for each in _TEXTS if isinstance(entry.get(each), str)), None)
    if text is None:
        raise bad_line(number, "it has no sentence and no text")
    return UploadedLine(
        number=number,
        start_ms=start_ms,
        end_ms=start_ms if end_ms is None else end_ms,
        text=checked_text(storable(text if who else text.strip()), number),
        speaker=name_of("displayName", of=who) or name_of(*_SPEAKERS),
        peer_id=name_of("id", of=who),
        user_id=name_of("userId", of=who),
        custom_participant_id=name_of("cpi", of=who) or name_of("custom_participant_id"),
    )


def _time(entry: dict[str, Any], number: int, in_ms: str, in_s: str) -> int | None:
    for name, factor in ((in_ms, 1), (in_s, SECOND_MS)):
        value = entry.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise bad_line(number, f"{name} is no time")
        if not 0 <= value * factor <= LONGEST_MS:
            raise bad_line(number, f"{name} is no time")
        return round(value * factor)
    return None
