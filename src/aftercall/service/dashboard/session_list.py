"""The dashboard's table of sessions: what each was like, found in every way people look."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Sequence
from typing import Final, Literal

import msgspec
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import Malformed, NotFound
from aftercall.core.instants import Clock, EpochMs
from aftercall.core.lifecycle.presence import running_minutes
from aftercall.core.overview.session_summary import (
    ParticipantBrief,
    SessionQuality,
    SessionSummary,
    WorstIssue,
    person_of,
)
from aftercall.core.queries import Cursor, SessionOrder, SessionQuery
from aftercall.core.records import EndReason, Participant, Peer, Phase, Session
from aftercall.service.reports.digests import Digests
from aftercall.store.engine.database import Database
from aftercall.store.sessions import presence
from aftercall.store.sessions import rows as session_rows
from aftercall.store.sessions.pages import SessionsPage, SortedSession, list_sessions
from aftercall.store.sessions.tokenizer import words_of

MOST_LIVE: Final = 1_000
"""Live sessions of one app that are searched; chosen: more at once are not one screen's."""

MOST_LIVE_SHOWN: Final = 100
MOST_LIVE_MEASURED: Final = 20
MOST_EXPORTED: Final = 10_000
EXPORT_PAGE: Final = 200
_NAMES: Final = 8


SessionStatus = Literal["LIVE", "ENDED"]


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One session, as a row of the table. Moments are ms since 1970."""

    id: str
    meeting_id: str
    title: str
    status: SessionStatus
    phase: Phase
    parent_session_id: str | None
    created_at: EpochMs
    started_at: EpochMs
    ended_at: EpochMs | None
    end_reason: EndReason | None
    live_participants: int
    total_participants: int
    max_concurrent_participants: int
    minutes: float
    participants: list[ParticipantBrief]
    quality: SessionQuality | None
    worst_issue: WorstIssue | None
    browsers: list[str]
    os: list[str]
    countries: list[str]
    networks: list[str]
    relays: list[str]


class SessionListPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the table, the sessions that go on apart."""

    live: list[SessionRow]
    items: list[SessionRow]
    total: int
    next_cursor: str | None
    previous_cursor: str | None
    now: EpochMs


class Whereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """In which app a session is."""

    app_id: str
    session_id: str


def encode_cursor(cursor: Cursor) -> str:
    """The text of a cursor, for a URL."""
    return urlsafe_b64encode(msgspec.json.encode(cursor)).rstrip(b"=").decode()


def decode_cursor(text: str) -> Cursor:
    """Raises `Malformed` for what is no cursor of ours."""
    try:
        data = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        return msgspec.json.decode(data, type=Cursor)
    except (ValueError, msgspec.MsgspecError) as error:
        raise Malformed(
            "The cursor cannot be read; begin again without one", code="bad_cursor", field="cursor"
        ) from error


def session_row_of(
    session: Session, summary: SessionSummary, minutes: float | None = None
) -> SessionRow:
    """A session's row. `minutes`: those of one that goes on, up to now."""
    return SessionRow(
        id=session.id,
        meeting_id=session.meeting_id,
        title=session.title,
        status="ENDED" if session.phase is Phase.ENDED else "LIVE",
        phase=session.phase,
        parent_session_id=session.parent_session_id,
        created_at=session.created_at,
        started_at=session.started_at,
        ended_at=session.ended_at,
        end_reason=session.end_reason,
        live_participants=session.live_participants,
        total_participants=session.total_participants,
        max_concurrent_participants=session.max_concurrent_participants,
        minutes=session.minutes_consumed if minutes is None else minutes,
        participants=summary.participants,
        quality=summary.quality,
        worst_issue=summary.worst_issue,
        browsers=summary.browsers,
        os=summary.os,
        countries=summary.countries,
        networks=summary.networks,
        relays=summary.relays,
    )


class SessionLists:
    """The use cases of the table."""

    def __init__(self, *, db: Database, clock: Clock, digests: Digests) -> None:
        self._db = db
        self._clock = clock
        self._digests = digests

    async def list_sessions(self, query: SessionQuery) -> SessionListPage:
        """One page, and beside the first the live sessions. In the order of creation the list
        itself holds ended sessions, unless live ones alone are asked for."""
        is_by_creation = query.order is SessionOrder.CREATED_AT
        is_of_ended = bool(query.facets) or query.order is SessionOrder.QUALITY
        has_live = is_by_creation and not is_of_ended and query.is_live is not False
        live: list[Session] = []
        live_total = 0
        async with self._db.read() as tx:
            if has_live and (query.search or query.is_live is None):
                live, live_total = await self._list_live(tx, query)
            if has_live and query.is_live is True and query.search:
                page = _cut_live(live, query)
                live, live_total = [], 0
            elif is_of_ended and query.is_live is True:
                page = SessionsPage([], 0, False)
            else:
                if query.is_live is None and (is_by_creation or is_of_ended):
                    query = replace(query, is_live=False)
                page = await list_sessions(tx, query)
        is_backward = query.cursor is not None and query.cursor.is_backward
        items = page.items[::-1] if is_backward else page.items
        shown = [] if query.cursor is not None else live[:MOST_LIVE_SHOWN]
        rows = await self.rows_of([*shown, *(each.session for each in items)])
        has_next = page.has_more or is_backward
        has_previous = query.cursor is not None and (page.has_more or not is_backward)
        return SessionListPage(
            live=rows[: len(shown)],
            items=rows[len(shown) :],
            total=page.total + live_total,
            next_cursor=_cursor(items[-1], False) if items and has_next else None,
            previous_cursor=_cursor(items[0], True) if items and has_previous else None,
            now=self._clock(),
        )

    async def export(self, query: SessionQuery) -> AsyncIterator[list[SessionRow]]:
        """The rows from the query's cursor on, the live ones first, a page at a time."""
        left = MOST_EXPORTED
        while left > 0:
            page = await self.list_sessions(replace(query, limit=min(EXPORT_PAGE, left)))
            yield [*page.live, *page.items]
            left -= len(page.items)
            if page.next_cursor is None:
                return
            query = replace(query, cursor=decode_cursor(page.next_cursor))

    async def find_app_of(self, app_ids: Sequence[str], session_id: str) -> Whereabouts:
        """In which of the apps a session is. Raises `NotFound`."""
        async with self._db.read() as tx:
            for app_id in app_ids:
                if await session_rows.find_session(tx, app_id, session_id) is not None:
                    return Whereabouts(app_id=app_id, session_id=session_id)
        raise NotFound.of("session", session_id)

    async def rows_of(
        self, found: Sequence[Session], *, is_measured: bool = True
    ) -> list[SessionRow]:
        """The rows of sessions. Unless `is_measured`, those that go on without their quality."""
        ended = [each for each in found if each.phase is Phase.ENDED]
        live = [each for each in found if each.phase is not Phase.ENDED]
        summaries = await self._digests.summaries_of(ended)
        if is_measured:
            summaries |= await self._digests.live_summaries_of(live[:MOST_LIVE_MEASURED])
        untold = [each for each in found if each.id not in summaries]
        minutes: dict[str, float] = {}
        async with self._db.read() as tx:
            if live:
                minutes = await self._minutes_of(tx, live)
            for session_id, rows in (await _rows_by_session(tx, untold)).items():
                summaries[session_id] = SessionSummary(participants=_seen(rows))
        nothing = SessionSummary()
        return [
            session_row_of(each, summaries.get(each.id, nothing), minutes.get(each.id))
            for each in found
        ]

    async def _list_live(
        self, tx: AsyncConnection, query: SessionQuery
    ) -> tuple[list[Session], int]:
        """The live sessions that match, as many as are needed, and how many there are. A search
        reads their participants, who are in no index before the end."""
        needed = MOST_LIVE_SHOWN if query.cursor is None else 0
        if query.search:
            needed = MOST_LIVE
        page = await list_sessions(
            tx,
            replace(
                query, is_live=True, search=None, cursor=None, is_descending=True, limit=needed
            ),
        )
        found = [each.session for each in page.items]
        if not query.search:
            return found, page.total
        rows = await _rows_by_session(tx, found)
        found = [each for each in found if _is_found(each, rows.get(each.id, []), query.search)]
        return found, len(found)

    async def _minutes_of(self, tx: AsyncConnection, live: Sequence[Session]) -> dict[str, float]:
        """Participant-minutes of sessions that go on, up to now."""
        app_id, ids = live[0].app_id, [each.id for each in live]
        now = self._clock()
        present: dict[tuple[str, str], list[Peer]] = {}
        for peer in await presence.peers_of_those_present(tx, app_id, ids):
            present.setdefault((peer.session_id, peer.participant_id), []).append(peer)
        minutes = await presence.minutes_of_those_gone(tx, app_id, ids)
        for (session_id, _), chain in present.items():
            minutes[session_id] = minutes.get(session_id, 0.0) + running_minutes(chain, now)
        return {session_id: round(spent, 4) for session_id, spent in minutes.items()}


def _cursor(at: SortedSession, is_backward: bool) -> str:
    return encode_cursor(Cursor(at.key, at.session.id, is_backward))


def _cut_live(live: Sequence[Session], query: SessionQuery) -> SessionsPage:
    """The page of live sessions after the cursor."""
    cursor = query.cursor
    is_descending = query.is_descending is not (cursor is not None and cursor.is_backward)
    ordered = [
        SortedSession(each, each.created_at)
        for each in sorted(live, key=lambda s: (s.created_at, s.id), reverse=is_descending)
    ]
    if cursor is not None:
        here = (cursor.key, cursor.id)
        after = [(each.key, each.session.id) for each in ordered]
        ordered = [
            each
            for each, at in zip(ordered, after, strict=True)
            if at != here and (at < here) is is_descending
        ]
    return SessionsPage(ordered[: query.limit], len(live), len(ordered) > query.limit)


async def _rows_by_session(
    tx: AsyncConnection, found: Sequence[Session]
) -> dict[str, list[Participant]]:
    by_session: dict[str, list[Participant]] = {}
    if found:
        ids = [each.id for each in found]
        for row in await presence.participants_of_sessions(tx, found[0].app_id, ids):
            by_session.setdefault(row.session_id, []).append(row)
    return by_session


def _seen(rows: Sequence[Participant]) -> list[ParticipantBrief]:
    shown = [row for row in rows if not row.is_hidden][:_NAMES]
    return [
        ParticipantBrief(id=row.id, name=row.display_name, person=person_of(row.app_id, row))
        for row in shown
    ]


def _is_found(session: Session, rows: Sequence[Participant], search: str) -> bool:
    """As ended sessions are found: by beginnings of words, of ids, or by a person's whole id."""
    if session.id.startswith(search) or session.meeting_id.startswith(search):
        return True
    if any(search in (row.custom_participant_id, row.user_id) for row in rows):
        return True
    there = words_of(session.title) + [
        word for row in rows if row.display_name for word in words_of(row.display_name)
    ]
    words = words_of(search)
    return bool(words) and all(any(each.startswith(word) for each in there) for word in words)
