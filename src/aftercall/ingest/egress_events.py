"""Events of a backend about recordings and livestreams (docs/reference/events.md)."""

from typing import Annotated, Any, Final, Literal, TypeAlias

from msgspec import Meta

from aftercall.core.egresses import EgressKind, EgressStatus
from aftercall.core.events import EgressReported
from aftercall.core.ids import id_from, is_path_id
from aftercall.core.instants import SECOND_MS, EpochMs, format_iso
from aftercall.ingest.checks import checked_moment
from aftercall.ingest.event_members import BackendEvent, Id, Name, When
from aftercall.ingest.untyped_json import known

LONGEST_S: Final = 10 * 365 * 86_400

Url = Annotated[str, Meta(max_length=4_096, pattern="^https?://")]
Seconds = Annotated[float, Meta(ge=0, le=LONGEST_S)]
Bytes = Annotated[int, Meta(ge=0, le=2**53)]
Line = Annotated[str, Meta(max_length=1_024)]


class RecordingChanged(
    BackendEvent, tag="recording_changed", kw_only=True, forbid_unknown_fields=True
):
    recording_id: Id
    status: Literal["invoked", "recording", "paused", "uploading", "uploaded", "errored"]
    invoked_at: When | None = None
    started_at: When | None = None
    stopped_at: When | None = None
    duration_s: Seconds | None = None
    size_bytes: Bytes | None = None
    file_name: Line | None = None
    download_url: Url | None = None
    audio_download_url: Url | None = None
    download_url_expires_at: When | None = None
    error: Line | None = None


class LivestreamChanged(
    BackendEvent, tag="livestream_changed", kw_only=True, forbid_unknown_fields=True
):
    livestream_id: Id
    status: Literal["invoked", "live", "idle", "ended", "errored"]
    invoked_at: When | None = None
    started_at: When | None = None
    stopped_at: When | None = None
    duration_s: Seconds | None = None
    viewer_s: Seconds | None = None
    name: Name | None = None
    playback_url: Url | None = None
    error: Line | None = None


EgressChanged: TypeAlias = RecordingChanged | LivestreamChanged

_STATUSES: Final = {
    "invoked": EgressStatus.INVOKED,
    "recording": EgressStatus.ACTIVE,
    "live": EgressStatus.ACTIVE,
    "paused": EgressStatus.PAUSED,
    "idle": EgressStatus.PAUSED,
    "uploading": EgressStatus.ENDING,
    "uploaded": EgressStatus.COMPLETE,
    "ended": EgressStatus.COMPLETE,
    "errored": EgressStatus.FAILED,
}


def egress_id_from(app_id: str, source_id: str) -> str:
    """A recording's or livestream's id: the source's own if it can stand in a path, else a function
    of it."""
    return source_id if is_path_id(source_id) else id_from(app_id, "egress", source_id)


def read_egress(message: EgressChanged, app_id: str, place: dict[str, Any]) -> EgressReported:
    """The fact in a message; `place` are the members that every fact has. Raises `Malformed`."""
    common = {
        **place,
        "status": _STATUSES[message.status],
        "invoked_at": _moment(message.invoked_at, "invoked_at"),
        "started_at": _moment(message.started_at, "started_at"),
        "stopped_at": _moment(message.stopped_at, "stopped_at"),
        "duration_ms": _ms(message.duration_s),
    }
    if isinstance(message, LivestreamChanged):
        return EgressReported(
            **common,
            kind=EgressKind.LIVESTREAM,
            egress_id=egress_id_from(app_id, message.livestream_id),
            viewer_ms=_ms(message.viewer_s),
            texts=known(name=message.name, playback_url=message.playback_url, error=message.error),
        )
    expires_at = _moment(message.download_url_expires_at, "download_url_expires_at")
    return EgressReported(
        **common,
        kind=EgressKind.RECORDING,
        egress_id=egress_id_from(app_id, message.recording_id),
        size_bytes=message.size_bytes,
        texts=known(
            file_name=message.file_name,
            download_url=message.download_url,
            audio_download_url=message.audio_download_url,
            download_url_expires_at=None if expires_at is None else format_iso(expires_at),
            error=message.error,
        ),
    )


def _moment(when: When | None, member: str) -> EpochMs | None:
    return None if when is None else checked_moment(when, member)


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * SECOND_MS)
