"""Reads what rules about an app as a whole are evaluated from."""

from typing import Any, Final

from aftercall.core.alerts import app_readings
from aftercall.core.alerts.alert import Observation
from aftercall.core.alerts.app_readings import BegunSessions, CallCounts
from aftercall.core.alerts.rules import (
    AlertRule,
    BadShareCondition,
    Condition,
    DeadJobsCondition,
    NoCallsCondition,
    SilentSourceCondition,
    window_ms,
)
from aftercall.core.instants import DAY_MS, MINUTE_MS, QUARTERS_OF_DAY, EpochMs, quarter_of
from aftercall.service.alerts.outbox import DELIVER_ALERT
from aftercall.store.alerts import facts
from aftercall.store.engine.database import Database

_WEEK_MS: Final = 7 * DAY_MS
_QUARTER_MINUTES: Final = 15
RECENT_MS: Final = 10 * MINUTE_MS
"""Sessions that began within this time count for when a source was last heard, though they have
ended. Chosen: several evaluations."""

REMEMBERED_EVERY_MS: Final = MINUTE_MS

Memory = dict[str, Any]


class AppFacts:
    """Evaluates the conditions that are about no single session."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def read(
        self, rule: AlertRule, condition: Condition, now: EpochMs
    ) -> tuple[Observation, Memory | None]:
        """The observation, and what to remember if that changed."""
        match condition:
            case BadShareCondition():
                return await self._bad_share(rule.app_id, condition, now), None
            case NoCallsCondition():
                return await self._no_calls(rule, condition, now), None
            case SilentSourceCondition():
                return await self._silent_source(rule, condition, now)
            case DeadJobsCondition():
                async with self._db.read() as tx:
                    dead = await facts.dead_jobs(tx, rule.app_id, without_task=DELIVER_ALERT)
                return app_readings.read_dead_jobs(condition, dead), None
        raise TypeError(f"{type(condition).__name__} is about sessions")

    async def _bad_share(
        self, app_id: str, condition: BadShareCondition, now: EpochMs
    ) -> Observation:
        last = quarter_of(now)
        first = last - -(-condition.window_minutes // _QUARTER_MINUTES) + 1
        async with self._db.read() as tx:
            calls = await facts.sums_of_window(tx, app_id, first, last)
            past = None
            if condition.above_past:
                earliest = first - condition.past_days * QUARTERS_OF_DAY
                past = CallCounts(*await facts.sums_of_window(tx, app_id, earliest, first - 1))
        return app_readings.read_bad_share(condition, CallCounts(*calls), past)

    async def _no_calls(
        self, rule: AlertRule, condition: NoCallsCondition, now: EpochMs
    ) -> Observation:
        app_id, meeting_id = rule.app_id, condition.meeting_id
        span = window_ms(condition.window_minutes)
        # A rule that was just made says nothing of the time before it.
        since = EpochMs(max(now - span, rule.created_at))
        async with self._db.read() as tx:
            is_any = now - rule.created_at < span or await facts.is_any_since(
                tx, app_id, since, meeting_id
            )
            before: list[int] = []
            if not is_any:
                for week in range(1, condition.past_weeks + 1):
                    end = EpochMs(now - week * _WEEK_MS)
                    first = EpochMs(end - span)
                    before.append(await facts.count_between(tx, app_id, first, end, meeting_id))
        return app_readings.read_no_calls(condition, BegunSessions(is_any, tuple(before)))

    async def _silent_source(
        self, rule: AlertRule, condition: SilentSourceCondition, now: EpochMs
    ) -> tuple[Observation, Memory | None]:
        known: int | None = rule.memory.get(condition.source)
        async with self._db.read() as tx:
            heard = await facts.sources_heard(tx, rule.app_id, EpochMs(now - RECENT_MS))
        found = heard.get(condition.source)
        heard_at = max((at for at in (known, found) if at is not None), default=None)
        seen = app_readings.read_silent_source(
            condition, None if heard_at is None else EpochMs(heard_at), now
        )
        is_news = heard_at is not None and heard_at - (known or 0) >= REMEMBERED_EVERY_MS
        return seen, {condition.source: heard_at} if is_news else None
