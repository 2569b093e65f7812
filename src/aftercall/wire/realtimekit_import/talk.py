"""Chat and transcript from the files that RealtimeKit's links lead to."""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any, Final

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.instants import EpochMs
from aftercall.core.records import ChatMessage, MessageKind, Session, TranscriptLine
from aftercall.wire.chat_transcript_files import CHAT_COLUMNS
from aftercall.wire.realtimekit_import.json_members import (
    Json,
    count_in,
    object_in,
    text_in,
    time_in,
)

_KINDS: Final = {
    "TEXT_MESSAGE": MessageKind.TEXT,
    "IMAGE_MESSAGE": MessageKind.IMAGE,
    "FILE_MESSAGE": MessageKind.FILE,
    "CUSTOM_MESSAGE": MessageKind.CUSTOM,
}
_LONGEST_FIELD: Final = 10_000_000
_CPI_COLUMNS: Final = 6
"""Columns of a transcript without a header: offset, peer, user, custom id, name, text."""


def read_chat(file: bytes, session: Session) -> list[ChatMessage]:
    """The messages of a chat file, CSV or JSON. Raises `Malformed`."""
    rows = _json_rows(file) if file.lstrip()[:1] == b"[" else _csv_rows(file)
    return [_message(row, session, place) for place, row in enumerate(rows)]


def _message(row: Json, session: Session, place: int) -> ChatMessage:
    at = time_in(row, "createdAt") or session.started_at
    sender, peer_id = text_in(row, "participantId"), text_in(row, "peerId")
    return ChatMessage(
        app_id=session.app_id,
        session_id=session.id,
        id=text_in(row, "id") or f"message-{place:08}",
        peer_id=peer_id or None,
        user_id=sender if sender and sender != peer_id else None,
        display_name=text_in(row, "displayName") or "",
        kind=_KINDS.get(text_in(row, "payloadType") or "", MessageKind.TEXT),
        payload=text_in(row, "payload") or "",
        is_pinned=row.get("pinned") in (True, "true"),
        is_edited=row.get("isEdited") in (True, "true"),
        at=at,
        revised_at=time_in(row, "revisedAt") or at,
    )


def _json_rows(file: bytes) -> list[Json]:
    try:
        return msgspec.json.decode(file, type=list[Json])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Malformed("The file is not a JSON array of objects.", code="bad_answer") from error


def _csv_rows(file: bytes) -> Iterator[Json]:
    """The rows under the header. Raises `Malformed` for a file with another one."""
    rows = _read_csv(file)
    header = next(rows, [])
    if header and header[0] != CHAT_COLUMNS[0]:
        raise Malformed("The chat file has another header.", code="bad_answer")
    for row in rows:
        yield dict(zip(header, row, strict=False))


def _read_csv(file: bytes) -> Iterator[list[str]]:
    csv.field_size_limit(_LONGEST_FIELD)
    text = file.decode("utf-8-sig", errors="replace")
    try:
        yield from csv.reader(StringIO(text, newline=""))
    except csv.Error as error:
        raise Malformed("The file is not readable as CSV.", code="bad_answer") from error


def read_transcript(file: bytes, session: Session) -> list[TranscriptLine]:
    """The lines of a transcript file, JSON or CSV without a header. Raises `Malformed`."""
    if file.lstrip()[:1] == b"[":
        found = [_sentence(row, session) for row in _json_rows(file)]
    else:
        found = [_cells(row, session) for row in _read_csv(file) if len(row) >= _CPI_COLUMNS]
    return [
        TranscriptLine(
            app_id=session.app_id, session_id=session.id, id=f"line-{place:08}", **members
        )
        for place, members in enumerate(found)
    ]


def _sentence(row: Json, session: Session) -> dict[str, Any]:
    speaker = object_in(row, "peerData")
    start = max(0, count_in(row, "startTime") or 0)
    end = max(start, count_in(row, "endTime") or 0)
    return {
        "peer_id": text_in(speaker, "id") or None,
        "user_id": text_in(speaker, "userId") or None,
        "custom_participant_id": text_in(speaker, "cpi") or None,
        "display_name": text_in(speaker, "displayName") or "",
        "start_at": EpochMs(session.started_at + start),
        "end_at": EpochMs(session.started_at + end),
        "text": text_in(row, "sentence") or "",
    }


def _cells(row: list[str], session: Session) -> dict[str, Any]:
    offset, peer_id, user_id, custom_id, name, text = row[:_CPI_COLUMNS]
    start = int(offset) if offset.strip().isdecimal() and len(offset) < 16 else 0
    return {
        "peer_id": peer_id or None,
        "user_id": user_id or None,
        "custom_participant_id": custom_id or None,
        "display_name": name,
        "start_at": EpochMs(session.started_at + start),
        "end_at": EpochMs(session.started_at + start),
        "text": text,
    }
