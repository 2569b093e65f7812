"""Changes of an app's live sessions, as they happen.

The number of listeners is bounded. When all places are taken, a new listener takes one from the app
that has the most, and there from the token that has the most, if they have at least two more than
its own: an app or a token gets the places that the others leave, and at least its share.

Each listener compares the live sessions with those it last reported. The database is read once a
second for all listeners of an app together, so it does not matter on which node a session changes.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from cachetools import TLRUCache

from aftercall.core.errors import Busy
from aftercall.core.instants import HOUR_MS, SECOND_MS, Clock, EpochMs
from aftercall.core.overview.live_facts import ChangedSession, LiveSessions, changed_session_of
from aftercall.service.keyed_locks import KeyedLocks
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows
from aftercall.store.sessions.pages import live_sessions

MOST_LISTENERS: Final = 200
MOST_SESSIONS: Final = 1_000
"""Live sessions of one app that are followed. Chosen: no screen shows more."""

LOOK_EVERY_MS: Final = SECOND_MS
LIFE_MS: Final = HOUR_MS
BEAT_EVERY_MS: Final = 15 * SECOND_MS

Kind = Literal["hello", "started", "changed", "ended"]


class LiveUpdate(NamedTuple):
    """What is reported at once: the live sessions at the beginning, then each that changed."""

    kind: Kind
    body: LiveSessions | ChangedSession


@dataclass(eq=False, slots=True)
class _Place:
    """A listener's place; `caller` is its token."""

    app_id: str
    caller: str
    is_taken: bool = False


class _Look(NamedTuple):
    """The live sessions of an app, by id."""

    at: EpochMs
    found: dict[str, ChangedSession]


def _stale_at(_app_id: str, look: _Look, _now: float) -> float:
    return look.at + LOOK_EVERY_MS // 2


class LiveUpdates:
    """The use case of listening for changes."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._db = db
        self._clock = clock
        self._pause = pause
        self._places: dict[_Place, None] = {}
        self._looks: TLRUCache[str, _Look] = TLRUCache(MOST_LISTENERS, _stale_at, timer=clock)
        self._locks: KeyedLocks[str] = KeyedLocks()
        self._is_closed = False

    def close(self) -> None:
        """End every stream within a second."""
        self._is_closed = True

    def check_room(self, app_id: str, caller: str) -> None:
        """Raises `Busy` if there is no place for a listener of this app and token."""
        if len(self._places) >= MOST_LISTENERS and self._place_to_take(app_id, caller) is None:
            raise Busy(
                "Too many are listening; ask for the list instead",
                code="too_many_listeners",
                retry_after_s=30,
            )

    def _place_to_take(self, app_id: str, caller: str) -> _Place | None:
        """The place that a new listener may take: the oldest of the app, and there of the token,
        that has the most. `None` if nobody has at least two more than the new listener."""
        of_apps = Counter(place.app_id for place in self._places)
        fullest_app, most = of_apps.most_common(1)[0]
        if most <= of_apps[app_id] + 1:
            fullest_app = app_id
        of_callers = Counter(place.caller for place in self._places if place.app_id == fullest_app)
        if not of_callers:
            return None
        fullest_token, most = of_callers.most_common(1)[0]
        if fullest_app == app_id and most <= of_callers[caller] + 1:
            return None
        return next(
            p for p in self._places if p.app_id == fullest_app and p.caller == fullest_token
        )

    async def listen(
        self, app_id: str, is_allowed: Callable[[], Awaitable[bool]], *, caller: str
    ) -> AsyncIterator[LiveUpdate | None]:
        """Updates until an hour has passed, the caller loses its rights or another listener takes
        its place; `None` after each fifteen seconds without one. Raises `Busy`."""
        self.check_room(app_id, caller)
        with self._place_of(app_id, caller) as place:
            until = self._clock() + LIFE_MS
            reported = await self._look(app_id)
            beat_at = checked_at = self._clock()
            yield LiveUpdate("hello", LiveSessions(self._clock(), list(reported)))
            while not (self._is_closed or place.is_taken) and self._clock() < until:
                await self._pause(LOOK_EVERY_MS / SECOND_MS)
                live = await self._look(app_id)
                for update in await self._changes(app_id, reported, live):
                    beat_at = self._clock()
                    yield update
                reported = live
                if self._clock() - checked_at >= BEAT_EVERY_MS:
                    checked_at = self._clock()
                    if not await is_allowed():
                        return
                if self._clock() - beat_at >= BEAT_EVERY_MS:
                    beat_at = self._clock()
                    yield None

    @contextmanager
    def _place_of(self, app_id: str, caller: str) -> Iterator[_Place]:
        if len(self._places) >= MOST_LISTENERS:
            taken = self._place_to_take(app_id, caller)
            if taken is not None:
                taken.is_taken = True
                del self._places[taken]
        place = _Place(app_id, caller)
        self._places[place] = None
        try:
            yield place
        finally:
            self._places.pop(place, None)

    async def _look(self, app_id: str) -> dict[str, ChangedSession]:
        async with self._locks.of(app_id):
            known = self._looks.get(app_id)
            if known is not None:
                return known.found
            now = self._clock()
            async with self._db.read() as tx:
                found = await live_sessions(tx, app_id, MOST_SESSIONS)
            look = _Look(now, {session.id: changed_session_of(session) for session in found})
            self._looks[app_id] = look
            return look.found

    async def _changes(
        self, app_id: str, before: dict[str, ChangedSession], after: dict[str, ChangedSession]
    ) -> list[LiveUpdate]:
        updates = [LiveUpdate("started", after[id]) for id in after.keys() - before.keys()]
        updates += [
            LiveUpdate("changed", after[id])
            for id in after.keys() & before.keys()
            if after[id] != before[id]
        ]
        missing = sorted(before.keys() - after.keys())
        if missing:
            async with self._db.read() as tx:
                ended = await session_rows.find_sessions(tx, app_id, missing)
            updates += [
                LiveUpdate("ended", changed_session_of(ended[id])) for id in missing if id in ended
            ]
        return sorted(updates, key=_order)


def _order(update: LiveUpdate) -> tuple[int, str]:
    body = update.body
    return (body.updated_at, body.id) if isinstance(body, ChangedSession) else (body.now, "")
