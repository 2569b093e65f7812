"""The files that links lead to: chat and transcript as CSV, JSON, SRT and VTT.

A writer makes one file, piece by piece, so that a file of any length needs no more memory
than one page of its rows. CSV follows RFC 4180 but for the ends of its lines, which are `\\n`:
known readers split there, and would keep a `\\r` in the last column.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol, TypeVar

import msgspec

from aftercall.core.instants import HOUR_MS, MINUTE_MS, SECOND_MS, EpochMs
from aftercall.core.records import ChatMessage, MessageKind, Peer, TranscriptLine
from aftercall.wire.times import encode_time

R = TypeVar("R", contravariant=True)

CHAT_COLUMNS: Final = (
    "id",
    "participantId",
    "sessionId",
    "meetingId",
    "displayName",
    "pinned",
    "isEdited",
    "payloadType",
    "payload",
    "createdAt",
)
DYTE_TRANSCRIPT_HEADER: Final = (
    "Timestamp, Participant ID, User ID, Custom Participant ID, Participant Name, Transcript\n"
)

_PAYLOAD_TYPES: Final = {
    MessageKind.TEXT: "TEXT_MESSAGE",
    MessageKind.IMAGE: "IMAGE_MESSAGE",
    MessageKind.FILE: "FILE_MESSAGE",
    MessageKind.CUSTOM: "CUSTOM_MESSAGE",
}
_NEEDS_QUOTES: Final = re.compile(r'[",\r\n]|^\s|\s$')
_FORMULA: Final = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_GUARDED: Final = re.compile("'+[=+\\-@\t\r\n＝＋－＠]")
_LINE_BREAKS: Final = re.compile("[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_SRT_MARKUP: Final = re.compile(r"--(?=>)|[<{]")
_WORD_JOINER: Final = "\u2060"


class Writer(Protocol[R]):
    """Makes one file: a head, any number of pieces, a tail."""

    def head(self) -> str: ...
    def rows(self, records: Iterable[R]) -> str: ...
    def tail(self) -> str: ...


def guard_formula(text: str) -> str:
    """`text` such that a spreadsheet takes it for text, whatever it begins with.

    A beginning that a spreadsheet would calculate gets an apostrophe, and so does one that
    looks as if it had got one: `unguard_formula` finds every text again.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguard_formula(cell: str) -> str:
    """The text of which `guard_formula` made `cell`."""
    return cell[1:] if _GUARDED.match(cell) else cell


class ChatCsv:
    """Chat under the header that the hosted service uses."""

    def __init__(self, *, meeting_id: str) -> None:
        self._meeting_id = meeting_id

    def head(self) -> str:
        return ",".join(CHAT_COLUMNS) + "\n"

    def rows(self, records: Iterable[ChatMessage]) -> str:
        return "".join(_csv_row(self._cells(message)) for message in records)

    def tail(self) -> str:
        return ""

    def _cells(self, message: ChatMessage) -> list[str]:
        sender = message.user_id or message.peer_id or ""
        return [
            guard_formula(message.id),
            guard_formula(sender),
            message.session_id,
            self._meeting_id,
            guard_formula(message.display_name),
            _flag(message.is_pinned),
            _flag(message.is_edited),
            _PAYLOAD_TYPES[message.kind],
            guard_formula(message.payload),
            encode_time(message.at),
        ]


class _JsonArray:
    """An array whose elements come in pieces."""

    def __init__(self) -> None:
        self._is_empty = True

    def head(self) -> str:
        return "["

    def tail(self) -> str:
        return "]\n"

    def _joined(self, elements: Iterable[dict[str, Any]]) -> str:
        pieces = [msgspec.json.encode(element).decode() for element in elements]
        if not pieces:
            return ""
        start = "" if self._is_empty else ",\n"
        self._is_empty = False
        return start + ",\n".join(pieces)


class ChatJson(_JsonArray):
    """Chat as an array of objects with the members of the CSV, texts exactly as sent."""

    def __init__(self, *, meeting_id: str) -> None:
        super().__init__()
        self._meeting_id = meeting_id

    def rows(self, records: Iterable[ChatMessage]) -> str:
        return self._joined(
            {
                "id": message.id,
                "participantId": message.user_id or message.peer_id or "",
                "peerId": message.peer_id,
                "sessionId": message.session_id,
                "meetingId": self._meeting_id,
                "displayName": message.display_name,
                "pinned": message.is_pinned,
                "isEdited": message.is_edited,
                "payloadType": _PAYLOAD_TYPES[message.kind],
                "payload": message.payload,
                "createdAt": encode_time(message.at),
                "revisedAt": encode_time(message.revised_at),
            }
            for message in records
        )


class TranscriptCsv:
    """No header, every field quoted, the first of them ms since the session began."""

    def __init__(self, *, started_at: EpochMs) -> None:
        self._started_at = started_at

    def head(self) -> str:
        return ""

    def rows(self, records: Iterable[TranscriptLine]) -> str:
        return "".join(
            ",".join(
                _quoted(cell)
                for cell in (str(_offset(line.start_at, self._started_at)), *_speaker(line))
            )
            + "\n"
            for line in records
        )

    def tail(self) -> str:
        return ""


class DyteTranscriptCsv:
    """With a header, quoted as needed, the first field an ISO time: as Dyte wrote it."""

    def head(self) -> str:
        return DYTE_TRANSCRIPT_HEADER

    def rows(self, records: Iterable[TranscriptLine]) -> str:
        return "".join(_csv_row([encode_time(line.start_at), *_speaker(line)]) for line in records)

    def tail(self) -> str:
        return ""


class TranscriptJson(_JsonArray):
    """An array of sentences, times in ms since the session began. `peers` are the session's,
    by id: they say when a speaker came and went."""

    def __init__(self, *, started_at: EpochMs, peers: Mapping[str, Peer]) -> None:
        super().__init__()
        self._started_at = started_at
        self._peers = peers

    def rows(self, records: Iterable[TranscriptLine]) -> str:
        return self._joined(
            {
                "startTime": _offset(line.start_at, self._started_at),
                "endTime": _offset(max(line.start_at, line.end_at), self._started_at),
                "sentence": line.text,
                "peerData": self._peer(line),
            }
            for line in records
        )

    def _peer(self, line: TranscriptLine) -> dict[str, str]:
        peer = None if line.peer_id is None else self._peers.get(line.peer_id)
        joined_at = None if peer is None else peer.present_from
        left_at = None if peer is None else peer.left_at
        return {
            "id": line.peer_id or "",
            "userId": line.user_id or "",
            "displayName": line.display_name,
            "cpi": line.custom_participant_id or "",
            "joinedAt": encode_time(joined_at) or "",
            "leftAt": encode_time(left_at) or "",
        }


class Srt:
    """SubRip. It has no way to escape: an invisible word joiner (U+2060) keeps what looks like
    markup or a time line from being taken for it, and breaks of lines become spaces."""

    def __init__(self, *, started_at: EpochMs) -> None:
        self._started_at = started_at
        self._count = 0

    def head(self) -> str:
        return ""

    def rows(self, records: Iterable[TranscriptLine]) -> str:
        return "".join(self._cue(line) for line in records)

    def tail(self) -> str:
        return ""

    def _cue(self, line: TranscriptLine) -> str:
        text = _SRT_MARKUP.sub(lambda found: found[0] + _WORD_JOINER, _spoken(line))
        if not text:
            return ""
        self._count += 1
        return f"{self._count}\n{_span(line, self._started_at, ',')}\n{text}\n\n"


class Vtt:
    """WebVTT, with `&`, `<` and `>` escaped; breaks of lines become spaces."""

    def __init__(self, *, started_at: EpochMs) -> None:
        self._started_at = started_at

    def head(self) -> str:
        return "WEBVTT\n\n"

    def rows(self, records: Iterable[TranscriptLine]) -> str:
        return "".join(self._cue(line) for line in records)

    def tail(self) -> str:
        return ""

    def _cue(self, line: TranscriptLine) -> str:
        text = _spoken(line).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f"{_span(line, self._started_at, '.')}\n{text}\n\n" if text else ""


def _csv_row(cells: Iterable[str]) -> str:
    return ",".join(_quoted(c) if _NEEDS_QUOTES.search(c) else c for c in cells) + "\n"


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _speaker(line: TranscriptLine) -> list[str]:
    texts = (
        line.peer_id or "",
        line.user_id or "",
        line.custom_participant_id or "",
        line.display_name,
        line.text,
    )
    return [guard_formula(text) for text in texts]


def _spoken(line: TranscriptLine) -> str:
    name = _LINE_BREAKS.sub(" ", line.display_name).strip()
    text = _LINE_BREAKS.sub(" ", line.text).strip()
    return f"{name}: {text}" if name and text else text


def _offset(at: EpochMs, started_at: EpochMs) -> int:
    """A line said before the session began, by a clock that is off, counts as its beginning."""
    return max(0, at - started_at)


def _span(line: TranscriptLine, started_at: EpochMs, point: str) -> str:
    """A cue's times. A cue that ends as it begins is never shown, so it lasts 1 ms at least."""
    start = _offset(line.start_at, started_at)
    end = max(_offset(line.end_at, started_at), start + 1)
    return f"{_clock(start, point)} --> {_clock(end, point)}"


def _clock(ms: int, point: str) -> str:
    hours, ms = divmod(ms, HOUR_MS)
    minutes, ms = divmod(ms, MINUTE_MS)
    seconds, ms = divmod(ms, SECOND_MS)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{ms:03}"
