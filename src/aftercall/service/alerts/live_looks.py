"""Looks at live sessions for alert rules, within a share of the processor.

Each minute the newest two reports of everybody in a live session are compared; a session in which
that shows trouble is folded as its page would be, and so is one with an alert. The others are
folded in turn, as far as a smaller share allows. Clients go on to hold their samples: nobody looks.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from time import monotonic
from typing import Final, NamedTuple

import msgspec

from aftercall.core.alerts.screening import is_suspicious
from aftercall.core.overview.session_summary import DigestedParticipant
from aftercall.core.records import Session
from aftercall.service.reports.digests import Digests
from aftercall.store.alerts import facts
from aftercall.store.alerts.facts import NewestRow
from aftercall.store.codecs.sample_row import decompress, split
from aftercall.store.engine.database import Database

URGENT_SHARE: Final = 0.03
"""Of a core: for sessions with trouble. Chosen."""

TURN_SHARE: Final = 0.01
"""Of a core: for those without, each in its turn. Chosen: with the screening it is a tenth of what
the intake of ten thousand people takes."""

LONGEST_PAUSE_S: Final = 120.0
"""The time whose share may be spent at once."""

SCREENED_TOGETHER: Final = 100
"""Sessions whose newest rows are read in one statement."""

Key = tuple[str, str]


class Looked(NamedTuple):
    """A session that was folded, and the digests of its participants."""

    session: Session
    digested: Sequence[DigestedParticipant]


class LiveLooks:
    """Chooses the sessions to fold, and folds them."""

    def __init__(
        self, *, db: Database, digests: Digests, seconds: Callable[[], float] = monotonic
    ) -> None:
        self._db = db
        self._digests = digests
        self._seconds = seconds
        self._looked_s: dict[Key, float] = {}
        self._filled_s: float | None = None
        self._urgent_s = URGENT_SHARE * LONGEST_PAUSE_S
        self._turn_s = TURN_SHARE * LONGEST_PAUSE_S

    async def live_sessions(self, app_ids: Sequence[str]) -> list[Session]:
        """The sessions of the apps in which somebody is."""
        async with self._db.read() as tx:
            return await facts.live_sessions(tx, app_ids)

    async def screen(self, sessions: Sequence[Session]) -> set[Key]:
        """The sessions whose newest reports show trouble."""
        found: set[Key] = set()
        by_app = attrgetter("app_id")
        for app_id, of_app in groupby(sorted(sessions, key=by_app), by_app):
            ids = [session.id for session in of_app]
            for start in range(0, len(ids), SCREENED_TOGETHER):
                async with self._db.read() as tx:
                    some = ids[start : start + SCREENED_TOGETHER]
                    rows = await facts.newest_rows(tx, app_id, some)
                suspicious = await asyncio.to_thread(_suspicious, rows)
                found.update((app_id, session_id) for session_id in suspicious)
        return found

    async def look(self, sessions: Sequence[Session], urgent: Collection[Key]) -> list[Looked]:
        """Fold the urgent sessions and some of the others, those first that were folded longest
        ago."""
        self._fill()
        known = {(session.app_id, session.id) for session in sessions}
        self._looked_s = {key: at for key, at in self._looked_s.items() if key in known}
        looked: list[Looked] = []
        for is_urgent, session in self._in_order(sessions, urgent):
            if (self._urgent_s if is_urgent else self._turn_s) <= 0:
                continue
            began = self._seconds()
            digest = await self._digests.live_session_digest(session)
            spent = self._seconds() - began
            if is_urgent:
                self._urgent_s -= spent
            else:
                self._turn_s -= spent
            self._looked_s[session.app_id, session.id] = began
            looked.append(Looked(session, digest.participants))
        return looked

    def _fill(self) -> None:
        """Add the share of the time that has passed."""
        now = self._seconds()
        passed = 0.0 if self._filled_s is None else now - self._filled_s
        self._filled_s = now
        self._urgent_s = min(self._urgent_s + URGENT_SHARE * passed, URGENT_SHARE * LONGEST_PAUSE_S)
        self._turn_s = min(self._turn_s + TURN_SHARE * passed, TURN_SHARE * LONGEST_PAUSE_S)

    def _in_order(
        self, sessions: Sequence[Session], urgent: Collection[Key]
    ) -> Iterator[tuple[bool, Session]]:
        def place(session: Session) -> tuple[bool, float]:
            key = (session.app_id, session.id)
            return key not in urgent, self._looked_s.get(key, float("-inf"))

        for session in sorted(sessions, key=place):
            yield (session.app_id, session.id) in urgent, session


def _suspicious(rows: Sequence[NewestRow]) -> set[str]:
    found: set[str] = set()
    for (session_id, _), of_peer in groupby(rows, key=lambda row: (row.session_id, row.peer_id)):
        if session_id in found:
            continue
        pair = _newest_two(list(of_peer))
        if pair is not None and is_suspicious(*pair):
            found.add(session_id)
    return found


def _newest_two(rows: Sequence[NewestRow]) -> tuple[msgspec.Raw, msgspec.Raw] | None:
    """The first and the last sample of the newest row or, if it holds one, of the newest two."""
    last = _samples(rows[-1])
    if len(last) > 1:
        return last[0], last[-1]
    if len(rows) < 2:
        return None
    return _samples(rows[-2])[-1], last[-1]


def _samples(row: NewestRow) -> list[msgspec.Raw]:
    return [each.body for each in split(decompress(row.body), row.sequence, row.at)]


def held_ms(samples_per_request: int, interval_ms: int) -> int:
    """How old the newest report of a client may be that holds its samples."""
    return samples_per_request * interval_ms
