"""Who looks at a session while it lasts makes its clients send each sample at once.

Else they hold some and send them together, which costs half as much. What one process notes, all
processes answer by.
"""

from contextlib import suppress
from typing import Final

from cachetools import TTLCache

from aftercall.core.errors import Unavailable
from aftercall.core.instants import SECOND_MS, Clock, EpochMs
from aftercall.store import watches
from aftercall.store.engine.database import Database

WATCH_MS: Final = 60 * SECOND_MS
"""How long a session counts as watched after a look; chosen: a page that is open looks again within
seconds, and a client that holds four samples asks twice in it."""

RENEW_S: Final = 20
"""Looks within this time of a noted one write nothing."""

MOST_NOTED: Final = 10_000


class SessionWatches:
    """Notes looks at sessions."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._noted = TTLCache[tuple[str, str], bool](MOST_NOTED, RENEW_S)

    async def look(self, app_id: str, session_id: str) -> None:
        """Note a look at a session that lasts. A database that cannot write for now makes no
        difference to who looks."""
        key = (app_id, session_id)
        if key in self._noted:
            return
        self._noted[key] = True
        now = self._clock()
        with suppress(Unavailable):
            async with self._db.write() as tx:
                await watches.save_watch(tx, *key, until=EpochMs(now + WATCH_MS), now=now)
