"""Imports of uploaded dumps: how far they are, and what was found."""

from collections.abc import Mapping

import msgspec

from aftercall.core import import_records
from aftercall.core.import_records import MOST_FILES
from aftercall.core.instants import EpochMs
from aftercall.core.records import Session


class ImportedConnection(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that was read: `seconds` from its first report to its last."""

    id: str
    reports: int
    seconds: float
    streams: int


class ImportedFile(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of a file. `bytes`: as uploaded. `format` is what it was recognised as;
    `left_out` says why parts were not read, and how often; `error` why the file was not imported.
    """

    name: str
    bytes: int
    format: str | None = None
    connections: list[ImportedConnection] = []
    left_out: dict[str, int] = {}
    error: str | None = None


class ImportedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that an import made, or added to. `title` is null, and the session not there, once
    it has been deleted. `is_known`: nothing of it was new. `rejected`: why facts were refused, and
    how often."""

    session_id: str
    title: str | None
    started_at: str
    participants: int
    is_known: bool
    rejected: dict[str, int]


class DumpImport(msgspec.Struct, frozen=True, kw_only=True):
    """An import. `state` is `uploading`, `waiting`, `running`, `done`, `failed` or `cancelled`,
    `percent` how much of the work is done; `error` says why all of it failed."""

    id: str
    requested_at: EpochMs
    requested_by: str
    state: str
    percent: int
    files: list[ImportedFile]
    sessions: list[ImportedSession]
    error: str | None
    finished_at: EpochMs | None


class DumpImports(msgspec.Struct, frozen=True, kw_only=True):
    """The latest imports, the newest first, and what an upload may have: `most_bytes` as sent,
    `most_files`."""

    imports: list[DumpImport]
    most_bytes: int
    most_files: int


def encode_import(found: import_records.DumpImport, sessions: Mapping[str, Session]) -> DumpImport:
    """`sessions`: those of the import that exist, by id."""
    report = found.report
    return DumpImport(
        id=found.id,
        requested_at=found.requested_at,
        requested_by=found.requested_by,
        state=found.state.value,
        percent=found.percent,
        files=_files(found),
        sessions=[] if report is None else [_session(call, sessions) for call in report.calls],
        error=found.error,
        finished_at=found.finished_at,
    )


def encode_imports(
    found: list[import_records.DumpImport], sessions: Mapping[str, Session], most_bytes: int
) -> DumpImports:
    return DumpImports(
        imports=[encode_import(each, sessions) for each in found],
        most_bytes=most_bytes,
        most_files=MOST_FILES,
    )


def _files(found: import_records.DumpImport) -> list[ImportedFile]:
    if found.report is None:
        return [ImportedFile(name=each.name, bytes=each.bytes) for each in found.files]
    return [
        ImportedFile(
            name=uploaded.name,
            bytes=uploaded.bytes,
            format=each.format,
            connections=[
                ImportedConnection(
                    id=connection.id,
                    reports=connection.reports,
                    seconds=connection.seconds,
                    streams=sum(bool(stream.packets) for stream in connection.streams),
                )
                for connection in each.connections
            ],
            left_out=each.left_out,
            error=each.error,
        )
        for uploaded, each in zip(found.files, found.report.files, strict=True)
    ]


def _session(call: import_records.CallImported, sessions: Mapping[str, Session]) -> ImportedSession:
    session = sessions.get(call.session_id)
    return ImportedSession(
        session_id=call.session_id,
        title=None if session is None else session.title,
        started_at=call.started_at,
        participants=len(call.participants),
        is_known=not call.accepted and call.duplicates > 0,
        rejected=call.rejected,
    )
