"""Folds what comes of sessions whose pages are open before the pages are asked for again.

A page is asked for every few seconds, and reports come in between. Folded one by one as they come,
they cost what folding them at the next look costs, and that look only compares and encodes.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

import structlog
from cachetools import LRUCache

from aftercall.core.errors import Unavailable
from aftercall.core.instants import SECOND_MS, Clock, EpochMs
from aftercall.core.records import Participant, Peer
from aftercall.service.reports.peer_reports import Reports

OPEN_MS: Final = 15 * SECOND_MS
"""How long a page counts as open after a look: it asks every three to five seconds. Chosen."""

MOST_OPEN: Final = 20
"""Sessions at a time; of more, the least recently looked at are folded at their next look."""

EVERY_S: Final = 1.0
"""How often it is asked what came, in seconds."""

REST_TIMES: Final = 9
"""After each fold it rests so many times as long as that took: folding ahead takes a tenth of a
core at most, and a request meets one fold and not all of a session. Chosen."""

log = structlog.get_logger(__name__)


class _Open(NamedTuple):
    """A session whose page is open, and who took part at the last look."""

    looked_at: EpochMs
    rows: Sequence[Participant]
    peers_of: Mapping[str, Sequence[Peer]]


class AheadFolds:
    """Knows whose pages are open, and folds ahead while it runs."""

    def __init__(self, *, reports: Reports, clock: Clock) -> None:
        self._reports = reports
        self._clock = clock
        self._open: LRUCache[tuple[str, str], _Open] = LRUCache(MOST_OPEN)

    def look(self, key: tuple[str, str]) -> None:
        """Note a look at the page of a session, the key being its app and id."""
        known = self._open.get(key)
        self._open[key] = _Open(
            self._clock(),
            () if known is None else known.rows,
            {} if known is None else known.peers_of,
        )

    def update(
        self,
        key: tuple[str, str],
        rows: Sequence[Participant],
        peers_of: Mapping[str, Sequence[Peer]],
    ) -> None:
        """Set who takes part in a session, if its page is open; `peers_of` holds the peers of each
        participant."""
        known = self._open.get(key)
        if known is not None:
            self._open[key] = known._replace(rows=rows, peers_of=peers_of)

    async def run(self, stop: asyncio.Event) -> None:
        """Fold ahead until `stop`."""
        while not stop.is_set():
            await self.fold_once(stop)
            await _wait(stop, EVERY_S)

    async def fold_once(self, stop: asyncio.Event) -> None:
        """Fold what came of each session whose page is open."""
        for key, session in list(self._open.items()):
            if self._clock() >= session.looked_at + OPEN_MS:
                self._open.pop(key, None)
                continue
            try:
                await self._reports.fold_ahead(
                    session.rows, session.peers_of, lambda took_s: _wait(stop, REST_TIMES * took_s)
                )
            except Unavailable:
                # The outage has a log line of its own; the next look reads what came.
                return
            except Exception as error:
                log.error("folding failed", action="folding_failed", exc_info=error)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
