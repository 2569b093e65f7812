"""Reads the recordings and livestreams that sources reported."""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.egresses import GOING_ON, Egress, EgressDay, EgressKind
from aftercall.core.errors import NotFound
from aftercall.core.instants import EpochMs, day_of
from aftercall.core.list_queries import EgressQuery, Page
from aftercall.core.records import Meeting
from aftercall.service.retention_rule import RetentionRule
from aftercall.store import egresses, meetings
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows


class Egresses:
    """The use cases of reading recordings and livestreams. Those of a session that is past its
    retention are not found."""

    def __init__(self, *, db: Database, retention: RetentionRule) -> None:
        self._db = db
        self._retention = retention

    async def list_egresses(self, query: EgressQuery) -> Page[Egress]:
        async with self._db.read() as tx:
            page = await egresses.list_egresses(tx, query)
            items = await self._only_kept(tx, query.app_id, page.items)
        return replace(page, items=items)

    async def meetings_of(self, app_id: str, found: Sequence[Egress]) -> dict[str, Meeting]:
        """The meetings of egresses by their ids, as far as they exist."""
        async with self._db.read() as tx:
            ids = sorted({egress.meeting_id for egress in found})
            every = [await meetings.find_meeting(tx, app_id, id) for id in ids]
        return {meeting.id: meeting for meeting in every if meeting is not None}

    async def find_egress(self, app_id: str, kind: EgressKind, id: str) -> Egress:
        """Raises `NotFound`."""
        async with self._db.read() as tx:
            found = await egresses.find_egress(tx, app_id, kind, id)
            kept = await self._only_kept(tx, app_id, [found] if found else [])
        if not kept:
            raise NotFound.of(kind.value, id)
        return kept[0]

    async def find_active(self, app_id: str, kind: EgressKind, meeting_id: str) -> Egress:
        """The egress of a meeting that goes on, the latest of several. Raises `NotFound`."""
        query = EgressQuery(
            app_id=app_id,
            kind=kind,
            meeting_id=meeting_id,
            statuses=tuple(sorted(GOING_ON)),
            limit=1,
        )
        items = (await self.list_egresses(query)).items
        if not items:
            raise _not_active(kind, f"meeting_id {meeting_id}")
        return items[0]

    async def find_latest(self, app_id: str, kind: EgressKind, meeting_id: str) -> Egress:
        """The latest egress of a meeting. Raises `NotFound`."""
        query = EgressQuery(app_id=app_id, kind=kind, meeting_id=meeting_id, limit=1)
        items = (await self.list_egresses(query)).items
        if not items:
            raise NotFound(
                f"No {kind.value} found for meeting_id {meeting_id}",
                code=f"{kind.value}_not_found",
            )
        return items[0]

    async def find_going_on(self, app_id: str, kind: EgressKind, id: str) -> Egress:
        """An egress that goes on. Raises `NotFound`, also for one that is over."""
        egress = await self.find_egress(app_id, kind, id)
        if egress.status not in GOING_ON:
            raise _not_active(kind, f"id {id}")
        return egress

    async def of_sessions(self, app_id: str, session_ids: Sequence[str]) -> dict[str, list[Egress]]:
        """The egresses of sessions that may be read, by session, the first to be invoked first."""
        async with self._db.read() as tx:
            every = await egresses.egresses_of_sessions(tx, app_id, session_ids)
        found: dict[str, list[Egress]] = {}
        for egress in every:
            found.setdefault(egress.session_id, []).append(egress)
        return found

    async def by_day(
        self, app_id: str, kind: EgressKind, first: EpochMs, last: EpochMs
    ) -> list[EgressDay]:
        """Every day on which one was invoked, the earliest first."""
        async with self._db.read() as tx:
            every = await egresses.invoked_between(tx, app_id, kind, first, last)
            kept = await self._only_kept(tx, app_id, every)
        days: dict[int, list[Egress]] = {}
        for egress in kept:
            days.setdefault(day_of(egress.invoked_at), []).append(egress)
        return [_sum_of(day, found) for day, found in sorted(days.items())]

    async def _only_kept(
        self, tx: AsyncConnection, app_id: str, found: Sequence[Egress]
    ) -> list[Egress]:
        ids = sorted({egress.session_id for egress in found})
        sessions = await session_rows.find_sessions(tx, app_id, ids) if ids else {}
        every = await self._retention.only_kept(app_id, list(sessions.values()), tx)
        kept = {session.id for session in every}
        return [egress for egress in found if egress.session_id in kept]


_NO_ACTIVE: Final = {
    EgressKind.RECORDING: "no_active_recording",
    EgressKind.LIVESTREAM: "no_active_livestream",
}


def _not_active(kind: EgressKind, whose: str) -> NotFound:
    return NotFound(f"No active {kind.value} found for {whose}", code=_NO_ACTIVE[kind])


def _sum_of(day: int, found: Sequence[Egress]) -> EgressDay:
    watched = [egress.viewer_ms for egress in found if egress.viewer_ms is not None]
    return EgressDay(
        day=day,
        egresses=len(found),
        length_ms=sum(egress.length_ms or 0 for egress in found),
        viewer_ms=sum(watched) if watched else None,
    )
