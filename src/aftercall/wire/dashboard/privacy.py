"""Erasures of people and the audit log, as the pages and programs read them."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from aftercall.core import privacy_records
from aftercall.core.instants import EpochMs
from aftercall.core.list_queries import Cursor
from aftercall.wire.cursors import encode_cursor

Id = Annotated[str, Meta(min_length=1, max_length=256)]


class PersonBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is meant: one id, or both."""

    custom_participant_id: Id | None = None
    user_id: Id | None = None


class ErasureBody(PersonBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to erase. `mentions`: also where others mention the person's names in sessions in which
    the person did not take part."""

    mentions: bool = False


class Mentions(msgspec.Struct, frozen=True, kw_only=True):
    """The names that were looked for in sessions in which the person did not take part, how many of
    those sessions mention one, and how many texts, by place."""

    names: list[str]
    sessions: int
    counts: dict[str, int]


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The receipt of an erasure. `state` is `running`, `waiting` (for the end of `live_sessions`
    calls) or `done`; `counts` says how much of each kind was erased; `hashes` are keyed. Since
    `readmitted_at` the person is recorded again."""

    id: str
    requested_at: EpochMs
    requested_by: str
    state: str
    live_sessions: int
    finished_at: EpochMs | None
    counts: dict[str, int]
    hashes: list[str]
    with_mentions: bool
    readmitted_at: EpochMs | None


class Receipts(msgspec.Struct, frozen=True, kw_only=True):
    erasures: list[Receipt]
    next_cursor: str | None


class PersonExport(msgspec.Struct, frozen=True, kw_only=True):
    """How far an export is. `url` is where the file can be fetched until `expires_at`, once `state`
    is `done`."""

    id: str
    requested_at: EpochMs
    requested_by: str
    state: str
    sessions_done: int
    sessions_found: int
    finished_at: EpochMs | None
    expires_at: EpochMs | None
    url: str | None


def encode_export(export: privacy_records.PersonExport, url: str | None) -> PersonExport:
    return PersonExport(
        id=export.id,
        requested_at=export.requested_at,
        requested_by=export.requested_by,
        state=export.state.value,
        sessions_done=export.sessions_done,
        sessions_found=export.sessions_found,
        finished_at=export.finished_at,
        expires_at=export.expires_at,
        url=url,
    )


class Deleted(msgspec.Struct, frozen=True, kw_only=True):
    """What was deleted, or is gone for every reader while a job deletes the rest."""

    id: str
    deleted: bool = True


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Who (`actor`: the id of a token or sign-in, or `cli`) did what to which object."""

    id: str
    at: EpochMs
    actor: str
    action: str
    object: str


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    entries: list[AuditEntry]
    next_cursor: str | None


def encode_receipt(erasure: privacy_records.Erasure) -> Receipt:
    return Receipt(
        id=erasure.id,
        requested_at=erasure.requested_at,
        requested_by=erasure.requested_by,
        state=erasure.state.value,
        live_sessions=erasure.live_sessions,
        finished_at=erasure.finished_at,
        counts=erasure.counts,
        hashes=erasure.hashes,
        with_mentions=erasure.with_mentions,
        readmitted_at=erasure.readmitted_at,
    )


def encode_receipts(erasures: Sequence[privacy_records.Erasure], limit: int) -> Receipts:
    """A page of at most `limit` receipts."""
    last = erasures[-1] if len(erasures) == limit else None
    cursor = None if last is None else encode_cursor(Cursor(last.requested_at, last.id, False))
    return Receipts(erasures=[encode_receipt(each) for each in erasures], next_cursor=cursor)


def encode_audit(entries: Sequence[privacy_records.AuditEntry], limit: int) -> AuditPage:
    """A page of at most `limit` entries."""
    last = entries[-1] if len(entries) == limit else None
    return AuditPage(
        entries=[
            AuditEntry(
                id=each.id, at=each.at, actor=each.actor, action=each.action, object=each.object
            )
            for each in entries
        ],
        next_cursor=None if last is None else encode_cursor(Cursor(last.at, last.id, False)),
    )
