"""What is kept of acts on people's data: receipts of erasures, exports, and the audit log. None of
it holds personal data."""

from enum import StrEnum

import msgspec

from aftercall.core.instants import EpochMs


class ErasureState(StrEnum):
    """How far an erasure is."""

    RUNNING = "running"
    WAITING = "waiting"
    """The person is in a call that goes on; it is erased when that has ended."""
    DONE = "done"


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """The receipt of an erasure. It holds no personal data: `hashes` are keyed."""

    app_id: str
    id: str
    requested_at: EpochMs
    requested_by: str
    """The id of a token or of a sign-in, or `cli`."""
    state: ErasureState = ErasureState.RUNNING
    hashes: list[str] = []
    counts: dict[str, int] = {}
    """How much of each kind was erased."""
    live_sessions: int = 0
    """How many sessions of the person go on."""
    finished_at: EpochMs | None = None
    with_mentions: bool = False
    """Whether mentions in sessions in which the person did not take part are erased, too."""
    mentions_found: bool = False
    """Whether they have been looked for."""
    readmitted_at: EpochMs | None = None
    """Since when the person is recorded again."""


class ExportState(StrEnum):
    """How far an export is."""

    RUNNING = "running"
    DONE = "done"


class PersonExport(msgspec.Struct, frozen=True, kw_only=True):
    """An export of a person, without personal data: `hashes` are keyed."""

    app_id: str
    id: str
    requested_at: EpochMs
    requested_by: str
    hashes: list[str]
    state: ExportState = ExportState.RUNNING
    sessions_done: int = 0
    sessions_found: int = 0
    file_name: str | None = None
    finished_at: EpochMs | None = None
    expires_at: EpochMs | None = None
    """When the file is deleted."""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One act. `actor` and `object` are ids, never names, texts or addresses."""

    account_id: str
    app_id: str
    at: EpochMs
    id: str
    actor: str
    action: str
    object: str
