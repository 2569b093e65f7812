"""Recordings and livestreams, from RealtimeKit's answers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from aftercall.core.egresses import (
    AUDIO_DOWNLOAD_URL,
    DOWNLOAD_URL,
    DOWNLOAD_URL_EXPIRES_AT,
    ERROR,
    FILE_NAME,
    NAME,
    PLAYBACK_URL,
    Egress,
    EgressKind,
    EgressStatus,
    Stated,
)
from aftercall.core.ids import is_path_id
from aftercall.core.instants import SECOND_MS, EpochMs, format_iso
from aftercall.core.records import Session
from aftercall.wire.livestreams import NOT_LIVESTREAMED
from aftercall.wire.realtimekit_import.json_members import (
    Json,
    count_in,
    list_in,
    number_in,
    object_in,
    read_object,
    text_in,
    time_in,
)
from aftercall.wire.recordings import NOT_RECORDED

_RECORDINGS: Final = {
    "INVOKED": EgressStatus.INVOKED,
    "RECORDING": EgressStatus.ACTIVE,
    "PAUSED": EgressStatus.PAUSED,
    "UPLOADING": EgressStatus.ENDING,
    "UPLOADED": EgressStatus.COMPLETE,
    "ERRORED": EgressStatus.FAILED,
}
_LONGEST_TEXT: Final = 1_024
_LONGEST_URL: Final = 4_096
_LONGEST_S: Final = 10 * 365 * 86_400


class Reported(NamedTuple):
    """What a session's details say of its recordings and livestreams."""

    meeting_id: str | None
    """Of the recordings; `None` if there are none."""
    is_streamed: bool


def reported_in(details: bytes) -> Reported:
    """Raises `Malformed`. A status that is left out is unknown: there may be some."""
    data = object_in(read_object(details), "data")
    found = {**object_in(data, "session"), **data}
    is_recorded = text_in(found, "recording_status") != NOT_RECORDED
    return Reported(
        text_in(found, "associated_id") if is_recorded else None,
        text_in(found, "livestream_status") != NOT_LIVESTREAMED,
    )


def recordings_in(page: bytes) -> list[Json]:
    """The recordings of a page of their list. Raises `Malformed`."""
    return [each for each in list_in(read_object(page), "data") if isinstance(each, dict)]


def livestreams_in(answer: bytes) -> list[str]:
    """The ids of the livestreams of a session, each once. Raises `Malformed`."""
    ids = [text_in(each, "livestream_id") for each in _sessions_in(answer)]
    return list(dict.fromkeys(id for id in ids if id))


def _sessions_in(answer: bytes) -> list[Json]:
    data = object_in(read_object(answer), "data")
    found = list_in(data, "sessions") or list_in(data, "data")
    return [each for each in found if isinstance(each, dict)]


def read_recordings(pages: Sequence[bytes], session: Session, now: EpochMs) -> list[Egress]:
    """The recordings of the session, of all of its meeting. Raises `Malformed`."""
    found = [each for page in pages for each in recordings_in(page)]
    read = [_recording(each, session, now) for each in found]
    return [each for each in read if each is not None]


def _recording(found: Json, session: Session, now: EpochMs) -> Egress | None:
    id, status = text_in(found, "id"), _RECORDINGS.get(text_in(found, "status") or "")
    if not id or not is_path_id(id) or status is None:
        return None
    if text_in(found, "session_id") != session.id:
        return None
    expires_at = time_in(found, "download_url_expiry")
    return _egress(
        found,
        session,
        now,
        kind=EgressKind.RECORDING,
        id=id,
        status=status,
        duration_ms=_ms(found, "recording_duration"),
        size_bytes=count_in(found, "file_size"),
        texts={
            FILE_NAME: _line(found, "output_file_name"),
            DOWNLOAD_URL: _url(found, "download_url"),
            AUDIO_DOWNLOAD_URL: _url(found, "audio_download_url"),
            DOWNLOAD_URL_EXPIRES_AT: None if expires_at is None else format_iso(expires_at),
            ERROR: _line(found, "err_message"),
        },
    )


def read_livestreams(
    answer: bytes | None,
    details: Mapping[str, bytes | None],
    session: Session,
    now: EpochMs,
) -> list[Egress]:
    """The livestreams of the session. One that was live several times is several, of which the
    first has its id. Raises `Malformed`."""
    made: dict[str, Egress] = {}
    for found in _sessions_in(answer) if answer is not None else ():
        livestream_id = text_in(found, "livestream_id")
        ids = [id for id in (livestream_id, text_in(found, "id")) if id and is_path_id(id)]
        id = next((id for id in ids if id not in made), None)
        if id is not None:
            about = _livestream_in(details.get(livestream_id or ""))
            made[id] = _livestream(found, about, id, session, now)
    return list(made.values())


def _livestream_in(answer: bytes | None) -> Json:
    return {} if answer is None else object_in(object_in(read_object(answer), "data"), "livestream")


def _livestream(found: Json, about: Json, id: str, session: Session, now: EpochMs) -> Egress:
    error = _line(found, "err_message")
    has_failed = error is not None or text_in(about, "status") == "ERRORED"
    return _egress(
        found,
        session,
        now,
        kind=EgressKind.LIVESTREAM,
        id=id,
        # Its session has ended.
        status=EgressStatus.FAILED if has_failed else EgressStatus.COMPLETE,
        duration_ms=_ms(found, "ingest_seconds"),
        viewer_ms=_ms(found, "viewer_seconds"),
        texts={
            NAME: _line(about, "name"),
            PLAYBACK_URL: _url(about, "playback_url"),
            ERROR: error,
        },
    )


def _egress(
    found: Json,
    session: Session,
    now: EpochMs,
    *,
    texts: Mapping[str, str | None],
    **members: Any,
) -> Egress:
    invoked_at = time_in(found, "invoked_time")
    started_at, stopped_at = time_in(found, "started_time"), time_in(found, "stopped_time")
    known = [at for at in (invoked_at, started_at, stopped_at) if at is not None]
    at = max(known, default=session.started_at)
    return Egress(
        app_id=session.app_id,
        session_id=session.id,
        meeting_id=session.meeting_id,
        status_at=at,
        invoked_at=min(known, default=session.started_at),
        started_at=started_at,
        stopped_at=stopped_at,
        texts={name: Stated(at, text) for name, text in sorted(texts.items()) if text},
        created_at=time_in(found, "created_at") or now,
        updated_at=time_in(found, "updated_at") or now,
        **members,
    )


def _ms(found: Json, name: str) -> int | None:
    seconds = number_in(found, name)
    return (
        round(seconds * SECOND_MS) if seconds is not None and 0 <= seconds <= _LONGEST_S else None
    )


def _line(found: Json, name: str) -> str | None:
    text = text_in(found, name)
    return text[:_LONGEST_TEXT] if text else None


def _url(found: Json, name: str) -> str | None:
    url = text_in(found, name)
    is_address = url is not None and url.startswith(("https://", "http://"))
    return url if is_address and url is not None and len(url) <= _LONGEST_URL else None
