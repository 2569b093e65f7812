"""A finished transcript from elsewhere: its lines, and whom of the session each is of."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.instants import HOUR_MS, EpochMs
from aftercall.core.records import Peer, Session, TranscriptLine

MOST_LINES: Final = 20_000
"""Lines of one transcript. Chosen: eleven hours with a line every two seconds; they are written in
one transaction, during which SQLite takes no other write."""

SLACK_MS: Final = HOUR_MS
"""How long before a session's start or after its end a line may begin. Chosen: recordings begin
and end around a call; what is further off is of another call."""

ID_PREFIX: Final = "uploaded-"
"""Begins the id of every line that was uploaded."""

_DIGITS: Final = 24
_BLANK: Final = re.compile(r"\s+")


class TranscriptFormat(StrEnum):
    """The format of an uploaded transcript."""

    SRT = "srt"
    VTT = "vtt"
    JSON = "json"
    CSV = "csv"


class UploadedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as the file has it. `number` is the file's line where it begins, from 1.

    Times are ms since the session began, or since 1970 where the file has dates
    (`UploadedTranscript.has_dates`). `speaker` is a name, or an id that stands for one."""

    number: int
    start_ms: int
    end_ms: int
    text: str
    speaker: str = ""
    peer_id: str = ""
    user_id: str = ""
    custom_participant_id: str = ""


class UploadedTranscript(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of a file. `digest` is that of its bytes, as hexadecimal digits."""

    format: TranscriptFormat
    digest: str
    lines: Sequence[UploadedLine]
    has_dates: bool = False


class UploadOptions(NamedTuple):
    """`offset_ms`: when the transcript begins, in ms after its session. `replaces`: whether it may
    take the place of lines that were recorded, not uploaded."""

    offset_ms: int = 0
    replaces: bool = False


class HeardSpeaker(NamedTuple):
    """A speaker of a transcript; `participant_id` is `None` if nobody of the session is called
    so."""

    name: str
    participant_id: str | None
    lines: int


class StoredTranscript(NamedTuple):
    """What became of an upload. `left_out` are the lines of people who were erased."""

    session_id: str
    format: TranscriptFormat
    speakers: Sequence[HeardSpeaker]
    left_out: int
    is_new: bool
    """Whether anything changed."""
    is_summarised: bool
    """Whether a summary is being made of it."""


class Speakers:
    """The people of a session, by what a transcript may call them."""

    def __init__(self, peers: Iterable[Peer]) -> None:
        self._peers: dict[str, Peer] = {}
        self._by_custom_id: dict[str, list[Peer]] = {}
        self._by_user_id: dict[str, list[Peer]] = {}
        self._by_name: dict[str, list[Peer]] = {}
        for peer in peers:
            self._peers[peer.id] = peer
            for known, key in (
                (self._by_custom_id, peer.custom_participant_id),
                (self._by_user_id, peer.user_id),
                (self._by_name, folded_name(peer.display_name or "")),
            ):
                if key:
                    known.setdefault(key, []).append(peer)

    @property
    def names(self) -> list[str]:
        """The display names."""
        return sorted({peer.display_name for peer in self._peers.values() if peer.display_name})

    def find(self, line: UploadedLine, at: EpochMs) -> Peer | None:
        """Whose line it is: by the ids that the file gives, else by the speaker, which may be an id
        or a name that one participant alone has."""
        found = (
            self._by_custom_id.get(line.custom_participant_id)
            or self._of_peer(line.peer_id)
            or self._by_user_id.get(line.user_id)
        )
        if not found and not line.custom_participant_id and not line.user_id:
            found = self._called(line.speaker)
        return _present_at(found, at) if found else None

    def _of_peer(self, peer_id: str) -> list[Peer]:
        return [self._peers[peer_id]] if peer_id in self._peers else []

    def _called(self, speaker: str) -> list[Peer]:
        ids = (
            self._by_custom_id.get(speaker)
            or self._by_user_id.get(speaker)
            or self._of_peer(speaker)
        )
        if ids:
            return ids
        named = self._by_name.get(folded_name(speaker), [])
        return named if len({peer.participant_id for peer in named}) == 1 else []


def folded_name(name: str) -> str:
    """A name without case, superfluous blanks and characters that cannot be seen; two that look
    alike are one."""
    plain = unicodedata.normalize("NFKC", visible(name)).casefold()
    return _BLANK.sub(" ", plain).strip()


def visible(text: str) -> str:
    """The text without control and format characters."""
    if text.isascii() and text.isprintable():
        return text
    kept = (c if unicodedata.category(c) not in _UNSEEN else " " * c.isspace() for c in text)
    return "".join(kept)


_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def _present_at(peers: Sequence[Peer], at: EpochMs) -> Peer:
    """Of the peers of one person the one that was there, or the latest before."""
    begun = [peer for peer in peers if peer.present_from <= at]
    there = [peer for peer in begun if peer.left_at is None or at <= peer.left_at]
    return max(there or begun or peers[:1], key=lambda peer: (peer.present_from, peer.id))


def id_prefix_of(digest: str, offset_ms: int) -> str:
    """Begins the ids of the lines of one file that begins at this offset."""
    return f"{ID_PREFIX}{digest[:_DIGITS]}{offset_ms & 0xFFFF_FFFF:08x}-"


def place(
    transcript: UploadedTranscript, session: Session, *, offset_ms: int
) -> list[tuple[UploadedLine, EpochMs, EpochMs]]:
    """Each line with its start and end. `offset_ms` is when the transcript begins, in ms after the
    session; one with dates begins when it says. Raises `Malformed` for a line that is far from the
    session."""
    base = 0 if transcript.has_dates else session.started_at + offset_ms
    ended_at = session.started_at if session.ended_at is None else session.ended_at
    earliest, latest = session.started_at - SLACK_MS, ended_at + SLACK_MS
    placed = []
    for line in transcript.lines:
        start = base + line.start_ms
        if not earliest <= start <= latest:
            raise Malformed(
                f"Line {line.number}: it begins more than an hour before the session began or "
                "after it ended; is it the transcript of another call?",
                code="line_outside_call",
            )
        start = max(start, session.started_at)
        end = min(max(base + line.end_ms, start), latest)
        placed.append((line, EpochMs(start), EpochMs(max(start, end))))
    return placed


def line_of(
    session: Session,
    line: UploadedLine,
    peer: Peer | None,
    *,
    id: str,
    start_at: EpochMs,
    end_at: EpochMs,
) -> TranscriptLine:
    """The line as it is stored. A speaker that is nobody's in the session is kept by name."""
    name = line.speaker if folded_name(line.speaker) else ""
    if peer is not None and (not name or name in _ids_of(peer)):
        name = peer.display_name or name
    return TranscriptLine(
        app_id=session.app_id,
        session_id=session.id,
        id=id,
        peer_id=None if peer is None else peer.id,
        user_id=(line.user_id or None) if peer is None else peer.user_id,
        custom_participant_id=(
            (line.custom_participant_id or None) if peer is None else peer.custom_participant_id
        ),
        display_name=name,
        start_at=start_at,
        end_at=end_at,
        text=line.text,
    )


def _ids_of(peer: Peer) -> tuple[str | None, ...]:
    return peer.id, peer.user_id, peer.custom_participant_id
