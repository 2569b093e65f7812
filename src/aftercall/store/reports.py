"""Reports: one document for each participant, folded from its peers' samples and events and stored
under the participant's id in `peer_id`."""

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.records import StoredReport
from aftercall.store.engine.record_mapping import Shape, upsert
from aftercall.store.recorded_days import OfPeer, day_of_peer, day_of_session, fetch_of_peer, on_day
from aftercall.store.tables import schema

_REPORT = Shape(StoredReport, schema.reports)


async def save_reports(tx: AsyncConnection, reports: Iterable[StoredReport]) -> None:
    """Write reports, over older ones of the same peers."""
    await upsert(tx, _REPORT, reports)


async def find_report(tx: AsyncConnection, app_id: str, peer_id: str) -> StoredReport | None:
    rows = await fetch_of_peer(tx, _BY_PEER, app_id, peer_id)
    return _REPORT.from_row(rows[0]) if rows else None


async def delete_report(tx: AsyncConnection, app_id: str, peer_id: str) -> None:
    c = schema.reports.c
    day = await day_of_peer(tx, app_id, peer_id)
    await tx.execute(
        delete(schema.reports).where(
            c.app_id == app_id, c.peer_id == peer_id, *on_day(schema.reports, day)
        )
    )


_BY_PEER: Final = OfPeer(schema.reports, _REPORT.columns)


async def reports_of_session(
    tx: AsyncConnection, app_id: str, session_id: str
) -> list[StoredReport]:
    """The reports of all peers of a session, by peer id."""
    c = schema.reports.c
    rows = await tx.execute(
        _REPORT.select.where(*await _of_session(tx, app_id, session_id)).order_by(c.peer_id)
    )
    return [_REPORT.from_row(row) for row in rows]


PROVISIONAL: Final = 0
"""The fold version of a report whose participant has not been compared with the others of its
session: older than any, so that those that were never completed are found with the old ones."""


class ReportVersion(NamedTuple):
    """Which fold of a participant a stored report is."""

    folded_at: EpochMs
    fold_version: int


async def versions_of_session(
    tx: AsyncConnection, app_id: str, session_id: str
) -> dict[str, ReportVersion]:
    """When each report of a session was folded, and by which version, by participant."""
    c = schema.reports.c
    rows = await tx.execute(
        select(c.peer_id, c.folded_at, c.fold_version).where(
            *await _of_session(tx, app_id, session_id)
        )
    )
    return {peer_id: ReportVersion(EpochMs(at), version) for peer_id, at, version in rows}


async def delete_other_reports(
    tx: AsyncConnection, app_id: str, session_id: str, kept: Collection[str]
) -> None:
    """Delete the reports of a session's peers that are not among `kept`."""
    c = schema.reports.c
    await tx.execute(
        delete(schema.reports).where(
            *await _of_session(tx, app_id, session_id), c.peer_id.not_in(sorted(kept))
        )
    )


async def _of_session(
    tx: AsyncConnection, app_id: str, session_id: str
) -> list[ColumnElement[bool]]:
    c = schema.reports.c
    day = await day_of_session(tx, app_id, session_id)
    return [c.app_id == app_id, c.session_id == session_id, *on_day(schema.reports, day)]


class OldReport(NamedTuple):
    """A report that an older version of the fold made, in the order of these members."""

    fold_version: int
    app_id: str
    peer_id: str
    session_id: str


async def reports_of_older_fold(
    tx: AsyncConnection, version: int, limit: int, *, after: OldReport | None = None
) -> list[OldReport]:
    """Reports of any app that were folded before `version`; with `after`, those behind it."""
    c = schema.reports.c
    order = (c.fold_version, c.app_id, c.peer_id)
    statement = select(*order, c.session_id).where(c.fold_version < version)
    if after is not None:
        statement = statement.where(tuple_(*order) > tuple_(*after[:3]))
    rows = await tx.execute(statement.order_by(*order).limit(limit))
    return [OldReport(*row) for row in rows]
