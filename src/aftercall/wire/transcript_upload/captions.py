"""SRT and WebVTT (https://www.w3.org/TR/webvtt1/).

What `wire.chat_transcript_files` writes is read back as it was, but for line breaks: its SRT keeps
what looks like markup apart by a word joiner (U+2060), its VTT by character references.
"""

import html
import re
from collections.abc import Collection, Iterator
from typing import Final

from aftercall.core.instants import HOUR_MS, MINUTE_MS, SECOND_MS
from aftercall.core.uploaded_transcript import UploadedLine
from aftercall.wire.transcript_upload.file_text import bad_line, checked_name, checked_text

LONGEST_LABEL: Final = 64
MOST_LABEL_WORDS: Final = 6
"""What stands before a colon and is longer than this is no name, unless it is one of the
session's."""

_BREAK: Final = re.compile(r"\r\n|\n|\r")
_CLOCK: Final = r"(?:(\d{1,6}):)?(\d{1,2}):(\d{2})(?:[.,](\d{1,3}))?"
_TIMES: Final = re.compile(rf"\s*{_CLOCK}[ \t]+-->[ \t]+{_CLOCK}(?:[ \t].*)?")
_BLOCK: Final = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_VOICE: Final = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]*)>")
_VTT_TAG: Final = re.compile(r"</?(?:[a-zA-Z][^<>]*|\d[\d:.]*)?>")
_SRT_TAG: Final = re.compile(r"</?(?:b|i|u|s|font)(?:\s[^<>]*)?>|\{\\[^{}]*\}", re.IGNORECASE)
_WORD_JOINED: Final = re.compile("(--(?=\u2060>)|[<{])\u2060")
_ARROW: Final = "-->"


def read_captions(text: str, *, is_vtt: bool, names: Collection[str]) -> Iterator[UploadedLine]:
    """The lines of the cues; a cue with several voices has a line for each. `names` are those of
    the session's people. Raises `Malformed`, which names the line."""
    known = frozenset(names)
    longest = max((len(name) for name in known), default=0)
    for number, start_ms, end_ms, payload in _cues(text, is_vtt=is_vtt):
        for speaker, spoken in _voices(payload, is_vtt=is_vtt):
            if not speaker:
                speaker, spoken = split_label(spoken, known, longest)
            if spoken:
                yield UploadedLine(
                    number=number,
                    start_ms=start_ms,
                    end_ms=end_ms,
                    speaker=checked_name(speaker, number),
                    text=checked_text(spoken, number),
                )


def split_label(text: str, known: Collection[str], longest: int) -> tuple[str, str]:
    """The name before the first colon, and the rest; no name if nothing before a colon can be one.
    `longest` is the length of the longest of the `known` names, which are recognised whatever
    they contain."""
    first = colon = text.find(": ")
    while 0 < colon <= longest:
        if text[:colon] in known:
            return text[:colon], text[colon + 2 :].strip()
        colon = text.find(": ", colon + 1)
    label = text[:first] if 0 < first <= LONGEST_LABEL else ""
    if label and len(label.split()) <= MOST_LABEL_WORDS and text[first + 2 :].strip():
        return label, text[first + 2 :].strip()
    return "", text


def _cues(text: str, *, is_vtt: bool) -> Iterator[tuple[int, int, int, str]]:
    """Each cue: the number of its line of times, start and end in ms, and its text."""
    lines = enumerate(_BREAK.split(text), 1)
    if is_vtt:
        _skip_block(lines)
    held: tuple[int, int, int] | None = None
    payload: list[str] = []
    identifier: int | None = None
    for number, line in lines:
        if held is None and _ARROW not in line:
            if not line.strip():
                if identifier is not None:
                    raise bad_line(identifier, "a cue without times")
            elif is_vtt and identifier is None and _BLOCK.match(line):
                _skip_block(lines)
            elif identifier is not None:
                raise bad_line(identifier, "neither a cue's number nor its times")
            else:
                identifier = number
        elif held is None:
            held, payload, identifier = (number, *_span(line, number)), [], None
        elif not line.strip():
            yield (*held, _joined(payload))
            held = None
        elif _TIMES.fullmatch(line) is not None:
            # No empty line ended the cue before; its last line may be this one's number.
            if payload and payload[-1].strip().isdecimal():
                payload.pop()
            yield (*held, _joined(payload))
            held, payload = (number, *_span(line, number)), []
        else:
            payload.append(line)
    if held is not None:
        yield (*held, _joined(payload))
    elif identifier is not None:
        raise bad_line(identifier, "a cue without times: the file is cut off")


def _skip_block(lines: Iterator[tuple[int, str]]) -> None:
    """Leave out the lines up to an empty one."""
    for _, line in lines:
        if not line.strip():
            return


def _span(line: str, number: int) -> tuple[int, int]:
    found = _TIMES.fullmatch(line)
    if found is None:
        raise bad_line(number, "times must be written as 00:00:01.500 --> 00:00:04.000")
    start_ms, end_ms = _ms(*found.groups()[:4]), _ms(*found.groups()[4:])
    if end_ms < start_ms:
        raise bad_line(number, "the cue ends before it begins")
    return start_ms, end_ms


def _ms(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> int:
    return (
        int(hours or 0) * HOUR_MS
        + int(minutes) * MINUTE_MS
        + int(seconds) * SECOND_MS
        + int((fraction or "0").ljust(3, "0"))
    )


def _joined(payload: list[str]) -> str:
    return " ".join(line.strip() for line in payload)


def _voices(payload: str, *, is_vtt: bool) -> Iterator[tuple[str, str]]:
    """What each voice says. SRT has none."""
    if not is_vtt:
        yield "", _WORD_JOINED.sub(r"\1", _SRT_TAG.sub("", payload)).strip()
        return
    parts = _VOICE.split(payload)
    for speaker, spoken in zip(["", *parts[1::2]], parts[::2], strict=True):
        yield html.unescape(speaker).strip(), html.unescape(_VTT_TAG.sub("", spoken)).strip()
