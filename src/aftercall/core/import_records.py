"""What an import read, what it did not, and what became of it."""

from enum import StrEnum
from typing import Final

import msgspec

from aftercall.core.instants import EpochMs

MOST_FILES: Final = 64
"""Files of one import."""


class StreamRead(msgspec.Struct, kw_only=True):
    """A stream as its last report has it."""

    direction: str
    kind: str | None
    ssrc: int
    packets: int | None
    packets_lost: int | None


class ConnectionRead(msgspec.Struct, kw_only=True):
    """What was read of one connection."""

    id: str
    reports: int
    seconds: float
    first_at: str
    last_at: str
    streams: list[StreamRead]


class FileRead(msgspec.Struct, kw_only=True):
    """What was read of one file, and what was not."""

    name: str
    format: str | None = None
    bytes: int = 0
    """Uncompressed."""
    digest: str | None = None
    connections: list[ConnectionRead] = []
    media_requests: int = 0
    left_out: dict[str, int] = {}
    """Reasons, and how often each applied."""
    error: str | None = None
    """Why the file could not be imported."""


class ParticipantImported(msgspec.Struct, kw_only=True):
    """A peer that an import made, or found."""

    peer_id: str
    name: str | None
    file: str
    is_new: bool


class CallImported(msgspec.Struct, kw_only=True):
    """A session that an import made, or added to."""

    session_id: str
    meeting_id: str
    title: str
    started_at: str
    participants: list[ParticipantImported]
    accepted: int = 0
    duplicates: int = 0
    rejected: dict[str, int] = {}
    """Facts that the record refused, by reason."""


class ImportReport(msgspec.Struct, kw_only=True):
    """The result of an import."""

    files: list[FileRead]
    calls: list[CallImported]


class ImportState(StrEnum):
    """How far an import of uploaded files is."""

    UPLOADING = "uploading"
    WAITING = "waiting"
    """All files are here; another import may be in progress."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """What was recorded until then remains."""


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What no dump says."""

    meeting_id: str | None = None
    """All files are of one call of this meeting."""
    title: str | None = None
    names: list[str] = []
    """Who took part, by file; each person of a file that has several gets a number."""


class UploadedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of an upload. `bytes`: as it came, perhaps compressed."""

    name: str
    bytes: int


class DumpImport(msgspec.Struct, frozen=True, kw_only=True):
    """An import of uploaded files."""

    app_id: str
    id: str
    requested_at: EpochMs
    requested_by: str
    """The id of a token or of a sign-in."""
    options: ImportOptions = ImportOptions()
    state: ImportState = ImportState.UPLOADING
    files: list[UploadedFile] = []
    percent: int = 0
    """How much of the work is done, 0..100."""
    starts: int = 0
    """How often the work has begun: again after a stop of the server."""
    report: ImportReport | None = None
    error: str | None = None
    """Why nothing could be imported."""
    finished_at: EpochMs | None = None
