"""Egresses: media that leave a session, into a file (a recording) or to viewers (a livestream).

Aftercall makes none: it keeps what sources report of them. Reports come in any order and more than
once, so each is an `Egress` of its own, and `merge_egresses` joins two of one id to what both say.
The join is commutative, associative and idempotent.
"""

from enum import StrEnum
from typing import Final, NamedTuple, TypeVar

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.records import Record

N = TypeVar("N", bound=int)


class EgressKind(StrEnum):
    """Where the media go."""

    RECORDING = "recording"
    LIVESTREAM = "livestream"


class EgressStatus(StrEnum):
    """How far an egress is."""

    INVOKED = "invoked"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDING = "ending"
    """Stopped; its file is being written or uploaded."""
    COMPLETE = "complete"
    FAILED = "failed"


_RANK: Final = {
    EgressStatus.INVOKED: 0,
    EgressStatus.ACTIVE: 1,
    EgressStatus.PAUSED: 1,
    EgressStatus.ENDING: 2,
    EgressStatus.COMPLETE: 3,
    EgressStatus.FAILED: 3,
}
"""An egress never returns to a status of a lower rank, whatever the times of its reports."""

GOING_ON: Final = frozenset({EgressStatus.INVOKED, EgressStatus.ACTIVE, EgressStatus.PAUSED})


class Stated(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A text, and when it was stated."""

    at: EpochMs
    value: str


class Egress(Record, frozen=True, kw_only=True):
    """A recording or a livestream of a session."""

    app_id: str
    kind: EgressKind
    id: str
    session_id: str
    meeting_id: str
    status: EgressStatus
    status_at: EpochMs
    invoked_at: EpochMs
    """The earliest time that is known of it."""
    started_at: EpochMs | None = None
    stopped_at: EpochMs | None = None
    duration_ms: int | None = None
    size_bytes: int | None = None
    viewer_ms: int | None = None
    """The time that all viewers of a livestream watched it, added up."""
    texts: dict[str, Stated] = msgspec.field(default_factory=dict)
    """What was stated last under each of `TEXTS`."""
    created_at: EpochMs
    """When the first report of it was received, by our clock."""
    updated_at: EpochMs

    def text(self, name: str) -> str | None:
        """The text under one of `TEXTS`, if there is one. One that was erased is empty."""
        stated = self.texts.get(name)
        return (stated.value or None) if stated else None

    @property
    def length_ms(self) -> int | None:
        """Its duration: as stated, else from its start to its stop; `None` before that."""
        if self.duration_ms is not None:
            return self.duration_ms
        if self.started_at is None or self.stopped_at is None:
            return None
        return max(0, self.stopped_at - self.started_at)


class EgressDay(NamedTuple):
    """The egresses of a kind that were invoked on a UTC day, counted since 1970; sums of what is
    known."""

    day: int
    egresses: int
    length_ms: int
    viewer_ms: int | None
    """`None` if it is known of none."""


NAME: Final = "name"
FILE_NAME: Final = "file_name"
ERROR: Final = "error"
DOWNLOAD_URL: Final = "download_url"
AUDIO_DOWNLOAD_URL: Final = "audio_download_url"
DOWNLOAD_URL_EXPIRES_AT: Final = "download_url_expires_at"
"""ISO 8601."""
PLAYBACK_URL: Final = "playback_url"

TEXTS: Final = (
    NAME,
    FILE_NAME,
    ERROR,
    DOWNLOAD_URL,
    AUDIO_DOWNLOAD_URL,
    DOWNLOAD_URL_EXPIRES_AT,
    PLAYBACK_URL,
)


def merge_egresses(known: Egress, other: Egress) -> Egress:
    """What two reports of one egress say together. It stays in the session of `known`."""
    latest = max(known, other, key=_status_key)
    texts = dict(known.texts)
    for name, stated in other.texts.items():
        texts[name] = max(stated, texts.get(name, stated))
    return Egress(
        app_id=known.app_id,
        kind=known.kind,
        id=known.id,
        session_id=known.session_id,
        meeting_id=known.meeting_id,
        status=latest.status,
        status_at=latest.status_at,
        invoked_at=min(known.invoked_at, other.invoked_at),
        started_at=_least(known.started_at, other.started_at),
        stopped_at=_most(known.stopped_at, other.stopped_at),
        duration_ms=_most(known.duration_ms, other.duration_ms),
        size_bytes=_most(known.size_bytes, other.size_bytes),
        viewer_ms=_most(known.viewer_ms, other.viewer_ms),
        texts=dict(sorted(texts.items())),
        created_at=min(known.created_at, other.created_at),
        updated_at=max(known.updated_at, other.updated_at),
    )


def _status_key(egress: Egress) -> tuple[int, EpochMs, str]:
    return _RANK[egress.status], egress.status_at, egress.status.value


def _least(one: N | None, other: N | None) -> N | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _most(one: N | None, other: N | None) -> N | None:
    return max((each for each in (one, other) if each is not None), default=None)
