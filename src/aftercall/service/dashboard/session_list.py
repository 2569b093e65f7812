"""The dashboard's table of sessions: what each was like, found in every way people look."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import NotFound
from aftercall.core.instants import Clock, EpochMs
from aftercall.core.lifecycle.presence import running_minutes
from aftercall.core.list_queries import Cursor, SessionOrder, SessionQuery
from aftercall.core.overview.names import is_visible
from aftercall.core.overview.session_facts import (
    ExportedSession,
    LevelTotals,
    ListedSession,
    SessionList,
)
from aftercall.core.overview.session_summary import (
    FACET_BAD,
    ParticipantBrief,
    SessionSummary,
    person_of,
)
from aftercall.core.quality.experience.levels import BAD, FAIR, POOR, UNKNOWN
from aftercall.core.records import Peer, Phase, Session
from aftercall.core.retention import DataKind
from aftercall.core.search_terms import is_found, spaced_words_of
from aftercall.service.reports.digests import Digests
from aftercall.service.retention_rule import RetentionRule
from aftercall.store.engine.database import Database
from aftercall.store.sessions import facets, matching, presence
from aftercall.store.sessions import rows as session_rows
from aftercall.store.sessions.matching import count_levels
from aftercall.store.sessions.page_rows import SessionsPage, SortedSession
from aftercall.store.sessions.pages import list_sessions

MOST_LIVE: Final = 1_000
"""Live sessions of one app that are searched; chosen: more at once are not one screen's."""

MOST_LIVE_SHOWN: Final = 100
MOST_LIVE_MEASURED: Final = 20
EXPORT_PAGE: Final = 200
_NAMES: Final = 8

_NOTHING: Final = SessionList(
    live=[], items=[], total=0, next_cursor=None, previous_cursor=None, now=EpochMs(0)
)


class SessionLists:
    """The use cases of the table."""

    def __init__(
        self, *, db: Database, clock: Clock, digests: Digests, retention: RetentionRule
    ) -> None:
        self._db = db
        self._retention = retention
        self._clock = clock
        self._digests = digests

    async def list_sessions(self, query: SessionQuery) -> SessionList:
        """One page, and beside the first the live sessions. In the order of creation the list
        itself holds ended sessions, unless live ones alone are asked for. The levels of live
        sessions are known of the newest that are measured."""
        is_first = query.cursor is None and query.offset == 0
        if query.level is None:
            page = every = await self._of_any_level(query)
        else:
            every = await self._of_any_level(_of_those_that_go_on(query)) if is_first else _NOTHING
            page = await self._of_level(query, query.level, every.live)
        if not is_first or query.is_live:
            return page
        return page._replace(levels=await self._count_levels(query, every))

    async def _of_any_level(self, query: SessionQuery) -> SessionList:
        """The sessions that match. Facets are known of sessions that have ended; of those that go
        on it is known which are bad so far."""
        if query.facets != (FACET_BAD,) or query.is_live is False:
            return await self._list(query)
        live: list[ListedSession] = []
        if query.cursor is None and query.offset == 0:
            going_on = await self._list(replace(_of_those_that_go_on(query), facets=()))
            live = [each for each in going_on.live if _level_of(each) == BAD]
        return await self._beside(live, query)

    async def _of_level(
        self, query: SessionQuery, level: int, going_on: Sequence[ListedSession]
    ) -> SessionList:
        """The sessions of a level, those that have it so far apart."""
        return await self._beside([each for each in going_on if _level_of(each) == level], query)

    async def _beside(self, live: list[ListedSession], query: SessionQuery) -> SessionList:
        """The ended sessions that match, unless live ones alone are asked for, beside these."""
        if query.is_live:
            return _NOTHING._replace(live=live, total=len(live), now=self._clock())
        ended = await self._list(replace(query, is_live=False))
        return ended._replace(live=live, total=ended.total + len(live))

    async def _count_levels(self, query: SessionQuery, every: SessionList) -> LevelTotals:
        """How many sessions there are of all levels, and of those that say that something was
        wrong."""
        counts = {level: 0 for level in (BAD, POOR, FAIR)}
        for each in every.live:
            if (level := _level_of(each)) in counts:
                counts[level] += 1
        async with self._db.read() as tx:
            ended = await count_levels(tx, query, list(counts))
        for level, sessions in ended.items():
            counts[level] += sessions
        return LevelTotals(every.total, counts[BAD], counts[POOR], counts[FAIR])

    async def _list(self, query: SessionQuery) -> SessionList:
        is_by_creation = query.order is SessionOrder.CREATED_AT
        is_of_folded = bool(query.facets) or query.hours is not None or query.level is not None
        is_of_ended = is_of_folded or query.order is SessionOrder.QUALITY
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
        is_first = query.cursor is None and query.offset == 0
        shown = live[:MOST_LIVE_SHOWN] if is_first else []
        kept = await self._retention.only_kept(query.app_id, [each.session for each in items])
        rows = await self.rows_of([*shown, *kept])
        has_next = page.has_more or is_backward
        has_previous = not is_first and (page.has_more or not is_backward)
        return SessionList(
            live=rows[: len(shown)],
            items=rows[len(shown) :],
            total=page.total + live_total,
            calls=page.calls,
            next_cursor=_cursor(items[-1], False) if items and has_next else None,
            previous_cursor=_cursor(items[0], True) if items and has_previous else None,
            now=self._clock(),
        )

    async def export(self, query: SessionQuery) -> AsyncIterator[list[ExportedSession]]:
        """All rows from the query's cursor on, the live ones first, a page at a time, with
        everybody who took part."""
        while True:
            page = await self.list_sessions(replace(query, limit=EXPORT_PAGE))
            yield await self._with_names(query.app_id, [*page.live, *page.items])
            if page.next_cursor is None:
                return
            query = replace(query, cursor=page.next_cursor)

    async def _with_names(
        self, app_id: str, listed: Sequence[ListedSession]
    ) -> list[ExportedSession]:
        names: dict[str, list[str]] = {}
        ids = [each.session.id for each in listed]
        async with self._db.read() as tx:
            for each in await presence.visible_names_in_sessions(tx, app_id, ids):
                known = each.display_name if is_visible(each.display_name) else None
                names.setdefault(each.session_id, []).append(known or each.id)
        return [ExportedSession(each, names.get(each.session.id, [])) for each in listed]

    async def find_app_of(self, app_ids: Sequence[str], session_id: str) -> str:
        """The id of the one among the apps that a session is in. Raises `NotFound`."""
        async with self._db.read() as tx:
            for app_id in app_ids:
                found = await session_rows.find_session(tx, app_id, session_id)
                if found is not None and await self._retention.is_kept(
                    DataKind.SESSIONS, found, tx
                ):
                    return app_id
        raise NotFound.of("session", session_id)

    async def rows_of(
        self, found: Sequence[Session], *, is_measured: bool = True
    ) -> list[ListedSession]:
        """The rows of sessions. Unless `is_measured`, those that go on without their quality."""
        ended = [each for each in found if each.phase is Phase.ENDED]
        live = [each for each in found if each.phase is not Phase.ENDED]
        summaries: dict[str, SessionSummary] = {}
        if ended:
            async with self._db.read() as tx:
                ids = [each.id for each in ended]
                summaries = await facets.find_summaries(tx, ended[0].app_id, ids)
        if is_measured:
            summaries |= await self._digests.live_summaries_of(live[:MOST_LIVE_MEASURED])
        unsummarised = [each for each in found if each.id not in summaries]
        minutes: dict[str, float] = {}
        if live or unsummarised:
            async with self._db.read() as tx:
                if live:
                    minutes = await self._minutes_of(tx, live)
                if unsummarised:
                    summaries |= await _list_first_names(tx, unsummarised)
        nothing = SessionSummary()
        return [
            ListedSession(
                each,
                summaries.get(each.id, nothing),
                minutes.get(each.id, each.minutes_consumed),
            )
            for each in found
        ]

    async def _list_live(
        self, tx: AsyncConnection, query: SessionQuery
    ) -> tuple[list[Session], int]:
        """The live sessions that match, as many as are needed, and how many there are. A search
        reads the names of their participants, which are in no index before the end."""
        needed = MOST_LIVE_SHOWN if query.cursor is None and query.offset == 0 else 0
        if query.search:
            ids = await _search_live(tx, query)
            shown = ids if query.is_live else ids[:needed]
            found = await session_rows.find_sessions(tx, query.app_id, shown) if shown else {}
            return [found[id] for id in shown], len(ids)
        page = await list_sessions(
            tx,
            replace(query, is_live=True, cursor=None, offset=0, is_descending=True, limit=needed),
        )
        return [each.session for each in page.items], page.total

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


def _of_those_that_go_on(query: SessionQuery) -> SessionQuery:
    """The same of any level, from the start, and of no more than one ended session: for its
    total, and the sessions that go on."""
    is_live = None if query.is_live else query.is_live
    return replace(query, level=None, is_live=is_live, cursor=None, offset=0, limit=1)


def _level_of(listed: ListedSession) -> int:
    quality = listed.summary.quality
    return quality.level if quality is not None and quality.measured_participants else UNKNOWN


def _cursor(at: SortedSession, is_backward: bool) -> Cursor:
    return Cursor(at.key, at.session.id, is_backward)


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
    ordered = ordered[query.offset :]
    return SessionsPage(ordered[: query.limit], len(live), len(ordered) > query.limit)


async def _list_first_names(
    tx: AsyncConnection, found: Sequence[Session]
) -> dict[str, SessionSummary]:
    """Of each session that has participants, who they are."""
    app_id, ids = found[0].app_id, [each.id for each in found]
    by_session: dict[str, list[ParticipantBrief]] = {}
    for each in await presence.first_names_in_sessions(tx, app_id, ids, _NAMES):
        brief = ParticipantBrief(id=each.id, name=each.display_name, person=person_of(app_id, each))
        by_session.setdefault(each.session_id, []).append(brief)
    return {id: SessionSummary(participants=briefs) for id, briefs in by_session.items()}


async def _search_live(tx: AsyncConnection, query: SessionQuery) -> list[str]:
    """The ids of the sessions that go on and match, the newest first. They are found as ended ones
    are: by beginnings of words, of ids, or by a participant's whole id."""
    search = query.search or ""
    listed = await matching.list_live(tx, query, limit=MOST_LIVE)
    names = {one.id: [spaced_words_of(one.title)] for one in listed}
    found = {
        one.id for one in listed if one.id.startswith(search) or one.meeting_id.startswith(search)
    }
    for session_id, _, name, *ids in await presence.names_in_sessions(
        tx, query.app_id, list(names)
    ):
        if name:
            names[session_id].append(spaced_words_of(name))
        if search in ids:
            found.add(session_id)
    texts = {id: "".join(parts) for id, parts in names.items()}
    found |= {id for id, text in texts.items() if is_found(search, text)}
    return [one.id for one in listed if one.id in found]
