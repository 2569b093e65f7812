"""The files of a person's export: JSON, CSV that opens harmlessly in a spreadsheet, talk."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from aftercall.core.instants import format_iso
from aftercall.core.overview.digest import Digest
from aftercall.core.records import (
    ChatMessage,
    Member,
    Participant,
    Peer,
    Session,
    StoredPeerEvent,
    TranscriptLine,
)
from aftercall.wire.chat_transcript_files import guard_formula

ATTENDANCE: Final = (
    "session_id",
    "meeting_id",
    "title",
    "participant_id",
    "display_name",
    "joined_at",
    "left_at",
    "minutes",
)
QUALITY: Final = (
    "session_id",
    "participant_id",
    "level",
    "mos_audio_avg",
    "mos_video_avg",
    "packet_loss_percent",
    "rtt_ms",
    "issues",
)

README: Final = """This archive holds what is recorded of one person.

person.json      names and ids, and the meetings the person is a member of
attendance.csv   when the person was in which session
quality.csv      how good each of these calls was
sessions/ID.json participants, connections, events and reports of the person in one session
talk/ID.json     chat messages and transcript lines of the person, and a summary of the latter

Times are in UTC. Other participants have numbers; what they wrote and said is not here.
"""


class CsvRows:
    """A CSV file, row by row."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._text = io.StringIO()
        self._writer = csv.writer(self._text, lineterminator="\n")
        self._writer.writerow(columns)

    def add(self, cells: Iterable[Any]) -> None:
        self._writer.writerow([_cell(each) for each in cells])

    def encode(self) -> bytes:
        return self._text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return guard_formula(value) if isinstance(value, str) else str(value)


def attendance_rows(session: Session, rows: Iterable[Participant]) -> Iterable[tuple[Any, ...]]:
    for row in rows:
        yield (
            session.id,
            session.meeting_id,
            session.title,
            row.id,
            row.display_name,
            format_iso(row.joined_at),
            None if row.left_at is None else format_iso(row.left_at),
            round(row.duration_minutes, 2),
        )


def quality_rows(session: Session, digests: Mapping[str, Digest]) -> Iterable[tuple[Any, ...]]:
    for id, digest in digests.items():
        yield (
            session.id,
            id,
            digest.level,
            digest.avg_mos_audio,
            digest.avg_mos_video,
            digest.loss_percent,
            digest.rtt_ms,
            " ".join(dict.fromkeys(issue.name.value for issue in digest.issues)),
        )


def encode_session(
    session: Session,
    participants: Sequence[Participant],
    peers: Sequence[Peer],
    events: Sequence[StoredPeerEvent],
    reports: Mapping[str, Any],
) -> bytes:
    """The file of one session."""
    members = {
        "session": {
            "id": session.id,
            "meeting_id": session.meeting_id,
            "title": session.title,
            "started_at": session.started_at,
            "ended_at": session.ended_at,
        },
        "participants": participants,
        "peers": peers,
        "events": events,
        "reports": reports,
    }
    return msgspec.json.format(msgspec.json.encode(members))


def encode_talk(
    chat: Sequence[ChatMessage], transcript: Sequence[TranscriptLine], summary: str
) -> bytes:
    """The file of what the person wrote and said in one session."""
    members = {"chat": chat, "transcript": transcript, "summary": summary}
    return msgspec.json.format(msgspec.json.encode(members))


class KnownNames:
    """The names and ids of a person, as they are met."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = members
        self._found: dict[str, dict[str, None]] = {}
        for member in members:
            self._add("display_names", member.name)
            self._add("custom_participant_ids", member.custom_participant_id)
            self._add("user_ids", member.id)
            self._add("pictures", member.picture)

    def add(self, rows: Iterable[Participant | Peer]) -> None:
        for row in rows:
            self._add("display_names", row.display_name)
            self._add("custom_participant_ids", row.custom_participant_id)
            self._add("user_ids", row.user_id)
            self._add("pictures", row.picture)

    def _add(self, kind: str, value: str | None) -> None:
        if value:
            self._found.setdefault(kind, {})[value] = None

    def encode(self) -> bytes:
        known = {kind: list(values) for kind, values in self._found.items()}
        return msgspec.json.format(msgspec.json.encode({**known, "memberships": self._members}))
