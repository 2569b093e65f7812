"""Recordings as RealtimeKit writes them, and the queries that ask for them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from aftercall.core.egresses import (
    AUDIO_DOWNLOAD_URL,
    DOWNLOAD_URL,
    DOWNLOAD_URL_EXPIRES_AT,
    ERROR,
    FILE_NAME,
    Egress,
    EgressKind,
    EgressStatus,
)
from aftercall.core.instants import MINUTE_MS, SECOND_MS
from aftercall.core.list_queries import EgressQuery
from aftercall.core.records import Meeting
from aftercall.wire.meetings import MeetingAnswer, encode_meeting
from aftercall.wire.omit_nulls import known_members
from aftercall.wire.query import (
    IS_DESCENDING,
    PAGE_NO,
    PER_PAGE,
    Choices,
    Moment,
    Query,
    Text,
    read_window,
)
from aftercall.wire.times import encode_time

NOT_RECORDED: Final = "NOT_RECORDED"

_STATUSES: Final = {
    EgressStatus.INVOKED: "INVOKED",
    EgressStatus.ACTIVE: "RECORDING",
    EgressStatus.PAUSED: "PAUSED",
    EgressStatus.ENDING: "UPLOADING",
    EgressStatus.COMPLETE: "UPLOADED",
    EgressStatus.FAILED: "ERRORED",
}

_MEETING_ID: Final = Text(name="meeting_id", about="Only recordings of this meeting.")
_START: Final = Moment(name="start_time", about="Only recordings invoked at or after this.")
_END: Final = Moment(name="end_time", about="Only recordings invoked at or before this.")
_SEARCH: Final = Text(name="search", about="The meeting's id, or a part of its title.")
_STATUS: Final = Choices(
    name="status",
    about="Only recordings of these statuses.",
    values=tuple(status.lower() for status in _STATUSES.values()),
)
RECORDING_PARAMETERS: Final = (
    _MEETING_ID,
    _START,
    _END,
    _SEARCH,
    _STATUS,
    IS_DESCENDING,
    PAGE_NO,
    PER_PAGE,
)


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """A recording that a source reported. The file is where the source put it; Aftercall has none.
    What is not known is `null`."""

    id: str
    status: str
    session_id: str
    meeting_id: str
    output_file_name: str
    invoked_time: str
    started_time: str | None
    stopped_time: str | None
    recording_duration: int | None
    """Whole seconds."""
    file_size: int | None
    """Bytes."""
    download_url: str | None
    audio_download_url: str | None
    download_url_expiry: str | None
    err_message: str | None


class ListedRecording(Recording, frozen=True, kw_only=True):
    """A recording in a list, with its meeting if that exists."""

    meeting: MeetingAnswer | None


def read_recording_query(query: Query, *, app_id: str) -> EgressQuery:
    """The list asked for. Raises `Malformed` naming the parameter at fault."""
    offset, limit = read_window(query)
    names = _STATUS.read(query)
    return EgressQuery(
        app_id=app_id,
        kind=EgressKind.RECORDING,
        meeting_id=_MEETING_ID.read(query),
        statuses=tuple(status for status, name in _STATUSES.items() if name.lower() in names),
        invoked_from=_START.read(query),
        invoked_to=_END.read(query),
        search=_SEARCH.read(query),
        is_descending=IS_DESCENDING.read(query),
        offset=offset,
        limit=limit,
    )


def encode_listed_recordings(
    found: Sequence[Egress], meetings: Mapping[str, Meeting]
) -> list[ListedRecording]:
    encoded = {id: encode_meeting(meeting) for id, meeting in meetings.items()}
    return [
        ListedRecording(
            **msgspec.structs.asdict(encode_recording(egress)),
            meeting=encoded.get(egress.meeting_id),
        )
        for egress in found
    ]


def encode_recording_news(egress: Egress) -> dict[str, Any]:
    """The members of a recording in a webhook, of every generation; what is not known is left
    out."""
    length_ms = egress.length_ms
    return known_members(
        {
            "id": egress.id,
            "recordingId": egress.id,
            "status": _STATUSES[egress.status],
            "downloadUrl": egress.text(DOWNLOAD_URL),
            "audioDownloadUrl": egress.text(AUDIO_DOWNLOAD_URL),
            "downloadUrlExpiry": egress.text(DOWNLOAD_URL_EXPIRES_AT),
            "invokedTime": encode_time(egress.invoked_at),
            "startedTime": encode_time(egress.started_at),
            "stoppedTime": encode_time(egress.stopped_at),
            "fileSize": egress.size_bytes,
            "outputFileName": egress.text(FILE_NAME),
            "meetingId": egress.meeting_id,
            "recordingDuration": None if length_ms is None else round(length_ms / SECOND_MS),
            "organizationId": egress.app_id,
            "roomUUID": egress.session_id,
            "sessionId": egress.session_id,
            "errMessage": egress.text(ERROR),
        }
    )


def recording_status(found: Sequence[Egress]) -> str:
    """The status of a session: that of its latest recording."""
    of_kind = [egress for egress in found if egress.kind is EgressKind.RECORDING]
    return _STATUSES[of_kind[-1].status] if of_kind else NOT_RECORDED


def recording_minutes(found: Sequence[Egress]) -> float:
    """The length of a session's recordings in minutes, four decimals, as far as it is known."""
    lengths = [egress.length_ms or 0 for egress in found if egress.kind is EgressKind.RECORDING]
    return round(sum(lengths) / MINUTE_MS, 4)


def encode_recording(egress: Egress) -> Recording:
    length_ms = egress.length_ms
    return Recording(
        id=egress.id,
        status=_STATUSES[egress.status],
        session_id=egress.session_id,
        meeting_id=egress.meeting_id,
        output_file_name=egress.text(FILE_NAME) or "",
        invoked_time=encode_time(egress.invoked_at),
        started_time=encode_time(egress.started_at),
        stopped_time=encode_time(egress.stopped_at),
        recording_duration=None if length_ms is None else round(length_ms / SECOND_MS),
        file_size=egress.size_bytes,
        download_url=egress.text(DOWNLOAD_URL),
        audio_download_url=egress.text(AUDIO_DOWNLOAD_URL),
        download_url_expiry=egress.text(DOWNLOAD_URL_EXPIRES_AT),
        err_message=egress.text(ERROR),
    )
