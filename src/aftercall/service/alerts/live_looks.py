"""Looks at live sessions for alert rules, within a share of the processor.

Each minute the newest reports of everybody in a live session are compared; a session in which that
shows trouble is folded as its page would be, and so is one with an alert. The others are
folded in turn, as far as a smaller share allows. Clients go on to hold their samples: nobody looks.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import groupby
from time import monotonic, process_time
from typing import Final, NamedTuple

import msgspec
import structlog

from aftercall.core.alerts.screening import is_suspicious
from aftercall.core.errors import Unavailable
from aftercall.core.overview.session_summary import DigestedParticipant
from aftercall.core.records import Session
from aftercall.service.reports.digests import Digests
from aftercall.store.alerts import facts
from aftercall.store.alerts.facts import NewestRow
from aftercall.store.codecs.sample_row import decompress, first_and_last, split
from aftercall.store.engine.database import Database

SCREEN_SHARE: Final = 0.005
"""Of a core, for comparing reports: some 5,000 people a minute. Of more, those are compared whose
turn it is. With `TURN_SHARE` a tenth of what the intake of 10,000 people takes; both chosen."""

TURN_SHARE: Final = 0.003
"""Of a core, for folding sessions without trouble, each in its turn."""

URGENT_SHARE: Final = 0.03
"""Of a core, for folding sessions with trouble. Chosen."""

LONGEST_PAUSE_S: Final = 60.0
"""The time whose share may be spent at once: what one minute leaves is not added to the next one's,
so that no minute takes more than its share."""

SCREENED_TOGETHER: Final = 100
"""Sessions whose newest rows are read in one statement."""

log = structlog.get_logger(__name__)

Key = tuple[str, str]


class Looked(NamedTuple):
    """A session that was folded, and the digests of its participants."""

    session: Session
    digested: Sequence[DigestedParticipant]


class _Budget:
    """A share of the time that passes; what is overspent is missing later. Processor time is spent,
    so that a busy machine, on which the same work takes longer, has no fewer sessions compared."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._left_s = share * LONGEST_PAUSE_S
        self._filled_s: float | None = None

    def fill(self, now_s: float) -> None:
        passed_s = 0.0 if self._filled_s is None else now_s - self._filled_s
        self._filled_s = now_s
        most_s = self._share * LONGEST_PAUSE_S
        self._left_s = min(self._left_s + self._share * passed_s, most_s)

    @property
    def is_spent(self) -> bool:
        return self._left_s <= 0

    def spend(self, seconds: float) -> None:
        self._left_s -= seconds


class _Stopwatch:
    """The processor time of this process since it was made, but no more than the time that passed:
    threads that run beside count as well."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._began_s, self._processor_s = seconds(), process_time()

    def read(self) -> float:
        return min(self._seconds() - self._began_s, process_time() - self._processor_s)


class LiveLooks:
    """Chooses the sessions to compare and to fold, and does it."""

    def __init__(
        self, *, db: Database, digests: Digests, seconds: Callable[[], float] = monotonic
    ) -> None:
        self._db = db
        self._digests = digests
        self._seconds = seconds
        self._screened_s: dict[Key, float] = {}
        self._looked_s: dict[Key, float] = {}
        self._screening = _Budget(SCREEN_SHARE)
        self._turns = _Budget(TURN_SHARE)
        self._urgent = _Budget(URGENT_SHARE)

    async def live_sessions(self, app_ids: Sequence[str]) -> list[Session]:
        """The sessions of the apps in which somebody is."""
        async with self._db.read() as tx:
            found = await facts.live_sessions(tx, app_ids)
        known = {(session.app_id, session.id) for session in found}
        for times in (self._screened_s, self._looked_s):
            for key in times.keys() - known:
                del times[key]
        return found

    async def screen(self, sessions: Sequence[Session]) -> set[Key]:
        """The sessions whose newest reports show trouble, of those whose turn it is: first those
        that were compared longest ago."""
        found: set[Key] = set()
        self._screening.fill(self._seconds())
        ordered = sorted(sessions, key=lambda session: self._age(self._screened_s, session))
        for start in range(0, len(ordered), SCREENED_TOGETHER):
            if self._screening.is_spent:
                break
            began, stopwatch = self._seconds(), _Stopwatch(self._seconds)
            some = ordered[start : start + SCREENED_TOGETHER]
            for app_id in sorted({session.app_id for session in some}):
                ids = [session.id for session in some if session.app_id == app_id]
                async with self._db.read() as tx:
                    rows = await facts.newest_rows(tx, app_id, ids)
                suspicious = await asyncio.to_thread(_suspicious, rows)
                found.update((app_id, session_id) for session_id in suspicious)
            self._screened_s.update({(each.app_id, each.id): began for each in some})
            self._screening.spend(stopwatch.read())
        return found

    async def look(self, sessions: Sequence[Session], urgent: Collection[Key]) -> list[Looked]:
        """Fold the urgent sessions and some of the others, those first that were folded longest
        ago."""
        for budget in (self._urgent, self._turns):
            budget.fill(self._seconds())
        looked: list[Looked] = []
        for session in sorted(sessions, key=lambda each: self._age(self._looked_s, each)):
            key = (session.app_id, session.id)
            budget = self._urgent if key in urgent else self._turns
            if budget.is_spent:
                continue
            stopwatch = _Stopwatch(self._seconds)
            self._looked_s[key] = self._seconds()
            try:
                digest = await self._digests.live_session_digest(session)
            except Unavailable:
                raise
            except Exception as error:
                log.error(
                    "session not evaluated",
                    action="alert_look_failed",
                    app_id=session.app_id,
                    session_id=session.id,
                    exc_info=error,
                )
                continue
            finally:
                budget.spend(stopwatch.read())
            looked.append(Looked(session, digest.participants))
        return looked

    def _age(self, times: Mapping[Key, float], session: Session) -> float:
        return times.get((session.app_id, session.id), float("-inf"))


def _suspicious(rows: Sequence[NewestRow]) -> set[str]:
    found: set[str] = set()
    for (session_id, _), of_peer in groupby(rows, key=lambda row: (row.session_id, row.peer_id)):
        if session_id in found:
            continue
        pair = _newest_two(list(of_peer))
        if pair is not None and is_suspicious(*pair):
            found.add(session_id)
    return found


def _newest_two(
    rows: Sequence[NewestRow],
) -> tuple[bytes | msgspec.Raw, bytes | msgspec.Raw] | None:
    """The first and the last sample of the newest row or, if it holds one, of the newest two."""
    newest = decompress(rows[-1].body)
    if (pair := first_and_last(newest)) is not None:
        return pair
    if len(rows) < 2:
        return None
    before = rows[-2]
    earlier = split(decompress(before.body), before.sequence, before.at)
    return earlier[-1].body, newest


def held_ms(samples_per_request: int, interval_ms: int) -> int:
    """How old the newest report of a client may be that holds its samples."""
    return samples_per_request * interval_ms
