"""Webhooks of RealtimeKit about recordings and livestreams."""

import re
from collections.abc import Mapping
from typing import Any, Final

from aftercall.core.egresses import EgressKind, EgressStatus
from aftercall.core.errors import Malformed
from aftercall.core.events import EgressReported
from aftercall.core.ids import id_from, is_path_id
from aftercall.core.instants import SECOND_MS, EpochMs, format_iso
from aftercall.ingest.checks import moment_of
from aftercall.ingest.source import Context
from aftercall.ingest.untyped_json import as_count, as_number, as_object, as_text, known

RECORDING: Final = "recording.statusUpdate"
LIVESTREAM: Final = "livestreaming.statusUpdate"

_RECORDINGS: Final = {
    "INVOKED": EgressStatus.INVOKED,
    "RECORDING": EgressStatus.ACTIVE,
    "PAUSED": EgressStatus.PAUSED,
    "UPLOADING": EgressStatus.ENDING,
    "UPLOADED": EgressStatus.COMPLETE,
    "ERRORED": EgressStatus.FAILED,
}
_LIVESTREAMS: Final = {
    "INVOKED": EgressStatus.INVOKED,
    "LIVE": EgressStatus.ACTIVE,
    "IDLE": EgressStatus.PAUSED,
    "OFFLINE": EgressStatus.COMPLETE,
    "ERRORED": EgressStatus.FAILED,
}
_STOPPED: Final = frozenset({EgressStatus.ENDING, EgressStatus.COMPLETE, EgressStatus.FAILED})
_DIGITS: Final = re.compile(r"[0-9]{1,15}")
_LONGEST_URL: Final = 4_096


def read_recording(content: Mapping[str, Any], context: Context) -> EgressReported:
    """The report in a webhook on a recording. Raises `Malformed`.

    The webhook has no time of its own. One that says that it was stopped, or was invoked, is of the
    time that it states, so that a repeat is no news; one that says that it goes on, or is paused,
    is of its receipt, since both may happen again.
    """
    recording = as_object(content.get("recording"))
    id = as_text(recording.get("recordingId")) or as_text(recording.get("id"))
    session_id = as_text(recording.get("roomUUID"))
    status = _status(_RECORDINGS, recording.get("status"))
    started_at = _moment(recording, "startedTime", context)
    stopped_at = _moment(recording, "stoppedTime", context)
    invoked_at = _moment(recording, "invokedTime", context)
    stated_at = stopped_at if status in _STOPPED else None
    if status is EgressStatus.INVOKED:
        stated_at = invoked_at
    duration_s = as_number(recording.get("recordingDuration"))
    expires_at = moment_of(recording.get("downloadUrlExpiry"))
    return _report(
        content,
        context,
        EgressKind.RECORDING,
        id,
        status,
        session_id=session_id,
        at=stated_at or context.received_at,
        invoked_at=invoked_at,
        started_at=started_at,
        stopped_at=stopped_at,
        duration_ms=round(duration_s * SECOND_MS) if duration_s and duration_s > 0 else None,
        size_bytes=_size_bytes(recording.get("fileSize")),
        texts=known(
            file_name=as_text(recording.get("outputFileName"), longest=1_024),
            download_url=_url(recording.get("downloadUrl")),
            audio_download_url=_url(recording.get("audioDownloadUrl")),
            download_url_expires_at=None if expires_at is None else format_iso(expires_at),
        ),
    )


def read_livestream(content: Mapping[str, Any], context: Context) -> EgressReported:
    """The report in a webhook on a livestream. The key of the stream is not taken. Raises
    `Malformed`."""
    return _report(
        content,
        context,
        EgressKind.LIVESTREAM,
        as_text(content.get("streamId")),
        _status(_LIVESTREAMS, content.get("status")),
        at=context.received_at,
        texts=known(playback_url=_url(content.get("playbackUrl"))),
    )


def _report(
    content: Mapping[str, Any],
    context: Context,
    kind: EgressKind,
    id: str | None,
    status: EgressStatus,
    session_id: str | None = None,
    **members: Any,
) -> EgressReported:
    meeting = as_object(content.get("meeting"))
    meeting_id = as_text(meeting.get("id"))
    session_id = session_id or as_text(meeting.get("sessionId"))
    if id is None or not is_path_id(id):
        raise Malformed(f"The {kind.value} has no id.", code="bad_event")
    if session_id is None or not is_path_id(session_id):
        raise Malformed(f"The {kind.value} names no session.", code="bad_event")
    if meeting_id is not None and not is_path_id(meeting_id):
        raise Malformed("The meeting has no id.", code="bad_event")
    return EgressReported(
        id=id_from(context.app_id, "realtimekit", kind.value, id, status.value),
        meeting_id=meeting_id,
        session_id=session_id,
        kind=kind,
        egress_id=id,
        status=status,
        **members,
    )


def _status(known_statuses: Mapping[str, EgressStatus], value: Any) -> EgressStatus:
    status = known_statuses.get(as_text(value) or "")
    if status is None:
        raise Malformed("The status is none that is known.", code="bad_event")
    return status


def _moment(members: Mapping[str, Any], name: str, context: Context) -> EpochMs | None:
    at = moment_of(members.get(name))
    return None if at is None else min(at, context.received_at)


def _size_bytes(value: Any) -> int | None:
    """A number, or the digits of one."""
    is_text = isinstance(value, str) and _DIGITS.fullmatch(value) is not None
    return int(value) if is_text else as_count(value)


def _url(value: Any) -> str | None:
    url = as_text(value, longest=_LONGEST_URL)
    return url if url is not None and url.startswith(("https://", "http://")) else None
