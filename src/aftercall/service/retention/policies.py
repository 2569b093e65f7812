"""What apps choose to keep, and for how long."""

from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import NotFound
from aftercall.core.instants import DAY_MS, SECOND_MS, Clock, EpochMs
from aftercall.core.records import App
from aftercall.core.retention import (
    FOR_EVER,
    DataKind,
    effective_s,
    policy_of,
    read_kind,
    read_seconds,
)
from aftercall.service.audit import CLI, Act, Actor, record_act
from aftercall.service.retention_rule import RetentionRule, default_seconds
from aftercall.settings import Settings
from aftercall.store import apps
from aftercall.store.engine.database import Database
from aftercall.store.retention import due


class ChosenTime(NamedTuple):
    """For how long an app keeps a kind of data after a session's end, in seconds; 0: as long as the
    session. `effective_s` is shorter where another kind's limit is."""

    kind: DataKind
    kept_s: int
    is_default: bool
    effective_s: int
    next_at: EpochMs | None = None
    """When the time of the oldest session that has this kind is over; `None` if there is none, or
    no limit."""
    next_sessions: int = 0
    """How many sessions lose it within a day from then on."""


class PastSessions(NamedTuple):
    """How many sessions have a kind of data that is past its time."""

    kind: DataKind
    sessions: int


Given = Mapping[str, object]
"""Times by the names of kinds: seconds, or a text that `core.retention.read_seconds` reads; `None`:
as the settings say."""


class RetentionPolicies:
    """The use cases of choosing what is kept."""

    def __init__(
        self, *, db: Database, clock: Clock, settings: Settings, retention: RetentionRule
    ) -> None:
        self._db = db
        self._clock = clock
        self._retention = retention
        self._defaults = default_seconds(settings)

    async def times_of(self, app_id: str) -> list[ChosenTime]:
        """The times of all kinds of an app. Raises `NotFound`."""
        async with self._db.read() as tx:
            app = await apps.find_app(tx, app_id)
            if app is None:
                raise NotFound.of("app", app_id)
            return await self._times(tx, app)

    async def _times(self, tx: AsyncConnection, app: App) -> list[ChosenTime]:
        policy = policy_of(self._defaults, app.retention)
        found: list[ChosenTime] = []
        for kind in DataKind:
            seconds = effective_s(policy, kind)
            time = ChosenTime(
                kind=kind,
                kept_s=policy.seconds_of(kind),
                is_default=kind.value not in app.retention,
                effective_s=seconds,
            )
            found.append(time if seconds == FOR_EVER else await _with_next(tx, app.id, time))
        return found

    async def choose(
        self, app_id: str, given: Given, *, keeps_others: bool = False, actor: Actor = CLI
    ) -> list[ChosenTime]:
        """Set the times of an app; kinds that are not named have the defaults from then on, or stay
        as they are. Servers follow within seconds.

        Raises `InvalidBody`, which names the kind, for what is no time, and `NotFound`.
        """
        read = read_times(given)
        async with self._db.write() as tx:
            app = await apps.find_app(tx, app_id)
            if app is None:
                raise NotFound.of("app", app_id)
            chosen = dict(app.retention) if keeps_others else {}
            for kind, seconds in read.items():
                chosen.pop(kind.value, None)
                if seconds is not None:
                    chosen[kind.value] = seconds
            changed = replace(app, retention=chosen)
            await apps.save_app(tx, changed)
            act = Act.CHANGE_RETENTION
            await record_act(tx, actor, act, app.account_id, app_id, app_id, self._clock())
            times = await self._times(tx, changed)
        self._retention.forget(app_id)
        return times

    async def count_past(self, app_id: str, given: Given) -> list[PastSessions]:
        """How many sessions of an app would lose a kind of data, were these its times: the counts
        of `choose` without its effect. Raises `InvalidBody`."""
        chosen = {
            kind.value: seconds
            for kind, seconds in read_times(given).items()
            if seconds is not None
        }
        policy, now = policy_of(self._defaults, chosen), self._clock()
        found: list[PastSessions] = []
        async with self._db.read() as tx:
            for kind in DataKind:
                seconds, sessions = effective_s(policy, kind), 0
                if seconds != FOR_EVER:
                    ended_by = EpochMs(now - seconds * SECOND_MS)
                    sessions = await due.count_sessions(tx, app_id, kind, ended_by)
                found.append(PastSessions(kind, sessions))
        return found


async def _with_next(tx: AsyncConnection, app_id: str, time: ChosenTime) -> ChosenTime:
    first = await due.earliest_end(tx, app_id, time.kind)
    if first is None:
        return time
    sessions = await due.count_sessions(tx, app_id, time.kind, EpochMs(first + DAY_MS))
    next_at = EpochMs(first + time.effective_s * SECOND_MS)
    return time._replace(next_at=next_at, next_sessions=sessions)


def read_times(given: Given) -> dict[DataKind, int | None]:
    """The times by kind; `None`: the default. Raises `InvalidBody`."""
    return {
        (kind := read_kind(name)): None if value is None else read_seconds(kind, value)
        for name, value in given.items()
    }
