"""What an import read, what it did not, and what became of it."""

import msgspec


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
