"""A whole session from all that RealtimeKit answered about it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.imported_session import ImportedReport, ImportedSession, ImportedSummary
from aftercall.core.instants import EpochMs
from aftercall.core.quality.experience.time_scale import scale_of_session
from aftercall.core.records import Participant, Peer
from aftercall.wire.realtimekit_import.answers import take_answers
from aftercall.wire.realtimekit_import.egresses import read_livestreams, read_recordings
from aftercall.wire.realtimekit_import.experience import read_experience
from aftercall.wire.realtimekit_import.json_members import (
    Json,
    count_in,
    list_in,
    object_in,
    read_object,
    read_raw,
    text_in,
)
from aftercall.wire.realtimekit_import.reports import read_verdict
from aftercall.wire.realtimekit_import.sessions import read_participant, read_peers, read_session
from aftercall.wire.realtimekit_import.talk import read_chat, read_transcript


class ListedSession(msgspec.Struct, frozen=True):
    """The members of a session in a list."""

    id: str
    created_at: str
    updated_at: str


class FetchedSession(msgspec.Struct, kw_only=True):
    """What RealtimeKit answered about one session, as it came. What it does not have is `None`."""

    details: bytes
    pages: list[bytes]
    """Of its participants, with their peer events."""
    participants: dict[str, bytes | None]
    reports: dict[str, bytes | None]
    """By participant."""
    chat: bytes | None = None
    transcript: bytes | None = None
    summary: bytes | None = None
    summary_type: str = ""
    """The content type of the summary."""
    recordings: list[bytes] = []
    """Of the session's meeting, page by page."""
    livestreams: bytes | None = None
    livestream_details: dict[str, bytes | None] = {}
    """By livestream."""


def read_list(answer: bytes) -> tuple[list[ListedSession], int | None]:
    """The ended sessions of a page of the list, and how many there are in all. Raises
    `Malformed`."""
    body = read_object(answer)
    data = object_in(body, "data") or object_in(body, "result")
    paging = object_in(body, "paging") or object_in(data, "paging")
    found = [each for each in list_in(data, "sessions") if isinstance(each, dict)]
    return [
        ListedSession(id, text_in(each, "created_at") or "", text_in(each, "updated_at") or "")
        for each in found
        if (id := text_in(each, "id")) and each.get("status") == "ENDED"
    ], count_in(paging, "total_count")


def rows_in(answer: bytes) -> list[Json]:
    """The participants of a page. Raises `Malformed`."""
    body = read_object(answer)
    data = object_in(body, "data") or object_in(body, "result")
    return [each for each in list_in(data, "participants") if isinstance(each, dict)]


def peer_of_row(row: Json) -> str | None:
    """The id by which the report on a participant is asked for."""
    events = [each for each in list_in(row, "peer_events") if isinstance(each, dict)]
    ids = [text_in(each, "peer_id") for each in events]
    return next((id for id in ids if id), text_in(row, "id"))


def link_in(answer: bytes) -> str | None:
    """The download link of an answer. Raises `Malformed`."""
    data = object_in(read_object(answer), "data")
    for name in ("chat_download_url", "transcript_download_url", "summaryDownloadUrl"):
        if (url := text_in(data, name)) is not None:
            return url
    return None


def read_fetched(fetched: FetchedSession, app_id: str, now: EpochMs) -> ImportedSession:
    """The session as it is kept. Raises `Malformed`."""
    details = object_in(read_object(fetched.details), "data")
    found = {**object_in(details, "session"), **details}
    rows: dict[str, Json] = {}
    for page in fetched.pages:
        rows |= {id: row for row in rows_in(page) if (id := text_in(row, "id"))}
    session = read_session(found, app_id, [], now)
    end_at = session.ended_at or session.started_at
    participants = [read_participant(row, app_id, session.id, end_at) for row in rows.values()]
    session = read_session(found, app_id, participants, now)
    peers = {row.id: read_peers(rows[row.id], row, session.meeting_id, now) for row in participants}
    scale = scale_of_session(session, participants, now)
    reports = {row.id: _report(fetched, row, peers[row.id]) for row in participants}
    for report in reports.values():
        report.verdict.experience = read_experience(report.rows, scale)
    summary = None
    if fetched.summary is not None:
        text = fetched.summary.decode("utf-8", errors="replace")
        summary = ImportedSummary(text=text, is_markdown="markdown" in fetched.summary_type)
    return ImportedSession(
        session=session,
        participants=participants,
        peers=[peer for each in peers.values() for peer in each],
        reports=reports,
        messages=read_chat(fetched.chat, session) if fetched.chat else [],
        lines=read_transcript(fetched.transcript, session) if fetched.transcript else [],
        summary=summary,
        egresses=[
            *read_recordings(fetched.recordings, session, now),
            *read_livestreams(fetched.livestreams, fetched.livestream_details, session, now),
        ],
    )


def _report(fetched: FetchedSession, row: Participant, peers: Sequence[Peer]) -> ImportedReport:
    report = _participant_in(fetched.reports.get(row.id))
    details = _participant_in(fetched.participants.get(row.id))
    answers, rows = take_answers(report, details)
    read: dict[str, Any] = {}
    if answers.peer_report is not None:
        plain = {name: raw for name, raw in answers.peer_report.items() if name != "quality"}
        read = {name: msgspec.json.decode(raw) for name, raw in plain.items()}
        read["quality"] = {
            name: msgspec.json.decode(raw) for name, raw in (answers.quality or {}).items()
        }
    return ImportedReport(
        verdict=read_verdict(read, peers), rows=rows, answers=msgspec.json.encode(answers)
    )


def _participant_in(answer: bytes | None) -> Mapping[str, msgspec.Raw]:
    """The members of the participant of an answer: under `participant`, else flat in `data`."""
    if answer is None:
        return {}
    body = read_raw(answer)
    data = body.get("data") or body.get("result")
    if data is None:
        raise Malformed("The answer has no data.", code="bad_answer")
    members = read_raw(data)
    nested = members.get("participant")
    return members if nested is None else read_raw(nested)
